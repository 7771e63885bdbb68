"""Subscriptions in a folder, one JSON file each, whole or absent."""

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from call.errors import Unavailable
from telephony.sip.events import Kept

log = logging.getLogger(__name__)

SUFFIX = ".json"
PART = ".part"
"""Suffix of a file that is still being written."""


class LampBookUnavailable(Unavailable):
    """The folder cannot be read or written just now."""


@dataclass(frozen=True, slots=True)
class _Page:
    """One file."""

    until: AwareDatetime
    kept: Kept


_PAGE = TypeAdapter(_Page)


class FolderLampBook:
    """A book of subscriptions that is a folder; a file that cannot be read is passed over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def load(self) -> Sequence[tuple[Kept, datetime]]:
        try:
            return await asyncio.to_thread(self._load)
        except OSError as fault:
            raise LampBookUnavailable(str(fault)) from fault

    async def save(self, kept: Kept, until: datetime) -> None:
        octets = _PAGE.dump_json(_Page(until, kept), indent=1)
        try:
            await asyncio.to_thread(self._write, kept.subscription, octets)
        except OSError as fault:
            raise LampBookUnavailable(str(fault)) from fault

    async def remove(self, subscription: str) -> None:
        try:
            await asyncio.to_thread(self._path(subscription).unlink, missing_ok=True)
        except OSError as fault:
            raise LampBookUnavailable(str(fault)) from fault

    def _load(self) -> list[tuple[Kept, datetime]]:
        found: list[tuple[Kept, datetime]] = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                page = _PAGE.validate_json(path.read_bytes())
            except ValidationError:
                log.warning("subscription unreadable", extra={"file": path.name})
                path.unlink(missing_ok=True)
                continue
            found.append((page.kept, page.until))
        return found

    def _write(self, subscription: str, octets: bytes) -> None:
        path = self._path(subscription)
        part = path.with_suffix(PART)
        self._folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def _path(self, subscription: str) -> Path:
        """Where one is: its id is letters and digits, whatever a file may claim."""
        if not subscription.isalnum():
            raise LampBookUnavailable(f"no subscription has such an id: {subscription[:40]!r}")
        return self._folder / f"{subscription}{SUFFIX}"
