"""The door of the conferences: which room, from when on, and by whose code.

Codes are short, so guessing is what the door is built against. A code is counted as a wrong one
before it is looked at, and the count is taken back when it was right: so many guesses at once are
no more than as many one after the other. Three tries a call, each answered later than the one
before; over all calls, wrong codes and rooms that do not exist count against whoever calls, and
wrong codes from outside against the room as well, since the number a stranger shows may be made
up. A colleague at one of our own telephones is known: what they do wrong is held against them
alone, and a room that strangers are shut out of is open to them. Nobody can shut a room by guessing
from one telephone: they are locked out long before it is.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from call.clock import Clock
from call.leg import Party
from conference.conference import CODE_DIGITS, ROOM_DIGITS, Conference, Invitee, Role
from conference.ports import ConferenceBook

log = logging.getLogger(__name__)

TRIES_PER_CALL = 3
"""Wrong rooms, and wrong codes, before a call is sent away."""

CALLER_FAILURES = 12
"""Wrong rooms and codes of one caller in a day, over any number of calls; an office may share
one number."""

ROOM_FAILURES = 30
"""Wrong codes from outside for one room in a day: above what one caller can do."""

FIRST_PAUSE_S = 1.0
"""The answer to the first wrong code of a call comes so much later; each next one, twice that."""

WITHHELD = "withheld"
"""Callers who show no number are one to us."""


class Turned(StrEnum):
    """Why somebody is not let in."""

    UNKNOWN = "unknown"
    """There is no such room."""
    TOO_EARLY = "too_early"
    OVER = "over"
    """Its time has passed, or an administrator has ended it."""
    WRONG = "wrong"
    """Not a code of this room."""
    LOCKED_OUT = "locked_out"
    """There were too many tries: the call should end."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a wrong try is counted against, and how many lock it."""

    subject: str
    most: int


class Attempts(Protocol):
    """Wrong tries, counted over all calls. All raise only an Unavailable."""

    async def charge(self, counts: Sequence[Count]) -> bool:
        """Count one more of each; False, and nothing is counted, while one of them is locked."""

    async def acquit(self, counts: Sequence[Count]) -> None:
        """Take the last one back: it was none."""


@dataclass(frozen=True, slots=True)
class Found:
    """The conference that has a room; `turned` says why nobody is let in just now, if so."""

    conference: Conference
    turned: Turned | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody whom a code, or an open room, lets in."""

    conference: Conference
    role: Role = Role.PARTICIPANT
    invitee: Invitee | None = None
    """Who they are; None where the code does not tell, or none was asked for."""


@dataclass(frozen=True, slots=True)
class DoorPorts:
    """What the door stands on. `pause` lets the caller wait for so many seconds."""

    book: ConferenceBook
    attempts: Attempts
    clock: Clock
    pause: Callable[[float], Awaitable[None]]


class ConferenceDoor:
    """The door for one call. Its methods raise Unavailable where the store is away."""

    def __init__(self, caller: Party, ports: DoorPorts) -> None:
        self._caller = caller
        self._ports = ports
        self._wrong_rooms = 0
        self._wrong_codes = 0

    async def find(self, room: str) -> Found | Turned:
        """The conference of a room; else that it is unknown, or that the caller is locked out.

        Digits that can be no room's number are unknown, and count for this call alone.
        """
        if self._wrong_rooms >= TRIES_PER_CALL:
            return Turned.LOCKED_OUT
        counts = [self._caller_count] if _is_number(room, ROOM_DIGITS) else []
        if not await self._ports.attempts.charge(counts):
            log.warning("caller locked out of conferences")
            return Turned.LOCKED_OUT
        conference = await self._ports.book.in_room(room) if counts else None
        if conference is None:
            self._wrong_rooms += 1
            return Turned.LOCKED_OUT if self._wrong_rooms >= TRIES_PER_CALL else Turned.UNKNOWN
        await self._ports.attempts.acquit(counts)
        return Found(conference, self._turned(conference))

    async def follow(self, room: str) -> Conference | None:
        """The conference of somebody who comes in without a code; None where nobody is let in."""
        conference = await self._ports.book.in_room(room)
        return None if conference is None or self._turned(conference) else conference

    async def enter(self, conference: Conference, code: str) -> Admission | Turned:
        """Who somebody with this code is.

        The conference is read again: a code that was taken back a moment ago opens nothing.
        """
        if self._wrong_codes >= TRIES_PER_CALL:
            return Turned.LOCKED_OUT
        current = await self._ports.book.get(conference.id)
        if current is None or self._turned(current) is Turned.OVER:
            return Turned.OVER
        counts = self._counts(current)
        if not await self._ports.attempts.charge(counts):
            log.warning("conference locked", extra={"room": current.room})
            return Turned.LOCKED_OUT
        admission = _admission(current, code)
        if admission is None:
            return await self._refused(current)
        await self._ports.attempts.acquit(counts)
        return admission

    async def _refused(self, conference: Conference) -> Turned:
        self._wrong_codes += 1
        log.warning("wrong code for a conference", extra={"room": conference.room})
        await self._ports.pause(FIRST_PAUSE_S * 2 ** (self._wrong_codes - 1))
        return Turned.LOCKED_OUT if self._wrong_codes >= TRIES_PER_CALL else Turned.WRONG

    def _turned(self, conference: Conference) -> Turned | None:
        now = self._ports.clock.now()
        if conference.is_over(now):
            return Turned.OVER
        return Turned.TOO_EARLY if conference.is_early(now) else None

    def _counts(self, conference: Conference) -> list[Count]:
        if self._caller.internal:
            return [self._caller_count]
        return [self._caller_count, self._count("room", conference.id, ROOM_FAILURES)]

    @property
    def _caller_count(self) -> Count:
        """Ten digits are a number of North America however it is written."""
        kind = "extension" if self._caller.internal else "caller"
        return self._count(kind, self._caller.number[-10:] or WITHHELD, CALLER_FAILURES)

    def _count(self, kind: str, which: str, most: int) -> Count:
        """Counted by the day, so that the slips of a busy room's month are nobody's attack."""
        day = self._ports.clock.now().date().isoformat()
        return Count(f"conf:{kind}:{which}:{day}", most)


def _is_number(typed: str, digits: int) -> bool:
    return len(typed) == digits and typed.isascii() and typed.isdigit()


def _admission(conference: Conference, code: str) -> Admission | None:
    """Whom a code lets in; None where it is nobody's. It takes as long for each."""
    if not conference.needs_code:
        return Admission(conference)
    people = [(each.code, Admission(conference, each.role, each)) for each in conference.invitees]
    people += [(each.code, Admission(conference, each.role)) for each in conference.generic_codes]
    found = [admission for known, admission in people if _same(known, code)]
    return found[0] if found else None


def _same(known: str, typed: str) -> bool:
    whole = _is_number(known, CODE_DIGITS)
    return hmac.compare_digest(known.encode(), typed.encode()) and whole
