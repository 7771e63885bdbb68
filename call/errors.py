"""The errors of the house, and who is at fault.

    Fault
    ├── Misuse        we did wrong: a bug; ends the call it happened in
    ├── PeerFault     they did wrong: answered with its hint, never raised out of a receive loop
    └── Unavailable   nobody did wrong: temporary, worth another try

Each trade subclasses these three. None of them knows a SIP or an HTTP number.
"""


class Fault(Exception):
    """The root: catching it catches everything this program raises on purpose."""


class Misuse(Fault):
    """A caller inside the program broke a contract."""


class PeerFault(Fault):
    """Somebody outside the program sent what cannot be accepted."""


class Unavailable(Fault):
    """A resource is missing just now; the same request may succeed later."""
