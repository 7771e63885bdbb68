"""Whether the database, the sounds and the spool agree, and what can be mended.

They disagree after crashes alone, and rarely: every order of steps is chosen so that the next
start, or the next sweep, ends what was begun. What is found here is what they leave: nothing is
ever deleted for being unknown, it is moved out of the way for a person to hear.

While a server runs, its own steps look like disagreements for a moment: sounds that are not an
hour old, and recordings in the spool, are its business.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from call.clock import Clock
from voicemail.message import Mailbox
from voicemail.ports import AudioStore, Spool
from voicemail.storage import Store

SETTLED = timedelta(hours=1)
"""After so long nothing that a server began is still under way."""

SWEPT = timedelta(hours=2)
"""The trash is swept every hour."""


class Defect(StrEnum):
    """What may be wrong."""

    SILENT_MESSAGE = "message without sound"
    SILENT_GREETING = "greeting without sound"
    ORPHAN = "sound of nothing"
    STRANDED = "message nobody gets"
    OVERDUE = "trash not emptied"
    WAITING = "recording that waits"
    UNCLAIMED = "set aside"


MENDABLE = frozenset({Defect.ORPHAN, Defect.STRANDED, Defect.OVERDUE, Defect.WAITING})
"""What an audit can mend, with the sweep and the recovery of the next start."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """One thing that was found."""

    defect: Defect
    name: str
    """The message's id, or the name of a sound or a file."""
    mailbox: str = ""
    detail: str = ""

    @property
    def is_wrong(self) -> bool:
        """What was set aside waits for a person, and is as it should be."""
        return self.defect is not Defect.UNCLAIMED


class Audit:
    """Looks through everything; `mend` sets right what can be.

    `claimed` are sounds that other trades keep beside those of the mailboxes.
    """

    def __init__(
        self,
        *,
        store: Store,
        sounds: AudioStore,
        spool: Spool,
        clock: Clock,
        changed: Callable[[str], None],
        claimed: frozenset[str] = frozenset(),
    ) -> None:
        self._store = store
        self._sounds = sounds
        self._spool = spool
        self._clock = clock
        self._changed = changed
        self._claimed = claimed

    async def examine(self, *, serving: bool) -> tuple[Discovery, ...]:
        """Everything that disagrees; changes nothing. `serving`: a server is running."""
        stored = await self._sounds.names()
        waiting = await self._spool.waiting()
        found = [
            *await self._orphans(stored, waiting, serving=serving),
            *await self._stranded(),
            *await self._unclaimed(),
        ]
        for mailbox in await self._store.mailboxes():
            found += await self._silent(mailbox, stored)
            found += await self._overdue(mailbox)
        if not serving:
            found += [Discovery(Defect.WAITING, id) for id in sorted(waiting)]
        return tuple(found)

    async def mend(self, found: Iterable[Discovery]) -> None:
        """Move sounds of nothing out of the way, and put messages nobody gets in their mailbox.

        The trash and the spool are for `Mailboxes.sweep` and `recover`.
        """
        for each in found:
            if each.defect is Defect.ORPHAN:
                await self._sounds.set_aside(each.name)
            elif each.defect is Defect.STRANDED:
                await self._store.admit(each.name)
                self._changed(each.mailbox)

    async def _orphans(
        self, stored: frozenset[str], waiting: frozenset[str], *, serving: bool
    ) -> list[Discovery]:
        """Sounds that no row names, and that no recording in the spool will be stored as."""
        lost = sorted(stored - self._claimed - await self._store.sounds())
        lost = [name for name in lost if name.rpartition("/")[2] not in waiting]
        settled = self._clock.now() - SETTLED
        found = []
        for name in lost:
            written = await self._sounds.written(name)
            if written is not None and not (serving and written > settled):
                found.append(Discovery(Defect.ORPHAN, name))
        return found

    async def _stranded(self) -> list[Discovery]:
        return [
            Discovery(Defect.STRANDED, message.id, message.mailbox)
            for message in await self._store.stranded()
        ]

    async def _unclaimed(self) -> list[Discovery]:
        sounds, recordings = await self._sounds.unclaimed(), await self._spool.unclaimed()
        return [Discovery(Defect.UNCLAIMED, name) for name in sorted(sounds)] + [
            Discovery(Defect.UNCLAIMED, name, detail="spool") for name in sorted(recordings)
        ]

    async def _silent(self, mailbox: Mailbox, stored: frozenset[str]) -> list[Discovery]:
        """Rows whose sound is gone. What is being forgotten has none for a moment, or until the
        next sweep."""
        number, spent = mailbox.number, {each.id for each in await self._store.spent()}
        found = [
            Discovery(Defect.SILENT_MESSAGE, message.id, number)
            for message in await self._store.all_messages(number)
            if message.sound not in stored and message.deleted is None and message.id not in spent
        ]
        found += [
            Discovery(Defect.SILENT_GREETING, greeting.sound, number, greeting.kind.value)
            for greeting in await self._store.greetings(number)
            if greeting.sound not in stored
        ]
        return [each for each in found if await self._is_still_silent(each)]

    async def _is_still_silent(self, found: Discovery) -> bool:
        """Whether it was not stored after the sounds were listed, nor forgotten since."""
        if found.defect is Defect.SILENT_GREETING:
            kept = {greeting.sound for greeting in await self._store.greetings(found.mailbox)}
            return found.name in kept and await self._sounds.written(found.name) is None
        message = await self._store.message(found.name)
        return message is not None and await self._sounds.written(message.sound) is None

    async def _overdue(self, mailbox: Mailbox) -> list[Discovery]:
        before = self._clock.now() - timedelta(days=mailbox.trash_days) - SWEPT
        return [
            Discovery(Defect.OVERDUE, message.id, mailbox.number)
            for message in await self._store.purgeable(mailbox.number, before)
        ]
