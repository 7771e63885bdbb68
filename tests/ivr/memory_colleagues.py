"""Parking, pickup and star codes in memory, as flows ask for them from one telephone."""

from dataclasses import dataclass, field

from ivr.operations import Outcome


@dataclass
class MemoryColleagues:
    """What the telephones of the house are doing, as far as one caller may ask.

    Somebody is parked in 701, 103 rings, and calls of 104 may not be picked up. `own_phone` is
    the extension the caller speaks from; "" for somebody outside.
    """

    own_phone: str = ""
    full: bool = False
    parked: set[str] = field(default_factory=lambda: {"701"})
    ringing: set[str] = field(default_factory=lambda: {"103"})
    closed_to_pickup: set[str] = field(default_factory=lambda: {"104"})
    followed: bool = False
    forsaken: bool = True

    def park(self) -> Outcome:
        if not self.own_phone:
            return Outcome("stranger")
        return Outcome("full") if self.full else Outcome("promised", {"slot": "701"})

    def wait_parked(self) -> Outcome:
        return Outcome("forsaken", {"mailbox": "100"}) if self.forsaken else Outcome("over")

    def retrieve(self, slot: str) -> Outcome:
        if not self.own_phone:
            return Outcome("stranger")
        return Outcome("talked" if slot in self.parked else "empty")

    def pick_up(self, extension: str) -> Outcome:
        if not self.own_phone:
            return Outcome("stranger")
        if extension in self.closed_to_pickup:
            return Outcome("refused", {"extension": extension})
        rings = extension in self.ringing if extension else bool(self.ringing)
        return Outcome("talked" if rings else "nobody")

    def forward_on(self, number: str) -> Outcome:
        if not self.own_phone:
            return Outcome("stranger")
        if number == self.own_phone:
            return Outcome("refused")
        return Outcome("on", {"target": number, "idle": self.followed})

    def forward_off(self) -> Outcome:
        return Outcome("off" if self.own_phone else "stranger")

    def do_not_disturb(self, wanted: bool) -> Outcome:
        if not self.own_phone:
            return Outcome("stranger")
        return Outcome("on" if wanted else "off")
