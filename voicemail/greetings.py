"""The greetings of a mailbox: recorded by telephone or brought as a file, played to callers."""

from pathlib import Path

from call.clock import Clock
from call.sound import RATE, Recording
from voicemail.errors import MailboxUnknown, WrongSpool
from voicemail.ids import new_id
from voicemail.message import Greeting, GreetingKind, OpenGreeting, TooShort
from voicemail.policy import MAX_GREETING_S
from voicemail.ports import AudioFormats, AudioStore, Ear, Spool, Store, Tokens

WHEN_BUSY = (GreetingKind.TEMPORARY, GreetingKind.BUSY, GreetingKind.UNAVAILABLE)
WHEN_UNAVAILABLE = (GreetingKind.TEMPORARY, GreetingKind.UNAVAILABLE)
"""Which greeting a caller hears: the first of these that is recorded and has not ended."""


class Greetings:
    """Keeps, erases and finds greetings. One instance serves every mailbox."""

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
    ) -> None:
        self._store = store
        self._sounds = sounds
        self._spool = spool
        self._ear = ear
        self._formats = formats
        self._clock = clock
        self._tokens = tokens

    async def playing(self, number: str, *, busy: bool = False) -> Path | None:
        """The recorded greeting a caller hears now; None where there is none."""
        there = {each.kind: each for each in await self._store.greetings(number)}
        now = self._clock.now()
        for kind in WHEN_BUSY if busy else WHEN_UNAVAILABLE:
            greeting = there.get(kind)
            if greeting is not None and (greeting.until is None or now < greeting.until):
                return await self._sounds.local(greeting.sound)
        return None

    async def path(self, number: str, kind: GreetingKind) -> Path | None:
        """The sound of one greeting."""
        greeting = await self._store.greeting(number, kind)
        return None if greeting is None else await self._sounds.local(greeting.sound)

    async def open(self, kind: GreetingKind) -> OpenGreeting:
        """A place to record a greeting into. Nothing is changed until it is kept."""
        spool = await self._spool.open_greeting(new_id(self._clock.now(), self._tokens))
        return OpenGreeting(kind, spool, MAX_GREETING_S)

    async def keep(
        self, number: str, opened: OpenGreeting, recording: Recording
    ) -> Greeting | TooShort:
        """Make the recording the greeting of its kind, unless nothing was said."""
        if recording.path != opened.spool:
            raise WrongSpool(f"{recording.path} is not the {opened.kind} greeting's recording")
        mailbox = await self._store.mailbox(number)
        if mailbox is None:
            raise MailboxUnknown(number)
        pcm = await self._spool.read_greeting(opened.spool)
        speech_s = await self._ear.speech_s(pcm)
        if not pcm or speech_s < mailbox.min_speech_s:
            await self._spool.remove_greeting(opened.spool)
            return TooShort(speech_s)
        greeting = await self._replace(number, opened.kind, pcm)
        await self._spool.remove_greeting(opened.spool)
        return greeting

    async def discard(self, opened: OpenGreeting) -> None:
        """Forget a greeting that was being recorded."""
        await self._spool.remove_greeting(opened.spool)

    async def bring(self, number: str, kind: GreetingKind, path: Path) -> Greeting:
        """Make a sound file the greeting. Raises SoundRefused, MailboxUnknown."""
        if await self._store.mailbox(number) is None:
            raise MailboxUnknown(number)
        return await self._replace(number, kind, await self._formats.decoded(path))

    async def erase(self, number: str, kind: GreetingKind) -> bool:
        """Remove a greeting; False when there was none."""
        erased = await self._store.erase_greeting(number, kind)
        if erased is not None:
            await self._sounds.delete(erased.sound)
        return erased is not None

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
