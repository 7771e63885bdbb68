"""`routing.reach` without a telephone: the plan is the real one, and who answers is said before."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from call.clock import VirtualClock
from call.leg import Party
from call.sound import Clip
from ivr.flow import Held
from ivr.operations import Operations, Outcome
from ivr.voices.signals import Signal
from routing.plan import (
    Ending,
    Identify,
    Lookup,
    Offer,
    OnThePhone,
    Plan,
    Ring,
    Step,
    Unreachable,
    Voicemail,
    decide,
)
from vestibule.call_sounds import CallSounds
from vestibule.exchange.reach import NAME_S
from vestibule.simulation.story import Kind, Story
from vestibule.simulation.words import Words

REACH = "routing.reach"

ANSWERED_AFTER_S = 6.0
"""When somebody who answers does: after the first ringing and its rest."""


class SimulatedOperations:
    """What flows ask for: plans are told and waited for, all else is done on the copy."""

    def __init__(
        self,
        others: Operations,
        *,
        caller: Party,
        lookup: Lookup,
        answering: Collection[str],
        clock: VirtualClock,
        story: Story,
        sounds: CallSounds,
        words: Words,
        folder: Path,
    ) -> None:
        self._others = others
        self._caller = caller
        self._lookup = lookup
        self._answering = frozenset(answering)
        self._clock = clock
        self._story = story
        self._sounds = sounds
        self._words = words
        self._folder = folder
        self._steps: Iterator[Step] = iter(())
        self._plan: Plan | None = None

    async def perform(self, name: str, arguments: Mapping[str, Held]) -> Outcome:
        """Do what a flow asks."""
        if name != REACH:
            return await self._others.perform(name, arguments)
        return await self._reach(str(arguments["extension"]), str(arguments["reply"]))

    async def _reach(self, extension: str, reply: str) -> Outcome:
        if reply == "begin" or self._plan is None:
            self._plan = decide(extension, self._caller, self._lookup)
            self._steps = iter(self._plan.steps)
            for note in dict.fromkeys(self._plan.notes):
                self._story.add(Kind.WHY, self._words.note(note), id=f"plan.{note.why}")
        if reply != "declined":
            for step in self._steps:
                match step:
                    case Offer():
                        return Outcome("offer")
                    case Identify():
                        name = self._folder / "name.raw"
                        return Outcome("identify", {"spool": name, "max_s": NAME_S})
                    case Ring() if self._rung(step):
                        return Outcome("talked")
        return self._ended(self._plan.ending)

    def _rung(self, step: Ring) -> bool:
        """Let it ring; whether somebody takes the call."""
        rung = (*step.extensions, *step.outside)
        taker = next((each for each in rung if each in self._answering), "")
        seconds = min(ANSWERED_AFTER_S, step.seconds) if taker else float(step.seconds)
        self._story.add(Kind.WHY, self._words.ring(step), id=f"plan.{step.why}")
        who = ", ".join(rung)
        told = self._words["rings"].format(who=who, seconds=f"{seconds:g}")
        self._story.add(Kind.RINGS, told, id=who, seconds=seconds)
        if step.screened:
            self._story.add(Kind.WHY, self._words["screened"], id="plan.screened")
        self._heard_meanwhile("music" if step.music else Signal.RINGBACK.value, seconds)
        self._clock.advance(seconds)
        self._story.hushed()
        if taker:
            answers = self._words["answers_screened" if step.screened else "answers"]
            self._story.add(Kind.ANSWERS, answers.format(who=taker), id=taker)
        return bool(taker)

    def _heard_meanwhile(self, what: str, seconds: float) -> None:
        clip: Clip = self._sounds.hold_music
        if what != "music":
            clip = self._sounds.signals[Signal(what)]
        self._story.sounds(clip, repeat=True)
        self._story.add(Kind.SOUNDS, self._words[what], id=what, seconds=seconds)

    def _ended(self, ending: Ending) -> Outcome:
        self._story.add(Kind.WHY, self._words.ending(ending), id=f"ending.{ending.why}")
        match ending:
            case Voicemail(mailbox=mailbox, busy=busy):
                return Outcome("voicemail", {"mailbox": mailbox, "busy": busy})
            case OnThePhone(mailbox=mailbox, voicemail=voicemail):
                return Outcome("on_the_phone", {"mailbox": mailbox, "voicemail": voicemail})
            case Unreachable():
                return Outcome("unreachable")
