"""Where what routing needs to know is kept."""
