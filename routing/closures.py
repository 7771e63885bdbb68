"""Closure messages: made by administrators, recorded and switched by telephone, heard by callers.

A recording is nothing until it is kept: then the sound is on disk, whole, before the document names
it, and the one it replaces goes last. A crash between leaves a sound that nothing names, which
`vestibule audit` finds.
"""

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from call.clock import Clock
from call.errors import Unavailable
from call.recent import Recent
from call.sound import RATE
from routing.closure import (
    LEAST_SPEECH_S,
    LONGEST_S,
    Closure,
    Code,
    closure_faults,
    closure_of,
    codes,
    meaning,
    pin_faults,
)
from routing.errors import ClosureLocked, ClosureRefused, ClosureUnknown, WrongClosurePin
from routing.recording import Attempts, Ear, PinHasher, Sounds, Takes
from routing.shelf import Shelf

log = logging.getLogger(__name__)

KIND = "closure"
"""The kind of document that a closure is."""

FOLDER = "closures/"
"""Where their sounds lie among the others."""

TRIES_PER_CALL = 3


@dataclass(frozen=True, slots=True)
class ClosurePorts:
    """What closure messages stand on. `new_id` gives an id that was never given before."""

    shelf: Shelf[Closure]
    sounds: Sounds
    takes: Takes
    ear: Ear
    hasher: PinHasher
    attempts: Attempts
    clock: Clock
    new_id: Callable[[], str]
    zone: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What a caller of a closed number hears."""

    sound: Path
    replaces: bool


class Closures:
    """Every closure message of the company."""

    def __init__(self, ports: ClosurePorts) -> None:
        self._ports = ports
        self._seen: Recent[Mapping[str, Closure]] = Recent(self.all, ports.clock)

    @property
    def today(self) -> date:
        """The day it is where the company is."""
        return self._ports.clock.now().astimezone(ZoneInfo(self._ports.zone)).date()

    # ---- What administrators do

    async def all(self) -> Mapping[str, Closure]:
        """Every closure, by its code."""
        there = await self._ports.shelf.all()
        return {code: closure for code, closure in there.items() if closure.exists}

    async def show(self, code: str) -> Closure:
        """Raises ClosureUnknown."""
        closure = await self._ports.shelf.get(code)
        if not closure.exists:
            raise ClosureUnknown(code)
        return closure

    async def make(
        self, code: str, closure: Closure, pin: str, extensions: Collection[str]
    ) -> Closure:
        """Make one, off and silent. Raises ClosureRefused with every reason."""
        there = await self.all()
        if code in there:
            raise ClosureRefused(f"there is a closure {code} already")
        faults = closure_faults(code, closure, there, extensions)
        faults += pin_faults(pin, code)
        if faults:
            raise ClosureRefused("; ".join(faults))
        hashed = await self._ports.hasher.hashed(pin)
        return await self._change(code, lambda _: replace(closure, pin_hash=hashed))

    async def edit(
        self, code: str, change: Callable[[Closure], Closure], extensions: Collection[str]
    ) -> Closure:
        """Change how one is set. Raises ClosureUnknown, or ClosureRefused with every reason."""
        others = {other: closure for other, closure in (await self.all()).items() if other != code}

        def checked(before: Closure) -> Closure:
            after = change(before)
            if faults := closure_faults(code, after, others, extensions):
                raise ClosureRefused("; ".join(faults))
            return after

        return await self._change_there(code, checked)

    async def set_pin(self, code: str, pin: str) -> None:
        """Give one another PIN. Raises ClosureUnknown, ClosureRefused."""
        if faults := pin_faults(pin, code):
            raise ClosureRefused("; ".join(faults))
        hashed = await self._ports.hasher.hashed(pin)
        await self._change_there(code, lambda before: replace(before, pin_hash=hashed))
        await self.unlock(code)

    async def bring(self, code: str, pcm: bytes) -> Closure:
        """Make sound of a file the closure message, and turn it on.

        Raises ClosureUnknown, ClosureRefused for a sound that is too long.
        """
        await self.show(code)
        if len(pcm) > 2 * RATE * LONGEST_S:
            raise ClosureRefused(f"a closure message is {LONGEST_S} s at most")
        return await self._put(code, pcm)

    async def unlock(self, code: str) -> None:
        """Let people in again after too many wrong PINs."""
        await self._ports.attempts.acquit(_subject(code, await self.show(code)), "")

    async def remove(self, code: str) -> None:
        """Forget one, and its sound. Raises ClosureUnknown."""
        closure = await self.show(code)
        await self._ports.shelf.forget(code)
        self._seen.expire()
        if closure.sound:
            await self._ports.sounds.delete(closure.sound)

    # ---- What callers meet

    async def heard(self, number: str) -> Heard | None:
        """The closure message that callers of a number hear today while it is closed.

        A sound that cannot be had is as if it were not recorded: they hear the usual sentence.
        """
        closures = await self._there()
        code = closure_of(number, closures)
        if code is None or not closures[code].plays_on(self.today):
            return None
        try:
            return Heard(await self.sound(closures[code]), closures[code].replaces)
        except Unavailable:
            log.exception("closure message passed over", extra={"closure": code})
            return None

    async def codes(self) -> tuple[str, ...]:
        """Every code somebody may dial, as it was a second ago at most."""
        return codes(await self._there())

    async def meaning(self, dialed: str) -> tuple[str, Code] | None:
        """The closure a dialled code belongs to, and what it does; None for no code."""
        return meaning(dialed, await self._there())

    async def sound(self, closure: Closure) -> Path:
        """What was recorded. Raises Unavailable when it cannot be had."""
        return await self._ports.sounds.local(closure.sound)

    # ---- What those who record do

    def door(self, caller: str) -> "ClosureDoor":
        """The door for one call of a number: it counts that call's tries."""
        return ClosureDoor(caller, self._ports)

    async def open_take(self) -> Path:
        """Where a message is recorded; it is nothing until it is kept."""
        return await self._ports.takes.open_greeting(self._ports.new_id())

    async def was_spoken(self, take: Path) -> bool:
        """Whether there is more in a recording than a short silence."""
        pcm = await self._ports.takes.read_greeting(take)
        return await self._ports.ear.speech_s(pcm) >= LEAST_SPEECH_S

    async def discard(self, take: Path) -> None:
        """Forget a recording."""
        await self._ports.takes.remove_greeting(take)

    async def keep(self, code: str, take: Path) -> Closure:
        """Make a recording the closure message, and turn it on. Raises ClosureUnknown.

        Dates that have passed are forgotten: whoever records wants to be heard.
        """
        closure = await self._put(code, await self._ports.takes.read_greeting(take))
        await self._ports.takes.remove_greeting(take)
        return closure

    async def _put(self, code: str, pcm: bytes) -> Closure:
        """The sound first, then the document that names it; what it named before goes last."""
        ports = self._ports
        name = f"{FOLDER}{code}/{ports.new_id()}"
        await ports.sounds.put(name, pcm)
        replaced = ""

        def kept(before: Closure) -> Closure:
            nonlocal replaced
            replaced = before.sound
            fresh = replace(before, first=None, last=None) if before.is_over(self.today) else before
            duration_s = len(pcm) / (2 * RATE)
            return replace(
                fresh, sound=name, duration_s=duration_s, kept=ports.clock.now(), on=True
            )

        closure = await self._change_there(code, kept)
        if replaced:
            await ports.sounds.delete(replaced)
        log.info("closure message kept", extra={"closure": code})
        return closure

    async def switch(self, code: str, on: bool) -> Closure | None:
        """Turn one on or off; None, and nothing is changed, where there is nothing to be heard."""
        return await self._switched(code, lambda _: on)

    async def toggle(self, code: str) -> Closure | None:
        """Turn one off that is on, and the other way round; None where there is nothing to hear."""
        return await self._switched(code, lambda closure: not closure.on)

    async def date(self, code: str, first: date | None, last: date | None) -> Closure:
        """Say from which day to which it is heard. Raises ClosureRefused when these are crossed."""
        if first and last and last < first:
            raise ClosureRefused("it would end before it begins")
        return await self._change_there(
            code, lambda before: replace(before, first=first, last=last)
        )

    async def _switched(self, code: str, wanted: Callable[[Closure], bool]) -> Closure | None:
        def switched(before: Closure) -> Closure:
            on = wanted(before)
            if not on or not before.is_over(self.today):
                return replace(before, on=on and bool(before.sound))
            return replace(before, on=bool(before.sound), first=None, last=None)

        closure = await self._change_there(code, switched)
        log.info("closure message switched", extra={"closure": code, "on": closure.on})
        return closure if closure.sound else None

    # ---- The shelf

    async def _there(self) -> Mapping[str, Closure]:
        return await self._seen.get()

    async def _change_there(self, code: str, change: Callable[[Closure], Closure]) -> Closure:
        def checked(before: Closure) -> Closure:
            if not before.exists:
                raise ClosureUnknown(code)
            return change(before)

        return await self._change(code, checked)

    async def _change(self, code: str, change: Callable[[Closure], Closure]) -> Closure:
        try:
            return await self._ports.shelf.change(code, change)
        finally:
            self._seen.expire()


