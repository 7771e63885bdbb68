"""Where the directory is kept."""
