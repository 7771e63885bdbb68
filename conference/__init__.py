"""Conferences: who may meet, in which rooms, by which rules, and what remains of it."""
