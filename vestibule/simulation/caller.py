"""A caller who presses keys as told, on the dialogue itself, in time that jumps.

They hear each sentence to its end before they do the next thing, speak where a message is
recorded, and hang up when they have done all they were told and could only leave a message.
"""

import logging
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from call.clock import VirtualClock
from call.leg import HangUpCause, HungUp, LegEvent
from call.media import KeyPressed, KeySource
from call.sound import RATE, Clip, EndOfRecording
from ivr.actions import (
    Action,
    Activity,
    DialogueEvent,
    End,
    Hush,
    OperationEnded,
    Pause,
    Perform,
    Report,
    Resume,
    Skip,
    Speak,
    StartRecording,
    StopRecording,
)
from ivr.dialogue import Dialogue
from ivr.operations import FAILED, Operations, Outcome
from ivr.prompts import Phrase, PhraseBook, Recorded, Segment, Voice
from ivr.testing.line import Line, speech
from vestibule.settings import BadSettings
from vestibule.simulation.story import Kind, Story
from vestibule.simulation.words import Words

log = logging.getLogger(__name__)

BETWEEN_KEYS_S = 0.25
HIDDEN = "•"
"""In place of a digit that is nobody else's business."""

SPEAKS_S = 3.0
"""Long enough to be a message."""

BRIEF_S = 3.0
"""A recording that so little silence ends is an answer, such as a name, and no message."""

LONGEST_S = 3600.0
"""A simulated call that takes longer goes round in a circle."""

_DEED = re.compile(r"(?P<keys>[0-9*#]+)|say(?P<say>[0-9.]*)|wait(?P<wait>[0-9.]+)|(?P<hang>hang)")


@dataclass(frozen=True, slots=True)
class Press:
    """Press some keys, one after the other."""

    keys: str


@dataclass(frozen=True, slots=True)
class Say:
    """Say something."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class GoAway:
    """Hang up."""


Deed = Press | Say | Wait | GoAway


def read_deeds(text: str) -> tuple[Deed, ...]:
    """What a caller does, as it is written: `8500,101#,wait5,say3,hang`. Raises BadSettings."""
    return tuple(_deed(each.strip()) for each in text.split(",") if each.strip())


def _deed(text: str) -> Deed:
    match = _DEED.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        if match["keys"]:
            return Press(match["keys"])
        if match["wait"]:
            return Wait(float(match["wait"]))
        return GoAway() if match["hang"] else Say(float(match["say"] or SPEAKS_S))
    except ValueError:
        raise BadSettings(
            f"{text}: write keys (0 to 9, * and #), say3, wait5 or hang, with commas between"
        ) from None


class NotSimulated(Exception):
    """A flow asks for something that cannot be tried without telephones."""


class Sounds(Protocol):
    """Whoever knows how long each segment is heard."""

    async def clip(self, segment: Segment) -> Clip:
        """Its sound."""


class OneByOne:
    """The sounds of a voice, segment by segment."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def clip(self, segment: Segment) -> Clip:
        """Its sound; of several clips the first."""
        return (await self._voice.clips((segment,)))[0]


