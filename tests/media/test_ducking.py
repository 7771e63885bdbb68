"""What is played over others is their sum, the others a quarter as strong, held at full scale."""

from pathlib import Path

import numpy as np
import pytest

from call.g711 import decode, encode
from call.media import PlayEnded
from call.sound import FRAME, Law, Pcm
from telephony.media.ducking import above
from tests.media.plane import a_call, a_plane, make_clip, tone

pytestmark = pytest.mark.usefixtures("each_way")

LAWS = tuple(Law)


@pytest.mark.parametrize("law", Law)
def test_every_octet_over_every_octet_is_their_sum(law: Law) -> None:
    played, heard = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    place = np.full(256, LAWS.index(law), dtype=np.uint8)
    total = decode(played, law) + decode(heard, law) * 10 ** (-12 / 20)
    expected = encode(np.clip(np.rint(total), -32768, 32767).astype(np.int16), law)
    assert np.abs(
        decode(above(played, heard, place), law) - decode(expected, law).astype(int)
    ).max() <= _step(law)
    assert (above(played, heard, place) == expected).mean() > 0.99


def test_calls_of_both_laws_are_served_together() -> None:
    dice = np.random.default_rng(3)
    played, heard = dice.integers(0, 256, (2, 5, FRAME)).astype(np.uint8)
    place = np.array([0, 1, 1, 0, 1], dtype=np.uint8)
    together = above(played, heard, place)
    for n, law in enumerate(place):
        alone = above(played[n : n + 1], heard[n : n + 1], place[n : n + 1])
        assert np.array_equal(together[n : n + 1], alone), law


def _step(law: Law) -> int:
    """The widest step between two values of a law."""
    return int(np.diff(np.sort(decode(np.arange(256, dtype=np.uint8), law))).max())


def test_a_prompt_to_one_person_in_a_room_is_heard_by_that_person_alone(tmp_path: Path) -> None:
    plane = a_plane()
    room = plane.open_room(lambda event: None)
    people = [a_call(plane) for _ in range(3)]
    for person in people:
        plane.join(person.slot, room)
    people[0].far.speak(tone(2.0, 400, 8000))
    plane.advance(0.6)
    prompt = make_clip(tmp_path, "prompt", tone(1.0, 1500, 4000))
    plane.play(people[1].slot, [prompt], ticket=1)
    plane.advance(1.0)
    heard = [_strengths(person.far.sound()[-4000:]) for person in people]
    assert heard[0] == pytest.approx((0, 0), abs=50)
    assert heard[1] == pytest.approx((8000 * 10 ** (-12 / 20), 4000), rel=0.05)
    assert heard[2] == pytest.approx((8000, 0), rel=0.05, abs=50)
    assert people[1].told(PlayEnded) == [PlayEnded(1)]


def _strengths(sound: Pcm) -> tuple[float, float]:
    """How loud 400 Hz and 1500 Hz are."""
    spectrum = np.abs(np.fft.rfft(sound)) * 2 / len(sound)
    low, high = (round(hertz * len(sound) / 8000) for hertz in (400, 1500))
    return float(spectrum[low]), float(spectrum[high])
