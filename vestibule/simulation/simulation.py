"""One simulated call, from the number that is dialled to its end."""

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from call.clock import VirtualClock
from call.sound import Pcm
from ivr.flow import Collect
from ivr.machine import Flows
from ivr.phrases import Book
from ivr.voices.voice import open_voice
from vestibule.arrivals import Arrival, Rejection
from vestibule.attendants import own_flows
from vestibule.call_sounds import CallSounds, make_call_sounds
from vestibule.extensions import Extensions
from vestibule.front import open_front
from vestibule.meetings.desk import open_desk
from vestibule.numbers import Destination
from vestibule.office import open_arrivals
from vestibule.operations import CallOperations
from vestibule.settings import Settings
from vestibule.shipped import PROMPTS, read_book, read_flows
from vestibule.simulation.caller import Deed, OneByOne, SimulatedCaller
from vestibule.simulation.company_copy import Copy, copied_company
from vestibule.simulation.people import People, look_at
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


async def simulate(settings: Settings, question: Question) -> Answer:
    """What would happen, tried on a copy of what the company has.

    Raises BadSettings, FlowsRefused, Unavailable.
    """
    clock, book = VirtualClock(question.at), read_book()
    async with copied_company(settings, clock) as copy:
        frames = _ready_sound(settings, copy)
        music = copy.settings.media.hold_music
        sounds = await asyncio.to_thread(make_call_sounds, frames / "calls", music)
        async with open_voice(book, PROMPTS, frames) as voice:
            return await _simulated(question, clock, copy, book, OneByOne(voice), sounds)


async def _simulated(
    question: Question,
    clock: VirtualClock,
    copy: Copy,
    book: Book,
    voice: OneByOne,
    sounds: CallSounds,
) -> Answer:
    people = await look_at(copy, question.busy)
    flows = read_flows(book, people.inside, own=own_flows(copy.settings.storage.data))
    simulated = _Simulated(question, clock, copy, people, flows, voice, sounds, book)
    await simulated.run()
    story = simulated.story
    internal = question.caller in people.inside
    return Answer(tuple(story.moments), sound_of(story.heard), internal)


class _Simulated:
    """One call; `run` it once."""

    def __init__(
        self,
        question: Question,
        clock: VirtualClock,
        copy: Copy,
        people: People,
        flows: Flows,
        voice: OneByOne,
        sounds: CallSounds,
        book: Book,
    ) -> None:
        self.story = Story(clock)
        self._question = question
        self._clock = clock
        self._copy = copy
        self._people = people
        self._flows = flows
        self._voice = voice
        self._sounds = sounds
        self._book = book
        self._words = LANGUAGES[question.language]
        self._caller = people.party(question.caller)
        self._front = open_front(copy.settings, copy.mailroom, clock)
        self._switchboard = Switchboard(
            company=copy.settings.company,
            numbers=copy.settings.numbers,
            flows=flows,
            mailboxes=copy.mailroom.mailboxes,
            clock=clock,
            codes=self._front.closing.closures.codes,
            extensions=Extensions(copy.mailroom.mailboxes, clock, people),
        )

    async def run(self) -> None:
        """Dial, and write down what happens."""
        settings, mailroom = self._copy.settings, self._copy.mailroom
        arrivals = open_arrivals(settings, mailroom, self._switchboard, self._clock)
        dialed = self._question.to
        arrival = await arrivals.explain(dialed, self._caller, self._clock.now())
        self._tell(arrival)
        if isinstance(arrival.to, Rejection):
            self.story.add(Kind.ENDS, self._words["company"], id=arrival.to.cause.value)
            return
        names = settings.storage.data / "conference-names"
        operations = CallOperations(
            mailroom.mailboxes,
            self._caller,
            self._switchboard.redirect,
            front=self._front,
            dialed=dialed,
            meeting=open_desk(mailroom.database, mailroom.ports, names, pause=self._lets_pass),
        )
        try:
            await self._talk(arrival.to, operations)
        finally:
            await operations.close()

    async def _talk(self, destination: Destination, operations: CallOperations) -> None:
        simulated = SimulatedOperations(
            operations,
            caller=self._caller,
            people=self._people,
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
            sounds=self._voice,
            story=self.story,
            words=self._words,
            deeds=self._question.deeds,
            is_secret=self._is_secret,
        )
        await caller.run()

    async def _lets_pass(self, seconds: float) -> None:
        """What a caller waits for, at once."""
        self._clock.advance(seconds)

    def _is_secret(self, place: str) -> bool:
        """Whether a state asks for something that nobody else should read."""
        flow, _, state = place.partition("/")
        if flow not in self._flows:
            return False
        step = self._flows.graph(flow).flow.states[state].step
        return isinstance(step, Collect) and step.secret

    def _tell(self, arrival: Arrival) -> None:
        """Why the call is led where it is."""
        if (refusal := arrival.refusal) is not None:
            self._why(self._words.refusal(refusal), f"refused.{refusal.why}")
        elif (decision := arrival.decision) is not None:
            zone = self._copy.settings.company.zone
            told = self._words.decision(arrival.number, decision, zone)
            self._why(told, f"hours.{decision.rule}")
            if not decision.is_usual and arrival.to == self._usual:
                self._why(self._words["as_open"], "as_open")
        match arrival.to:
            case Destination(flow=flow):
                self._why(self._words["leads"].format(flow=flow), f"flow.{flow}")
            case Rejection() if arrival.refusal is None:
                self._why(self._words["no_flow"], "no_number")
            case Rejection():
                self._why(self._words["not_taken"], "not_taken")

    @property
    def _usual(self) -> Destination | None:
        return self._switchboard.destination(self._question.to)

    def _why(self, text: str, id: str) -> None:
        self.story.add(Kind.WHY, text, id=id)


def _ready_sound(settings: Settings, copy: Copy) -> Path:
    """A folder of frames over those that the company has ready; recordings leave no trace there."""
    frames = copy.settings.storage.data / "frames"
    frames.mkdir()
    for name in ("phrases", "calls"):
        ready = settings.storage.data / "frames" / name
        if os.access(ready, os.W_OK):
            (frames / name).symlink_to(ready.absolute())
    return frames
