"""In a room everybody hears all others, and not themself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, nan
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from call.g711 import decode, encode
from call.media import (
    PlayEnded,
    RecordEnded,
    RoomClosed,
    RoomEvent,
    SpeakersChanged,
)
from call.sound import FRAME, EndOfRecording, Law, Pcm
from telephony import rtp
from telephony.media.engine import MediaSettings
from telephony.media.outbound import GROUPS
from telephony.media.rooms import NoSuchRoom
from telephony.media.slots import MediaMisuse
from telephony.media.virtual import VirtualPlane
from tests.media.plane import VirtualCall, a_call, a_plane, make_clip, noise, stream, tone

pytestmark = pytest.mark.usefixtures("each_way")

E = TypeVar("E")
SECOND = 8000


@dataclass
class Room:
    """A room of a virtual plane, with all its events."""

    plane: VirtualPlane
    number: int = -1
    events: list[RoomEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.number = self.plane.open_room(self.events.append)

    def enter(self, count: int, law: Law = Law.PCMU) -> list[VirtualCall]:
        """So many people come in."""
        people = [a_call(self.plane, stream(law=law)) for _ in range(count)]
        for person in people:
            self.plane.join(person.slot, self.number)
        return people

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


def _pitches(sound: Pcm, pitches: Sequence[int], least: float = 500) -> set[int]:
    """Which of these pitches are in the last half second of a sound."""
    last = sound[-SECOND // 2 :].astype(np.float64)
    strength = 2 * np.abs(np.fft.rfft(last)) / len(last)
    return {pitch for pitch in pitches if strength[pitch // 2] > least}


def _loudness(sound: Pcm, pitch: int) -> float:
    """The amplitude of a pitch in the last half second."""
    last = sound[-SECOND // 2 :].astype(np.float64)
    return float(2 * np.abs(np.fft.rfft(last))[pitch // 2] / len(last))


def test_each_of_three_hears_the_two_others() -> None:
    plane = a_plane()
    room = Room(plane)
    people = room.enter(3)
    pitches = (400, 1000, 1600)
    for person, pitch in zip(people, pitches, strict=True):
        person.far.speak(tone(1.5, pitch, 4000))
    plane.advance(1.2)
    for person, own in zip(people, pitches, strict=True):
        assert _pitches(person.far.sound(), pitches) == set(pitches) - {own}


def test_what_is_heard_is_the_sum_of_the_others_sample_for_sample() -> None:
    plane = a_plane()
    room = Room(plane)
    people = room.enter(2, Law.PCMU) + room.enter(3, Law.PCMA)
    plane.advance(0.5)
    spoken = [noise(2, seed=n, amplitude=3000) for n in range(len(people))]
    for person, sound in zip(people, spoken, strict=True):
        person.far.speak(sound)
    plane.advance(3)
    laws = [Law.PCMU] * 2 + [Law.PCMA] * 3
    said = [decode(encode(s, law), law) for s, law in zip(spoken, laws, strict=True)]
    for listener, (person, law) in enumerate(zip(people, laws, strict=True)):
        heard = person.far.sound()
        total = np.zeros(len(heard), dtype=np.int32)
        for speaker, sound in enumerate(said):
            if speaker != listener:
                at = _place(heard, sound)
                total[at : at + len(sound)] += sound
        begin = np.flatnonzero(total)[0] + 10 * FRAME
        middle = slice(begin, begin + 80 * FRAME)
        expected = decode(encode(np.clip(total, -32768, 32767).astype(np.int16), law), law)
        assert (heard[middle] == expected[middle]).all()


def _place(heard: Pcm, sound: Pcm) -> int:
    """At which whole frame a sound begins in what was heard."""
    probe = sound[20 * FRAME : 40 * FRAME].astype(np.float64)
    frames = range(len(heard) // FRAME - len(sound) // FRAME)
    alike = [
        float(np.dot(heard[(n + 20) * FRAME : (n + 40) * FRAME].astype(np.float64), probe))
        for n in frames
    ]
    return int(np.argmax(alike)) * FRAME


def test_who_leaves_hears_nothing_more_and_is_not_heard() -> None:
    plane = a_plane()
    one, two, three = Room(plane).enter(3)
    for person, pitch in zip((one, two, three), (400, 1000, 1600), strict=True):
        person.far.speak(tone(4, pitch, 4000))
    plane.advance(1)
    plane.leave(two.slot)
    plane.advance(1)
    assert _pitches(two.far.sound(), (400, 1000, 1600)) == set()
    assert _pitches(one.far.sound(), (400, 1000, 1600)) == {1600}
    plane.leave(two.slot)


def test_two_rooms_do_not_hear_each_other() -> None:
    plane = a_plane()
    pitches = (400, 700, 1000, 1600)
    here, there = Room(plane), Room(plane)
    people = here.enter(2) + there.enter(2)
    for person, pitch in zip(people, pitches, strict=True):
        person.far.speak(tone(2, pitch, 4000))
    plane.advance(1.5)
    assert [_pitches(p.far.sound(), pitches) for p in people] == [{700}, {400}, {1600}, {1000}]


def test_who_goes_from_room_to_room_hears_the_new_one_only() -> None:
    plane = a_plane()
    here, there = Room(plane), Room(plane)
    (guest, host), [other] = here.enter(2), there.enter(1)
    for person, pitch in ((guest, 400), (host, 1000), (other, 1600)):
        person.far.speak(tone(4, pitch, 4000))
    plane.advance(1)
    plane.join(guest.slot, there.number)
    plane.advance(1)
    assert _pitches(guest.far.sound(), (400, 1000, 1600)) == {1600}
    assert _pitches(host.far.sound(), (400, 1000, 1600)) == set()
    assert _pitches(other.far.sound(), (400, 1000, 1600)) == {400}


def test_who_comes_in_before_the_sound_is_agreed_on_hears_and_is_heard_then() -> None:
    plane = a_plane()
    room = Room(plane)
    [host] = room.enter(1)
    host.far.speak(tone(4, 400, 4000))
    slot = plane.open(lambda event: None)
    plane.join(slot, room.number)
    plane.advance(0.5)
    plane.connect(slot, stream(law=Law.PCMA))
    plane.far_end(slot).speak(tone(4, 1000, 4000))
    plane.advance(1)
    assert _loudness(plane.far_end(slot).sound(), 400) == pytest.approx(4000, rel=0.05)
    assert _loudness(host.far.sound(), 1000) == pytest.approx(4000, rel=0.05)


@pytest.mark.parametrize("ticks", range(4))
def test_who_changes_the_law_in_a_room_hears_no_crack(ticks: int) -> None:
    plane = a_plane()
    host, guest = Room(plane).enter(2)
    host.far.speak(tone(4, 400, 4000))
    plane.advance(1 + ticks * 0.005)
    before = len(guest.far.heard)
    plane.connect(guest.slot, stream(law=Law.PCMA))
    plane.advance(1)
    heard = [rtp.parse(packet) for _, packet in guest.far.heard[before:]]
    octets = np.frombuffer(b"".join(p.payload for p in heard), dtype=np.uint8)
    assert {p.payload_type for p in heard} == {8}
    sound = decode(octets, Law.PCMA)
    assert _loudness(sound, 400) == pytest.approx(4000, rel=0.05)
    assert np.abs(sound).max() < 4400
    guest.far.speak(tone(1, 1000, 4000))
    plane.advance(0.8)
    assert _loudness(host.far.sound(), 1000) == pytest.approx(4000, rel=0.05)


def test_who_is_alone_hears_nothing() -> None:
    plane = a_plane()
    [person] = Room(plane).enter(1)
    person.far.speak(tone(2, 400, 4000))
    plane.advance(1.5)
    assert not person.far.sound().any()


def test_who_is_muted_hears_and_is_not_heard_until_unmuted_or_gone() -> None:
    plane = a_plane()
    room = Room(plane)
    one, two = room.enter(2)
    one.far.speak(tone(10, 400, 4000))
    two.far.speak(tone(10, 1000, 4000))
    plane.mute(one.slot, True)
    plane.advance(1)
    assert _pitches(one.far.sound(), (400, 1000)) == {1000}
    assert _pitches(two.far.sound(), (400, 1000)) == set()
    plane.mute(one.slot, False)
    plane.advance(1)
    assert _pitches(two.far.sound(), (400, 1000)) == {400}
    plane.mute(one.slot, True)
    plane.leave(one.slot)
    plane.join(one.slot, room.number)
    plane.advance(1)
    assert _pitches(two.far.sound(), (400, 1000)) == {400}


def test_who_comes_in_muted_is_heard_in_no_frame_until_unmuted() -> None:
    plane = a_plane()
    room = Room(plane)
    [one] = room.enter(1)
    two = a_call(plane)
    two.far.speak(tone(10, 400, 4000))
    plane.advance(1)
    plane.join(two.slot, room.number, muted=True)
    plane.advance(1)
    assert not one.far.sound().any()
    plane.mute(two.slot, False)
    plane.advance(1)
    assert _loudness(one.far.sound(), 400) == pytest.approx(4000, rel=0.05)


@pytest.mark.parametrize("db", [-40.0, -12.0, 6.0, 20.0])
def test_a_volume_is_heard_by_the_others_or_by_oneself(db: float) -> None:
    plane = a_plane()
    quiet, loud, third = Room(plane).enter(3)
    quiet.far.speak(tone(6, 400, 2000))
    loud.far.speak(tone(6, 1000, 1000))
    plane.set_volume(quiet.slot, spoken_db=db)
    plane.set_volume(third.slot, heard_db=-6)
    plane.advance(3)
    wanted = 2000 * 10 ** (db / 20)
    assert _loudness(loud.far.sound(), 400) == pytest.approx(wanted, rel=0.05, abs=20)
    assert _loudness(third.far.sound(), 400) == pytest.approx(wanted / 2, rel=0.06, abs=20)
    assert _loudness(third.far.sound(), 1000) == pytest.approx(500, rel=0.06, abs=20)
    assert _loudness(quiet.far.sound(), 1000) == pytest.approx(1000, rel=0.05)


def test_a_muted_one_turned_up_stays_muted() -> None:
    plane = a_plane()
    one, two = Room(plane).enter(2)
    one.far.speak(tone(3, 400, 4000))
    plane.mute(one.slot, True)
    plane.set_volume(one.slot, spoken_db=6)
    plane.advance(1)
    assert _pitches(two.far.sound(), (400,)) == set()
    plane.mute(one.slot, False)
    plane.advance(1)
    assert _loudness(two.far.sound(), 400) == pytest.approx(8000, rel=0.05)


@pytest.mark.parametrize("db", [-40.1, 20.5, inf, nan])
def test_a_volume_out_of_reason_is_refused_and_changes_nothing(db: float) -> None:
    plane = a_plane()
    one, two = Room(plane).enter(2)
    with pytest.raises(MediaMisuse, match="-40 to \\+20 dB"):
        plane.set_volume(one.slot, spoken_db=db)
    with pytest.raises(MediaMisuse):
        plane.set_volume(one.slot, heard_db=db)
    one.far.speak(tone(2, 400, 4000))
    plane.advance(1.5)
    assert _loudness(two.far.sound(), 400) == pytest.approx(4000, rel=0.05)


def test_an_announcement_is_heard_by_all_above_those_who_speak(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    people = room.enter(2, Law.PCMU) + room.enter(1, Law.PCMA)
    for person, pitch in zip(people, (400, 1000, 1600), strict=True):
        person.far.speak(tone(6, pitch, 4000))
    plane.advance(1)
    clips = [make_clip(tmp_path, str(n), tone(0.6, 2000, 3000)) for n in range(2)]
    plane.announce(room.number, clips, 7)
    plane.advance(1.1)
    assert room.told(PlayEnded) == []
    for person in people:
        assert _loudness(person.far.sound(), 2000) == pytest.approx(3000, rel=0.05)
    assert _loudness(people[0].far.sound(), 1000) == pytest.approx(4000 * 0.251, rel=0.1)
    plane.advance(0.2)
    assert room.told(PlayEnded) == [PlayEnded(7)]
    plane.advance(1)
    assert _pitches(people[0].far.sound(), (400, 1000, 1600, 2000)) == {1000, 1600}
    assert _loudness(people[0].far.sound(), 1000) == pytest.approx(4000, rel=0.05)


def test_an_announcement_replaces_another_of_which_nothing_is_told(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    [person] = room.enter(1)
    plane.announce(room.number, [make_clip(tmp_path, "long", tone(3, 400))], 1)
    plane.advance(0.5)
    plane.announce(room.number, [make_clip(tmp_path, "short", tone(1, 1000))], 2)
    plane.advance(0.8)
    assert _pitches(person.far.sound(), (400, 1000)) == {1000}
    plane.advance(4)
    assert room.told(PlayEnded) == [PlayEnded(2)]
    assert not person.far.sound()[-SECOND:].any()


def test_an_announcement_to_nobody_or_of_nothing_ends_too(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    plane.announce(room.number, [make_clip(tmp_path, "tone", tone(0.5, 400))], 1)
    plane.advance(0.4)
    assert room.events == []
    plane.advance(0.2)
    assert room.events == [PlayEnded(1)]
    plane.announce(room.number, [], 2)
    plane.advance(0.1)
    assert room.events == [PlayEnded(1), PlayEnded(2)]


def test_what_is_played_to_one_is_heard_by_no_other(tmp_path: Path) -> None:
    plane = a_plane()
    one, two = Room(plane).enter(2)
    two.far.speak(tone(5, 1000, 4000))
    plane.advance(0.5)
    plane.play(one.slot, [make_clip(tmp_path, "aside", tone(2, 400, 4000))], 3)
    plane.advance(1)
    assert _pitches(one.far.sound(), (400, 1000)) == {400, 1000}
    assert _pitches(two.far.sound(), (400, 1000)) == set()
    plane.advance(2)
    assert one.told(PlayEnded) == [PlayEnded(3)]
    assert _pitches(one.far.sound(), (400, 1000)) == {1000}


def test_the_recording_of_a_room_is_the_sum_of_all_with_what_was_announced(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    one, two, listener = room.enter(3)
    plane.advance(0.5)
    plane.record_room(room.number, tmp_path / "room", max_s=60)
    one.far.speak(noise(1, seed=1, amplitude=6000))
    two.far.speak(noise(1, seed=2, amplitude=6000))
    plane.advance(1.5)
    plane.announce(room.number, [make_clip(tmp_path, "bell", tone(0.5, 400))], 1)
    plane.advance(0.7)
    plane.stop_recording_room(room.number)
    plane.advance(0.1)
    [ended] = room.told(RecordEnded)
    assert ended.path == tmp_path / "room"
    assert ended.ended_by is EndOfRecording.STOPPED
    recorded = np.fromfile(tmp_path / "room", dtype="<i2")
    assert len(recorded) == round(ended.seconds * SECOND)
    assert ended.seconds == pytest.approx(2.2, abs=0.02)
    assert 1.4 < ended.speech_s < 2.2
    heard = listener.far.sound()
    as_heard = decode(encode(recorded, Law.PCMU), Law.PCMU)
    at = _place(np.pad(heard, (0, len(recorded))), as_heard)
    alike = heard[at : at + len(recorded)]
    assert (alike == as_heard[: len(alike)]).all()
    assert len(alike) > 2 * SECOND


def test_a_recording_of_a_room_is_on_disk_while_it_goes_on(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    room.enter(1)
    plane.record_room(room.number, tmp_path / "room", max_s=60)
    plane.advance(1)
    assert (tmp_path / "room").stat().st_size >= 0.8 * SECOND * 2


def test_a_recording_of_a_room_ends_at_its_limit_or_by_the_next_one(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    plane.record_room(room.number, tmp_path / "first", max_s=1)
    plane.advance(1.5)
    plane.record_room(room.number, tmp_path / "second", max_s=9)
    plane.advance(0.5)
    plane.record_room(room.number, tmp_path / "third", max_s=9)
    plane.advance(0.5)
    first, second = room.told(RecordEnded)
    assert (first.path.name, first.ended_by, first.seconds) == ("first", EndOfRecording.LIMIT, 1.0)
    assert (second.path.name, second.ended_by) == ("second", EndOfRecording.STOPPED)


def test_a_room_that_closes_tells_its_recording_then_that_it_is_closed(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    one, two = room.enter(2)
    two.far.speak(tone(4, 400, 4000))
    plane.record_room(room.number, tmp_path / "room", max_s=60)
    plane.announce(room.number, [make_clip(tmp_path, "long", tone(9, 1000))], 1)
    plane.advance(1)
    plane.close_room(room.number)
    plane.advance(1)
    ended, closed = [e for e in room.events if not isinstance(e, SpeakersChanged)]
    assert isinstance(ended, RecordEnded)
    assert ended.ended_by is EndOfRecording.HANG_UP
    assert ended.seconds == pytest.approx(1, abs=0.02)
    assert room.events[-1] == closed == RoomClosed()
    assert not one.far.sound()[-SECOND // 2 :].any()


def test_a_room_number_used_again_begins_anew(tmp_path: Path) -> None:
    plane = a_plane(MediaSettings(slots=4, rooms=1))
    old = Room(plane)
    one, two = old.enter(2)
    one.far.speak(tone(9, 400, 4000))
    plane.announce(old.number, [make_clip(tmp_path, "long", tone(9, 1000))], 1)
    plane.record_room(old.number, tmp_path / "room", max_s=60)
    plane.advance(1)
    plane.close_room(old.number)
    plane.advance(0.1)
    new = Room(plane)
    assert new.number == old.number
    plane.join(one.slot, new.number)
    plane.join(two.slot, new.number)
    plane.advance(1)
    assert _pitches(two.far.sound(), (400, 1000)) == {400}
    assert _loudness(two.far.sound(), 400) == pytest.approx(4000, rel=0.05)
    assert [e for e in new.events if not isinstance(e, SpeakersChanged)] == []


def test_a_new_call_in_an_old_slot_is_neither_muted_nor_loud() -> None:
    plane = a_plane(MediaSettings(slots=2, rooms=1))
    room = Room(plane)
    one, two = room.enter(2)
    plane.mute(one.slot, True)
    plane.set_volume(one.slot, heard_db=20)
    plane.advance(0.1)
    plane.close(one.slot)
    plane.advance(0.1)
    [new] = room.enter(1)
    assert new.slot == one.slot
    new.far.speak(tone(2, 400, 4000))
    two.far.speak(tone(2, 1000, 1000))
    plane.advance(1.5)
    assert _loudness(two.far.sound(), 400) == pytest.approx(4000, rel=0.05)
    assert _loudness(new.far.sound(), 1000) == pytest.approx(1000, rel=0.05)


def test_who_speaks_is_told_the_loudest_first_and_seldom() -> None:
    plane = a_plane()
    room = Room(plane)
    one, two, three = room.enter(3)
    plane.advance(1)
    one.far.speak(_babble(4, 4000))
    two.far.speak(_babble(2, 12000))
    told: list[tuple[float, SpeakersChanged]] = []
    for n in range(300):
        plane.advance(0.02)
        told += [(n * 0.02, e) for e in room.told(SpeakersChanged)[len(told) :]]
    assert (two.slot, one.slot) in [e.slots for _, e in told]
    assert told[-1][1] == SpeakersChanged(())
    assert told[-2][1] == SpeakersChanged((one.slot,))
    assert all(later - at >= 0.25 for (at, _), (later, _) in pairwise(told))
    assert not any(three.slot in e.slots for _, e in told)


def test_a_muted_one_is_no_speaker_and_a_speaker_who_leaves_is_none_either() -> None:
    plane = a_plane()
    room = Room(plane)
    one, two = room.enter(2)
    plane.mute(one.slot, True)
    plane.advance(1)
    one.far.speak(_babble(3, 8000))
    two.far.speak(_babble(3, 8000))
    plane.advance(1)
    assert room.told(SpeakersChanged) == [SpeakersChanged((two.slot,))]
    plane.leave(two.slot)
    plane.leave(one.slot)
    plane.advance(0.5)
    assert room.told(SpeakersChanged)[1:] == [SpeakersChanged(())]


@pytest.mark.parametrize("after_s", [0.6, 0.66, 0.72, 0.78])
def test_who_is_muted_while_speaking_is_at_once_a_speaker_no_more(after_s: float) -> None:
    plane = a_plane()
    room = Room(plane)
    one, two = room.enter(2)
    for person in (one, two):
        person.far.speak(_babble(4, 8000))
    plane.advance(after_s)
    assert one.slot in room.told(SpeakersChanged)[-1].slots
    plane.mute(one.slot, True)
    plane.advance(0.3)
    assert room.told(SpeakersChanged)[-1] == SpeakersChanged((two.slot,))


def _babble(seconds: float, amplitude: float) -> Pcm:
    """Noise in syllables, four a second."""
    sound = noise(seconds, seed=3, amplitude=amplitude)
    time = np.arange(len(sound)) / SECOND
    return (sound * np.clip(np.sin(2 * np.pi * 2 * time), 0.01, 1)).astype(np.int16)


def test_the_recording_of_a_room_keeps_its_time_when_the_plane_is_held_up(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    room.enter(2)
    plane.record_room(room.number, tmp_path / "room", max_s=2)
    plane.advance(1)
    plane.engine.step_over(GROUPS * 25)
    plane.advance(0.2)
    plane.stop_recording_room(room.number)
    plane.advance(0.1)
    [ended] = room.told(RecordEnded)
    assert ended.seconds == pytest.approx(1.7, abs=0.021)
    plane.record_room(room.number, tmp_path / "limited", max_s=1)
    plane.advance(0.8)
    plane.engine.step_over(GROUPS * 25)
    plane.advance(0.1)
    [_, ended] = room.told(RecordEnded)
    assert (ended.seconds, ended.ended_by) == (1.0, EndOfRecording.LIMIT)


async def test_a_plane_that_stops_closes_its_rooms(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    plane.record_room(room.number, tmp_path / "room", max_s=9)
    plane.advance(0.5)
    await plane.stop()
    assert [type(event) for event in room.events] == [RecordEnded, RoomClosed]


def test_a_crowd_in_many_rooms_hears_as_few_people_do() -> None:
    plane = a_plane(MediaSettings(slots=280, rooms=140))
    rooms = [Room(plane) for _ in range(140)]
    people = [room.enter(2) for room in rooms]
    plane.advance(0.1)
    for room in rooms[:70:2]:
        plane.close_room(room.number)
    for n, (one, two) in enumerate(people):
        one.far.speak(tone(0.7, 400 + 200 * (n % 10), 4000))
        two.far.silent = True
    plane.advance(0.7)
    for n, (_, two) in enumerate(people):
        wanted = set() if n < 70 and n % 2 == 0 else {400 + 200 * (n % 10)}
        assert _pitches(two.far.sound(), range(400, 2400, 200)) == wanted


def test_a_recording_begun_before_anybody_came_in_keeps_its_time(tmp_path: Path) -> None:
    plane = a_plane()
    rooms = [Room(plane) for _ in range(4)]
    for n, room in enumerate(rooms):
        plane.record_room(room.number, tmp_path / str(n), max_s=60)
    plane.advance(0.5)
    for room in rooms:
        room.enter(1)
    plane.advance(0.5)
    for room in rooms:
        plane.stop_recording_room(room.number)
    plane.advance(0.1)
    lasted = [room.told(RecordEnded)[0].seconds for room in rooms]
    assert lasted == pytest.approx([1.0] * 4, abs=0.021)


def test_what_a_closed_room_announced_is_told_to_nobody(tmp_path: Path) -> None:
    plane = a_plane(MediaSettings(slots=2, rooms=1))
    old = Room(plane)
    plane.announce(old.number, [make_clip(tmp_path, "tone", tone(0.5, 400))], 1)
    plane.advance(0.2)
    plane.close_room(old.number)
    plane.advance(0.02)
    new = Room(plane)
    plane.advance(1)
    assert (old.events, new.events) == ([RoomClosed()], [])


def test_a_room_that_is_not_open_takes_no_command() -> None:
    plane = a_plane()
    [person] = Room(plane).enter(1)
    engine = plane.engine
    for command in (
        lambda: engine.obey("join", person.slot, 9),
        lambda: engine.obey("announce", 9, [], 1),
        lambda: engine.obey("record_room", 9, Path("never"), 1.0),
        lambda: engine.obey("stop_recording_room", 9),
        lambda: engine.obey("close_room", 9),
    ):
        with pytest.raises(NoSuchRoom, match="room 9 is not open"):
            command()
