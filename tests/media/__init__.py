"""What peers and callers meet in the media plane."""
