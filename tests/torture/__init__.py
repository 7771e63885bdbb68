"""The torture test messages of RFC 4475, each with what a user agent makes of it."""
