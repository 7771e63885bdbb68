"""A company in virtual time that has conferences: whoever is let in is seen at its threshold."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

from call.clock import VirtualClock
from call.leg import Party
from conference.conference import Conference, Role
from conference.door import DoorPorts
from conference.errors import NotGranted
from ivr.machine import Flows
from ivr.testing import run_in_virtual_time
from tests.conference.doorway import ONCE, OPEN, WEEKLY, MemoryAttempts, MemoryBook
from tests.exchange.house import Caller, House
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.ports import SwitchedLeg
from vestibule.meetings.beside import wait
from vestibule.meetings.entering import MeetingDesk, bidden_to
from vestibule.meetings.ports import Entrant
from vestibule.numbers import Destination
from vestibule.reception import Reception

NUMBER = "8600"
"""Leads to the conferences."""

STRAIGHT = "8601"
"""Leads to the code of one of them."""


class Threshold:
    """Lets people in, to where nobody says anything; they stay until they hang up."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.entrants: list[Entrant] = []
        self.said: list[bytes] = []
        """What those said of their names who said one."""
        self.is_locked = False
        self.locks_soon = False
        """While somebody is on the way from the code into the room."""

    def admits(self, conference: Conference, role: Role) -> bool:
        return not self.is_locked or role is Role.ADMINISTRATOR

    def join(self, leg: SwitchedLeg, entrant: Entrant) -> None:
        self.is_locked |= self.locks_soon
        if not self.admits(entrant.conference, entrant.role):
            raise NotGranted("the conference is locked")
        self.entrants.append(entrant)
        self._exchange.take(leg)
        if (guest := self._exchange.guest(leg)) is not None:
            guest.place = bidden_to(entrant.conference.room)
        self._exchange.spawn(self._stay(leg, entrant.said), f"in the room {leg.call_id}")

    async def _stay(self, leg: SwitchedLeg, said: Path | None) -> None:
        await self._exchange.free(leg)
        await leg.answer()
        if said is not None:
            self.said.append(_taken(said))
        await leg.end()


def _taken(said: Path) -> bytes:
    octets = said.read_bytes()
    said.unlink()
    return octets


class MeetingHouse(House):
    """The company of the tests of the exchange, with conferences; no caller hears when the dial
    tone ends: everything is told by what they hear next."""

    def __init__(self, flows: Flows, clock: VirtualClock, spool: Path) -> None:
        super().__init__(flows, clock, spool)
        self.book = MemoryBook({each.id: each for each in (WEEKLY, ONCE, OPEN)})
        self.threshold = Threshold(self.exchange)
        ports = DoorPorts(self.book, MemoryAttempts(clock), clock, wait)
        meeting = MeetingDesk(ports, self._name_file, self.threshold, self.name)
        self.reception = Reception(self, self.voice, self, clock, self.connecting, meeting=meeting)
        self.exchange.attended_by(self.reception.receive)

    def destination(self, dialed: str) -> Destination | None:
        known = {
            NUMBER: Destination("conference_join"),
            STRAIGHT: Destination("conference_join", (("room", WEEKLY.room),)),
        }
        return known.get(dialed) or super().destination(dialed)

    async def comes(self, keys: str, caller: Party | None = None, dialed: str = NUMBER) -> Caller:
        """Somebody calls the conferences, and presses keys while the first word is said."""
        leg = self.calls(dialed, caller)
        await asyncio.sleep(0.5)
        await self.types(leg, keys)
        return leg

    async def types(self, leg: Caller, keys: str) -> None:
        """Keys at the pace of a quick hand, then all that is said at once."""
        for key in keys:
            leg.press(key)
            await asyncio.sleep(0.2)
        await asyncio.sleep(1.0)

    async def until_heard(self, leg: Caller, phrase: str, within_s: float = 60.0) -> None:
        """Wait until somebody hears something."""
        end = self.clock.now().timestamp() + within_s
        while phrase not in leg.heard:
            assert self.clock.now().timestamp() < end, (phrase, leg.heard)
            await asyncio.sleep(0.1)


Story = Callable[[MeetingHouse], Coroutine[None, None, None]]


def in_meeting_house(flows: Flows, spool: Path, story: Story) -> None:
    """Play a story in virtual time, and look that nothing remains of it."""

    async def main(clock: VirtualClock) -> None:
        house = MeetingHouse(flows, clock, spool)
        await story(house)
        await house.comes_to_rest()
        await house.exchange.close()

    run_in_virtual_time(main)
