"""What goes wrong beside the calls stays beside the calls."""

import asyncio
import logging

import pytest

from call.clock import VirtualClock
from call.errors import Unavailable
from ivr.testing import run_in_virtual_time
from vestibule.housekeeping import Chore, housekeeping


class Fragile:
    """Work that fails as often as it is told to, and counts how often it was done."""

    def __init__(self, *faults: Exception) -> None:
        self._faults = list(faults)
        self.done = 0

    async def do(self) -> None:
        if self._faults:
            raise self._faults.pop(0)
        self.done += 1


def test_a_chore_is_put_off_while_something_is_missing_and_done_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    trash = Fragile(Unavailable("the disk is away"), Unavailable("still away"))

    async def day(_: VirtualClock) -> None:
        async with housekeeping([Chore("trash", trash.do, 3600.0)]):
            await asyncio.sleep(200)
            assert trash.done == 1
            await asyncio.sleep(7200)
            assert trash.done == 3

    run_in_virtual_time(day)
    assert [record.getMessage() for record in caplog.records] == ["chore put off"] * 2


def test_a_fault_in_one_chore_ends_neither_the_calls_nor_the_other_chores(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, sound = Fragile(*[ValueError("a bug")] * 99), Fragile()

    async def day(_: VirtualClock) -> str:
        chores = [Chore("broken", broken.do, 60.0), Chore("sound", sound.do, 60.0)]
        async with housekeeping(chores):
            await asyncio.sleep(601)
            return "calls went on"

    assert run_in_virtual_time(day) == "calls went on"
    assert sound.done == 11
    assert broken.done == 0
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_work_with_an_end_of_its_own_is_waited_for_when_the_program_stops() -> None:
    told, mailed = asyncio.Event(), []

    async def mail() -> None:
        await told.wait()
        await asyncio.sleep(2)
        mailed.append("the e-mail under way")

    async def day(_: VirtualClock) -> None:
        async with housekeeping([Chore("outbox", mail, stop=told.set)]):
            await asyncio.sleep(10)
            assert not mailed

    run_in_virtual_time(day)
    assert mailed == ["the e-mail under way"]


def test_work_that_failed_is_not_waited_for_when_the_program_stops() -> None:
    async def day(_: VirtualClock) -> float:
        broken = Fragile(Unavailable("no database"))
        began = asyncio.get_running_loop().time()
        async with housekeeping([Chore("outbox", broken.do, stop=lambda: None)]):
            await asyncio.sleep(1)
        assert broken.done == 0
        return asyncio.get_running_loop().time() - began

    assert run_in_virtual_time(day) == pytest.approx(1.0)


def test_what_stops_the_program_is_told_as_it_is() -> None:
    async def day(_: VirtualClock) -> None:
        async with housekeeping([Chore("trash", Fragile().do, 60.0)]):
            raise Unavailable("the address is taken")

    with pytest.raises(Unavailable, match="the address is taken"):
        run_in_virtual_time(day)
