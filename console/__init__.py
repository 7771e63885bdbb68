"""The web: pages, the interface of programs, and what happens just now."""
