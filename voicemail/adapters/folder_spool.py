"""The spool as a folder: `<id>.json` is a recording's ticket, `<id>.raw` its sound.

The ticket is durable before the sound begins and goes after the sound has gone, so that sound on
disk always says whose it is. What has no readable ticket is moved to `unclaimed/`.
"""

import asyncio
import json
import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from call.leg import Party
from call.sound import RAW_SUFFIX
from voicemail.adapters.folder_files import PART, make_folder, sync_folder, write_durably
from voicemail.errors import SoundUnavailable
from voicemail.message import Ticket

log = logging.getLogger(__name__)

_RETAKE = f".again{RAW_SUFFIX}"
"""A second take, until it replaces the first. Found at the start, it was never finished."""

T = TypeVar("T")


class FolderSpool:
    """A spool under one folder of a local disk."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._greetings = root / "greetings"
        self._unclaimed = root / "unclaimed"

    async def open(self, ticket: Ticket) -> Path:
        await _on_disk(lambda: write_durably(self._ticket(ticket.id), _written(ticket)))
        return self._sound(ticket.id)

    async def amend(self, ticket: Ticket) -> None:
        await _on_disk(lambda: write_durably(self._ticket(ticket.id), _written(ticket)))

    async def open_retake(self, id: str) -> Path:
        await self.remove_retake(id)
        return self._retake(id)

    async def read_retake(self, id: str) -> bytes:
        return await _on_disk(lambda: _samples(self._retake(id)))

    async def accept_retake(self, id: str) -> None:
        await _on_disk(lambda: self._accept_retake(id))

    async def remove_retake(self, id: str) -> None:
        await _on_disk(lambda: self._retake(id).unlink(missing_ok=True))

    async def read(self, id: str) -> bytes:
        return await _on_disk(lambda: _samples(self._sound(id)))

    async def remove(self, id: str) -> None:
        await _on_disk(lambda: self._remove(id))

    async def tickets(self) -> tuple[Ticket, ...]:
        return await _on_disk(self._tickets)

    async def set_aside(self, id: str) -> None:
        await _on_disk(lambda: self._set_aside(id))

    async def waiting(self) -> frozenset[str]:
        return await _on_disk(lambda: _stems(self._root))

    async def unclaimed(self) -> frozenset[str]:
        return await _on_disk(lambda: frozenset(each.name for each in _files(self._unclaimed)))

    async def open_greeting(self, id: str) -> Path:
        await _on_disk(lambda: make_folder(self._greetings))
        return self._greetings / f"{id}{RAW_SUFFIX}"

    async def read_greeting(self, path: Path) -> bytes:
        return await _on_disk(lambda: _samples(path))

    async def remove_greeting(self, path: Path) -> None:
        await _on_disk(lambda: path.unlink(missing_ok=True))

    async def sweep_greetings(self) -> None:
        await _on_disk(self._sweep_greetings)

    def _ticket(self, id: str) -> Path:
        return self._root / f"{id}.json"

    def _sound(self, id: str) -> Path:
        return self._root / f"{id}{RAW_SUFFIX}"

    def _retake(self, id: str) -> Path:
        return self._root / f"{id}{_RETAKE}"

    def _accept_retake(self, id: str) -> None:
        """The rename is what replaces the first take: before it the first counts, after it the
        second."""
        with self._retake(id).open("rb") as file:
            os.fsync(file.fileno())
        self._retake(id).replace(self._sound(id))
        sync_folder(self._root)

    def _remove(self, id: str) -> None:
        sound, ticket = self._sound(id), self._ticket(id)
        self._retake(id).unlink(missing_ok=True)
        if sound.exists():
            sound.unlink()
            sync_folder(self._root)
        ticket.unlink(missing_ok=True)

    def _tickets(self) -> tuple[Ticket, ...]:
        make_folder(self._root)
        for unfinished in (*self._root.glob(f"*{PART}"), *self._root.glob(f"*{_RETAKE}")):
            unfinished.unlink()
        found = [(path, _read(path)) for path in sorted(self._root.glob("*.json"))]
        known = {ticket.id for _, ticket in found if ticket is not None}
        lost = {path.stem for path, ticket in found if ticket is None}
        lost |= {path.stem for path in self._root.glob(f"*{RAW_SUFFIX}") if path.stem not in known}
        for id in sorted(lost):
            self._set_aside(id)
            log.error("recording without a readable ticket set aside", extra={"deposit": id})
        return tuple(ticket for _, ticket in found if ticket is not None)

    def _set_aside(self, id: str) -> None:
        make_folder(self._unclaimed)
        for path in (self._sound(id), self._ticket(id)):
            if path.exists():
                path.replace(self._unclaimed / path.name)
        sync_folder(self._unclaimed)
        sync_folder(self._root)

    def _sweep_greetings(self) -> None:
        make_folder(self._greetings)
        for path in self._greetings.glob(f"*{RAW_SUFFIX}"):
            path.unlink(missing_ok=True)


async def _on_disk(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except OSError as fault:
        raise SoundUnavailable(str(fault)) from fault


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _stems(folder: Path) -> frozenset[str]:
    return frozenset(p.stem for p in _files(folder) if p.suffix in (".json", ".raw"))


def _samples(path: Path) -> bytes:
    """The whole samples of a raw file: a crash may have cut one in two."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        return b""
    return octets[: len(octets) // 2 * 2]


def _written(ticket: Ticket) -> bytes:
    return json.dumps(
        {
            "id": ticket.id,
            "mailbox": ticket.mailbox,
            "caller_number": ticket.caller.number,
            "caller_name": ticket.caller.name,
            "started": ticket.started.isoformat(),
            "urgent": ticket.urgent,
        },
        ensure_ascii=False,
    ).encode()


def _read(path: Path) -> Ticket | None:
    """The ticket in a file; None where it cannot be understood."""
    try:
        fields = json.loads(path.read_bytes())
        caller = Party(str(fields["caller_number"]), str(fields["caller_name"]))
        started = datetime.fromisoformat(fields["started"])
        urgent = bool(fields.get("urgent", False))
        ticket = Ticket(str(fields["id"]), str(fields["mailbox"]), caller, started, urgent)
    except (ValueError, KeyError, TypeError):
        return None
    return ticket if ticket.id == path.stem and started.tzinfo is not None else None
