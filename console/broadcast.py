"""What is said in conferences, for whoever listens by the web: one encoder for each, shared by all.

A tenth of a second at a time, what an `Ear` heard is encoded, outside the program's loop, and given
to each `Listener`. Where nothing comes, because people wait or the plane is begun again, the stream
goes on with silence, so that it is never behind by more than a `Listener` may hold. Who does not
take what is theirs is let go.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from call.clock import Clock
from call.sound import FRAME, FRAME_S
from conference.errors import NotHeld
from conference.live import LiveRoom, Meetings
from console.errors import TooManyListeners

log = logging.getLogger(__name__)

BEAT_S = 0.1
SLACK = 15
"""Frames by which what comes may be ahead of or behind the clock."""

MOST_WAITING = 150
"""Packets that may wait for one listener: three seconds."""

HISTORY = 25
"""Packets that who comes is given at once, half a second: enough for a browser to begin with."""

SILENCE = bytes(2 * FRAME)


class Ear(Protocol):
    """Hears one conference."""

    def take(self) -> Sequence[bytes]:
        """The frames that came since, of 20 ms: samples of 16 bits, little-endian, at 8 kHz."""

    def close(self) -> None:
        """Hear nothing more."""


class Encoder(Protocol):
    """Makes Opus of one stream."""

    def encode(self, frame: bytes) -> bytes:
        """The packet of the next frame."""


Hears = Callable[[str], Ear]
"""An ear for a conference by its id. Raises NotHeld, or Unavailable."""


class Listener:
    """Somebody who listens: what is theirs and not taken yet."""

    def __init__(self, packets: Sequence[bytes] = ()) -> None:
        self._waiting = deque(packets)
        self._stirred = asyncio.Event()
        self.over = False

    def give(self, packets: Sequence[bytes]) -> None:
        """Let more be theirs; one who is too far behind is let go, and hears no further."""
        self._waiting.extend(packets)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
            self.over = True
        self._stirred.set()

    def end(self) -> None:
        """Nothing more comes."""
        self.over = True
        self._stirred.set()

    async def take(self) -> Sequence[bytes]:
        """What waits, or else comes next; nothing once it is over."""
        while not self._waiting and not self.over:
            self._stirred.clear()
            await self._stirred.wait()
        packets = list(self._waiting)
        self._waiting.clear()
        return packets


class Broadcast:
    """One session as it is heard outside, from its first listener to its last, or to its end."""

    def __init__(
        self, ear: Ear, encoder: Encoder, clock: Clock, is_held: Callable[[], bool]
    ) -> None:
        self._ear = ear
        self._encoder = encoder
        self._clock = clock
        self._is_held = is_held
        self._history: deque[bytes] = deque(maxlen=HISTORY)
        self._began = clock.monotonic()
        self._frames = 0
        self.listeners: set[Listener] = set()
        self.over = False

    def welcome(self) -> Listener:
        """Somebody more, who is given a little of what was."""
        listener = Listener(tuple(self._history))
        self.listeners.add(listener)
        return listener

    async def run(self) -> None:
        """Give everybody what is said; `end` it afterwards."""
        beats, never = 0, asyncio.Event()
        while self.listeners and self._is_held():
            beats += 1
            left_s = self._began + beats * BEAT_S - self._clock.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, left_s)):
                    await never.wait()
            await self.beat()

    def end(self) -> None:
        """Hear nothing more, and let everybody go."""
        self.over = True
        self._ear.close()
        for listener in self.listeners:
            listener.end()

    async def beat(self) -> None:
        """Encode what came since, and give it to everybody."""
        frames = self._in_time(self._ear.take())
        packets = await asyncio.to_thread(self._encoded, frames)
        self._history.extend(packets)
        for listener in tuple(self.listeners):
            listener.give(packets)
            if listener.over:
                self.listeners.discard(listener)
                log.info("web listener let go", extra={"why": "too slow"})

    def _encoded(self, frames: Sequence[bytes]) -> Sequence[bytes]:
        return [self._encoder.encode(frame) for frame in frames]

    def _in_time(self, frames: Sequence[bytes]) -> Sequence[bytes]:
        """The frames, with silence for those that did not come, without those too many."""
        due = int((self._clock.monotonic() - self._began) / FRAME_S)
        ahead = self._frames + len(frames) - due
        if ahead < -SLACK:
            frames = [*frames, *[SILENCE] * -ahead]
        elif ahead > SLACK:
            frames = frames[ahead:]
        self._frames += len(frames)
        return frames


class Broadcasts:
    """All of them: `most` may listen at once. Run in a block, so that all end with it."""

    def __init__(
        self,
        meetings: Meetings,
        hears: Hears,
        make_encoder: Callable[[], Encoder],
        clock: Clock,
        most: int,
    ) -> None:
        self._meetings = meetings
        self._hears = hears
        self._make_encoder = make_encoder
        self._clock = clock
        self._most = most
        self._running: dict[str, tuple[Broadcast, asyncio.Task[None]]] = {}

    @property
    def listening(self) -> int:
        """How many listen."""
        return sum(len(broadcast.listeners) for broadcast, _ in self._running.values())

    @asynccontextmanager
    async def listener(self, conference: str) -> AsyncIterator[Listener]:
        """Listen to a conference that is held. Raises NotHeld, TooManyListeners or Unavailable."""
        if self.listening >= self._most:
            raise TooManyListeners(f"{self._most} listen already; try again later")
        broadcast = self._broadcast(conference)
        listener = broadcast.welcome()
        try:
            yield listener
        finally:
            broadcast.listeners.discard(listener)

    async def close(self) -> None:
        """End them all."""
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _broadcast(self, conference: str) -> Broadcast:
        """The one under way, or a new one."""
        known = self._running.get(conference)
        if known is not None and not known[0].over:
            return known[0]
        session = self._session(conference)
        if session is None:
            raise NotHeld("nobody is in this conference just now")
        broadcast = Broadcast(
            self._hears(conference),
            self._make_encoder(),
            self._clock,
            lambda: self._session(conference) == session,
        )
        task = asyncio.create_task(broadcast.run(), name=f"stream of {conference}")
        self._running[conference] = broadcast, task

        def over(ended: asyncio.Task[None]) -> None:
            """However it ended, were it before it began."""
            broadcast.end()
            if self._running[conference][0] is broadcast:
                del self._running[conference]
            if not ended.cancelled() and ended.exception() is not None:
                log.error("stream of a conference failed", exc_info=ended.exception())

        task.add_done_callback(over)
        return broadcast

    def _session(self, conference: str) -> str | None:
        room = held(self._meetings, conference)
        return None if room is None else room.session


def held(meetings: Meetings, conference: str) -> LiveRoom | None:
    """A conference as it is held just now, by its id."""
    return next((each for each in meetings.live() if each.conference == conference), None)
