"""What listeners by the web are given: the same for all, in time, and no more than they take."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from call.clock import VirtualClock
from conference.errors import NotHeld
from console.broadcast import BEAT_S, HISTORY, MOST_WAITING, SILENCE, Broadcast, Broadcasts
from console.errors import TooManyListeners
from tests.console.held import BOARD, HeldMeetings

WAIT_S = 30.0


class HeldEar:
    """Hears what a test lets be said."""

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.closed = False

    def take(self) -> Sequence[bytes]:
        said, self.said = self.said, []
        return said

    def close(self) -> None:
        self.closed = True


class Plain:
    """An encoder whose packets are its frames, and which counts them."""

    def __init__(self) -> None:
        self.frames = 0

    def encode(self, frame: bytes) -> bytes:
        self.frames += 1
        return frame


def frames(*names: str) -> list[bytes]:
    return [name.encode().ljust(320, b".") for name in names]


async def test_all_listeners_hear_the_same_from_one_encoder() -> None:
    ear, encoder, clock = HeldEar(), Plain(), VirtualClock()
    broadcast = Broadcast(ear, encoder, clock, lambda: True)
    one, other = broadcast.welcome(), broadcast.welcome()
    ear.said = frames(*"abcde")
    clock.advance(BEAT_S)
    await broadcast.beat()
    assert await one.take() == await other.take() == frames(*"abcde")
    assert encoder.frames == 5


async def test_who_comes_later_begins_with_the_last_half_second() -> None:
    ear, clock = HeldEar(), VirtualClock()
    broadcast = Broadcast(ear, Plain(), clock, lambda: True)
    for n in range(20):
        ear.said = frames(*(f"{n}-{m}" for m in range(5)))
        clock.advance(BEAT_S)
        await broadcast.beat()
    heard = await broadcast.welcome().take()
    assert len(heard) == HISTORY
    assert heard[-1] == frames("19-4")[0]


async def test_silence_takes_the_place_of_what_does_not_come() -> None:
    ear, clock = HeldEar(), VirtualClock()
    broadcast = Broadcast(ear, Plain(), clock, lambda: True)
    listener = broadcast.welcome()
    for _ in range(10):
        clock.advance(BEAT_S)
        await broadcast.beat()
    heard = await listener.take()
    assert set(heard) == {SILENCE}
    assert 35 <= len(heard) <= 50


async def test_what_comes_too_fast_never_puts_listeners_behind() -> None:
    ear, clock = HeldEar(), VirtualClock()
    broadcast = Broadcast(ear, Plain(), clock, lambda: True)
    listener = broadcast.welcome()
    ear.said = frames(*map(str, range(100)))
    clock.advance(BEAT_S)
    await broadcast.beat()
    heard = await listener.take()
    assert len(heard) <= 5
    assert heard[-1] == frames("99")[0]


async def test_a_listener_who_takes_nothing_is_let_go() -> None:
    ear, clock = HeldEar(), VirtualClock()
    broadcast = Broadcast(ear, Plain(), clock, lambda: True)
    slow, quick = broadcast.welcome(), broadcast.welcome()
    for _ in range(MOST_WAITING // 5 + 1):
        ear.said = frames(*"abcde")
        clock.advance(BEAT_S)
        await broadcast.beat()
        assert await quick.take() == frames(*"abcde")
    assert slow.over
    assert await slow.take() == []
    assert broadcast.listeners == {quick}


def broadcasting(meetings: HeldMeetings, ears: list[HeldEar], most: int = 3) -> Broadcasts:
    def hears(conference: str) -> HeldEar:
        ears.append(HeldEar())
        return ears[-1]

    return Broadcasts(meetings, hears, Plain, VirtualClock(), most)


async def test_a_conference_is_heard_by_one_ear_while_anybody_listens() -> None:
    ears: list[HeldEar] = []
    broadcasts = broadcasting(HeldMeetings(BOARD), ears)
    async with asyncio.timeout(WAIT_S), broadcasts.listener(BOARD.conference):
        async with broadcasts.listener(BOARD.conference):
            assert broadcasts.listening == 2
        assert broadcasts.listening == 1
    await broadcasts.close()
    assert [ear.closed for ear in ears] == [True]


async def test_more_than_may_listen_are_refused() -> None:
    broadcasts = broadcasting(HeldMeetings(BOARD), [], most=1)
    async with asyncio.timeout(WAIT_S), broadcasts.listener(BOARD.conference):
        with pytest.raises(TooManyListeners):
            async with broadcasts.listener(BOARD.conference):
                pass
    await broadcasts.close()


async def test_what_is_not_held_is_not_heard() -> None:
    broadcasts = broadcasting(HeldMeetings(), [])
    with pytest.raises(NotHeld):
        async with broadcasts.listener(BOARD.conference):
            pass


@pytest.mark.parametrize("after", [(), (replace(BOARD, session="s2"),)])
async def test_a_stream_ends_with_its_session(after: tuple[object, ...]) -> None:
    meetings, ears = HeldMeetings(BOARD), list[HeldEar]()
    broadcasts = broadcasting(meetings, ears)
    async with asyncio.timeout(WAIT_S), broadcasts.listener(BOARD.conference) as listener:
        meetings.rooms = after  # type: ignore[assignment]  # rooms, both ways
        while await listener.take():
            pass
        assert listener.over
        assert ears[0].closed
