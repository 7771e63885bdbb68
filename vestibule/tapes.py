"""Recordings of calls: kept where all sound is kept, sealed where that is, for as long as is set.

A recording under way lies in the spool, as raw samples that are written while people talk. When
its leg is over it becomes a sound named for what it is:

    calls/2027-07-01/20270701T140000Z_101_in_5145550188_9f3c1a

What a crash left in the spool is kept at the next start.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from call.clock import Clock
from call.errors import PeerFault
from voicemail.errors import SoundUnavailable
from voicemail.ports import AudioStore

log = logging.getLogger(__name__)

PREFIX = "calls/"
RAW = ".raw"
_STAMP = "%Y%m%dT%H%M%SZ"
_STEM = re.compile(r"(?P<at>\d{8}T\d{6}Z)_(?P<extension>\d+)_(?P<way>in|out)_(?P<other>\w+)_\w+")

UNKNOWN = "unknown"


class TapeUnknown(PeerFault):
    """There is no recording of this name."""


@dataclass(frozen=True, slots=True)
class Tape:
    """One recording of a call."""

    name: str
    at: datetime
    extension: str
    incoming: bool
    other: str
    """The number of the other side; "" where it was withheld."""

    @property
    def id(self) -> str:
        """What people name it by."""
        return self.name.rpartition("/")[2]


class Tapes:
    """Every recording of a call. `spool` is on a local disk; `token` gives a few unlike letters."""

    def __init__(
        self,
        sounds: AudioStore,
        spool: Path,
        clock: Clock,
        token: Callable[[], str],
        keep: timedelta,
    ) -> None:
        self._sounds = sounds
        self._spool = spool
        self._clock = clock
        self._token = token
        self._keep = keep
        self._under_way: set[Path] = set()

    async def begin(self, extension: str, other: str, *, incoming: bool) -> Path:
        """Where to record a call of an extension with somebody. Raises SoundUnavailable."""
        try:
            await asyncio.to_thread(self._spool.mkdir, mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise SoundUnavailable(f"{self._spool}: {fault}") from fault
        at = self._clock.now().strftime(_STAMP)
        who = re.sub(r"\W", "", other) or UNKNOWN
        way = "in" if incoming else "out"
        path = self._spool / f"{at}_{extension}_{way}_{who}_{self._token()}{RAW}"
        self._under_way.add(path)
        return path

    async def keep(self, path: Path) -> str | None:
        """Keep a recording that is complete; its name, or None where nothing was heard.

        Where it cannot be kept it stays in the spool, and the next `recover` tries again.
        """
        self._under_way.discard(path)
        try:
            pcm = await asyncio.to_thread(path.read_bytes)
            name = _name_of(path.stem)
            if pcm:
                await self._sounds.put(name, pcm[: len(pcm) // 2 * 2])
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except FileNotFoundError:
            return None
        except (OSError, SoundUnavailable) as fault:
            log.error("call recording stays in the spool", extra={"fault": str(fault)})
            return None
        log.info("call recording kept", extra={"seconds": round(len(pcm) / 16000, 1)})
        return name if pcm else None

    async def recover(self) -> None:
        """Keep what lies in the spool and is under way no more."""
        left = await asyncio.to_thread(lambda: sorted(self._spool.glob(f"*{RAW}")))
        for path in left:
            if path not in self._under_way and _STEM.fullmatch(path.stem):
                await self.keep(path)

    async def all(self) -> Sequence[Tape]:
        """Every recording, the oldest first. Raises SoundUnavailable."""
        tapes = (tape_of(name) for name in await self._sounds.names())
        return sorted((tape for tape in tapes if tape is not None), key=lambda tape: tape.name)

    async def wav(self, id: str) -> bytes:
        """A recording as a WAV file. Raises TapeUnknown, and SoundUnavailable."""
        return await self._sounds.read(await self._known(id))

    async def remove(self, id: str) -> None:
        """Forget a recording. Raises TapeUnknown, and SoundUnavailable."""
        await self._sounds.delete(await self._known(id))

    async def _known(self, id: str) -> str:
        for tape in await self.all():
            if tape.id == id:
                return tape.name
        raise TapeUnknown(f"no recording {id}; see `vestibule recording list`")

    async def sweep(self) -> None:
        """Forget what is older than recordings are kept. Raises SoundUnavailable."""
        limit = self._clock.now() - self._keep
        old = [tape.name for tape in await self.all() if tape.at < limit]
        for name in old:
            await self._sounds.delete(name)
        if old:
            log.info("old call recordings forgotten", extra={"count": len(old)})


def tape_of(name: str) -> Tape | None:
    """What the name of a sound tells; None where it is no recording of a call."""
    match = _STEM.fullmatch(name.rpartition("/")[2]) if name.startswith(PREFIX) else None
    if match is None:
        return None
    at = datetime.strptime(match["at"], _STAMP).replace(tzinfo=UTC)
    other = "" if match["other"] == UNKNOWN else match["other"]
    return Tape(name, at, match["extension"], match["way"] == "in", other)


async def tape_sounds(sounds: AudioStore) -> frozenset[str]:
    """The names of all recordings of calls among all sounds."""
    return frozenset(name for name in await sounds.names() if tape_of(name) is not None)


def _name_of(stem: str) -> str:
    return f"{PREFIX}{stem[:4]}-{stem[4:6]}-{stem[6:8]}/{stem}"
