"""The far end: a telephone of its own making, and the ear that judges what it received."""
