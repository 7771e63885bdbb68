"""Callers who hang up anywhere, press wrong keys, or say nothing: each call ends, leaving nothing
behind.

The company takes few calls at once, and many more are made: a place that were not given back would
soon be missed. At the end every place is taken at one time, and only the next caller is refused.
"""

import asyncio
import contextlib
import random
import re
from pathlib import Path

import pytest

from tests.acceptance.company import found
from tests.acceptance.crowd import Crowd, LightPhone, gathered
from tests.acceptance.server import Server, configured_server, gone
from tests.wire.phone import CallRefused, Phone, PhoneCall

pytestmark = pytest.mark.wire

SEED = 4733
PLACES = 24
AT_ONCE = 12
HANG_UPS = 160

LONGEST_S = 150.0
"""Within this, whoever says nothing, or presses nothing right, has been sent away."""

COMPANY = "5145550100"

PATHS = (
    (COMPANY, "9101#"),
    (COMPANY, "9*8500101#4711#1"),
    (COMPANY, "8500101#4711#04"),
    (COMPANY, "8500101#0000#101#4711#*"),
    (COMPANY, "101##"),
    (COMPANY, "0"),
    (COMPANY, "777777"),
    ("8500", "101#4711#0"),
    ("8500", "101#4711#042*"),
    ("8500", "999#1234#"),
    ("8500", "**"),
    ("*101", "##"),
    ("*101", "#0"),
    ("*101", "*4711#1"),
    ("*101", "0"),
)
"""Ways through the menus; a caller follows one for some keys, and hangs up."""

STUBBORN = (
    (COMPANY, ""),
    ("8500", ""),
    ("*101", ""),
    ("8500", "101#4711#"),
    ("8500", "101#4711#0"),
    (COMPANY, "7"),
    ("8500", "#"),
    ("*101", "5"),
)
"""Callers who never hang up: silent ones, and those who go on with the last key for ever."""


async def test_hanging_up_anywhere_wrong_keys_and_silence_leave_nothing_behind(
    tmp_path: Path,
) -> None:
    company = found(tmp_path, max_calls=PLACES)
    await company.hires("101", "Camille", "4711", "--max-message", "20")
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        gathered() as crowd,
    ):
        parts = server.parts()
        await assert_all_are_sent_away_or_gone(server, crowd)
        await assert_every_place_is_free(server, crowd)
    assert await server.status() == 0
    assert await gone(parts, within_s=5)
    assert server.complaints() == []
    taken, over = (server.logged().count(f" telephony.line call {what} ") for what in TOLD)
    assert taken == over >= HANG_UPS + len(STUBBORN) + PLACES
    assert re.search(rf"line closed taken={taken}\b", server.logged())
    assert not list((company.data / "spool").glob("*.raw"))


TOLD = ("taken", "over")


async def assert_all_are_sent_away_or_gone(server: Server, crowd: Crowd) -> None:
    dice = random.Random(SEED)
    room = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as callers:
        for number, keys in STUBBORN:
            callers.create_task(never_hangs_up(crowd, server, number, keys))
        for _ in range(HANG_UPS):
            callers.create_task(hangs_up(crowd, server, room, random.Random(dice.random())))


async def hangs_up(
    crowd: Crowd, server: Server, room: asyncio.Semaphore, dice: random.Random
) -> None:
    """Follow a way for some of its keys, and hang up: at times before the answer is confirmed."""
    number, way = dice.choice(PATHS)
    keys = way[: dice.randrange(len(way) + 1)]
    async with room, LightPhone("5145550123", crowd) as phone:
        call = await patiently(phone, number, server)
        await asyncio.sleep(dice.choice([0, 0.05, dice.uniform(0, 1.5)]))
        for key in keys:
            call.line.press(key, seconds=0.06, gap_s=0.06)
            await asyncio.sleep(0.14)
        await asyncio.sleep(dice.choice([0, dice.uniform(0, 1.0)]))
        await call.hang_up()


async def never_hangs_up(crowd: Crowd, server: Server, number: str, keys: str) -> None:
    """Press some keys, the last of them again and again, or nothing; be sent away."""
    async with LightPhone("5145550124", crowd) as phone:
        call = await patiently(phone, number, server)
        for key in keys:
            call.line.press(key)
        wrong = keys[-1:] if len(set(keys)) == 1 else ""
        async with asyncio.timeout(LONGEST_S):
            while not call.ended.is_set():
                if wrong:
                    call.line.press(wrong)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(call.ended.wait(), 2)
        assert call.ended_by_peer, (number, keys)


async def assert_every_place_is_free(server: Server, crowd: Crowd) -> None:
    async with LightPhone("5145550125", crowd) as phone:
        calls = [await patiently(phone, COMPANY, server) for _ in range(PLACES)]
        with pytest.raises(CallRefused) as refused:
            await phone.call(COMPANY, server.address)
        assert refused.value.status == 503
        assert int(refused.value.message.get("retry-after")) > 0
        async with asyncio.timeout(10):
            while not all(len(call.line.arrivals) > 20 for call in calls):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def patiently(phone: Phone, number: str, server: Server) -> PhoneCall:
    """Call, and a few times again where there is no room just now."""
    for _ in range(10):
        try:
            return await phone.call(number, server.address)
        except CallRefused as refused:
            if refused.status != 503:
                raise
            await asyncio.sleep(0.5)
    raise AssertionError("there was no room for a call that should have had one")
