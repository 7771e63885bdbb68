"""Trunks: providers by script, in virtual time, and by real servers on loopback."""
