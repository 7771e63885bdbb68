"""Where a call goes. What decides is pure: a number, a caller, an instant, and how things stand."""
