"""An event loop whose clock jumps: when nothing is ready, it is at once the next timer's time.

A conversation of a minute takes a millisecond, and always the same way. Work in threads is not
waited for, so whatever runs in here must be free of them.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import TypeVar

from call.clock import VirtualClock

T = TypeVar("T")

_Ready = list[tuple[selectors.SelectorKey, int]]


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> _Ready:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everything waits for something that nothing will bring about")
        if not ready and timeout:
            self._clock.advance(timeout)
        return ready


class _VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_JumpingSelector(clock))
        self._virtual = clock

    def time(self) -> float:
        return self._virtual.monotonic()


def run_in_virtual_time(main: Callable[[VirtualClock], Coroutine[None, None, T]]) -> T:
    """Run a coroutine to its end in virtual time; it is given the clock the loop goes by."""
    clock = VirtualClock()
    with asyncio.Runner(loop_factory=lambda: _VirtualTimeLoop(clock)) as runner:
        return runner.run(main(clock))
