"""The store of conferences, and how reports are set."""
