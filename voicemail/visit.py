"""An owner's visit to their mailbox: listening, deleting, saving, recording greetings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from call.clock import Clock
from call.sound import Recording
from voicemail.errors import NothingSelected, WrongSpool
from voicemail.greetings import Greetings
from voicemail.message import (
    Folder,
    Greeting,
    GreetingKind,
    Mailbox,
    Message,
    OpenGreeting,
    TooShort,
)
from voicemail.ports import AudioStore, Store


class Move(StrEnum):
    """Where to go in the list of messages."""

    FIRST = "first"
    NEXT = "next"
    PREVIOUS = "previous"
    CURRENT = "current"


class Nothing(StrEnum):
    """Why a move leads to no message."""

    EMPTY = "none"  # the mailbox has no message
    END = "no_more"  # there is none further in that direction


@dataclass(frozen=True, slots=True)
class Summary:
    """What the owner is told on entering."""

    new: int
    old: int
    has_temporary: bool


@dataclass(frozen=True, slots=True)
class Selected:
    """A message as it is read out: its sound, its place, its envelope."""

    message: Message
    sound: Path
    position: int
    """From 1."""
    total: int
    received: datetime
    """Aware, on the owner's clock."""

    @property
    def is_new(self) -> bool:
        return self.message.folder is Folder.NEW

    @property
    def deleted(self) -> bool:
        return self.message.deleted is not None


class Visit:
    """One owner, signed in. The list of messages stays as it was on entering.

    A message deleted during the visit keeps its place in the list, so that it can be restored.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        ids: tuple[str, ...],
        *,
        store: Store,
        sounds: AudioStore,
        greetings: Greetings,
        clock: Clock,
    ) -> None:
        self.mailbox = mailbox
        self._ids = ids
        self._at: int | None = None
        self._store = store
        self._sounds = sounds
        self._greetings = greetings
        self._clock = clock
        self._recording: OpenGreeting | None = None

    async def summary(self) -> Summary:
        """Counts the messages out of the trash, as they are now."""
        messages = await self._store.messages(self.mailbox.number)
        new = sum(message.folder is Folder.NEW for message in messages)
        temporary = await self._store.greeting(self.mailbox.number, GreetingKind.TEMPORARY)
        return Summary(new, len(messages) - new, temporary is not None)

    async def select(self, move: Move) -> Selected | Nothing:
        """Go to a message; a move beyond either end changes nothing."""
        if not self._ids:
            return Nothing.EMPTY
        at = self._target(move)
        if not 0 <= at < len(self._ids):
            return Nothing.END
        self._at = at
        message = await self._current()
        return Selected(
            message=message,
            sound=await self._sounds.local(message.sound),
            position=at + 1,
            total=len(self._ids),
            received=self.mailbox.local(message.received),
        )

    def _target(self, move: Move) -> int:
        if move is Move.FIRST or self._at is None:
            return 0
        return self._at + {Move.NEXT: 1, Move.PREVIOUS: -1}.get(move, 0)

    async def mark_heard(self) -> None:
        """The selected message is new no more."""
        message = await self._current()
        if message.folder is Folder.NEW:
            await self._store.file(message.id, Folder.OLD)

    async def toggle_deleted(self) -> bool:
        """Put the selected message in the trash, or take it out; True when it is deleted now."""
        message = await self._current()
        if message.deleted is None:
            await self._store.delete(message.id, self._clock.now())
            return True
        await self._store.restore(message.id)
        return False

    async def file(self, folder: Folder) -> bool:
        """Put the selected message in a folder, out of the trash if it was there.

        False when it was there and no place is left in the box.
        """
        message = await self._current()
        if not await self._store.restore(message.id):
            return False
        await self._store.file(message.id, folder)
        return True

    async def _current(self) -> Message:
        message = None if self._at is None else await self._store.message(self._ids[self._at])
        if message is None:
            raise NothingSelected("no message is selected")
        return message

    async def open_greeting(self, kind: GreetingKind) -> OpenGreeting:
        """A place to record a greeting into; an earlier one, not kept, is forgotten."""
        await self.discard_greeting()
        self._recording = await self._greetings.open(kind)
        return self._recording

    async def keep_greeting(self, kind: GreetingKind, recording: Recording) -> Greeting | TooShort:
        """Make what was recorded the greeting of its kind."""
        opened = self._recording
        if opened is None or opened.kind is not kind:
            raise WrongSpool(f"no {kind} greeting is being recorded")
        kept = await self._greetings.keep(self.mailbox.number, opened, recording)
        self._recording = None
        return kept

    async def discard_greeting(self) -> None:
        """Forget the greeting being recorded, if any."""
        if self._recording is not None:
            await self._greetings.discard(self._recording)
            self._recording = None

    async def erase_greeting(self, kind: GreetingKind) -> bool:
        """Remove a greeting; False when there was none."""
        return await self._greetings.erase(self.mailbox.number, kind)

    async def greeting(self, kind: GreetingKind) -> Path | None:
        """The sound of a greeting, to be played back."""
        return await self._greetings.path(self.mailbox.number, kind)
