"""What the program counts as it happens, for whoever asks for figures."""

from typing import Protocol

from telephony.record import CallRecord
from voicemail.mail import Delivery


class Tally(Protocol):
    """Told once of each thing, from the event loop. No method raises or takes long."""

    def over(self, call: CallRecord) -> None:
        """A call is over."""

    def kept(self) -> None:
        """A caller's message was kept."""

    def mailed(self, delivery: Delivery) -> None:
        """A recipient's server answered an e-mail."""


class _Uncounted:
    def over(self, call: CallRecord) -> None:
        return

    def kept(self) -> None:
        return

    def mailed(self, delivery: Delivery) -> None:
        return


UNCOUNTED: Tally = _Uncounted()
"""Nobody asks."""
