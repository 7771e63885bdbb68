"""Telephones of others in a conference of a configured server: encrypted, and with wide sound."""

import asyncio
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.acceptance.baresip import AGAIN_S, connected, events_of, is_put_off, send
from tests.acceptance.company import found
from tests.acceptance.conferences import ROOM, type_in
from tests.acceptance.server import configured_server
from tests.line.baresip_phone import Baresip, baresip
from tests.meetings.humming import HEARD_FROM, note, until_heard
from tests.wire.hearing import Pcm
from tests.wire.phone import Phone

pytestmark = [
    pytest.mark.wire,
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("baresip") is None, reason="no baresip on this machine"),
]

PLAIN, WIDE, NARROW = 350, 1050, 1850
"""What each telephone hums, in Hz."""

RIGHT_IN = "5145550198"
NUMBER = f"""
[[numbers]]
number = "{RIGHT_IN}"
flow = "conference_join"
with = {{ room = "{ROOM}", bidden = true }}
"""
HUM_S = 120.0
LOOK_S = 0.5
PATIENCE_S = 40.0
LONGEST_S = 120.0

WAV_HEAD = 44


async def test_encrypted_telephones_with_opus_and_with_g711_hear_a_plain_one_and_each_other(
    tmp_path: Path,
) -> None:
    company = found(tmp_path, more=NUMBER)
    await type_in(company, "add", "Réunion", "--room", ROOM, "--no-announce")
    says = {hertz: tmp_path / f"{hertz}.wav" for hertz in (WIDE, NARROW)}
    for hertz, path in says.items():
        soundfile.write(path, note(hertz, HUM_S), 8000)
    opus, g711 = "opus/48000/2", "PCMU/8000/1"
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        Phone("5145550123") as phone,
        baresip(tmp_path / "wide", says[WIDE], "srtp-mand", opus) as wide,
        baresip(tmp_path / "narrow", says[NARROW], "srtp-mand", g711) as narrow,
        asyncio.timeout(LONGEST_S),
    ):
        call = await phone.gets_through(RIGHT_IN, server.address)
        call.line.say(note(PLAIN, HUM_S))
        for each in (wide, narrow):
            await _calls(each, f"sip:{RIGHT_IN}@{server.address[0]}:{server.address[1]}")
        await until_heard({PLAIN: call.line}, {PLAIN: {WIDE, NARROW}})
        await _until_heard(wide, {PLAIN, NARROW})
        await _until_heard(narrow, {PLAIN, WIDE})
        assert [_heard(each)[1] for each in (wide, narrow)] == [48000, 8000]
        await call.hang_up()
    assert server.complaints() == []


async def _calls(phone: Baresip, uri: str) -> None:
    """Call, again as long as the server has too much to do, until that is answered."""
    events, writer = await connected(phone.control)
    send(writer, "dial", uri)
    try:
        async for event in events_of(events):
            if event.get("type") == "CALL_ESTABLISHED":
                return
            if is_put_off(event):
                await asyncio.sleep(AGAIN_S)
                send(writer, "dial", uri)
            else:
                assert event.get("type") != "CALL_CLOSED", event
    finally:
        writer.close()


async def _until_heard(phone: Baresip, wanted: set[int]) -> None:
    """Wait until a telephone hears exactly these notes."""
    heard: set[int] = set()
    try:
        async with asyncio.timeout(PATIENCE_S):
            while heard != wanted:
                await asyncio.sleep(LOOK_S)  # a file tells nobody that it grew
                heard = _notes(*_heard(phone))
    except TimeoutError:
        assert heard == wanted


def _heard(phone: Baresip) -> tuple[Pcm, int]:
    """What it has heard so far, one channel, and its rate; the file is read while it grows."""
    (dump,) = phone.folder.glob("dump-*-dec.wav")
    octets = dump.read_bytes()
    channels, rate = struct.unpack_from("<HI", octets, 22)
    samples = np.frombuffer(octets[WAV_HEAD : len(octets) // 2 * 2], dtype="<i2")
    whole = samples[: len(samples) // channels * channels]
    return whole[::channels].astype(np.int16), rate


def _notes(sound: Pcm, rate: int) -> set[int]:
    """The notes in the last half second of a sound."""
    look = round(LOOK_S * rate)
    last = sound[-look:].astype(np.float64)
    if len(last) < look:
        return set()
    strength = 2 * np.abs(np.fft.rfft(last)) / look
    return {each for each in (PLAIN, WIDE, NARROW) if strength[round(each * LOOK_S)] > HEARD_FROM}
