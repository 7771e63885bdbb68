"""The whole server at the wire, as callers, owners and administrators meet it."""
