"""Conferences in virtual time: a hall, a plane that makes no sound, and people with telephones.

What somebody hears is kept in `heard`, phrase by phrase; the ids of `conf.room.*` are written
without that. The plane notes what no ear could follow: the room being spoken to while somebody in
it listens to something of their own.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from pathlib import Path

from call.clock import VirtualClock
from call.errors import Unavailable
from call.leg import HangUpCause, HungUp, Party
from call.media import PlayEnded, RecordEnded, RoomClosed, RoomEvent, RoomListener, SpeakersChanged
from call.sound import Clip, EndOfRecording
from conference.conference import Conference, GenericCode, Kind, Options, Role
from conference.happening import Happening
from conference.ports import Entry
from ivr.prompts import Phrase, Segment
from ivr.testing import FakeLeg, FakeVoice, run_in_virtual_time
from ivr.voices.chimes import Chime
from ivr.voices.signals import Signal
from telephony.watcher import Watcher
from tests.conference.doorway import MemoryBook
from vestibule.call_sounds import CallSounds
from vestibule.exchange.exchange import Exchange
from vestibule.meetings.calling_in import CallingIn
from vestibule.meetings.hall import Hall
from vestibule.meetings.means import Means
from vestibule.meetings.ports import Entrant

MUSIC = Clip(Path("music"), 500)
CHIMES = {each: Clip(Path(each.value), 20) for each in Chime}

BOTH = (GenericCode(Role.ADMINISTRATOR, "1111"), GenericCode(Role.PARTICIPANT, "2222"))

WEEKLY = Conference("weekly", "4321", "La réunion du lundi", generic_codes=BOTH)

A_DAY = 24 * 3600.0


class Telephone(FakeLeg):
    """The leg of somebody in a conference, which can be in a room of the silent plane."""

    def __init__(self, plane: "SilentPlane", voice: FakeVoice, name: str, slot: int) -> None:
        number = Party(f"51455501{slot:02d}", name)
        super().__init__(voice, self._hear, caller=number, call_id=name)
        self.plane = plane
        self.slot_number = slot
        self.heard: list[str] = []
        self.room: int | None = None
        self.is_muted = False
        self.held = False
        self.has_music = False
        self.volumes: list[tuple[float, float]] = []
        self.watcher: Watcher | None = None
        self.cause: HangUpCause | None = None
        self.diversions: tuple[()] = ()
        self.replaces = ""
        self.told: list[int] = []
        self.takes_s = 0.0
        """How long it takes until this telephone is hung up."""

    def _hear(self, segment: Segment, _: float) -> None:
        self.hears(_shown(segment))

    def hears(self, what: str) -> None:
        """Something sounds in this ear."""
        self.heard.append(what)

    @property
    def slot(self) -> int:
        return self.slot_number

    @property
    def up(self) -> bool:
        return self.answered and not self.over

    def progress(self) -> bool:
        return False

    def transfer_told(self, status: int) -> None:
        self.told.append(status)

    def bridge(self, other: "Telephone", *, keys: bool = True) -> None:
        raise AssertionError("nobody is bridged in a conference")

    def unbridge(self) -> None:
        """Nobody is."""

    def enter(self, room: int, *, muted: bool = False) -> None:
        self.room, self.is_muted = room, muted

    def quit_room(self) -> None:
        self.room, self.is_muted = None, False

    def mute(self, on: bool) -> None:
        self.is_muted = on

    def set_volume(self, *, spoken_db: float, heard_db: float) -> None:
        self.volumes.append((spoken_db, heard_db))

    def play(self, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        self.has_music = clips[0] == MUSIC
        if self.has_music:
            self.hears("music")
            super().stop_playing()
            return
        if self.room is not None and self.plane.is_announcing(self.room):
            self.plane.talked_over.append(f"{self.call_id} is spoken to while the room is")
        super().play([clip for clip in clips if clip not in CHIMES.values()], ticket)

    def stop_playing(self) -> None:
        self.has_music = False
        super().stop_playing()

    async def hang_up(self, cause: HangUpCause = HangUpCause.NORMAL) -> None:
        await asyncio.sleep(self.takes_s)
        self.cause = self.cause or cause
        await super().hang_up(cause)

    def loses_its_network(self) -> None:
        """Nothing arrives from this telephone any more."""
        self._end(HungUp(HangUpCause.MEDIA_LOST, by_caller=False))

    def _end(self, last: HungUp) -> None:
        self.room = None
        super()._end(last)

    def hears_others(self) -> set[str]:
        """Whom this telephone hears now."""
        if self.room is None:
            return set()
        others = (each for each in self.plane.telephones if each is not self)
        return {each.call_id for each in others if each.room == self.room and not each.is_muted}

    def types(self, keys: str) -> None:
        for key in keys:
            self.press(key)


@dataclass
class _Room:
    listener: RoomListener
    saying: asyncio.TimerHandle | None = None
    recording: Path | None = None


class SilentPlane:
    """Rooms that tell what happens in them, and make no sound."""

    def __init__(self, voice: FakeVoice) -> None:
        self.telephones: list[Telephone] = []
        self.rooms: dict[int, _Room] = {}
        self.announced: list[str] = []
        self.talked_over: list[str] = []
        self.is_full = False
        self._voice = voice
        self._numbers = count(1)

    def open_room(self, listener: RoomListener) -> int:
        if self.is_full:
            raise Unavailable("every room is taken")
        number = next(self._numbers)
        self.rooms[number] = _Room(listener)
        return number

    def close_room(self, room: int) -> None:
        self.stop_recording_room(room)
        self._tell(room, RoomClosed())
        del self.rooms[room]

    def announce(self, room: int, clips: Sequence[Clip], ticket: int) -> None:
        said = [_chime(clip) or _shown(self._voice.segment(clip)) for clip in clips]
        self.announced += said
        for each in self._inside(room):
            if each.line.speaking and not _is_chime(clips):
                self.talked_over.append(f"the room is spoken to while {each.call_id} is")
            for what in said:
                each.hears(what)
        opened = self.rooms[room]
        if opened.saying is not None:
            opened.saying.cancel()
        seconds = sum(clip.seconds for clip in clips)
        loop = asyncio.get_running_loop()
        opened.saying = loop.call_later(seconds, self._said, room, ticket)

    def _said(self, room: int, ticket: int) -> None:
        if room in self.rooms:
            self.rooms[room].saying = None
            self._tell(room, PlayEnded(ticket))

    def is_announcing(self, room: int) -> bool:
        return self.rooms[room].saying is not None

    def record_room(self, room: int, path: Path, *, max_s: float) -> None:
        self.rooms[room].recording = path
        path.write_bytes(b"\0\0" * 8000)

    def stop_recording_room(self, room: int) -> None:
        path, self.rooms[room].recording = self.rooms[room].recording, None
        if path is not None:
            self._tell(room, RecordEnded(path, 1.0, 1.0, EndOfRecording.STOPPED))

    def speak(self, *who: Telephone) -> None:
        """These are heard from now on, and nobody else."""
        (room,) = self.rooms
        self._tell(room, SpeakersChanged(tuple(each.slot for each in who)))

    def _inside(self, room: int) -> list[Telephone]:
        return [each for each in self.telephones if each.room == room]

    def _tell(self, room: int, event: RoomEvent) -> None:
        self.rooms[room].listener(event)


@dataclass
class MemoryJournal:
    """What is noted; `away` for so many tries."""

    begun: list[tuple[str, str]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    away: int = 0

    async def begin(self, session: str, conference: Conference, at: datetime) -> None:
        self._try()
        self.begun.append((session, conference.id))

    async def note(self, session: str, entries: Sequence[Entry]) -> None:
        self._try()
        self.entries += entries

    def _try(self) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("the database cannot be reached")

    @property
    def kinds(self) -> list[str]:
        return [type(entry.what).__name__ for entry in self.entries]


@dataclass
class FolderTakes:
    """Recordings in a folder; none when the disk is full."""

    folder: Path
    begun: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    is_full: bool = False

    async def begin(self, session: str) -> Path:
        if self.is_full:
            raise OSError("no space left on device")
        path = self.folder / f"{session}-{len(self.begun)}.raw"
        self.begun.append(path)
        return path

    async def keep(self, path: Path) -> None:
        self.kept.append(path)


class NobodyToCall(CallingIn):
    """Calls nobody in."""

    def __init__(self) -> None:
        pass


class Gathering:
    """A hall, and people who come to its conferences."""

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        self.clock = clock
        self.folder = folder
        self.voice = FakeVoice()
        self.plane = SilentPlane(self.voice)
        self.journal = MemoryJournal()
        self.takes = FolderTakes(folder)
        self.book = MemoryBook()
        sounds = CallSounds(dict.fromkeys(Signal, MUSIC), MUSIC, CHIMES)
        self.exchange = Exchange(sounds)
        numbers = count(1)
        self.means = Means(
            plane=self.plane,
            voice=self.voice,
            sounds=sounds,
            clock=clock,
            journal=self.journal,
            takes=self.takes,
            spawn=self.exchange.spawn,
            music=self.exchange.music,
        )
        self.hall = Hall(
            self.means,
            self.exchange,
            self.book,
            NobodyToCall(),
            lambda: f"session-{next(numbers)}",
        )
        self._slots = count(1)

    def telephone(self, name: str) -> Telephone:
        """The telephone of somebody who has not come yet."""
        telephone = Telephone(self.plane, self.voice, name, next(self._slots))
        self.plane.telephones.append(telephone)
        self.exchange.rung(telephone, telephone.caller)
        return telephone

    async def comes(
        self,
        name: str,
        role: Role = Role.PARTICIPANT,
        conference: Conference = WEEKLY,
        *,
        language: str = "fr",
        says: bool = False,
        after: float = 10.0,
    ) -> Telephone:
        """Somebody comes; `after` seconds have passed when this returns."""
        telephone = self.telephone(name)
        said = self.folder / f"{name}.raw" if says else None
        if said is not None:
            said.write_bytes(b"\1\0" * 8000)
        self.hall.join(telephone, Entrant(conference, role, language, name, said=said))
        await asyncio.sleep(after)
        return telephone

    async def leads(self, name: str = "chair", conference: Conference = WEEKLY) -> Telephone:
        """An administrator comes."""
        return await self.comes(name, Role.ADMINISTRATOR, conference)

    def noted(self, kind: type[Happening]) -> list[Happening]:
        """What was noted of a kind."""
        return [each.what for each in self.journal.entries if isinstance(each.what, kind)]

    async def comes_to_rest(self) -> None:
        """Everybody hangs up; nothing may remain."""
        for telephone in self.plane.telephones:
            telephone.caller_hangs_up()
        await asyncio.sleep(60)
        assert not self.plane.talked_over
        assert not self.hall.live()
        assert not self.plane.rooms
        assert not self.exchange.remains, self.exchange.remains
        assert not list(self.folder.glob("[a-z]*.raw")) or self.takes.begun


def arranged(
    conference: Conference = WEEKLY, *, kind: Kind = Kind.PERMANENT, **options: bool
) -> Conference:
    """A conference with other options."""
    return replace(conference, kind=kind, options=Options(**options))


Story = Callable[[Gathering], Coroutine[None, None, None]]


class _Failures(logging.Handler):
    """What went wrong in work of the exchange, where nobody awaits it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is not None:
            self.texts.append(logging.Formatter().formatException(record.exc_info))


