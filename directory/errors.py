"""What the directory refuses; the tree of `call.errors` shows who is at fault."""

from call.errors import PeerFault


class ExtensionExists(PeerFault):
    """There is an extension with this number already."""

    def __init__(self, number: str) -> None:
        super().__init__(f"there is an extension {number} already")


class ExtensionUnknown(PeerFault):
    """No extension has this number."""

    def __init__(self, number: str) -> None:
        super().__init__(f"there is no extension {number}; see `vestibule extension list`")


class ExtensionRefused(PeerFault):
    """An extension cannot be made as asked; the text lists every reason."""


class PhoneRefused(PeerFault):
    """A telephone cannot be made as asked; the text says why."""


class PhoneUnknown(PeerFault):
    """No telephone has this SIP user name."""

    def __init__(self, user: str) -> None:
        super().__init__(f"there is no telephone {user}; see `vestibule phone list`")
