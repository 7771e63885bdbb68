"""Vestibule as one more extension of a telephone system that is already there."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from call.leg import HangUpCause, HungUp
from call.media import PlayEnded
from call.sound import Law
from telephony.adapters.pyvoip import Extension, LineDown, PyVoipLeg, PyVoipLine
from telephony.adapters.pyvoip import phone as pyvoip_phone
from tests.line.plane import FakePlane
from tests.ports import free_port
from tests.pyvoip.registrar import PATIENCE_S, Registrar, kamailio
from tests.wire.phone import CallRefused, Phone, PhoneCall

pytestmark = [pytest.mark.peer, pytest.mark.wire]


def extension(registrar: Registrar, password: str = "secret", expires_s: int = 120) -> Extension:
    return Extension(
        registrar="127.0.0.1", port=registrar.port, user="600", password=password,
        local_host="127.0.0.1", local_port=free_port(), expires_s=expires_s,
    )  # fmt: skip


class Line:
    """A registered line whose legs wait in `rung`."""

    def __init__(self, registrar: Registrar, plane: FakePlane) -> None:
        self.registrar, self.plane = registrar, plane
        self.rung: asyncio.Queue[PyVoipLeg] = asyncio.Queue()
        self.overloaded = False
        self.line = PyVoipLine(
            extension(registrar), plane, self.rung.put_nowait, lambda: self.overloaded
        )

    @property
    def server(self) -> tuple[str, int]:
        return "127.0.0.1", self.registrar.port

    async def answered_call(self, phone: Phone) -> tuple[PhoneCall, PyVoipLeg]:
        calling = asyncio.create_task(phone.call("600", self.server))
        leg = await asyncio.wait_for(self.rung.get(), PATIENCE_S)
        await leg.answer()
        return await calling, leg


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    async with kamailio(tmp_path) as registrar:
        line = Line(registrar, FakePlane())
        await line.line.start()
        try:
            yield line
        finally:
            await line.line.stop()


async def test_the_line_registers_with_a_password_and_takes_a_call(line: Line) -> None:
    assert line.line.registered
    async with Phone("5145550123", display="Aimée Côté") as phone:
        near, leg = await line.answered_call(phone)
        assert leg.caller.number == "5145550123"
        assert leg.caller.name == "Aimée Côté"
        assert leg.dialed == "600"
        (stream,) = line.plane.slots[0].streams
        assert stream.law is Law.PCMU
        assert stream.event_payload_type == 101
        assert stream.remote == ("127.0.0.1", near.line.port)
        assert 180 in near.provisional


async def test_the_caller_who_hangs_up_ends_the_leg(line: Line) -> None:
    async with Phone("5145550123") as phone:
        near, leg = await line.answered_call(phone)
        await near.hang_up()
        assert await asyncio.wait_for(leg.event(), PATIENCE_S) == HungUp(HangUpCause.NORMAL, True)
        assert line.plane.slots[0].closed
        assert line.line.calls == 0


async def test_the_leg_that_hangs_up_ends_the_call_along_the_recorded_route(line: Line) -> None:
    async with Phone("5145550123") as phone:
        near, leg = await line.answered_call(phone)
        await leg.hang_up()
        await asyncio.wait_for(near.ended.wait(), PATIENCE_S)
        assert near.ended_by_peer
        assert await asyncio.wait_for(leg.event(), PATIENCE_S) == HungUp(HangUpCause.NORMAL, False)


async def test_a_refused_call_is_busy(line: Line) -> None:
    async with Phone("5145550123") as phone:
        calling = asyncio.create_task(phone.call("600", line.server))
        leg = await asyncio.wait_for(line.rung.get(), PATIENCE_S)
        await leg.hang_up(HangUpCause.BUSY)
        with pytest.raises(CallRefused) as refusal:
            await calling
        assert refusal.value.status == 486


async def test_a_caller_who_gives_up_before_the_answer_leaves_no_leg(line: Line) -> None:
    async with Phone("5145550123") as phone:
        started: list[PhoneCall] = []
        calling = asyncio.create_task(phone.call("600", line.server, ringing=started.append))
        leg = await asyncio.wait_for(line.rung.get(), PATIENCE_S)
        await started[0].cancel()
        with pytest.raises(CallRefused) as refusal:
            await calling
        assert refusal.value.status == 487
        assert await asyncio.wait_for(leg.event(), PATIENCE_S) == HungUp(HangUpCause.NORMAL, True)


async def test_a_call_without_a_free_slot_is_busy_and_the_next_one_is_taken(
    tmp_path: Path,
) -> None:
    async with kamailio(tmp_path) as registrar:
        line = Line(registrar, FakePlane(slots=1))
        await line.line.start()
        try:
            async with Phone("5145550123") as phone:
                near, _ = await line.answered_call(phone)
                with pytest.raises(CallRefused):
                    await phone.call("600", line.server)
                await near.hang_up()
                again, _ = await line.answered_call(phone)
                assert not again.ended.is_set()
        finally:
            await line.line.stop()


async def test_while_there_is_too_much_to_do_a_call_is_busy_and_the_one_under_way_goes_on(
    line: Line,
) -> None:
    async with Phone("5145550123") as first, Phone("5145550124") as second:
        under_way, _ = await line.answered_call(first)
        line.overloaded = True
        with pytest.raises(CallRefused) as refusal:
            await second.call("600", line.server)
        assert refusal.value.status == 486
        assert not under_way.ended.is_set()
        line.overloaded = False
        await line.answered_call(second)


async def test_two_calls_at_once_are_two_legs(line: Line) -> None:
    async with Phone("5145550123") as first, Phone("5145550124") as second:
        one, _ = await line.answered_call(first)
        other, leg = await line.answered_call(second)
        await one.hang_up()
        assert line.line.calls == 1
        leg.play([], 7)
        line.plane.slots[1].listener(PlayEnded(7))
        assert await asyncio.wait_for(leg.event(), PATIENCE_S) == PlayEnded(7)
        assert not other.ended.is_set()


async def test_what_nobody_understands_does_not_end_the_line(line: Line) -> None:
    async with Phone("5145550123") as phone:
        near, _ = await line.answered_call(phone)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, ("127.0.0.1", 0)
        )
        client = line.line._extension
        for junk in (b"\xff" * 40, b"INVITE sip:x SIP/2.0\r\n\r\n", b"BYE", b"SIP/2.0 200\r\n\r\n"):
            transport.sendto(junk, (client.local_host, client.local_port))
        transport.close()
        await near.hang_up()
        again, _ = await line.answered_call(phone)
        assert not again.ended.is_set()


async def test_a_pbx_that_asks_whether_its_extension_lives_is_told_so(line: Line) -> None:
    async with Phone("5145550123") as phone:
        near, _ = await line.answered_call(phone)
        assert (await phone.request(near, "OPTIONS")).status == 200
        refusal = await phone.request(near, "UPDATE")
        assert refusal.status == 405
        assert "INVITE" in refusal.get("allow")
        await near.hang_up()
        assert line.line.calls == 0


async def test_a_wrong_password_is_told_and_nothing_is_registered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with kamailio(tmp_path) as registrar:
        line = PyVoipLine(extension(registrar, "wrong"), FakePlane(), lambda leg: None)
        with caplog.at_level("WARNING"):
            await line.start()
            await until(lambda: "pbx does not register us" in caplog.messages)
        assert not line.registered
        assert [getattr(each, "answer", None) for each in caplog.records] == [401]
        await line.stop()
        assert registrar.registrations() == 0


async def test_a_pbx_that_starts_after_us_gets_its_extension(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyvoip_phone, "REGISTER_S", 0.3)
    monkeypatch.setattr("telephony.adapters.pyvoip.line.RETRY_S", (0.2,))
    late = Registrar(free_port(), "secret")
    line = PyVoipLine(extension(late), FakePlane(), lambda leg: None)
    await line.start()
    assert "pbx does not answer yet" in caplog.messages
    async with kamailio(tmp_path, port=late.port) as registrar:
        await registrar.until_registrations(1)
        await until(lambda: line.registered)
        await line.stop()


async def test_a_taken_local_port_stops_the_start() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        here = Extension("127.0.0.1", 5060, "600", "secret", "127.0.0.1", taken.getsockname()[1])
        line = PyVoipLine(here, FakePlane(), lambda leg: None)
        with pytest.raises(LineDown, match="in use"):
            await line.start()


async def until(true: Callable[[], bool], limit_s: float = PATIENCE_S) -> None:
    """Wait for what pyVoIP's own threads bring about."""
    async with asyncio.timeout(limit_s):
        while not true():  # noqa: ASYNC110 - another thread's doing
            await asyncio.sleep(0.02)


async def test_the_registration_is_renewed_before_it_ends(tmp_path: Path) -> None:
    async with kamailio(tmp_path) as registrar:
        line = PyVoipLine(extension(registrar, expires_s=6), FakePlane(), lambda leg: None)
        await line.start()
        await registrar.until_registrations(3)
        await line.stop()
        await registrar.until_deregistered()


async def test_a_registration_given_up_is_taken_up_again_and_its_calls_go_on(line: Line) -> None:
    async with Phone("5145550123") as caller, Phone("5145550124") as other:
        near, leg = await line.answered_call(caller)
        far, before = await line.answered_call(other)
        given_up = line.line._phone
        assert given_up is not None
        await asyncio.to_thread(given_up.fatal)
        await line.registrar.until_registrations(2)
        await until(lambda: line.line.registered)
        await near.hang_up()
        assert await asyncio.wait_for(leg.event(), PATIENCE_S) == HungUp(HangUpCause.NORMAL, True)
        await before.hang_up()
        await asyncio.wait_for(far.ended.wait(), PATIENCE_S)
        assert far.ended_by_peer
        again, _ = await line.answered_call(caller)
        assert not again.ended.is_set()