class SimulatedCaller:
    """One call; `run` it once."""

    def __init__(
        self,
        dialogue: Dialogue,
        operations: Operations,
        clock: VirtualClock,
        *,
        book: PhraseBook,
        sounds: Sounds,
        story: Story,
        words: Words,
        deeds: Iterable[Deed],
        is_secret: Callable[[str], bool],
    ) -> None:
        self._dialogue = dialogue
        self._operations = operations
        self._clock = clock
        self._book = book
        self._sounds = sounds
        self._story = story
        self._words = words
        self._deeds = deque(deeds)
        self._is_secret = is_secret
        self._clips: dict[Segment, Clip] = {}
        self._line = Line(self._hear)
        self._place = ""
        self._is_understood = True
        self._spoke = self._is_brief = self._is_over = False
        self._waited_until = 0.0

    async def run(self) -> None:
        """Call until either side hangs up."""
        await self._carry_out(self._dialogue.start(self._clock.monotonic()))
        self._is_over = self._is_over or self._dialogue.ended
        while not self._is_over and self._clock.monotonic() < LONGEST_S:
            if not await self._acts():
                await self._lets_pass()
            self._is_over = self._is_over or self._dialogue.ended
        self._story.hushed()

    # ---- What the caller does

    async def _acts(self) -> bool:
        """Do the next thing, if it is its turn."""
        recording = self._line.recording
        if self._line.speaking or not (recording or self._is_asked):
            return False
        if self._clock.monotonic() < self._waited_until:
            return False
        if recording and not self._spoke and not self._leaves_next:
            await self._say(self._deeds.popleft() if self._says_next else Say(SPEAKS_S))
            return True
        if self._deeds and not (recording and self._is_brief):
            await self._do(self._deeds.popleft())
            return True
        if recording and not self._is_brief:
            await self._go_away()
            return True
        return False

    @property
    def _is_asked(self) -> bool:
        """Nothing is said, keys are waited for, and those pressed before have been understood."""
        return self._dialogue.activity is Activity.WAITING and self._is_understood

    @property
    def _says_next(self) -> bool:
        return bool(self._deeds) and isinstance(self._deeds[0], Say)

    @property
    def _leaves_next(self) -> bool:
        return bool(self._deeds) and isinstance(self._deeds[0], GoAway)

    async def _do(self, deed: Deed) -> None:
        match deed:
            case Press(keys=keys):
                await self._press(keys)
            case Wait(seconds=seconds):
                self._waited_until = self._clock.monotonic() + seconds
            case GoAway():
                await self._go_away()
            case Say():
                await self._say(deed)

    async def _press(self, keys: str) -> None:
        self._is_understood = False
        secret = self._is_secret(self._dialogue.place)
        self._story.add(Kind.PRESSES, re.sub(r"\d", HIDDEN, keys) if secret else keys)
        for key in keys:
            await self._feed(KeyPressed(key, KeySource.RFC4733, self._clock.monotonic()))
            await self._pass(BETWEEN_KEYS_S)

    async def _say(self, deed: Deed) -> None:
        seconds = deed.seconds if isinstance(deed, Say) else SPEAKS_S
        told = self._words["speaks"].format(seconds=f"{seconds:g}")
        self._story.add(Kind.SPEAKS, told, seconds=seconds)
        self._spoke = True
        pcm = speech(seconds)
        self._line.talk(pcm, self._clock.monotonic())
        await self._pass(len(pcm) / RATE)

    async def _go_away(self) -> None:
        if not self._line.recording:
            self._line.stop_playing()
        self._story.add(Kind.ENDS, self._words["caller"], id="caller")
        now = self._clock.monotonic()
        for event in self._line.stop_recording(now, EndOfRecording.HANG_UP):
            await self._feed(event)
        await self._feed(HungUp(HangUpCause.NORMAL, by_caller=True))

    # ---- What happens meanwhile

    async def _pass(self, seconds: float) -> None:
        end = self._clock.monotonic() + seconds
        while (due := self._due) is not None and due <= end and not self._dialogue.ended:
            await self._advance(due)
        self._clock.advance(max(0.0, end - self._clock.monotonic()))

    async def _lets_pass(self) -> None:
        due = self._due
        if due is None:
            self._story.add(Kind.ENDS, self._words["stuck"], id="stuck")
            await self._feed(HungUp(HangUpCause.NORMAL, by_caller=True))
            return
        if self._waited_until > self._clock.monotonic():
            due = min(due, self._waited_until)
        if self._dialogue.activity is Activity.WAITING and not self._line.speaking:
            silent = due - self._clock.monotonic()
            told = self._words["silent"].format(seconds=f"{silent:.0f}")
            self._story.add(Kind.SILENT, told, seconds=silent)
        await self._advance(due)

    @property
    def _due(self) -> float | None:
        times = (self._line.due, self._dialogue.deadline)
        return min((time for time in times if time is not None), default=None)

    async def _advance(self, to: float) -> None:
        self._clock.advance(max(0.0, to - self._clock.monotonic()))
        events: list[LegEvent] = self._line.advance(self._clock.monotonic())
        for event in events:
            await self._feed(event)
        await self._carry_out(self._dialogue.tick(self._clock.monotonic()))

    async def _feed(self, event: DialogueEvent) -> None:
        await self._carry_out(self._dialogue.receive(event, self._clock.monotonic()))

    async def _carry_out(self, actions: list[Action]) -> None:
        self._tell_place()
        self._is_understood = self._is_understood or any(
            isinstance(each, Speak | Perform | StartRecording) for each in actions
        )
        for action in actions:
            match action:
                case Speak(segments=segments, ticket=ticket):
                    await self._speak(segments, ticket)
                case Hush():
                    self._hush()
                case Skip(seconds=seconds):
                    self._line.skip(seconds, self._clock.monotonic())
                case Pause():
                    self._line.pause(self._clock.monotonic())
                case Resume():
                    self._line.resume(self._clock.monotonic())
                case StartRecording(path=path, max_s=max_s, final_silence_s=silence):
                    self._spoke = False
                    self._is_brief = silence is not None and silence < BRIEF_S
                    now = self._clock.monotonic()
                    self._line.record(path, max_s=max_s, final_silence_s=silence, now=now)
                case StopRecording():
                    for event in self._line.stop_recording(self._clock.monotonic()):
                        await self._feed(event)
                case Perform():
                    await self._perform(action)
                case Report(fault=fault):
                    told = self._words["fault"].format(text=fault)
                    self._story.add(Kind.WORKS, told, id="fault")
                case End(cause=cause):
                    self._hush()
                    self._story.add(Kind.ENDS, self._words["company"], id=cause.value)

    async def _speak(self, segments: tuple[Segment, ...], ticket: int) -> None:
        said = []
        for segment in segments:
            self._clips[segment] = clip = await self._sounds.clip(segment)
            said.append((segment, clip.seconds))
        self._line.play(said, ticket, self._clock.monotonic())

    def _hush(self) -> None:
        self._line.stop_playing()
        self._story.hushed()

    def _hear(self, segment: Segment, at: float) -> None:
        self._story.sounds(self._clips[segment])
        match segment:
            case Phrase(id=id_, language=language):
                seconds = self._clips[segment].seconds
                text = self._book.text(segment)
                self._story.add(Kind.SAYS, text, id=id_, language=language, seconds=seconds)
            case Recorded(path=path):
                seconds = self._clips[segment].seconds
                told = self._words["recording"].format(seconds=f"{seconds:.0f}")
                self._story.add(Kind.PLAYS, told, id=path.name, seconds=seconds)

    def _tell_place(self) -> None:
        place = self._dialogue.place
        if place and place != self._place:
            self._place = place
            self._is_understood = True
            self._story.add(Kind.STATE, id=place)

    async def _perform(self, action: Perform) -> None:
        try:
            outcome = await self._operations.perform(action.operation, action.arguments)
        except NotSimulated:
            self._story.add(Kind.ENDS, self._words["by_telephone"], id="not_simulated")
            self._is_over = True
            return
        except Exception:
            log.exception("operation failed", extra={"operation": action.operation})
            outcome = Outcome(FAILED)
        self._story.add(Kind.WORKS, outcome.name, id=action.operation)
        if (told := self._words.outcome(action.operation, outcome.name)) is not None:
            self._story.add(Kind.WHY, told, id=f"{action.operation}.{outcome.name}")
        await self._feed(OperationEnded(action.ticket, outcome))
