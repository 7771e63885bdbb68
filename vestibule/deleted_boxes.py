"""What deleted mailboxes held: an archive of each, in a folder, for a while."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from call.errors import Unavailable

_STAMP = "%Y%m%dT%H%M%S%fZ"
_NAME = re.compile(r"[0-9]+-(?P<stamp>[0-9]{8}T[0-9]{12}Z)\.zip(\.part)?")


class DeletedBoxes:
    """Says where an archive goes, and removes it when its time is over; the name tells when."""

    def __init__(self, folder: Path, kept: timedelta) -> None:
        self._folder = folder
        self.kept = kept

    def place(self, number: str, now: datetime) -> Path:
        """Where the archive of a mailbox goes that is deleted now. Raises Unavailable."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise Unavailable(f"{self._folder}: {fault.strerror}") from fault
        return self._folder / f"{number}-{now.astimezone(UTC).strftime(_STAMP)}.zip"

    def overdue(self, now: datetime) -> tuple[Path, ...]:
        """The archives whose time is over, and those that were never finished by then."""
        return tuple(sorted(path for path, deleted in self._found() if now - deleted >= self.kept))

    def sweep(self, now: datetime) -> int:
        """Remove what is overdue; returns how many. Raises Unavailable."""
        overdue = self.overdue(now)
        try:
            for path in overdue:
                path.unlink(missing_ok=True)
        except OSError as fault:
            raise Unavailable(f"{self._folder}: {fault.strerror}") from fault
        return len(overdue)

    def _found(self) -> Iterator[tuple[Path, datetime]]:
        for path in self._folder.glob("*.zip*"):
            if found := _NAME.fullmatch(path.name):
                yield path, datetime.strptime(found["stamp"], _STAMP).replace(tzinfo=UTC)