def in_conference(folder: Path, story: Story, *, failing: str = "") -> None:
    """Play a story in virtual time, and look that nothing remains of it.

    Nothing fails in it, but for what says `failing`.
    """
    failures = _Failures()
    logging.getLogger("vestibule").addHandler(failures)
    try:
        _play(folder, story)
    finally:
        logging.getLogger("vestibule").removeHandler(failures)
    assert all(failing and failing in text for text in failures.texts), failures.texts[0]
    assert bool(failures.texts) is bool(failing)


def _play(folder: Path, story: Story) -> None:

    async def main(clock: VirtualClock) -> None:
        gathering = Gathering(clock, folder)
        await story(gathering)
        await gathering.comes_to_rest()
        await gathering.exchange.close()

    run_in_virtual_time(main)


def _is_chime(clips: Sequence[Clip]) -> bool:
    return all(clip in CHIMES.values() for clip in clips)


def _chime(clip: Clip) -> str:
    return f"({clip.stem.name})" if clip in CHIMES.values() else ""


def _shown(segment: Segment) -> str:
    if isinstance(segment, Phrase):
        told: Mapping[str, object] = dict(segment.arguments)
        arguments = "".join(f" {value}" for value in told.values())
        language = "" if segment.language == "fr" else f" ({segment.language})"
        return segment.id.removeprefix("conf.room.") + arguments + language
    return f"the name of {segment.path.stem}"
