"""What tells whether a test in real time may be taken again."""

import asyncio
import os
import signal

import pytest

from tests.pace import LATE_S, Pace
from tests.wire.driver import until

pytestmark = pytest.mark.wire


async def test_a_machine_that_stops_a_program_has_lost_its_pace() -> None:
    pace = Pace()
    watcher = pace.begin("what it spoils")
    try:
        assert not pace.was_lost()
        os.kill(watcher, signal.SIGSTOP)
        await asyncio.sleep(2 * LATE_S)
        os.kill(watcher, signal.SIGCONT)
        await until(pace.was_lost, within_s=20)
    finally:
        pace.end()
