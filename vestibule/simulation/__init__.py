"""What would happen to a call: the real flows, hours and plans, in time that jumps, on a copy.

Nothing of it is kept and nobody is rung: it runs on a copy of what the company has, and the copy
is thrown away.
"""
