"""Frames laid out ahead of their time are those said one by one, whatever comes between."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from call.g711 import Octets
from call.sound import FRAME, Law
from telephony.media.ahead import Ahead
from telephony.media.voice import Voice
from telephony.rtp import HEADER

CALL = 1
ROW = HEADER.size + FRAME
_ONLY = np.array([CALL], dtype=np.intp)


class Told:
    """A voice of which each frame is asked for."""

    def __init__(self) -> None:
        self.packets = np.zeros((3, ROW), dtype=np.uint8)
        self.ahead = Ahead(3)
        self.voice = Voice(memoryview(self.packets[CALL].data), Law.PCMU, self.ahead, CALL)

    def beat(self) -> int | None:
        """Say one frame; the ticket it ended."""
        return self.voice.fill() if self.ahead.not_resting(_ONLY) else None


class Foretold(Told):
    """A voice that lays out what it says, as the plane asks it to."""

    def beat(self) -> int | None:
        payload = self.packets[:, HEADER.size :]
        asked = self.ahead.say(_ONLY, payload)
        return self.voice.fill_ahead() if asked else None


def _clip(frames: int, seed: int) -> Octets:
    octets: Octets = np.random.default_rng(seed).integers(0, 255, (frames, FRAME), dtype=np.uint8)
    return octets


CLIPS = {frames: _clip(frames, frames) for frames in (1, 2, 3, 9, 10, 11, 12, 25, 60)}
OTHER_LAW = {frames: _clip(frames, 1000 + frames) for frames in CLIPS}

ORDERS = st.one_of(
    st.tuples(st.just("beats"), st.integers(1, 30)),
    st.tuples(st.just("play"), st.lists(st.sampled_from(sorted(CLIPS)), max_size=4), st.booleans()),
    st.tuples(st.just("skip"), st.integers(-40, 40)),
    st.tuples(st.sampled_from(["stop", "pause", "resume", "translate", "tone", "speak"])),
)


def _obey(voice: Voice, order: tuple[object, ...], playing: list[int], ticket: int) -> None:
    match order:
        case ("play", list(frames), bool(repeat)):
            playing[:] = frames
            voice.play([CLIPS[n] for n in frames], ticket, repeat=repeat and bool(frames))
        case ("skip", int(frames)):
            voice.skip(frames)
        case ("translate",):
            voice.translate([OTHER_LAW[n] for n in playing])
        case ("tone",):
            voice.sound_keys(list(_clip(2, 7)))
        case ("speak",):
            voice.speak(Law.PCMA)
        case (str(name),):
            getattr(voice, name)()


@settings(max_examples=300, deadline=None)
@given(st.lists(ORDERS, max_size=25))
def test_what_is_said_is_the_same_with_or_without_looking_ahead(
    orders: list[tuple[object, ...]],
) -> None:
    told, foretold = Told(), Foretold()
    playing: tuple[list[int], list[int]] = ([], [])
    for ticket, order in enumerate([*orders, ("beats", 15)]):
        match order:
            case ("beats", int(beats)):
                for _ in range(beats):
                    assert foretold.beat() == told.beat()
                    assert np.array_equal(foretold.packets, told.packets)
            case _:
                for each, clips in zip((told, foretold), playing, strict=True):
                    _obey(each.voice, order, clips, ticket)


def test_a_long_clip_is_asked_for_once_in_eleven_frames() -> None:
    far = Foretold()
    far.voice.play([CLIPS[60]], 1)
    asked = []
    for n in range(55):
        before = far.ahead.say(np.array([CALL], dtype=np.intp), far.packets[:, HEADER.size :])
        if before:
            asked.append(n)
            far.voice.fill_ahead()
        assert np.array_equal(far.packets[CALL, HEADER.size :], CLIPS[60][n])
    assert asked == [0, 11, 22, 33, 44]
