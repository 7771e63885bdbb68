"""What mailboxes hold, as a dictionary has it: the model that arbitrary days are held against.

The tables are read without the program, at once and whole, so that a day may have many steps.
"""

import sqlite3
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from call.sound import RATE
from voicemail import Deposit, Folder, Mailbox
from voicemail.message import Counts

PAUSE = bytes(2 * round(0.3 * RATE))
"""Between an introduction and the message that is passed on."""


@dataclass
class Letter:
    """A message: what was said, one after the other, and what became of it."""

    box: str
    said: tuple[bytes, ...] = field(repr=False)
    received: datetime
    urgent: bool = False
    folder: Folder = Folder.NEW
    deleted: datetime | None = None
    in_box: bool = True
    forwarded_by: str = ""
    mail_waits: bool = False
    mail_sent: bool = False

    @property
    def listed(self) -> bool:
        return self.in_box and self.deleted is None

    @property
    def sound(self) -> bytes:
        return PAUSE.join(self.said)


@dataclass
class Call:
    """Somebody who is leaving a message; `said` is the last complete take."""

    deposit: Deposit
    said: bytes | None = field(repr=False)
    spoken: bool
    urgent: bool = False


@dataclass
class Day:
    """The mailboxes, their messages by id, the calls under way, the e-mails there are."""

    boxes: dict[str, Mailbox]
    letters: dict[str, Letter] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    notices: dict[str, str] = field(default_factory=dict)
    """What owners are to be told, by the id of the message that it came with."""
    files: set[str] = field(default_factory=set)
    """The e-mails that left."""
    temporary: bool = False

    def copy(self) -> "Day":
        return deepcopy(self)

    def of(self, box: str) -> dict[str, Letter]:
        return {id: letter for id, letter in self.letters.items() if letter.box == box}

    def kept(self, box: str) -> int:
        return sum(letter.deleted is None for letter in self.of(box).values())

    def taken(self, box: str) -> int:
        return self.kept(box) + sum(call.deposit.ticket.mailbox == box for call in self.calls)

    def has_room(self, box: str) -> bool:
        return self.taken(box) < self.boxes[box].max_messages

    def counts(self, box: str) -> Counts:
        listed = [letter for letter in self.of(box).values() if letter.listed]
        new = [letter.urgent for letter in listed if letter.folder is Folder.NEW]
        old = [letter.urgent for letter in listed if letter.folder is not Folder.NEW]
        return Counts(len(new), len(old), sum(new), sum(old), self.taken(box))

    def in_order(self, box: str, folder: Folder | None = None) -> list[str]:
        """The ids listed in a box, or in one of its folders, as they are read out."""

        def place(id: str) -> tuple[bool, bool, datetime, str]:
            letter = self.letters[id]
            is_old = letter.folder is not Folder.NEW
            return is_old, not letter.urgent, letter.received, id

        listed = (id for id, letter in self.of(box).items() if letter.listed)
        return sorted((i for i in listed if folder in (None, self.letters[i].folder)), key=place)

    def arrives(self, id: str, letter: Letter) -> None:
        """A message comes, with its e-mail, and with the notice that its number calls for."""
        box = self.boxes[letter.box]
        letter.in_box = box.store_on_server
        letter.mail_waits = bool(box.addresses)
        self.letters[id] = letter
        most = box.max_messages
        at = {-(-most * 9 // 10): "nearly_full", most: "full"}
        if box.addresses and self.kept(letter.box) in at:
            self.notices[id] = at[self.kept(letter.box)]

    def ends(self, call: Call) -> None:
        """A call is over: what was said is a message now, if anything was."""
        self.calls.remove(call)
        if call.said is not None and call.spoken:
            ticket = call.deposit.ticket
            letter = Letter(ticket.mailbox, (call.said,), ticket.started, call.urgent)
            self.arrives(ticket.id, letter)

    def recovers(self) -> None:
        """The next start: every call is over."""
        for call in sorted(self.calls, key=lambda call: call.deposit.id):
            self.ends(call)

    def mails(self, *, accepted: bool) -> None:
        """Everything that is due is mailed, or refused for good."""
        for id, letter in list(self.letters.items()):
            if not letter.mail_waits:
                continue
            letter.mail_waits = False
            letter.mail_sent = accepted
            if accepted:
                self.files.add(id)
            else:
                letter.in_box = True
        if accepted:
            self.files |= {f"{id}-{kind}" for id, kind in self.notices.items()}
        self.notices.clear()
        self.forgets_spent()

    def forgets_spent(self) -> None:
        for id, letter in list(self.letters.items()):
            if not letter.in_box and letter.mail_sent:
                del self.letters[id]

    def swept(self, now: datetime) -> None:
        """The hourly sweep: what was heard long ago is deleted, what was deleted is forgotten."""
        for id, letter in list(self.letters.items()):
            box = self.boxes[letter.box]
            stale = now - timedelta(days=box.retention_days or 9999)
            if letter.listed and letter.folder is not Folder.NEW and letter.received < stale:
                letter.deleted = now
            gone = now - timedelta(days=box.trash_days)
            if letter.deleted is not None and letter.deleted < gone and not letter.mail_waits:
                del self.letters[id]
        self.forgets_spent()

    def named(self, ids: dict[str, str]) -> None:
        """Give letters, their notices and their e-mails the ids the mailboxes chose for them."""
        for old, new in ids.items():
            for by_id in (self.letters, self.notices):
                if old in by_id:
                    by_id[new] = by_id.pop(old)
        self.files = {
            ids.get(base, base) + dash + kind
            for base, dash, kind in (name.partition("-") for name in self.files)
        }

    def mailed_and_gone(self) -> set[str]:
        """The ids of letters that left as e-mail, of which nothing else is left."""
        return {name.partition("-")[0] for name in self.files} - self.letters.keys()


Row = tuple[object, ...]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def row_of(letter: Letter, id: str) -> Row:
    """A letter as the table has it."""
    return (
        letter.box,
        letter.folder.value,
        letter.deleted and (letter.deleted - EPOCH) // MICROSECOND,
        letter.urgent,
        letter.in_box,
        letter.forwarded_by,
        (letter.received - EPOCH) // MICROSECOND,
        len(letter.sound) / (2 * RATE),
        f"messages/{letter.box}/{id}",
    )


class Ledger:
    """The tables as they are on the disk."""

    def __init__(self, path: Path) -> None:
        self._tables = sqlite3.connect(f"file:{path}?mode=rwc", uri=True)

    def close(self) -> None:
        self._tables.close()

    def messages(self) -> dict[str, Row]:
        rows = self._tables.execute(
            "SELECT id, mailbox, folder, deleted, urgent, in_box, forwarded_by, received,"
            " duration_s, sound FROM message"
        )
        return {id: tuple(rest) for id, *rest in rows}

    def places(self) -> set[str]:
        return {id for (id,) in self._tables.execute("SELECT id FROM deposit")}

    def greetings(self) -> int:
        (count,) = self._tables.execute("SELECT count(*) FROM greeting").fetchone()
        return int(count)

    def boxes(self) -> dict[str, int]:
        return dict(self._tables.execute("SELECT number, max_messages FROM mailbox"))
