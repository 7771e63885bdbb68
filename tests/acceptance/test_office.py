"""An office of three people with real telephones, and callers from outside with theirs.

Everybody says a tone of their own: who hears whom is measured.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soundfile

from ivr.testing import ScriptedCaller
from tests.acceptance.baresip import calling
from tests.acceptance.company import Company, found
from tests.acceptance.desk_phones import LOUD, DeskPhone, desk_phone, hire, strength
from tests.acceptance.server import Server, command, configured_server, listening
from tests.wire.driver import WireCall
from tests.wire.hearing import RATE, Pcm
from tests.wire.running_demo import Demo

pytestmark = [
    pytest.mark.wire,
    pytest.mark.peer,
    pytest.mark.asyncio(loop_scope="module"),
]

OFFICE = "5145550100"
DIRECT = "*101"
"""The extension without the attendant before it."""

SAYS = {"101": 500.0, "102": 700.0, "103": 900.0}
CALLER_SAYS = 1300.0
NOTICED_S = 1.5
"""Seconds after which a running server has noticed what was typed."""

DIALS_101 = ScriptedCaller("somebody who knows the extension").hears("aa.welcome").presses("101")
TAKES_THE_OFFER = ScriptedCaller("a caller who insists").hears("fw.offer").presses("1")
IS_ASKED_FOR_A_MESSAGE = ScriptedCaller("a caller whom nobody takes").hears("vm.leave.instructions")


@dataclass
class Office:
    """The company, its server and its telephones."""

    company: Company
    server: Server
    demo: Demo
    phones: dict[str, DeskPhone]
    folder: Path
    callers: int = 0

    async def sets(self, extension: str, **options: str) -> None:
        """Choose what an extension does with its calls, by command; what is not named is off."""
        chosen = {"forward": "off", "follow_me": "off", "ring": "20", **options}
        words = [each for name, value in chosen.items() for each in (_option(name), value)]
        status, _, complaints = await command(
            "extension", "set", extension, *words, "--no-follow-name",
            "--config", str(self.company.config),
        )  # fmt: skip
        assert status == 0, complaints
        await asyncio.sleep(NOTICED_S)

    @contextlib.asynccontextmanager
    async def caller(self, number: str = OFFICE) -> AsyncIterator[WireCall]:
        """Somebody outside, who calls and speaks a tone all the while."""
        for phone in self.phones.values():
            phone.forget()
        self.callers += 1
        folder = self.folder / f"caller{self.callers}"
        async with calling(
            number,
            self.server.address,
            folder,
            self.demo.sounds,
            answered=number == OFFICE,
        ) as call:
            yield call

    async def connects(self, call: WireCall, extension: str) -> DeskPhone:
        """The telephone of an extension rings and is picked up; both hear each other."""
        phone = self.phones[extension]
        await phone.picks_up()
        await self.talks(call, extension)
        return phone

    async def talks(self, call: WireCall, extension: str) -> None:
        """Caller and extension hear each other."""
        call.call.line.say(tone(CALLER_SAYS))
        await heard_by(call, SAYS[extension])
        await self.phones[extension].hears(CALLER_SAYS)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def tone(hertz: float, seconds: float = 60.0) -> Pcm:
    time = np.arange(int(seconds * RATE)) / RATE
    return (6000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


async def heard_by(call: WireCall, hertz: float, within_s: float = 50.0) -> None:
    """Wait until a caller hears a tone."""
    limit = asyncio.get_running_loop().time() + within_s
    while strength(call.call.line.heard(), hertz) < LOUD:
        assert asyncio.get_running_loop().time() < limit, f"never heard {hertz} Hz"
        await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    company = found(folder)
    await company.hires("101", "Camille Côté", "4711")
    people = {"101": "Camille Côté", "102": "William Roy", "103": "Élise Tremblay"}
    accounts = {number: await hire(company.config, number, name) for number, name in people.items()}
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        listening(server) as demo,
        contextlib.AsyncExitStack() as stack,
    ):
        for script in (DIALS_101, TAKES_THE_OFFER, IS_ASKED_FOR_A_MESSAGE):
            await demo.prepare(script)
        phones = {
            number: await stack.enter_async_context(
                desk_phone(folder / number, accounts[number], server.address, SAYS[number])
            )
            for number in people
        }
        yield Office(company, server, demo, phones, folder)
    assert server.complaints() == []


async def test_a_caller_who_dials_an_extension_talks_with_whoever_is_there(office: Office) -> None:
    await office.sets("101")
    async with office.caller() as call:
        await DIALS_101.calls(call)
        phone = await office.connects(call, "101")
        await phone.hangs_up()
        await call.hears_hang_up()


async def test_calls_are_always_sent_on(office: Office) -> None:
    await office.sets("101", forward="always:102")
    async with office.caller(DIRECT) as call:
        await office.connects(call, "102")
        await call.hangs_up()
        await office.phones["102"].until("CALL_CLOSED")


async def test_calls_that_nobody_answers_are_sent_on(office: Office) -> None:
    await office.sets("101", forward="no_answer:102", ring="2")
    async with office.caller(DIRECT) as call:
        await office.phones["101"].until("CALL_INCOMING")
        await office.connects(call, "102")
        await office.phones["101"].until("CALL_CLOSED")


async def test_extension_and_number_ring_together_and_the_first_has_the_call(
    office: Office,
) -> None:
    await office.sets("101", forward="together:102")
    async with office.caller(DIRECT) as call:
        await office.phones["101"].until("CALL_INCOMING")
        await office.connects(call, "102")
        await office.phones["101"].until("CALL_CLOSED")


async def test_calls_are_sent_on_when_the_caller_presses_1(office: Office) -> None:
    await office.sets("101", forward="press_1:102", ring="2")
    async with office.caller(DIRECT) as call:
        await office.phones["101"].until("CALL_INCOMING")
        await TAKES_THE_OFFER.calls(call)
        await office.connects(call, "102")


async def test_of_two_who_are_followed_the_first_to_press_1_has_the_call(office: Office) -> None:
    await office.sets("101", follow_me="102,103", ring="1")
    async with office.caller(DIRECT) as call:
        one, other = office.phones["102"], office.phones["103"]
        await asyncio.gather(one.picks_up(), other.picks_up())
        await asyncio.sleep(1.0)
        assert strength(call.call.line.heard(), SAYS["102"]) < LOUD / 2  # not yet
        await other.presses("1")
        await office.talks(call, "103")
        await one.until("CALL_CLOSED")
        await call.hangs_up()


@pytest.mark.parametrize("keys", ["2", ""])
async def test_who_is_followed_and_refuses_or_presses_nothing_takes_no_call(
    office: Office, keys: str
) -> None:
    await office.sets("101", follow_me="102", ring="1")
    async with office.caller(DIRECT) as call:
        await office.phones["102"].picks_up()
        await office.phones["102"].presses(keys)
        await office.phones["102"].until("CALL_CLOSED", within_s=60)
        assert strength(call.call.line.heard(), SAYS["102"]) < LOUD / 2
        await IS_ASKED_FOR_A_MESSAGE.calls(call)
        await call.hangs_up()


async def test_a_caller_is_parked_and_taken_from_another_telephone(office: Office) -> None:
    await office.sets("101")
    async with office.caller(DIRECT) as call:
        phone = await office.connects(call, "101")
        phone.does("transfer", f"sip:700@{office.company.listen}")
        await phone.until("CALL_CLOSED")
        assert strength(call.call.line.heard(), SAYS["101"]) < LOUD / 2
        await office.phones["103"].calls("701", office.server.address)
        await office.talks(call, "103")
        await call.hangs_up()
        await office.phones["103"].until("CALL_CLOSED")


async def test_a_caller_is_transferred(office: Office) -> None:
    await office.sets("101")
    async with office.caller(DIRECT) as call:
        phone = await office.connects(call, "101")
        phone.does("transfer", f"sip:102@{office.company.listen}")
        await office.connects(call, "102")
        await office.phones["102"].hangs_up()
        await call.hears_hang_up()


async def test_a_colleague_picks_up_what_rings(office: Office) -> None:
    await office.sets("101")
    async with office.caller(DIRECT) as call:
        await office.phones["101"].until("CALL_INCOMING")
        await office.phones["103"].calls("*8101", office.server.address)
        await office.talks(call, "103")
        await office.phones["101"].until("CALL_CLOSED")


async def test_a_restart_amid_calls_ends_them_cleanly_and_keeps_telephones_and_recordings(
    tmp_path: Path,
) -> None:
    company = found(tmp_path, drain_s=1.0)
    await company.hires("101", "Camille Côté", "4711")
    accounts = {number: await hire(company.config, number, number) for number in ("101", "102")}
    config = str(company.config)
    await command("extension", "set", "101", "--tape", "incoming", "--config", config)
    async with contextlib.AsyncExitStack() as stack:
        phones: dict[str, DeskPhone] = {}
        async with (
            configured_server(company.config, company.listen, company.data) as server,
            listening(server) as demo,
        ):
            for number, account in accounts.items():
                phones[number] = await stack.enter_async_context(
                    desk_phone(tmp_path / number, account, server.address, SAYS[number])
                )
            office = Office(company, server, demo, phones, tmp_path)
            async with office.caller("*102") as parked:
                await office.connects(parked, "102")
                office.phones["102"].does("transfer", f"sip:700@{company.listen}")
                await office.phones["102"].until("CALL_CLOSED")
                async with office.caller(DIRECT) as talking:
                    await office.connects(talking, "101")
                    await asyncio.sleep(2.0)
                    server.stop()
                    await asyncio.gather(talking.hears_hang_up(), parked.hears_hang_up())
                    await office.phones["101"].until("CALL_CLOSED")
            assert await server.status() == 0
        [tape] = sorted((company.data / "sounds" / "calls").rglob("*.wav"))
        assert strength(soundfile.read(tape, dtype="int16")[0], SAYS["101"]) > LOUD / 2
        async with (
            configured_server(company.config, company.listen, company.data) as again,
            listening(again) as demo,
        ):
            office = Office(company, again, demo, phones, tmp_path, callers=2)
            async with office.caller(DIRECT) as call:
                await office.connects(call, "101")  # which never registered anew
                await office.phones["101"].hangs_up()
                await call.hears_hang_up()
        assert (server.complaints(), again.complaints()) == ([], [])
