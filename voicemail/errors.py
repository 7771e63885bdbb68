"""What a mailbox refuses; the tree of `call.errors` shows who is at fault."""

from pathlib import Path

from call.errors import Misuse, PeerFault, Unavailable
from call.masking import masked
from storage.errors import StoreUnavailable as StoreUnavailable


class MailboxExists(PeerFault):
    """There is a mailbox with this number already."""

    def __init__(self, number: str) -> None:
        super().__init__(f"there is a mailbox {number} already")


class MailboxRefused(PeerFault):
    """A mailbox cannot be made as asked; the text lists every reason."""


class NothingSelected(Misuse):
    """An action on a message was asked before one was selected."""


class WrongSpool(Misuse):
    """A recording was made elsewhere than where the deposit or the greeting asked for it."""


class MailboxUnknown(PeerFault):
    """No mailbox has this number."""

    def __init__(self, number: str) -> None:
        super().__init__(f"there is no mailbox {masked(number)}")


class MessageUnknown(PeerFault):
    """No message has this id."""

    def __init__(self, id: str) -> None:
        super().__init__(f"there is no message {id}; see `vestibule message list`")


class ArchiveRefused(PeerFault):
    """A file given as the archive of a mailbox is none, or is damaged; the text says where."""


class MailboxFull(PeerFault):
    """No message more fits in the mailbox. Says what a caller may still be told."""

    def __init__(self, name: str, language: str) -> None:
        super().__init__("the mailbox is full")
        self.name = name
        self.language = language


class WrongPin(PeerFault):
    """The number and the PIN do not go together; which of the two is wrong is not told."""


class LockedOut(PeerFault):
    """Too many wrong PINs, in this call or before it."""


class SoundRefused(PeerFault):
    """A file given as sound cannot be read as sound."""


class BadTemplate(PeerFault):
    """An edited template of an e-mail cannot be used."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}")


class KeysRefused(PeerFault):
    """The file of keys is not there, or cannot be used; the text says what to do."""


class SoundUnavailable(Unavailable):
    """A sound file cannot be read or written just now."""


class MailUnavailable(Unavailable):
    """The mail server cannot be reached, or broke the conversation off."""


class MailAccountRefused(MailUnavailable):
    """The mail server refuses us, not the message: password, certificate, no TLS."""


class TranscriberUnavailable(Unavailable):
    """The engine that writes down what is said did not answer, or not in time."""
