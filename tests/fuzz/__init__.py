"""Thousands of damaged packets, from a seed, against everything that reads the network."""
