"""What programs may ask of a conference, as they write it. Unknown fields are refused."""

from abc import ABC, abstractmethod
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from conference.conference import Role
from conference.happening import Announce, Expel, Finish, Lock, Mute, MuteAll, Record, Wish


class Asking(BaseModel):
    """The body of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Deed(Asking, ABC):
    """What becomes a wish, in the name of whoever steers from outside."""

    @abstractmethod
    def wish(self) -> Wish:
        """The wish."""


class Muting(Deed):
    """Mute somebody, or let them speak again."""

    who: str
    on: bool

    def wish(self) -> Wish:
        return Mute(self.who, self.on)


class AllMuting(Deed):
    """Mute every participant, or none."""

    on: bool

    def wish(self) -> Wish:
        return MuteAll(self.on)


class Locking(Deed):
    """Lock the door, or open it."""

    on: bool

    def wish(self) -> Wish:
        return Lock(self.on)


class Expelling(Deed):
    """Put somebody out."""

    who: str

    def wish(self) -> Wish:
        return Expel(self.who)


class Recording(Deed):
    """Record, or stop."""

    on: bool

    def wish(self) -> Wish:
        return Record(self.on)


class Announcing(Deed):
    """Say who comes and who leaves, or not."""

    on: bool

    def wish(self) -> Wish:
        return Announce(self.on)


class Finishing(Deed):
    """End the conference for everybody."""

    def wish(self) -> Wish:
        return Finish()


class Volume(Asking):
    """How much louder somebody is heard, and hears, in decibels."""

    who: str
    spoken_db: float = 0.0
    heard_db: float = 0.0


class Calling(Asking):
    """Call somebody in."""

    number: str = Field(pattern=r"^[+*#0-9][0-9*#]{0,19}$")
    name: str = Field(default="", max_length=80)
    role: Role = Role.PARTICIPANT
    language: Literal["fr", "en"] = "fr"
