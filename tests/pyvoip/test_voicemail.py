"""A call that an existing telephone system sends to its extension leaves a voicemail with us."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import soundfile

from call.clock import SystemClock
from call.leg import Leg
from call.media import MediaPlane
from ivr.voices.voice import open_voice
from telephony.adapters.pyvoip import Extension, PyVoipLine
from telephony.media.process import MediaProcess
from tests.ports import free_port
from tests.pyvoip.registrar import Registrar, gets_through, kamailio
from tests.wire import hearing
from tests.wire.hearing import Pcm
from tests.wire.phone import Phone, PhoneCall
from tests.wire.rtp_line import RtpLine
from tests.wire.sounds import speech_like
from vestibule.demo import demo_settings, furnish
from vestibule.mailroom import open_mailroom
from vestibule.reception import Reception
from vestibule.settings import Number
from vestibule.shipped import PROMPTS, read_book, read_flows
from vestibule.switchboard import Switchboard
from voicemail.mailboxes import Mailboxes

pytestmark = [pytest.mark.peer, pytest.mark.wire]


class Office:
    """Mailboxes and flows behind a pyVoIP line."""

    def __init__(self, server: tuple[str, int], mailboxes: Mailboxes) -> None:
        self.server, self.mailboxes = server, mailboxes
        self.attended: asyncio.Queue[None] = asyncio.Queue()


@asynccontextmanager
async def office(registrar: Registrar, data: Path) -> AsyncIterator[Office]:
    """Extension 600 of the PBX leads to Camille's mailbox."""
    settings = demo_settings("127.0.0.1:0", data, None)
    clock, book, plane = SystemClock(), read_book(), MediaProcess("127.0.0.1")
    async with (
        open_mailroom(settings, clock) as mailroom,
        open_voice(book, PROMPTS, data / "frames") as voice,
        beating(plane),
        asyncio.TaskGroup() as tasks,
    ):
        await furnish(mailroom.mailboxes)
        numbers = [
            Number.model_validate(
                {"number": "600", "flow": "voicemail_leave", "with": {"mailbox": "101"}}
            )
        ]
        switchboard = Switchboard(
            company=settings.company,
            numbers=numbers,
            flows=read_flows(book),
            mailboxes=mailroom.mailboxes,
            clock=clock,
        )
        reception = Reception(switchboard, voice, mailroom.mailboxes, clock)
        there = Office(("127.0.0.1", registrar.port), mailroom.mailboxes)

        async def attend(leg: Leg) -> None:
            await reception.attend(leg)
            there.attended.put_nowait(None)

        extension = Extension(
            registrar="127.0.0.1", port=registrar.port, user="600", password=registrar.password,
            local_host="127.0.0.1", local_port=free_port(),
        )  # fmt: skip
        line = PyVoipLine(extension, plane, lambda leg: void(tasks.create_task(attend(leg))))
        await line.start()
        try:
            yield there
        finally:
            await line.stop()


def void(_: object) -> None:
    """The task group keeps the task."""


@asynccontextmanager
async def beating(plane: MediaPlane) -> AsyncIterator[None]:
    await plane.start()
    try:
        yield
    finally:
        await plane.stop()


def ended_beep(line: RtpLine) -> bool:
    """Whether the last sound heard was followed by a quarter of a second of silence."""
    heard = line.heard()
    return hearing.first_sound(heard) is not None and hearing.is_quiet(heard, last_s=0.25)


async def leave(call: PhoneCall, sound: Pcm) -> None:
    """Press # during the greeting, wait for the beep to end, and speak."""
    assert await asyncio.to_thread(call.line.wait, _speaking, 15), "no greeting is heard"
    pressed = call.line.press("#")
    assert await asyncio.to_thread(pressed.wait, 5)
    assert await asyncio.to_thread(call.line.wait, ended_beep, 15), "no beep is heard"
    said = call.line.say(sound)
    assert await asyncio.to_thread(said.wait, 30)


def _speaking(line: RtpLine) -> bool:
    return hearing.first_sound(line.heard()) is not None


async def test_a_call_sent_by_the_pbx_leaves_a_voicemail_whole(tmp_path: Path) -> None:
    async with kamailio(tmp_path) as registrar, office(registrar, tmp_path / "data") as there:
        sentence = speech_like(4.0, 11)
        async with Phone("5145550123", display="Aimée Côté") as phone:
            call = await gets_through(phone, there.server)
            await leave(call, sentence)
            await call.hang_up()
        await asyncio.wait_for(there.attended.get(), 60)
        (message,) = await there.mailboxes.messages("101")
        assert message.caller.number == "5145550123"
        assert message.caller.name == "Aimée Côté"
        exported = tmp_path / "message.wav"
        await there.mailboxes.export(message, exported)
        stored, rate = soundfile.read(exported, dtype="int16")
        assert rate == 8000
        place = hearing.find(stored, sentence)
        assert place.score >= 0.98
        assert hearing.drift(stored, sentence, at=place.at) == 0
