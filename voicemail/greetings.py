"""The greetings of a mailbox: recorded by telephone or brought as a file, played to callers."""

import logging
from collections.abc import Awaitable
from enum import StrEnum
from pathlib import Path

from call.clock import Clock
from call.sound import RATE
from voicemail.errors import MailboxUnknown, SoundRefused, SoundUnavailable
from voicemail.history import OWNER, PROGRAM, History
from voicemail.ids import new_id
from voicemail.message import Greeting, GreetingKind, Mailbox, OpenGreeting, TooShort
from voicemail.policy import end_of, least_speech_s, longest_s, next_such_day
from voicemail.ports import AudioFormats, AudioStore, Ear, Spool, Tokens
from voicemail.storage import Store

log = logging.getLogger(__name__)

WHEN_BUSY = (GreetingKind.TEMPORARY, GreetingKind.BUSY, GreetingKind.UNAVAILABLE)
WHEN_UNAVAILABLE = (GreetingKind.TEMPORARY, GreetingKind.UNAVAILABLE)
"""Which greeting a caller hears: the first of these that is recorded and has not ended."""


class NotEnded(StrEnum):
    """Why a temporary greeting was given no last day."""

    NOTHING = "nothing"  # none is played
    INVALID = "invalid"  # the calendar has no such day


class Greetings:
    """Keeps, erases, ends and finds greetings. One instance serves every mailbox."""

    def __init__(
        self,
        *,
        store: Store,
        sounds: AudioStore,
        spool: Spool,
        ear: Ear,
        formats: AudioFormats,
        clock: Clock,
        tokens: Tokens,
        history: History,
    ) -> None:
        self._store = store
        self._sounds = sounds
        self._spool = spool
        self._ear = ear
        self._formats = formats
        self._clock = clock
        self._tokens = tokens
        self._history = history

    async def playing(self, number: str, *, busy: bool = False) -> Path | None:
        """The recorded greeting a caller hears now; None where there is none."""
        there = {each.kind: each for each in await self._store.greetings(number)}
        for kind in WHEN_BUSY if busy else WHEN_UNAVAILABLE:
            greeting = there.get(kind)
            if greeting is not None and self._plays(greeting):
                return await self._sounds.local(greeting.sound)
        return None

    def _plays(self, greeting: Greeting) -> bool:
        return greeting.until is None or self._clock.now() < greeting.until

    async def temporary(self, number: str) -> Greeting | None:
        """The temporary greeting, while it is played."""
        greeting = await self._store.greeting(number, GreetingKind.TEMPORARY)
        return greeting if greeting is not None and self._plays(greeting) else None

    async def path(self, number: str, kind: GreetingKind) -> Path | None:
        """The sound of one greeting."""
        greeting = await self._store.greeting(number, kind)
        return None if greeting is None else await self._sounds.local(greeting.sound)

    async def heard(self, number: str, *, busy: bool) -> tuple[Path | None, Path | None]:
        """What a caller is greeted with now: the greeting, and the owner's name in their own voice.

        A sound that cannot be had is as if it were not recorded: it keeps no message from being
        left.
        """
        greeting = await self._audible(self.playing(number, busy=busy), number)
        return greeting, await self._audible(self.path(number, GreetingKind.NAME), number)

    async def _audible(self, finding: Awaitable[Path | None], number: str) -> Path | None:
        try:
            return await finding
        except SoundUnavailable:
            log.exception("greeting passed over", extra={"mailbox": number})
            return None

    async def open(self, kind: GreetingKind) -> OpenGreeting:
        """A place to record a greeting into. Nothing is changed until it is kept."""
        spool = await self._spool.open_greeting(new_id(self._clock.now(), self._tokens))
        return OpenGreeting(kind, spool, longest_s(kind))

    async def keep(self, number: str, opened: OpenGreeting) -> Greeting | TooShort:
        """Make what was recorded the greeting of its kind, unless nothing was said."""
        mailbox = await self._store.mailbox(number)
        if mailbox is None:
            raise MailboxUnknown(number)
        pcm = await self._spool.read_greeting(opened.spool)
        speech_s = await self._ear.speech_s(pcm)
        if not pcm or speech_s < least_speech_s(opened.kind, mailbox):
            await self._spool.remove_greeting(opened.spool)
            return TooShort(speech_s)
        greeting = await self._replace(number, opened.kind, pcm)
        await self._spool.remove_greeting(opened.spool)
        await self._history.note("greeting kept", number, opened.kind.value)
        return greeting

    async def discard(self, opened: OpenGreeting) -> None:
        """Forget a greeting that was being recorded."""
        await self._spool.remove_greeting(opened.spool)

    async def bring(self, number: str, kind: GreetingKind, path: Path) -> Greeting:
        """Make a sound file the greeting. Raises SoundRefused, MailboxUnknown."""
        if await self._store.mailbox(number) is None:
            raise MailboxUnknown(number)
        pcm = await self._formats.decoded(path)
        if len(pcm) > 2 * RATE * longest_s(kind):
            raise SoundRefused(
                f"{path.name}: a {kind.value} greeting is {longest_s(kind)} s at most"
            )
        return await self._replace(number, kind, pcm)

    async def erase(self, number: str, kind: GreetingKind, *, actor: str = OWNER) -> bool:
        """Remove a greeting; False when there was none. The history says who did."""
        erased = await self._store.erase_greeting(number, kind)
        if erased is not None:
            await self._sounds.delete(erased.sound)
            await self._history.note("greeting erased", number, kind.value, actor=actor)
        return erased is not None

    async def end_temporary(self, mailbox: Mailbox, typed: str) -> Greeting | NotEnded:
        """Play the temporary greeting to the end of a day, typed MMDD on the owner's calendar."""
        if await self.temporary(mailbox.number) is None:
            return NotEnded.NOTHING
        day = next_such_day(typed, mailbox.local(self._clock.now()).date())
        if day is None:
            return NotEnded.INVALID
        until = end_of(day, mailbox.zone)
        ended = await self._store.end_greeting(mailbox.number, GreetingKind.TEMPORARY, until)
        if ended is None:
            return NotEnded.NOTHING
        await self._history.note("temporary greeting ends", mailbox.number, day.isoformat())
        return ended

    async def sweep(self) -> None:
        """Forget the greetings that have ended."""
        for ended in await self._store.forget_ended_greetings(self._clock.now()):
            await self._sounds.delete(ended.sound)
            await self._history.note(
                "greeting ended", ended.mailbox, ended.kind.value, actor=PROGRAM
            )

    async def _replace(self, number: str, kind: GreetingKind, pcm: bytes) -> Greeting:
        now = self._clock.now()
        greeting = Greeting(
            mailbox=number,
            kind=kind,
            sound=f"greetings/{number}/{kind.value}-{new_id(now, self._tokens)}",
            duration_s=len(pcm) / (2 * RATE),
            kept=now,
        )
        await self._sounds.put(greeting.sound, pcm)
        replaced = await self._store.set_greeting(greeting)
        if replaced is not None:
            await self._sounds.delete(replaced.sound)
        return greeting
