"""Conferences while they are held: legs, sound and reports around the rules of a room."""
