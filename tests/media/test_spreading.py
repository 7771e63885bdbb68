"""How calls share the two halves of a frame."""

from collections import Counter
from pathlib import Path

import numpy as np

from call.g711 import decode, encode
from call.sound import FRAME, FRAME_S, Law
from telephony import rtp
from telephony.media.desk import Places
from telephony.media.outbound import GROUPS
from tests.media.plane import a_call, noise

_HALF = FRAME // 2


def _groups(places: Places[object]) -> Counter[int]:
    return Counter(place % GROUPS for place in places.taken)


def test_few_calls_share_one_beat_and_a_crowd_is_spread_evenly() -> None:
    places: Places[object] = Places(600)
    for _ in range(240):
        places.take(lambda _: None)
    assert _groups(places) == {0: 240}
    for _ in range(280):
        places.take(lambda _: None)
    assert _groups(places) == {0: 260, 1: 260}
    for _ in range(80):
        places.take(lambda _: None)
    assert places.full


def test_a_place_just_left_is_taken_again_after_all_others_of_its_beat() -> None:
    places: Places[object] = Places(8)
    first = places.take(lambda _: None)
    places.release(first)
    assert [places.take(lambda _: None) for _ in range(4)] == [2, 4, 6, first]


def test_packets_of_10_ms_are_read_as_fast_as_they_come_where_nobody_has_the_other_beat(
    tmp_path: Path,
) -> None:
    call = a_call()
    call.far.silent = True
    call.plane.record(call.slot, tmp_path / "said", max_s=60)
    sound = encode(noise(4.0), Law.PCMU).tobytes()
    for n, begin in enumerate(range(0, len(sound), _HALF)):
        call.far.send(rtp.HEADER.pack(0x80, 0, n, begin, 7) + sound[begin : begin + _HALF])
        call.plane.advance(FRAME_S / 2)
    call.plane.advance(0.04)  # the last ones are read, and nothing waits any more
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.04)
    heard = np.fromfile(tmp_path / "said", dtype="<i2")
    said = decode(np.frombuffer(sound, dtype=np.uint8), Law.PCMU)
    assert said.tobytes() in heard.tobytes()
