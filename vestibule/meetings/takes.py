"""Recordings of conferences: kept in pieces where all sound is kept, sealed where that is.

A recording under way lies in the spool, as raw samples that are written while people talk.
Complete, it becomes sounds of five minutes each, so that three hours are never in memory at once,
and each piece is sealed, whole or absent like any other sound. Names tell what they are:

    conferences/2027-07-01/20270701T140000000000Z_<session>_003_2400000

the instant at which the recording began, the session, the number of the piece from 0, and its
samples. What a crash left in the spool is kept at the next start.
"""

import asyncio
import logging
import re
import struct
import wave
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from call.clock import Clock
from call.sound import RATE, RAW_SUFFIX
from conference.errors import NotRecorded
from voicemail.errors import SoundUnavailable
from voicemail.ports import AudioStore

log = logging.getLogger(__name__)

PREFIX = "conferences/"
PIECE_S = 300
OCTETS = 2
"""Of a sample."""

_PIECE = PIECE_S * RATE
_STAMP = "%Y%m%dT%H%M%S%fZ"
_SPOOLED = re.compile(r"(?P<at>\d{8}T\d{12}Z)_(?P<session>[\w-]+)")
_KEPT = re.compile(r"(?P<at>\d{8}T\d{12}Z)_(?P<session>[\w-]+)_(?P<place>\d{3})_(?P<samples>\d+)")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """Five minutes of a recording, or what is left at its end."""

    at: datetime
    """When the recording began that it is of."""
    place: int
    session: str
    samples: int
    name: str


class SessionTakes:
    """The recordings of all sessions. `spool` is on a local disk."""

    def __init__(self, sounds: AudioStore, spool: Path, clock: Clock, keep: timedelta) -> None:
        self._sounds = sounds
        self._spool = spool
        self._clock = clock
        self._keep = keep
        self._under_way: set[Path] = set()

    async def begin(self, session: str) -> Path:
        """Where to record a session. Raises SoundUnavailable."""
        try:
            await asyncio.to_thread(self._spool.mkdir, mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise SoundUnavailable(f"{self._spool}: {fault}") from fault
        at = self._clock.now()
        while (path := self._spool / f"{at.strftime(_STAMP)}_{session}{RAW_SUFFIX}") in (
            self._under_way
        ):
            at += _MICROSECOND
        self._under_way.add(path)
        return path

    async def keep(self, path: Path) -> None:
        """Keep a recording that is complete; none where nothing was heard.

        Where it cannot be kept it stays in the spool, and the next `recover` tries again.
        """
        try:
            samples = await self._keep_pieces(path)
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except FileNotFoundError:
            return
        except (OSError, SoundUnavailable) as fault:
            log.error("conference recording stays in the spool", extra={"fault": str(fault)})
            return
        finally:
            self._under_way.discard(path)
        log.info("conference recording kept", extra={"seconds": round(samples / RATE, 1)})

    async def _keep_pieces(self, path: Path) -> int:
        place = samples = 0
        while pcm := await asyncio.to_thread(_read, path, place):
            count = len(pcm) // OCTETS
            await self._sounds.put(_name_of(path.stem, place, count), pcm)
            place, samples = place + 1, samples + count
        return samples

    async def recover(self) -> Mapping[str, datetime]:
        """Keep what lies in the spool and is under way no more.

        Tells when the recording of each such session was last written.
        """
        written: dict[str, datetime] = {}
        for path, at in await asyncio.to_thread(_spooled, self._spool):
            match = _SPOOLED.fullmatch(path.stem)
            if match is not None and path not in self._under_way:
                written[match["session"]] = max(at, written.get(match["session"], at))
                await self.keep(path)
        return written

    async def pieces(self, session: str) -> Sequence[Piece]:
        """What is kept of a session, in order. Raises SoundUnavailable."""
        found = map(piece_of, await self._sounds.names())
        return sorted(piece for piece in found if piece is not None and piece.session == session)

    async def recorded(self) -> frozenset[str]:
        """The sessions that have a recording. Raises SoundUnavailable."""
        found = map(piece_of, await self._sounds.names())
        return frozenset(piece.session for piece in found if piece is not None)

    async def require(self, session: str) -> Sequence[Piece]:
        """The same. Raises NotRecorded where that is nothing, and SoundUnavailable."""
        pieces = await self.pieces(session)
        if not pieces:
            raise NotRecorded(f"session {session} has no recording, or none any more")
        return pieces

    async def wav(self, session: str) -> AsyncIterator[bytes]:
        """All recordings of a session, one after the other, as a WAV file in parts.

        Raises NotRecorded, and SoundUnavailable.
        """
        pieces = await self.require(session)
        yield _wav_head(sum(piece.samples for piece in pieces))
        for piece in pieces:
            yield _samples(await self._sounds.read(piece.name))

    async def sweep(self) -> None:
        """Forget what is older than recordings are kept. Raises SoundUnavailable."""
        limit = self._clock.now() - self._keep
        old = [
            piece.name
            for piece in map(piece_of, await self._sounds.names())
            if piece is not None and piece.at < limit
        ]
        for name in old:
            await self._sounds.delete(name)
        left = await asyncio.to_thread(self._forget_spooled, limit)
        if old or left:
            log.info("old conference recordings forgotten", extra={"count": len(old) + left})

    def _forget_spooled(self, limit: datetime) -> int:
        old = [
            path
            for path, _ in _spooled(self._spool)
            if path not in self._under_way
            and (match := _SPOOLED.fullmatch(path.stem)) is not None
            and _instant(match["at"]) < limit
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def piece_of(name: str) -> Piece | None:
    """What the name of a sound tells; None where it is of no recording of a conference."""
    match = _KEPT.fullmatch(name.rpartition("/")[2]) if name.startswith(PREFIX) else None
    if match is None:
        return None
    return Piece(
        _instant(match["at"]), int(match["place"]), match["session"], int(match["samples"]), name
    )


async def take_sounds(sounds: AudioStore) -> frozenset[str]:
    """The names of all recordings of conferences among all sounds."""
    return frozenset(name for name in await sounds.names() if piece_of(name) is not None)


def _instant(stamp: str) -> datetime:
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def _name_of(stem: str, place: int, samples: int) -> str:
    day = f"{stem[:4]}-{stem[4:6]}-{stem[6:8]}"
    return f"{PREFIX}{day}/{stem}_{place:03d}_{samples}"


def _spooled(spool: Path) -> list[tuple[Path, datetime]]:
    """What lies in the spool, and when each was last written."""
    return [
        (path, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        for path in sorted(spool.glob(f"*{RAW_SUFFIX}"))
    ]


def _read(path: Path, place: int) -> bytes:
    """A piece of a recording, whole samples; empty after its end."""
    with path.open("rb") as file:
        file.seek(place * _PIECE * OCTETS)
        pcm = file.read(_PIECE * OCTETS)
    return pcm[: len(pcm) // OCTETS * OCTETS]


def _samples(octets: bytes) -> bytes:
    with wave.open(BytesIO(octets), "rb") as file:
        return file.readframes(file.getnframes())


def _wav_head(samples: int) -> bytes:
    """How a WAV file of so many samples begins."""
    octets = samples * OCTETS
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + octets, b"WAVE"),
        *(b"fmt ", 16, 1, 1, RATE, RATE * OCTETS, OCTETS, 8 * OCTETS),
        *(b"data", octets),
    )
