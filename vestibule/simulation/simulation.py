"""One simulated call, from the number that is dialled to its end."""

import asyncio
import os
from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from call.clock import VirtualClock
from call.leg import Party
from call.sound import Pcm
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
from ivr.phrases import Book
from ivr.voices.voice import PromptVoice, open_voice
from routing.handling import Handling
from routing.plan import Standing
from vestibule.arrivals import Arrival, Arrivals, Rejection
from vestibule.call_sounds import CallSounds, make_call_sounds
from vestibule.numbers import Destination
from vestibule.opening import Opening
from vestibule.operations import CallOperations
from vestibule.program import PROMPTS, read_book, read_flows
from vestibule.settings import Settings
from vestibule.shelves import handlings, restrictions, schedules
from vestibule.simulation.caller import Deed, OneByOne, SimulatedCaller
from vestibule.simulation.company_copy import Copy, copied_company
from vestibule.simulation.reaching import SimulatedOperations
from vestibule.simulation.sounding import sound_of
from vestibule.simulation.story import Kind, Moment, Story
from vestibule.simulation.words import LANGUAGES
from vestibule.switchboard import Switchboard


@dataclass(frozen=True, slots=True)
class Question:
    """What happens when this caller dials that number at that instant?"""

    to: str
    caller: str
    """The caller's number; "" where it is withheld. An extension calls from the inside."""
    at: datetime
    deeds: tuple[Deed, ...] = ()
    answering: tuple[str, ...] = ()
    """Extensions and numbers where somebody takes the call; nobody does elsewhere."""
    busy: tuple[str, ...] = ()
    """Extensions that are on the telephone."""
    language: str = "en"
    """Of the explanations."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What would happen, and what the caller would hear."""

    moments: tuple[Moment, ...]
    sound: Pcm
    internal: bool
    """The caller is one of our own."""


@dataclass(frozen=True, slots=True)
class Everybody:
    """Who is who in the copy. Whoever has an account has a telephone that can be rung."""

    extensions: frozenset[str]
    mailboxes: frozenset[str]
    with_telephone: frozenset[str]
    handlings: dict[str, Handling]
    busy: frozenset[str]

    @property
    def inside(self) -> frozenset[str]:
        """Everybody who calls from the inside."""
        return self.extensions | self.mailboxes

    def standing(self, number: str) -> Standing | None:
        """How an extension stands; None for a number outside."""
        if number not in self.inside:
            return None
        return Standing(
            self.handlings.get(number, Handling()),
            registered=number in self.with_telephone,
            busy=number in self.busy,
            mailbox=number in self.mailboxes,
        )


async def simulate(settings: Settings, question: Question) -> Answer:
    """What would happen, tried on a copy of what the company has.

    Raises BadSettings, FlowsRefused, Unavailable.
    """
    clock, book = VirtualClock(question.at), read_book()
    async with copied_company(settings, clock) as copy, _voice(settings, copy, book) as voice:
        everybody = await _everybody(copy, question.busy)
        sounds = await asyncio.to_thread(
            make_call_sounds, copy.settings.storage.data / "calls", settings.media.hold_music
        )
        simulated = _Simulated(question, clock, copy, everybody, book, voice, sounds)
        await simulated.run()
        story = simulated.story
        internal = question.caller in everybody.inside
        return Answer(tuple(story.moments), sound_of(story.heard), internal)


class _Simulated:
    """One call; `run` it once."""

    def __init__(
        self,
        question: Question,
        clock: VirtualClock,
        copy: Copy,
        everybody: Everybody,
        book: Book,
        voice: PromptVoice,
        sounds: CallSounds,
    ) -> None:
        self.story = Story(clock)
        self._question = question
        self._clock = clock
        self._copy = copy
        self._everybody = everybody
        self._book = book
        self._voice = voice
        self._sounds = sounds
        self._words = LANGUAGES[question.language]
        number = question.caller
        self._caller = Party(number, internal=number in everybody.inside)
        self._switchboard = Switchboard(
            company=copy.settings.company,
            numbers=copy.settings.numbers,
            flows=read_flows(book, everybody.inside),
            mailboxes=copy.mailroom.mailboxes,
            clock=clock,
        )

    async def run(self) -> None:
        """Dial, and write down what happens."""
        arrival = await self._arrivals().explain(self._question.to, self._caller, self._clock.now())
        self._tell(arrival)
        if isinstance(arrival.to, Rejection):
            self.story.add(Kind.ENDS, self._words["company"], id=arrival.to.cause.value)
            return
        operations = CallOperations(
            self._copy.mailroom.mailboxes, self._caller, self._switchboard.redirect
        )
        try:
            await self._talk(arrival.to, operations)
        finally:
            await operations.close()

    async def _talk(self, destination: Destination, operations: CallOperations) -> None:
        simulated = SimulatedOperations(
            operations,
            caller=self._caller,
            lookup=self._everybody.standing,
            answering=self._question.answering,
            clock=self._clock,
            story=self.story,
            sounds=self._sounds,
            words=self._words,
            folder=self._copy.settings.storage.data,
        )
        caller = SimulatedCaller(
            await self._switchboard.dialogue(destination),
            simulated,
            self._clock,
            book=self._book,
            sounds=OneByOne(self._voice),
            story=self.story,
            words=self._words,
            deeds=self._question.deeds,
        )
        await caller.run()

    def _arrivals(self) -> Arrivals:
        database = self._copy.mailroom.database
        settings = self._copy.settings

        async def extensions() -> frozenset[str]:
            return self._everybody.inside

        return Arrivals(
            numbers=settings.numbers,
            opening=Opening(schedules(database), self._clock, settings.company.zone),
            restrictions=restrictions(database),
            extensions=extensions,
            faults=self._switchboard.faults,
            clock=self._clock,
        )

    def _tell(self, arrival: Arrival) -> None:
        """Why the call is led where it is."""
        if (refusal := arrival.refusal) is not None:
            self.story.add(Kind.WHY, self._words.refusal(refusal), id=f"refused.{refusal.why}")
        elif (decision := arrival.decision) is not None:
            zone = self._copy.settings.company.zone
            told = self._words.decision(arrival.number, decision, zone)
            self.story.add(Kind.WHY, told, id=f"hours.{decision.rule}")
        match arrival.to:
            case Destination(flow=flow):
                told = self._words["leads"].format(flow=flow)
                self.story.add(Kind.WHY, told, id=f"flow.{flow}")
            case Rejection() if arrival.refusal is None:
                self.story.add(Kind.WHY, self._words["no_flow"], id="no_number")
            case Rejection():
                self.story.add(Kind.WHY, self._words["not_taken"], id="not_taken")


async def _everybody(copy: Copy, busy: Collection[str]) -> Everybody:
    listing = SqlAlchemyListing(copy.mailroom.database)
    phones = await listing.phones()
    return Everybody(
        extensions=frozenset(each.number for each in await listing.extensions()),
        mailboxes=frozenset(each.number for each in await copy.mailroom.mailboxes.all()),
        with_telephone=frozenset(phone.extension for phone, _ in phones),
        handlings=dict(await handlings(copy.mailroom.database).all()),
        busy=frozenset(busy),
    )


def _voice(settings: Settings, copy: Copy, book: Book) -> AbstractAsyncContextManager[PromptVoice]:
    """The voice, over the sentences that the company has ready; recordings leave no trace."""
    frames = copy.settings.storage.data / "frames"
    frames.mkdir()
    ready = settings.storage.data / "frames" / "phrases"
    if os.access(ready, os.W_OK):
        (frames / "phrases").symlink_to(ready.absolute())
    return open_voice(book, PROMPTS, frames)
