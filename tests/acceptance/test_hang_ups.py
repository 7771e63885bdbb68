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

import numpy as np
import pytest

from call.leg import Party
from ivr.testing.line import speech
from tests.acceptance.company import found
from tests.acceptance.crowd import LightPhone
from tests.acceptance.server import Server, configured_server, gone
from tests.wire.beat import Beat
from tests.wire.phone import CallRefused, Phone, PhoneCall
from tests.wire.voicemail_house import leave, opened, pin
from voicemail.message import Mailbox

pytestmark = pytest.mark.wire

SEED = 4733
PLACES = 30
AT_ONCE = 12

WORDS = 1.3
"""Seconds of speech: a little more than makes a message."""

SILENCE = np.zeros(4000, dtype=np.int16)
"""Half a second, in which the tone is over."""

LONGEST_S = 100.0
"""Within this, whoever says nothing, or presses nothing right, has been sent away."""

COMPANY = "5145550100"
NEW = Mailbox("101", "Camille", max_message_s=20)
KNOWN = Mailbox("102", "William", max_message_s=20, welcomed=True)
IN = "102#8023#"

PATHS = (
    (COMPANY, "9101#"),
    (COMPANY, f"9*8500{IN}1"),
    (COMPANY, f"8500103#0000#{IN}*"),
    (COMPANY, "101##"),
    (COMPANY, "0"),
    (COMPANY, "777777"),
    ("8500", "101#8013#*7390#7391#"),
    ("8500", "999#1234#"),
    ("8500", "**"),
    ("*101", "##~#4"),
    ("*102", "#~#23~#1"),
    ("*102", "#~#3~01"),
    ("*102", "#~*5"),
    ("*102", "#~#0"),
    ("*102", "*8023#1"),
    ("*102", "0#~#1"),
    ("8500", f"{IN}1*7#72"),
    ("8500", f"{IN}18101#103##1#~#2*"),
    ("8500", f"{IN}18103##2"),
    ("8500", f"{IN}1931*"),
    ("8500", f"{IN}131#~#*"),
    ("8500", f"{IN}133*23"),
    ("8500", f"{IN}35103#~#1"),
    ("8500", f"{IN}041#~#2*"),
    ("8500", f"{IN}041#~#112"),
    ("8500", f"{IN}0113*"),
    ("8500", f"{IN}0211#"),
    ("8500", f"{IN}057390#7391#*"),
    ("8500", f"{IN}06*"),
)
"""Ways through the menus, `~` being a word or two: at each step of each, somebody hangs up."""

STUBBORN = (
    (COMPANY, "", ""),
    (COMPANY, "", "7"),
    ("8500", "", ""),
    ("8500", "", "#"),
    ("*101", "", ""),
    ("*101", "", "5"),
    ("*102", "#~#", ""),
    ("*102", "#~#", "9"),
    ("8500", "101#8013#", ""),
    ("8500", "101#8013#", "#"),
    ("8500", IN, ""),
    ("8500", IN, "5"),
    ("8500", f"{IN}0", "9"),
    ("8500", f"{IN}05", "#"),
    ("8500", f"{IN}2", "7"),
)
"""Callers who never hang up: after some keys they are silent, or press another one for ever."""


def steps() -> list[tuple[str, str]]:
    """Every place of every way, once each."""
    places = {(number, way[:at]) for number, way in PATHS for at in range(len(way) + 1)}
    return sorted(places)


async def test_hanging_up_anywhere_wrong_keys_and_silence_leave_nothing_behind(
    tmp_path: Path,
) -> None:
    company = found(tmp_path, max_calls=PLACES)
    async with opened(company.data) as mailboxes:
        for mailbox in (NEW, KNOWN, Mailbox("103", "Noa")):
            await mailboxes.create(mailbox, pin(mailbox.number))
        await leave(mailboxes, "102", Party("5145550123"))
    async with configured_server(company.config, company.listen, company.data) as server:
        beat, parts = Beat(), server.parts()
        await assert_all_are_sent_away_or_gone(server, beat)
        await assert_every_place_is_free(server, beat)
    assert await server.status() == 0
    assert await gone(parts, within_s=5)
    assert server.complaints() == []
    taken, over = (server.logged().count(f" telephony.line call {what} ") for what in TOLD)
    assert taken == over >= len(steps()) + len(STUBBORN) + PLACES
    assert re.search(rf"line closed taken={taken}\b", server.logged())
    assert not list((company.data / "spool").glob("*.raw"))


TOLD = ("taken", "over")


async def assert_all_are_sent_away_or_gone(server: Server, beat: Beat) -> None:
    dice, places = random.Random(SEED), steps()
    dice.shuffle(places)
    room = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as callers:
        for number, keys, wrong in STUBBORN:
            callers.create_task(never_hangs_up(beat, server, number, keys, wrong))
        for at, (number, keys) in enumerate(places):
            caller = f"5145551{at:03}"
            own = random.Random(dice.random())
            callers.create_task(hangs_up(beat, server, room, caller, number, keys, own))


async def hangs_up(
    beat: Beat,
    server: Server,
    room: asyncio.Semaphore,
    caller: str,
    number: str,
    keys: str,
    dice: random.Random,
) -> None:
    """Press some keys, and hang up: at times before the answer is confirmed."""
    async with room, LightPhone(caller, beat) as phone:
        call = await patiently(phone, number, server)
        await asyncio.sleep(dice.choice([0, 0.05, dice.uniform(0, 1.5)]))
        await presses(call, keys)
        await asyncio.sleep(dice.choice([0, dice.uniform(0, 1.0)]))
        await call.hang_up()


async def presses(call: PhoneCall, keys: str) -> None:
    """Press keys quickly; at `~` say a word or two behind the tone."""
    for key in keys:
        if key == "~":
            call.line.say(np.concatenate([SILENCE, speech(WORDS)]))
            await asyncio.sleep(WORDS + 0.8)
        else:
            call.line.press(key, seconds=0.06, gap_s=0.06)
            await asyncio.sleep(0.14)


async def never_hangs_up(beat: Beat, server: Server, number: str, keys: str, wrong: str) -> None:
    """Press some keys, then `wrong` again and again, or nothing; be sent away."""
    async with LightPhone(f"5145552{STUBBORN.index((number, keys, wrong)):03}", beat) as phone:
        call = await patiently(phone, number, server)
        await presses(call, keys)
        async with asyncio.timeout(LONGEST_S):
            while not call.ended.is_set():
                if wrong:
                    call.line.press(wrong)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(call.ended.wait(), 2)
        assert call.ended_by_peer, (number, keys)


async def assert_every_place_is_free(server: Server, beat: Beat) -> None:
    async with LightPhone("5145550125", beat) as phone:
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
