"""The database that all trades keep their rows in, each in tables of its own."""
