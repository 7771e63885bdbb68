"""Whatever the network does to a call, its recording keeps the time and its keys count once."""

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call.g711 import decode, encode
from call.media import KeyPressed
from call.sound import FRAME, Law
from telephony import rtp
from telephony.dtmf import KEYS, press_packets
from tests.media.plane import VirtualCall, a_call, a_plane, noise

pytestmark = pytest.mark.usefixtures("each_way")

FRAMES = 110
SOUND = encode(noise(FRAMES * 0.02, seed=6), Law.PCMU).reshape(-1, FRAME)
LINEAR = decode(SOUND, Law.PCMU)
PRESS = 7
"""Frames that a press takes on the wire, its end told three times."""


@dataclass(frozen=True)
class Packet:
    """What a talker sends in one frame: sound, or a part of a press."""

    frame: int
    rtp: rtp.RtpPacket
    key: str = ""


@dataclass(frozen=True)
class Talk:
    """A talker's two seconds: what is sent in each frame, and the keys pressed between words."""

    presses: dict[int, str]
    """The keys, by the frame in which they begin."""
    change: int
    """The frame in which the source changes its SSRC and its counters; FRAMES for never."""
    counters: tuple[tuple[int, int], tuple[int, int]]
    """First sequence number and timestamp of either source."""

    def packets(self) -> Iterator[Packet]:
        """One for each frame."""
        for n in range(FRAMES):
            changed = n >= self.change
            sequence, clock = self.counters[changed]
            sequence = (sequence + n) & 0xFFFF
            timestamp = (clock + n * FRAME) & 0xFFFFFFFF
            header = rtp.RtpPacket(0, sequence, timestamp, 1 + changed, b"")
            yield _packet(n, self.presses, header)


COUNTERS = st.tuples(
    st.one_of(st.integers(0, 0xFFFF), st.integers(0xFFA0, 0xFFFF)),
    st.one_of(st.integers(0, 2**32 - 1), st.integers(2**32 - 9000, 2**32 - 1)),
)


@st.composite
def talks(draw: st.DrawFn) -> Talk:
    """Presses stand apart, as fingers do; each key is another, to be told from the others."""
    starts = draw(st.sets(st.sampled_from([20, 45, 70])))
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=3, max_size=3, unique=True))
    change = draw(st.sampled_from([FRAMES, 12, 38, 60, 85]))
    counters = draw(st.tuples(COUNTERS, COUNTERS))
    return Talk(dict(zip(sorted(starts), keys, strict=False)), change, counters)


def _packet(n: int, presses: dict[int, str], header: rtp.RtpPacket) -> Packet:
    begun = next((start for start in presses if start <= n < start + PRESS), None)
    if begun is None:
        return Packet(n, replace(header, payload=SOUND[n].tobytes()))
    part = list(press_packets(presses[begun]))[n - begun]
    timestamp = (header.timestamp - (n - begun) * FRAME) & 0xFFFFFFFF
    event = replace(
        header, payload_type=101, timestamp=timestamp, payload=part.payload, marker=part.marker
    )
    return Packet(n, event, presses[begun])


@dataclass(frozen=True)
class Network:
    """How often a packet is lost, late (up to 60 ms) or doubled, and whether markers are."""

    seed: int
    lost: float
    late: float
    twice: float
    unmarked: bool

    def carry(self, talk: Talk) -> dict[int, list[Packet]]:
        """When each packet comes.

        The first says where sound begins, and so do those around a change of source: they come in
        time, for stragglers of the source before are dropped.
        """
        dice = random.Random(self.seed)
        came: dict[int, list[Packet]] = {}
        for n, packet in enumerate(talk.packets()):
            sure = n == 0 or talk.change - 3 <= n <= talk.change
            late = dice.randint(1, 3) if dice.random() < self.late and not sure else 0
            if dice.random() < self.lost and not sure:
                continue
            kept = packet.rtp if not self.unmarked else replace(packet.rtp, marker=False)
            for copy in range(1 + (dice.random() < self.twice)):
                came.setdefault(n + late + copy, []).append(replace(packet, rtp=kept))
        return came


RATES = st.sampled_from([0.0, 0.05, 0.2, 0.5])
NETWORKS = st.builds(Network, st.integers(0, 2**32 - 1), RATES, RATES, RATES, st.booleans())


def run(call: VirtualCall, came: dict[int, list[Packet]]) -> None:
    """Let them come, in the order in which they come."""
    for frame in range(FRAMES + 4):
        for packet in came.get(frame, []):
            call.far.send(rtp.pack(packet.rtp))
        call.plane.advance(0.02)
    call.plane.advance(0.6)  # silence is believed
    call.plane.close(call.slot)
    call.plane.advance(0.02)


@settings(max_examples=15, deadline=None)
@given(talks(), NETWORKS)
def test_every_word_that_comes_is_recorded_at_its_time_and_every_key_counts_once(
    talk: Talk, network: Network
) -> None:
    came = network.carry(talk)
    call = a_call(a_plane())
    call.far.silent = True
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "m.raw"
        call.plane.record(call.slot, file, max_s=60)
        run(call, came)
        recorded = np.fromfile(file, "<i2")
    packets = {packet.frame: packet for each in came.values() for packet in each}
    start = recorded.tobytes().find(LINEAR[0].tobytes()) // 2
    assert start % FRAME == 0
    for frame, packet in packets.items():
        if not packet.key:
            place = start + frame * FRAME
            assert np.array_equal(recorded[place : place + FRAME], LINEAR[frame]), frame
    pressed = [event.key for event in call.told(KeyPressed)]
    assert sorted(pressed) == sorted({p.key for p in packets.values() if p.key})


@settings(max_examples=15, deadline=None)
@given(st.permutations("0123456789*#"), st.integers(0, 2**32 - 1))
def test_events_that_come_late_and_crossed_count_once_each(keys: list[str], seed: int) -> None:
    """Presses a quarter of a second apart, each packet up to a quarter of a second late."""
    call = a_call(a_plane())
    call.far.silent = True
    dice = random.Random(seed)
    due: dict[int, list[bytes]] = {}
    number = 0
    for n, key in enumerate(keys):
        for part in press_packets(key):
            sent = n * 12 + part.age // FRAME
            packet = rtp.RtpPacket(101, number, n * 12 * FRAME, 9, part.payload, part.marker)
            due.setdefault(sent + dice.randint(0, 12), []).append(rtp.pack(packet))
            number += 1
    for frame in range(12 * 12 + 30):
        for packet in due.get(frame, []):
            call.far.send(packet)
        call.plane.advance(0.02)
    assert sorted(event.key for event in call.told(KeyPressed)) == sorted(keys)


def test_a_word_that_a_key_overtakes_is_recorded(tmp_path: Path) -> None:
    talk = Talk({20: "0"}, FRAMES, ((0, 0), (0, 0)))
    came: dict[int, list[Packet]] = {}
    for n, packet in enumerate(talk.packets()):
        if n != 18:  # lost; the next word comes after two packets of the key
            came.setdefault(22 if n == 19 else n, []).append(packet)
    call = a_call(a_plane())
    call.far.silent = True
    call.plane.record(call.slot, tmp_path / "m.raw", max_s=60)
    run(call, came)
    recorded = np.fromfile(tmp_path / "m.raw", "<i2")
    assert np.array_equal(recorded[19 * FRAME : 20 * FRAME], LINEAR[19])
