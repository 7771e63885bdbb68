"""An owner's visit to their mailbox: listening, deleting, filing, passing on, greetings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from call.clock import Clock
from voicemail.errors import NothingSelected, WrongSpool
from voicemail.forwarding import Forwarding, OpenForward
from voicemail.greetings import Greetings, NotEnded
from voicemail.history import History
from voicemail.listing import Listing, Move
from voicemail.message import (
    Folder,
    Greeting,
    GreetingKind,
    Mailbox,
    Message,
    OpenGreeting,
    TooShort,
)
from voicemail.options import Options, PinChange
from voicemail.ports import AudioStore
from voicemail.storage import Store


class Nothing(StrEnum):
    """Why a move leads to no message."""

    EMPTY = "none"  # the folder has no message
    END = "no_more"  # there is none further in that direction


class Toggled(StrEnum):
    """What became of a message that was to be deleted, or brought back."""

    DELETED = "deleted"
    RESTORED = "restored"
    FULL = "full"  # it stays in the trash: no place is left in the box


@dataclass(frozen=True, slots=True)
class Summary:
    """What the owner is told on entering."""

    new: int
    old: int
    urgent: int = 0
    """Of the new ones."""
    has_temporary: bool = False
    """Whether callers hear a temporary greeting now."""
    temporary_until: datetime | None = None
    """The last moment at which they do, on the owner's clock; None for no end."""
    folder: Folder = Folder.OLD
    """The folder that is open."""


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
    """One owner, signed in, with one folder open. Its list stays as it was on opening it.

    The first folder is chosen when the owner is first told what there is: the new messages, or
    the old ones if there is none. A message deleted or filed elsewhere during the visit keeps its
    place in the list, so that it can be gone back to. `changed` is called with the mailbox's
    number after each change of what it holds.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        store: Store,
        sounds: AudioStore,
        clock: Clock,
        greetings: Greetings,
        options: Options,
        forwarding: Forwarding,
        history: History,
        changed: Callable[[str], None],
    ) -> None:
        self.mailbox = mailbox
        self.folder: Folder | None = None
        self._listing = Listing()
        self._store = store
        self._sounds = sounds
        self._clock = clock
        self._greetings = greetings
        self._options = options
        self._forwarding = forwarding
        self._history = history
        self._changed = changed
        self._recording: OpenGreeting | None = None

    # ---- Listening

    async def summary(self) -> Summary:
        """Counts the messages out of the trash, as they are now."""
        counts = await self._store.counts(self.mailbox.number)
        folder = self.folder or await self._open_first()
        playing = await self._greetings.temporary(self.mailbox.number)
        return Summary(
            counts.new,
            counts.old,
            counts.urgent_new,
            has_temporary=playing is not None,
            temporary_until=None if playing is None else self._last_moment(playing),
            folder=folder,
        )

    def _last_moment(self, greeting: Greeting) -> datetime | None:
        if greeting.until is None:
            return None
        return self.mailbox.local(greeting.until - timedelta(seconds=1))

    async def open_folder(self, folder: Folder) -> int:
        """List the messages of a folder, urgent ones first; returns how many there are."""
        listed = await self._store.messages(self.mailbox.number)
        self._listing = Listing(message.id for message in listed if message.folder is folder)
        self.folder = folder
        return len(self._listing)

    async def _open_first(self) -> Folder:
        folder = Folder.NEW
        if not await self.open_folder(folder):
            folder = Folder.OLD
            await self.open_folder(folder)
        return folder

    async def select(self, move: Move) -> Selected | Nothing:
        """Go to a message; a move beyond either end changes nothing.

        A message that was forgotten for good meanwhile leaves the list.
        """
        if self.folder is None:
            await self._open_first()
        while self._listing:
            at = self._listing.target(move)
            id = self._listing.id(at)
            if id is None:
                return Nothing.END
            message = await self._store.message(id)
            if message is not None:
                self._listing.take(at)
                return await self._selected(message, at)
            self._listing.strike(at)
        return Nothing.EMPTY

    async def _selected(self, message: Message, at: int) -> Selected:
        return Selected(
            message=message,
            sound=await self._sounds.local(message.sound),
            position=at + 1,
            total=len(self._listing),
            received=self.mailbox.local(message.received),
        )

    async def current(self) -> Message:
        """The selected message, as it is now."""
        id = self._listing.current
        message = None if id is None else await self._store.message(id)
        if message is None:
            raise NothingSelected("no message is selected")
        return message

    async def mark_heard(self) -> None:
        """The selected message is new no more."""
        message = await self.current()
        if message.folder is Folder.NEW:
            await self._store.file(message.id, Folder.OLD)
            self._changed(self.mailbox.number)

    async def toggle_deleted(self) -> Toggled:
        """Put the selected message in the trash, or take it out if there is a place for it."""
        message = await self.current()
        if message.deleted is None:
            await self._store.delete(message.id, self._clock.now())
            return await self._toggled(Toggled.DELETED, message)
        if not await self._store.restore(message.id):
            return Toggled.FULL
        return await self._toggled(Toggled.RESTORED, message)

    async def _toggled(self, toggled: Toggled, message: Message) -> Toggled:
        self._changed(self.mailbox.number)
        await self._history.note(f"message {toggled.value}", self.mailbox.number, message.id)
        return toggled

    async def file(self, folder: Folder) -> bool:
        """Put the selected message in a folder, out of the trash if it was there.

        False when it was there and no place is left in the box.
        """
        message = await self.current()
        if not await self._store.restore(message.id):
            return False
        await self._store.file(message.id, folder)
        self._changed(self.mailbox.number)
        return True

    async def open_forward(self) -> OpenForward:
        """Begin to pass the selected message on."""
        return await self._forwarding.open(self.mailbox, await self.current())

    # ---- Options

    async def open_greeting(self, kind: GreetingKind) -> OpenGreeting:
        """A place to record a greeting into; an earlier one, not kept, is forgotten."""
        await self.discard_greeting()
        self._recording = await self._greetings.open(kind)
        return self._recording

    async def keep_greeting(self, kind: GreetingKind) -> Greeting | TooShort:
        """Make what was recorded the greeting of its kind."""
        opened = self._recording
        if opened is None or opened.kind is not kind:
            raise WrongSpool(f"no {kind} greeting is being recorded")
        kept = await self._greetings.keep(self.mailbox.number, opened)
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

    async def end_temporary(self, typed: str) -> datetime | NotEnded | None:
        """Play the temporary greeting to the end of a day, typed MMDD; see Greetings.

        Returns the last moment at which it is played, on the owner's clock.
        """
        ended = await self._greetings.end_temporary(self.mailbox, typed)
        return ended if isinstance(ended, NotEnded) else self._last_moment(ended)

    async def change_pin(self, pin: str, again: str) -> PinChange:
        """Make what was typed twice the PIN."""
        return await self._options.change_pin(pin, again)

    async def set_language(self, language: str) -> None:
        """Be spoken and written to in that language from now on. Raises MailboxRefused."""
        self.mailbox = await self._options.set_language(language)

    async def welcome(self) -> None:
        """Say that the first login has been gone through."""
        self.mailbox = await self._options.welcome()
