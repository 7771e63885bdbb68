"""A company in virtual time: its flows, its reception, its exchange; telephones that people move.

Everybody is a `Caller`: a leg on which what is said is heard (phrase by phrase), and what the
exchange plays (ringback, music) or whom it joins is seen. Telephones that ring are answered,
refused or left by what a `Habit` says.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from call.clock import VirtualClock
from call.errors import Unavailable
from call.leg import HangUpCause, HungUp, Party
from call.sound import Clip
from ivr.dialogue import Dialogue
from ivr.flow import Held
from ivr.machine import Flows
from ivr.prompts import Phrase, Segment
from ivr.testing import FakeLeg, FakeVoice, run_in_virtual_time
from ivr.testing.line import speech
from ivr.voices.signals import Signal
from routing.handling import Handling
from routing.plan import Lookup, Standing
from telephony.sip.events import Diversion
from telephony.watcher import Transfer, Watcher
from vestibule.call_sounds import CallSounds
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.ports import Bell, NotReached, Rings, Shown
from vestibule.exchange.screening import Screening
from vestibule.exchange.transfers import Transfers
from vestibule.numbers import Destination
from vestibule.reception import Reception
from voicemail.errors import MailboxUnknown

MUSIC = Clip(Path("music"), 500)
JAZZ = Clip(Path("jazz"), 500)
RINGBACK = Clip(Path("ringback"), 500)

MESSAGE = "vm.leave.unknown"
"""What a caller hears here who comes to a voicemail: there are no mailboxes in this house."""

LATE_S = 5.0
"""A leg may be up and hear nobody for so long, while it is handed on or says goodbye."""


class Caller(FakeLeg):
    """One end of a call; what its person hears is kept in `heard`, in order."""

    def __init__(
        self, house: "House", call_id: str, caller: Party, dialed: str = "", *, rung: bool = False
    ) -> None:
        super().__init__(house.voice, self._hear, caller=caller, call_id=call_id, dialed=dialed)
        self.heard: list[str] = []
        self.signal = ""
        self.joined: Caller | None = None
        self.watcher: Watcher | None = None
        self.replaces = ""
        self.diversions: Sequence[Diversion] = ()
        self.told: list[int] = []
        self.farewell: HungUp | None = None
        self.shown: Shown | None = None
        self._rung = rung
        self._settled = asyncio.Event()

    def _hear(self, segment: Segment, _: float) -> None:
        self.heard.append(segment.id if isinstance(segment, Phrase) else "a recording")

    @property
    def up(self) -> bool:
        return self.answered and not self.over

    @property
    def is_alone(self) -> bool:
        """Up, and nothing to hear: nobody, no signal, no word, and nobody waits for a key."""
        return self.up and self.joined is None and not self.signal and not self.line.speaking

    async def answer(self) -> None:
        """Take the call; where we rang, wait until its person does."""
        if self._rung:
            await self._settled.wait()
        elif not self.over:
            self.answered = True

    def picks_up(self) -> None:
        """The person who is rung takes the call."""
        if not self.over and not self.answered:
            self.answered = True
            self._settled.set()

    def progress(self) -> bool:
        return not self.over

    def transfer_told(self, status: int) -> None:
        self.told.append(status)

    def bridge(self, other: Self, *, keys: bool = True) -> None:
        if self.over or other.over:
            return
        for leg in (self, other):
            leg.unbridge()
        self.joined, other.joined = other, self

    def unbridge(self) -> None:
        if self.joined is not None:
            self.joined.joined = None
        self.joined = None

    def play(self, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        assert self.answered, "sound before the answer"
        self.signal = clips[0].stem.name if clips[0] in (MUSIC, JAZZ, RINGBACK) else ""
        if self.signal and not self.over:
            self.heard.append(self.signal)
        if not self.signal:
            super().play(clips, ticket, repeat=repeat)

    def stop_playing(self) -> None:
        self.signal = ""
        super().stop_playing()

    def refuses(self, cause: HangUpCause) -> None:
        """Whoever is rung does not want the call."""
        self._end(HungUp(cause, by_caller=True))

    def _end(self, last: HungUp) -> None:
        if not self.over:
            self.farewell = last
            self.unbridge()
        super()._end(last)
        self._settled.set()


@dataclass(frozen=True)
class Habit:
    """What whoever is at a telephone does each time it rings, in seconds after it begins to."""

    answers: float | None = None
    refuses: float | None = None
    presses: tuple[tuple[float, str], ...] = ()
    """Keys, in seconds after the answer."""
    hangs_up: float | None = None
    """In seconds after the answer."""


class House:
    """The company: extensions 101 to 104, their telephones, and the world outside."""

    def __init__(self, flows: Flows, clock: VirtualClock, spool: Path) -> None:
        self.flows = flows
        self.clock = clock
        self.voice = FakeVoice()
        self.handlings: dict[str, Handling] = {}
        self.habits: dict[str, list[Habit]] = {"102": [Habit()]}
        self.legs: list[Caller] = []
        self.database_is_down = False
        self._spool = spool
        self._names = 0
        sounds = CallSounds(dict.fromkeys(Signal, RINGBACK), MUSIC, {}, {"jazz": JAZZ})
        self.exchange = Exchange(sounds)
        self.exchange.music = lambda number: sounds.music(self._chosen(number).hold_music)
        screening = Screening(self.exchange, self._begin, self.voice, clock)
        self.connecting = Connecting(self.exchange, self, self, self, self._name_file, screening)
        self.reception = Reception(self, self.voice, self, clock, self.connecting)
        self.exchange.attended_by(self.reception.receive)
        self.exchange.watcher = Transfers(self.exchange, self._leads)

    # what the exchange and the reception ask

    def registered(self, extension: str) -> bool:
        return extension in self.habits

    def telephones(self, extension: str, shown: Shown) -> Sequence[Bell]:
        return [self._bell(extension, habit, shown) for habit in self.habits.get(extension, ())]

    def outside(self, number: str, shown: Shown) -> Bell:
        (habit,) = self.habits[number]
        return self._bell(number, habit, shown)

    async def lookup(self) -> Lookup:
        def standing(number: str) -> Standing | None:
            if len(number) != 3:
                return None
            handling = self.handlings.get(number, Handling())
            busy = self.exchange.busy(number)
            return Standing(handling, registered=self.registered(number), busy=busy)

        return standing

    def _chosen(self, extension: str) -> Handling:
        return self.handlings.get(extension, Handling())

    def name(self, extension: str) -> str:
        return f"somebody at {extension}"

    def destination(self, dialed: str) -> Destination | None:
        if dialed == "5145550100":
            return Destination("main_attendant", (("company", "Lumen"), ("operator", "100")))
        is_extension = dialed in ("101", "102", "103", "104")
        return Destination("extension", (("mailbox", dialed),)) if is_extension else None

    async def dialogue(self, destination: Destination, *, language: str = "") -> Dialogue:
        return await self._begin(destination.flow, dict(destination.parameters), "")

    async def redirect(self, _: object) -> None:
        return None

    def entrance(self, _: Party) -> None:
        return None

    async def open_deposit(self, number: str, sender: Party, *, busy: bool = False) -> None:
        raise MailboxUnknown(number)

    async def _begin(self, flow: str, given: Mapping[str, Held], extension: str) -> Dialogue:
        company = {"company": "Lumen"} if flow == "followme_screen" else {}
        return Dialogue(
            self.flows,
            flow,
            given={**company, **given},
            language="fr",
            started_at=datetime(2027, 7, 1, 14, 0, tzinfo=UTC),
            extensions=("101", "102", "103", "104"),
            offered={"company": "Lumen", "operator": "100"},
        )

    async def _leads(self, number: str, by: Party) -> bool:
        if self.database_is_down:
            raise Unavailable("the database cannot be reached")
        return self.destination(number) is not None

    def _name_file(self) -> Path:
        self._names += 1
        return self._spool / f"name-{self._names}.raw"

    def _bell(self, number: str, habit: Habit, shown: Shown) -> Bell:
        party = Party(number, internal=len(number) == 3)
        return Bell(party, lambda rings: self._ring(party, habit, shown, rings))

    async def _ring(self, party: Party, habit: Habit, shown: Shown, rings: Rings) -> Caller:
        leg = self._leg(party, rung=True)
        leg.shown = shown
        self.exchange.rung(leg, party)
        self._lives(leg, habit)
        rings(leg, False)
        try:
            await leg.answer()
        except BaseException:
            self.exchange.dismiss(leg)
            raise
        if not leg.up:
            raise NotReached((await leg.end()).cause)
        return leg

    def _lives(self, leg: Caller, habit: Habit) -> None:
        later = asyncio.get_running_loop().call_later
        if habit.refuses is not None:
            later(habit.refuses, leg.refuses, HangUpCause.BUSY)
        if habit.answers is not None:
            later(habit.answers, leg.picks_up)
            for after, key in habit.presses:
                later(habit.answers + after, leg.press, key)
            if habit.hangs_up is not None:
                later(habit.answers + habit.hangs_up, leg.caller_hangs_up)

    # what people do

    def _leg(self, caller: Party, dialed: str = "", *, rung: bool = False) -> Caller:
        leg = Caller(self, f"leg-{len(self.legs) + 1}", caller, dialed, rung=rung)
        self.legs.append(leg)
        return leg

    def calls(self, dialed: str, caller: Party | None = None) -> Caller:
        """Somebody calls; the reception attends to them as the line has it do."""
        leg = self._leg(caller or Party("5145550123"), dialed)

        async def attend() -> None:
            try:
                await self.reception.attend(leg)
            finally:
                await leg.hang_up()

        self.exchange.spawn(attend(), f"call {leg.call_id}")
        return leg

    def extension_calls(self, extension: str, dialed: str) -> Caller:
        """Somebody calls from a telephone of the house."""
        return self.calls(dialed, Party(extension, internal=True))

    def at(self, number: str) -> list[Caller]:
        """The legs on which a number was rung, in order."""
        return [leg for leg in self.legs if leg.shown and leg.caller.number == number]

    def transfers(self, leg: Caller, target: str, second: Caller | None = None) -> None:
        """A telephone asks for a transfer, blind or attended."""
        assert leg.watcher is not None, "nobody listens to what this telephone wants"
        leg.watcher.transfer_asked(leg, Transfer(target, second.call_id if second else ""))

    def holds(self, leg: Caller, on: bool) -> None:
        assert leg.watcher is not None
        leg.watcher.held(leg, on)

    def up(self) -> list[Caller]:
        """Every leg that is up."""
        return [leg for leg in self.legs if leg.up]

    def says(self, leg: Caller, seconds: float) -> None:
        """Somebody says something."""
        leg.talk(speech(seconds))

    async def comes_to_rest(self) -> None:
        """Everybody who is left hangs up; nothing may remain of the day."""
        for leg in self.legs:
            leg.caller_hangs_up()
        await asyncio.sleep(LATE_S)
        assert all(leg.over for leg in self.legs)
        assert not self.exchange.remains, self.exchange.remains
        assert not self.connecting.under_way
        assert not list(self._spool.glob("name-*.raw"))


Story = Callable[[House], Coroutine[None, None, None]]


def in_house(flows: Flows, spool: Path, story: Story) -> None:
    """Play a story in virtual time, and look that nothing remains of it."""

    async def main(clock: VirtualClock) -> None:
        house = House(flows, clock, spool)
        await story(house)
        await house.comes_to_rest()
        await house.exchange.close()

    run_in_virtual_time(main)