class ClosureDoor:
    """Whoever knows a closure's code and its PIN may record it: three tries a call, and a lock that
    outlives the call. A code nobody has is counted, locked and answered like one somebody has."""

    def __init__(self, caller: str, ports: ClosurePorts) -> None:
        self._caller = caller
        self._ports = ports
        self._failed = 0

    async def open(self, code: str, pin: str) -> None:
        """Raises WrongClosurePin, or ClosureLocked: the call should end then."""
        if self._failed >= TRIES_PER_CALL:
            raise ClosureLocked
        closure = await self._ports.shelf.get(code)
        subject = _subject(code, closure)
        if not await self._ports.attempts.charge(subject, self._caller):
            log.warning("closure locked", extra={"closure": _shown(code, closure)})
            raise ClosureLocked
        if not await self._ports.hasher.matches(pin, closure.pin_hash or None):
            self._failed += 1
            log.warning("closure refused", extra={"closure": _shown(code, closure)})
            raise ClosureLocked if self._failed >= TRIES_PER_CALL else WrongClosurePin
        await self._ports.attempts.acquit(subject, self._caller)


def _subject(code: str, closure: Closure) -> str:
    """What tries are counted against. A code nobody was given may be a PIN typed too early: it is
    not written as it stands."""
    if closure.exists:
        return f"closure:{code}"
    return f"unknown:{hashlib.blake2s(code.encode()).hexdigest()[:32]}"


def _shown(code: str, closure: Closure) -> str:
    return code if closure.exists else "unknown"
