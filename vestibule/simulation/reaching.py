"""Ringing without a telephone: the plan is the real one, and who answers is said before."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from call.clock import VirtualClock
from call.leg import Party
from call.sound import Clip
from ivr.flow import Held
from ivr.operations import Operations, Outcome
from ivr.voices.signals import Signal
from routing.numbers import Number, number_class, parse_number
from routing.outgoing import Leave, leave_to_call
from routing.plan import (
    FORWARD_RING_S,
    Ending,
    Identify,
    Offer,
    OnThePhone,
    Plan,
    Ring,
    Step,
    Unreachable,
    Voicemail,
    Why,
    decide,
)
from vestibule.call_sounds import CallSounds
from vestibule.exchange.reach import NAME_S
from vestibule.simulation.caller import NotSimulated
from vestibule.simulation.people import People
from vestibule.simulation.story import Kind, Story
from vestibule.simulation.words import Words

ANSWERED_AFTER_S = 6.0
"""When somebody who answers does: after the first ringing and its rest."""

WANTS_A_TELEPHONE = frozenset(
    {
        "routing.do_not_disturb",
        "routing.forward_off",
        "routing.forward_on",
        "routing.park",
        "routing.pick_up",
        "routing.retrieve",
        "routing.wait_parked",
    }
)
"""What flows ask for that other calls and real telephones have a part in."""

_LEAVE = MappingProxyType(
    {Leave.GIVEN: "may", Leave.WITH_CODE: "with_code", Leave.DENIED: "may_not"}
)


class SimulatedOperations:
    """What flows ask for: plans are told and waited for, all else is done on the copy."""

    def __init__(
        self,
        others: Operations,
        *,
        caller: Party,
        people: People,
        answering: Collection[str],
        clock: VirtualClock,
        story: Story,
        sounds: CallSounds,
        words: Words,
        folder: Path,
    ) -> None:
        self._others = others
        self._caller = caller
        self._people = people
        self._answering = frozenset(answering)
        self._clock = clock
        self._story = story
        self._sounds = sounds
        self._words = words
        self._folder = folder
        self._steps: Iterator[Step] = iter(())
        self._plan: Plan | None = None
        self._unlocked = False

    async def perform(self, name: str, arguments: Mapping[str, Held]) -> Outcome:
        """Do what a flow asks. Raises NotSimulated for what wants a real telephone."""
        match name:
            case "routing.reach":
                return self._reach(str(arguments["extension"]), str(arguments["reply"]))
            case "routing.dial":
                return self._dial(str(arguments["number"]))
            case "routing.unlock":
                self._unlocked = True
                return Outcome("ok")
            case "conference.join":
                self._story.add(Kind.WHY, self._words["in_conference"], id="conference.join")
                raise NotSimulated(name)
            case _:
                if name in WANTS_A_TELEPHONE:
                    raise NotSimulated(name)
                return await self._others.perform(name, arguments)

    def _reach(self, extension: str, reply: str) -> Outcome:
        if reply == "begin" or self._plan is None:
            self._plan = decide(extension, self._caller, self._people.standing)
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

    # ---- Outside

    def _dial(self, dialed: str) -> Outcome:
        """Somebody inside calls outside: whether they may, and who answers there."""
        number = parse_number(dialed)
        if not self._caller.internal:
            return Outcome("not_allowed")
        if number is None:
            return Outcome("unknown")
        leave = self._leave(number, self._caller.number)
        if leave is Leave.WITH_CODE and not self._unlocked:
            return Outcome("code")
        if leave is Leave.DENIED:
            return Outcome("not_allowed")
        if not self._has_line(number.digits):
            return Outcome("no_trunk")
        ring = Ring((), (number.digits,), FORWARD_RING_S, Why.CALLED, self._caller.number)
        return Outcome("talked") if self._let_ring(ring) else Outcome("no_answer")

    def _leave(self, number: Number, extension: str) -> Leave:
        """Whether an extension may call a number, which is told."""
        local = self._people.local
        leave = leave_to_call(number, self._people.handling(extension).outgoing, local)
        kind = self._words.kinds[number_class(number, local)]
        told = self._words[_LEAVE[leave]].format(
            extension=extension, number=number.digits, kind=kind
        )
        self._story.add(Kind.WHY, told, id=f"leave.{leave}")
        return leave

    def _reached_outside(self, step: Ring) -> tuple[str, ...]:
        """Those outside that may be called on the extension's behalf."""
        numbers = {each: parse_number(each) for each in step.outside}
        for each in (each for each, number in numbers.items() if number is None):
            told = self._words["no_number"].format(number=each)
            self._story.add(Kind.WHY, told, id="no_number")
        return tuple(
            each
            for each, number in numbers.items()
            if number is not None
            and self._leave(number, step.behalf) is Leave.GIVEN
            and self._has_line(each)
        )

    def _has_line(self, number: str) -> bool:
        """Whether any line leads to a number outside; it is told where none does."""
        if not self._people.has_trunk:
            told = self._words["no_line"].format(number=number)
            self._story.add(Kind.WHY, told, id="no_line")
        return self._people.has_trunk

    # ---- Ringing

    def _rung(self, step: Ring) -> bool:
        """Let it ring, if anything does; whether somebody takes the call."""
        self._story.add(Kind.WHY, self._words.ring(step), id=f"plan.{step.why}")
        step = replace(step, outside=self._reached_outside(step))
        return bool(step.extensions or step.outside) and self._let_ring(step)

    def _let_ring(self, step: Ring) -> bool:
        rung = (*step.extensions, *step.outside)
        taker = next((each for each in rung if each in self._answering), "")
        seconds = min(ANSWERED_AFTER_S, step.seconds) if taker else float(step.seconds)
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
