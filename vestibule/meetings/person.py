"""Somebody in a conference: their leg, and what they hear and are heard of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from call.leg import HangUpCause, HungUp, Leg, Party
from call.sound import Clip
from conference.happening import Departure, Member
from routing.numbers import parse_number
from telephony.watcher import Transfer, Watcher
from vestibule.exchange.patch import SIGNAL_TICKET
from vestibule.meetings.ports import RoomLeg

DECLINED = 603
"""A transfer that nobody carries out, in SIP statuses."""

LEAST_DB, MOST_DB = -12.0, 12.0
"""How far a volume may be turned."""

CUT_OFF = frozenset(
    {HangUpCause.MEDIA_LOST, HangUpCause.FAILED, HangUpCause.UNAVAILABLE, HangUpCause.SHUTDOWN}
)
"""Ends of a leg that nobody in the conference chose."""


def departure(end: HungUp) -> Departure:
    """How somebody left whose leg is over."""
    return Departure.CUT_OFF if end.cause in CUT_OFF else Departure.HUNG_UP


@dataclass(frozen=True, slots=True)
class Volume:
    """How much louder somebody is heard, and hears, in dB."""

    spoken_db: float = 0.0
    heard_db: float = 0.0


class Person:
    """A leg, in the room of the plane or out of it; `seat` makes it so.

    `said` is the name as they said it, removed by `forget`.
    """

    def __init__(
        self, leg: RoomLeg, member: Member, party: Party, since: datetime, said: Path | None
    ) -> None:
        self.leg = leg
        self.member = member
        self.party = party
        self.since = since
        self.said = said
        self.inside = False
        """Whether they hear the others."""
        self.held = leg.held
        """Whether their telephone holds the call: what it sends is its music."""
        self.is_leaving = False
        """Whether they only hear why it is over for them."""
        self._volume = Volume()
        self._muted = False
        self._is_heard = True
        self._hears_music = False

    @property
    def id(self) -> str:
        """As the machine names them."""
        return self.member.id

    @property
    def number(self) -> str:
        """What their telephone tells; "" where it is withheld."""
        return self.party.number

    def is_at(self, number: str) -> bool:
        """Whether this is where one gets who calls an extension, or a number outside."""
        if self.party.internal or not self.number:
            return self.party.internal and self.number == number
        theirs = parse_number(self.number)
        return theirs is not None and theirs == parse_number(number)

    # the seat

    def seat(self, room: int | None, *, muted: bool) -> bool:
        """Be in this room of the plane, or in none; whether they went in or out."""
        if self.leg.over:
            return False
        self._muted = muted
        moves = self.inside is not (room is not None)
        if moves and room is not None:
            self._enter(room)
        elif moves:
            self.inside = False
            self.leg.quit_room()
        self._mute()
        return moves

    def _enter(self, room: int) -> None:
        self.inside = True
        self._is_heard = not (self._muted or self.held)
        self.hush()
        self.leg.enter(room, muted=not self._is_heard)
        if self._volume != Volume():
            self._set_volume()

    def hold(self, on: bool) -> None:
        """Their telephone holds the call, or takes it up again."""
        self.held = on
        self._mute()

    def _mute(self) -> None:
        heard = not (self._muted or self.held)
        if self.inside and heard is not self._is_heard:
            self._is_heard = heard
            self.leg.mute(not heard)

    # what they hear

    def play(self, clips: Sequence[Clip], ticket: int) -> None:
        """Hear something, above the room if they are in it."""
        self._hears_music = False
        if self.leg.up:
            self.leg.play(clips, ticket)

    def hear_music(self, music: Clip) -> None:
        """Hear hold music until something else is to be heard."""
        if self.leg.up and not self._hears_music:
            self._hears_music = True
            self.leg.play((music,), SIGNAL_TICKET, repeat=True)

    def hush(self) -> None:
        """Hear no more of what is played to them."""
        self._hears_music = False
        if self.leg.up:
            self.leg.stop_playing()

    # volumes

    def turn(self, *, spoken_db: float, heard_db: float) -> bool:
        """Be louder by so much, and hear so much louder; False where it goes no further."""
        before = self._volume
        self.set_volume(
            spoken_db=_limited(before.spoken_db + spoken_db),
            heard_db=_limited(before.heard_db + heard_db),
        )
        return self._volume != before

    def set_volume(self, *, spoken_db: float, heard_db: float) -> None:
        """Be so much louder, and hear so much louder, in this conference."""
        self._volume = Volume(spoken_db, heard_db)
        if self.inside:
            self._set_volume()

    def _set_volume(self) -> None:
        volume = self._volume
        self.leg.set_volume(spoken_db=volume.spoken_db, heard_db=volume.heard_db)

    def forget(self) -> None:
        """Forget what they said of their name."""
        if self.said is not None:
            self.said.unlink(missing_ok=True)
            self.said = None


def _limited(db: float) -> float:
    return min(MOST_DB, max(LEAST_DB, db))


class HoldWatch:
    """Watches the call of somebody in a conference: their hold is ours, all else another's."""

    def __init__(self, person: Person, other: Watcher | None) -> None:
        self._person = person
        self._other = other

    def held(self, leg: Leg, on: bool) -> None:
        """Music of a telephone that holds is not for the others."""
        self._person.hold(on)

    def rings(self, leg: Leg, early: bool) -> None:
        """Who is in a conference rings no more."""

    def transfer_asked(self, leg: Leg, transfer: Transfer) -> None:
        """Carried out as in any other call."""
        if self._other is None:
            self._person.leg.transfer_told(DECLINED)
        else:
            self._other.transfer_asked(leg, transfer)
