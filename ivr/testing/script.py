"""A caller who follows a script: what they hear, press and say, and how long they wait.

    caller = ScriptedCaller("Camille").hears("vm.login.mailbox").presses("101#").hangs_up()
    await caller.calls(driver)

A script is a value: every method returns a longer one. A driver makes it happen; when something
does not happen, the failure shows the script with a cursor and everything that was told so far.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from ivr.prompts import Recorded, Segment, Value

PATIENCE_S = 120.0
"""Seconds a caller waits for what they expect before the script fails."""


@dataclass(frozen=True, slots=True)
class Hears:
    """What a caller expects to hear: a phrase by its id, or a recording by its path (None: any).

    Language and arguments are compared only where they are given.
    """

    phrase: str | None
    language: str | None = None
    arguments: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    recording: Path | None = None

    def matches(self, segment: Segment) -> bool:
        """Whether a segment is what was expected."""
        if isinstance(segment, Recorded):
            return self.phrase is None and self.recording in (None, segment.path)
        return (
            segment.id == self.phrase
            and self.language in (None, segment.language)
            and self.arguments.items() <= dict(segment.arguments).items()
        )

    def __str__(self) -> str:
        what = self.phrase or f"a recording {self.recording or ''}".rstrip()
        told = [f"{name}={value}" for name, value in self.arguments.items()]
        language = [self.language] if self.language else []
        return f"hears {what} {' '.join(language + told)}".rstrip()


@dataclass(frozen=True, slots=True)
class Presses:
    """Keys pressed one after the other."""

    keys: str

    def __str__(self) -> str:
        return f"presses {self.keys}"


@dataclass(frozen=True, slots=True)
class Waits:
    """Nothing is done for a while."""

    seconds: float

    def __str__(self) -> str:
        return f"waits {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Says:
    """Something said: a sound file, or any speech of so many seconds."""

    sound: Path | float

    def __str__(self) -> str:
        return f"says {self.sound}"


@dataclass(frozen=True, slots=True)
class HangsUp:
    """The caller goes away."""

    def __str__(self) -> str:
        return "hangs up"


@dataclass(frozen=True, slots=True)
class HearsHangUp:
    """The other side hangs up."""

    def __str__(self) -> str:
        return "hears that the other side hangs up"


ScriptStep = Hears | Presses | Waits | Says | HangsUp | HearsHangUp


class Transcript:
    """What happened in a call, in order; times in seconds from its beginning."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, at: float, text: str) -> None:
        self._lines.append(f"{at:8.2f}  {text}")

    def __str__(self) -> str:
        return "\n".join(self._lines)


class NotAsScripted(AssertionError):
    """Raised by a driver: what the caller expected did not come. The message says what did."""


class ScriptFailed(AssertionError):
    """A script that could not be followed to its end: the script, its cursor, the transcript."""


class CallerDriver(Protocol):
    """Somebody at a telephone, real or not.

    Each method returns when it is done and raises NotAsScripted when it cannot be.
    """

    @property
    def transcript(self) -> Transcript:
        """What happened so far."""

    async def hears(self, expected: Hears) -> None:
        """Wait, PATIENCE_S at most, until it is said.

        What counts is said after the last thing heard, and since the first of the keys pressed
        last; anything else said before it is passed over.
        """

    async def presses(self, keys: str) -> None:
        """Press the keys, one after the other, as quickly as a person does."""

    async def waits(self, seconds: float) -> None:
        """Do nothing for so long."""

    async def says(self, sound: Path | float) -> None:
        """Wait until nothing is being said, then say it to its end."""

    async def hangs_up(self) -> None:
        """Go away; returns when the other side has done all it does about it."""

    async def hears_hang_up(self) -> None:
        """Wait, PATIENCE_S at most, until the other side hangs up."""


@dataclass(frozen=True, slots=True)
class ScriptedCaller:
    """A caller and their script."""

    name: str
    steps: tuple[ScriptStep, ...] = ()

    def hears(
        self, phrase: str, language: str | None = None, **arguments: Value
    ) -> "ScriptedCaller":
        return self._then(Hears(phrase, language, arguments))

    def hears_recording(self, path: Path | None = None) -> "ScriptedCaller":
        return self._then(Hears(None, recording=path))

    def presses(self, keys: str) -> "ScriptedCaller":
        return self._then(Presses(keys))

    def waits(self, seconds: float) -> "ScriptedCaller":
        return self._then(Waits(seconds))

    def says(self, sound: Path | float) -> "ScriptedCaller":
        return self._then(Says(sound))

    def hangs_up(self) -> "ScriptedCaller":
        return self._then(HangsUp())

    def hears_hang_up(self) -> "ScriptedCaller":
        return self._then(HearsHangUp())

    def _then(self, step: ScriptStep) -> "ScriptedCaller":
        return replace(self, steps=(*self.steps, step))

    async def calls(self, driver: CallerDriver) -> None:
        """Follow the script. Raises ScriptFailed where it cannot be followed."""
        for number, step in enumerate(self.steps):
            try:
                await _do(step, driver)
            except NotAsScripted as why:
                raise ScriptFailed(self._shown(number, str(why), driver.transcript)) from why

    def _shown(self, failed: int, why: str, transcript: Transcript) -> str:
        script = "\n".join(
            f"{'-->' if number == failed else '   '} {step}"
            for number, step in enumerate(self.steps)
        )
        return f"{self.name}: {why}\n\n{script}\n\nwhat happened:\n{transcript}"


async def _do(step: ScriptStep, driver: CallerDriver) -> None:
    match step:
        case Hears():
            await driver.hears(step)
        case Presses(keys=keys):
            await driver.presses(keys)
        case Waits(seconds=seconds):
            await driver.waits(seconds)
        case Says(sound=sound):
            await driver.says(sound)
        case HangsUp():
            await driver.hangs_up()
        case HearsHangUp():
            await driver.hears_hang_up()
