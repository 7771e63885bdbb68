"""What routing refuses; the tree of `call.errors` shows who is at fault."""

from call.errors import PeerFault


class ClosureRefused(PeerFault):
    """A closure message cannot be set as asked; the text lists every reason."""


class ClosureUnknown(PeerFault):
    """No closure message has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"there is no closure message {code}; see `vestibule closure list`")


class WrongClosurePin(PeerFault):
    """The code and the PIN do not go together."""


class ClosureLocked(PeerFault):
    """Too many wrong PINs: nobody is let in for a while."""


class HandlingRefused(PeerFault):
    """An extension cannot be set so; the text lists every reason."""
