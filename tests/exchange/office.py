"""A small office in virtual time: telephones that ring, answer and hang up when a test says so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from call.clock import VirtualClock
from call.leg import HangUpCause, Leg, Party
from call.media import Side
from call.sound import Clip
from ivr.prompts import Value
from ivr.testing import FakeLeg, FakeVoice, run_in_virtual_time
from ivr.voices.signals import Signal
from routing.errors import HandlingRefused
from routing.handling import Handling
from routing.plan import Lookup, Standing
from telephony.sip.events import Diversion
from telephony.watcher import Watcher
from vestibule.call_sounds import CallSounds
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.guest import Guest, Visit
from vestibule.exchange.own_telephone import Desk, OwnTelephone
from vestibule.exchange.parking import Parking
from vestibule.exchange.ports import Bell, NotReached, Rings, Shown
from vestibule.exchange.transfers import Transfers

MUSIC = Clip(Path("music"), 500)
RINGBACK = Clip(Path("ringback"), 500)


class Handset(FakeLeg):
    """A leg that can be joined to another; `hears` is what it hears now."""

    def __init__(self, call_id: str, caller: Party, dialed: str = "") -> None:
        super().__init__(FakeVoice(), lambda segment, at: None, caller=caller, call_id=call_id)
        self.dialed_number = dialed
        self.watcher: Watcher | None = None
        self.replaces = ""
        self.hears: Handset | str = ""
        self.transfers: list[int] = []
        self.cause: HangUpCause | None = None
        self.records: Path | None = None
        self.recorded: list[tuple[Path, Side]] = []

    @property
    def up(self) -> bool:
        return self.answered and not self.over

    @property
    def diversions(self) -> Sequence[Diversion]:
        return ()

    def progress(self) -> bool:
        return False

    def transfer_told(self, status: int) -> None:
        self.transfers.append(status)

    def bridge(self, other: Self, *, keys: bool = True) -> None:
        self.hears, other.hears = other, self

    def unbridge(self) -> None:
        if isinstance(self.hears, Handset):
            self.hears.hears = ""
        self.hears = ""

    def play(self, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        if not isinstance(self.hears, Handset):
            self.hears = clips[0].stem.name

    def stop_playing(self) -> None:
        if not isinstance(self.hears, Handset):
            self.hears = ""

    def record(
        self,
        path: Path,
        *,
        max_s: float,
        final_silence_s: float | None = None,
        side: Side = Side.RECEIVED,
    ) -> None:
        self.records = path
        self.recorded.append((path, side))

    def stop_recording(self) -> None:
        self.records = None

    async def hang_up(self, cause: HangUpCause = HangUpCause.NORMAL) -> None:
        self.cause = self.cause or cause
        await super().hang_up(cause)


@dataclass
class Desktop:
    """The telephone of an extension: what it does when it rings."""

    number: str
    answers_after: float | None = None
    rings: list[Shown] = field(default_factory=list)
    legs: list[Handset] = field(default_factory=list)


class Office:
    """Everything the exchange needs, and telephones 101 to 104."""

    def __init__(self, clock: VirtualClock) -> None:
        signals = dict.fromkeys(Signal, RINGBACK)
        self.clock = clock
        self.desktops = {number: Desktop(number) for number in ("101", "102", "103", "104")}
        self.handlings: dict[str, Handling] = {}
        self.said: list[tuple[str, str]] = []
        self.lamps: list[tuple[str, bool]] = []
        self.exchange = Exchange(CallSounds(signals, MUSIC, {}))
        self.connecting = Connecting(self.exchange, self, self, self, lambda: Path("spool"))
        self.parking = Parking(
            self.connecting,
            clock,
            timeout_s=45.0,
            ring_back_s=20.0,
            changed=lambda slot, taken: self.lamps.append((slot, taken)),
            say=self.say,
        )
        self.transfers = Transfers(self.exchange, self.leads, self.parking)
        self.exchange.watcher = self.transfers
        self.exchange.attended_by(self.attend)
        self.desk = Desk(self.connecting, self.parking, Choosing(self), "100")
        self.legs: dict[str, Handset] = {}
        self.outcomes: dict[str, str] = {}
        self._made = 0

    # what the exchange asks

    def registered(self, extension: str) -> bool:
        return extension in self.desktops

    def telephones(self, extension: str, shown: Shown) -> Sequence[Bell]:
        desktop = self.desktops.get(extension)
        if desktop is None:
            return ()
        party = Party(extension, internal=True)
        return (Bell(party, lambda rings: self._ring(desktop, shown, rings)),)

    def outside(self, number: str, shown: Shown) -> Bell:
        raise NotReached(HangUpCause.UNAVAILABLE)

    async def lookup(self) -> Lookup:
        return lambda number: Standing(self.handlings.get(number, Handling()))

    def name(self, extension: str) -> str:
        return ""

    async def leads(self, target: str, by: Party) -> bool:
        return target in self.desktops

    async def say(self, leg: Leg, phrase: str, arguments: Mapping[str, Value]) -> None:
        self.said.append((leg.call_id, phrase))
        await asyncio.wait([asyncio.ensure_future(leg.end())], timeout=2.0)

    async def _ring(self, desktop: Desktop, shown: Shown, rings: Rings) -> Handset:
        desktop.rings.append(shown)
        leg = self._handset(Party(desktop.number, internal=True))
        self.exchange.rung(leg, leg.caller)
        try:
            await asyncio.sleep(9999 if desktop.answers_after is None else desktop.answers_after)
        except asyncio.CancelledError:
            self.exchange.spawn(leg.hang_up(), "cancelled")
            raise
        await leg.answer()
        desktop.legs.append(leg)
        return leg

    # what people do

    def _handset(self, caller: Party) -> Handset:
        self._made += 1
        leg = Handset(f"leg-{self._made}", caller)
        self.legs[leg.call_id] = leg
        return leg

    def calls(self, number: str, *, internal: bool = True, name: str = "") -> Handset:
        """Somebody calls us; nothing is done about it yet."""
        return self._handset(Party(number, name, internal=internal))

    def asks(
        self, leg: Handset, operation: str, *, dialed: str = "700", **arguments: str | bool
    ) -> asyncio.Task[None]:
        """The dialogue of a leg asks for an operation, and what comes of it is kept."""
        return asyncio.ensure_future(self._ask(leg, dialed, operation, arguments))

    async def _ask(
        self, leg: Handset, dialed: str, operation: str, arguments: Mapping[str, str | bool]
    ) -> None:
        guest = self.exchange.welcome(leg, Visit(dialed, leg.caller))
        await self._perform(leg, operation, arguments)
        await self._go_on(guest)

    async def attend(self, leg: Leg, visit: Visit) -> None:
        """A leg is sent somewhere: here, only to the parking lot."""
        guest = self.exchange.welcome(leg, visit)
        await self._perform(leg, "routing.wait_parked", {})
        await self._go_on(guest)

    async def _go_on(self, guest: Guest) -> None:
        while await guest.next() is not None:
            await self._perform(guest.leg, "routing.wait_parked", {})
        self.exchange.see_off(guest)

    async def _perform(self, leg: Leg, operation: str, arguments: Mapping[str, str | bool]) -> None:
        """Ask for an operation as the flows do, who have more to say after some outcomes."""
        telephone = OwnTelephone(self.desk, leg, leg.caller)
        try:
            outcome = await telephone.bound[operation](arguments)
            values = "".join(f" {value}" for value in outcome.values.values())
            self.outcomes[leg.call_id] = outcome.name + values
            if outcome.name in ("promised", "full", "empty", "forsaken"):
                await leg.end()
        finally:
            telephone.close()

    async def talking(self, one: Handset, other: Handset) -> None:
        """Two are in a call."""
        for leg in (one, other):
            self.exchange.rung(leg, leg.caller)
            await leg.answer()
        self.exchange.join(one, other)


class Choosing:
    """What extensions do, changed by their owners; 999 makes no sense."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def choose(self, extension: str, change: Callable[[Handling], Handling]) -> Handling:
        chosen = change(self._office.handlings.get(extension, Handling()))
        if chosen.forward.target == "999":
            raise HandlingRefused("no")
        self._office.handlings[extension] = chosen
        return chosen


def in_office(story: Callable[[Office], Awaitable[None]]) -> None:
    """Play a story in virtual time; everybody hangs up at its end."""

    async def main(clock: VirtualClock) -> None:
        office = Office(clock)
        await story(office)
        for leg in office.legs.values():
            leg.caller_hangs_up()
        await office.exchange.close()

    run_in_virtual_time(main)
