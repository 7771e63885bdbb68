"""A watcher that writes down what legs tell it."""

from call.leg import Leg
from telephony.watcher import Transfer


class Notes:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def held(self, leg: Leg, on: bool) -> None:
        self.told.append("held" if on else "taken up")

    def rings(self, leg: Leg, early: bool) -> None:
        self.told.append("sounds" if early else "rings")

    def transfer_asked(self, leg: Leg, transfer: Transfer) -> None:
        self.told.append(transfer)
