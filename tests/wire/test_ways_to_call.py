"""Telephones that differ in how they are connected and in how they press keys."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine

import numpy as np
import pytest
import pytest_asyncio

from ivr.testing import ScriptedCaller
from tests.wire.driver import GAP_S, PRESS_S, WireCall, until
from tests.wire.hearing import RATE
from tests.wire.phone import Phone, Wire
from tests.wire.rtp_line import tone
from tests.wire.running_demo import Demo, running_demo
from tests.wire.test_demo import COMPANY, assert_clean

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    async with running_demo(tmp_path_factory.mktemp("demo") / "data") as demo:
        yield demo


class TonePresser(WireCall):
    """A caller whose telephone presses in the sound itself."""

    async def presses(self, keys: str) -> None:
        for key in keys:
            self._forget()
            pause = np.zeros(int(GAP_S * RATE), dtype=np.int16)
            done = self.call.line.say(np.concatenate((tone(key, PRESS_S), pause)))
            await until(done.is_set, within_s=20)


class InfoPresser(WireCall):
    """A caller whose telephone presses by SIP INFO."""

    async def presses(self, keys: str) -> None:
        for key in keys:
            self._forget()
            assert (await self.call.press_info(key)).status == 200


def owner(name: str, mailbox: str, pin: str) -> ScriptedCaller:
    """Whoever fetches messages from outside: 8500 during the greeting, number, PIN."""
    caller = ScriptedCaller(name).hears("aa.welcome", "fr").presses("8500")
    caller = caller.hears("vm.login.mailbox", "fr").presses(f"{mailbox}#")
    return caller.hears("vm.login.pin").presses(f"{pin}#").hears("vm.main").hangs_up()


async def signs_in(
    demo: Demo, phone: Phone, presser: type[WireCall], caller: ScriptedCaller
) -> WireCall:
    await demo.prepare(caller)
    wire = presser(await phone.gets_through(COMPANY, demo.address), demo.sounds)
    await caller.calls(wire)
    return wire


async def presses_by_tones(demo: Demo) -> None:
    async with Phone("5145550123", wire=Wire(event_type=None)) as phone:
        wire = await signs_in(demo, phone, TonePresser, owner("Camille", "101", "4711"))
        answers = [data for _, way, data in phone.trace if way == "received"]
        assert not any(b"telephone-event" in data for data in answers)
        assert wire.call.line.event_type is None


async def presses_by_info(demo: Demo) -> None:
    async with Phone("5145550124") as phone:
        await signs_in(demo, phone, InfoPresser, owner("William", "102", "4712"))
        assert phone.sent("INFO") == 13


async def loses_packets(demo: Demo) -> None:
    chance = random.Random(20)

    def fate(_: int) -> tuple[int, ...]:
        drawn = chance.random()
        return () if drawn < 0.2 else (0, 0) if drawn < 0.4 else (0,)

    async with Phone("5145550125", wire=Wire(fate=fate)) as phone:
        await signs_in(demo, phone, WireCall, owner("Camille", "101", "4711"))


async def calls_over_tcp(demo: Demo) -> None:
    caller = ScriptedCaller("a caller by TCP").hears("aa.welcome", "fr")
    caller = caller.hears("aa.english_offer", "en").hears("aa.menu", "fr")
    await demo.prepare(caller)
    async with Phone("5145550126", transport="TCP") as phone:
        call = await phone.gets_through(COMPANY, demo.address)
        wire = WireCall(call, demo.sounds)
        await caller.hears("common.still_there", "fr").calls(wire)
        assert_clean(wire.measures[:3])
        assert (await call.offer_again("sendonly")).status == 200
        assert (await call.offer_again("sendrecv")).status == 200
        await call.hang_up()
        assert len(phone.links) == 1


async def forgets_its_connection(demo: Demo) -> None:
    caller = ScriptedCaller("who forgot").hears("vm.login.mailbox", "fr").presses("199#0000#")
    caller = caller.presses("199#0000#").presses("199#0000#").hears_hang_up()
    await demo.prepare(caller)
    async with Phone("5145550127", transport="TCP") as phone:
        call = await phone.gets_through("8500", demo.address)
        link = phone.links[demo.address]
        link.close()
        await asyncio.wait_for(link.closed.wait(), 20)
        await caller.calls(WireCall(call, demo.sounds))
        assert phone.received("BYE") == 1
        assert len(phone.links) == 2


Way = Callable[[Demo], Coroutine[None, None, None]]
WAYS: tuple[Way, ...] = (
    presses_by_tones, presses_by_info, loses_packets, calls_over_tcp, forgets_its_connection,
)  # fmt: skip


class Calls:
    """All ways at once; each test waits for one. A test that is taken again calls anew."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self.under_way = {way: asyncio.create_task(way(demo)) for way in WAYS}

    async def by(self, way: Way) -> None:
        """Be through with a call."""
        begun = self.under_way.pop(way, None)
        await (begun or way(self._demo))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(demo: Demo) -> AsyncIterator[Calls]:
    calls = Calls(demo)
    yield calls
    await asyncio.gather(*calls.under_way.values(), return_exceptions=True)


async def test_a_telephone_without_events_signs_in_by_tones(
    calls: Calls,
) -> None:
    await calls.by(presses_by_tones)


async def test_a_telephone_that_presses_by_info_signs_in(
    calls: Calls,
) -> None:
    await calls.by(presses_by_info)


async def test_a_network_that_loses_a_fifth_and_doubles_another_presses_each_key_once(
    calls: Calls,
) -> None:
    await calls.by(loses_packets)


async def test_a_call_over_tcp_is_heard_clean_and_may_be_held(
    calls: Calls,
) -> None:
    await calls.by(calls_over_tcp)


async def test_a_caller_by_tcp_whose_connection_closed_is_hung_up_where_it_listens(
    calls: Calls,
) -> None:
    await calls.by(forgets_its_connection)
