"""A conference of a configured server, watched by a command and listened to in a browser."""

import asyncio
import io
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from tests.acceptance.company import Company, found
from tests.acceptance.conferences import NUMBER, ROOM, enters, type_in
from tests.acceptance.server import configured_server
from tests.console.chromium import CHROMIUM, chromium
from tests.ports import free_port
from tests.wire.phone import Phone
from tests.wire.rtp_line import RATE, tone

pytestmark = [
    pytest.mark.wire,
    pytest.mark.peer,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

LATE_S = 3.0
"""What is heard by the web is no further behind."""

BEEPS = 3
BEEP_S = 0.5
QUIET = RATE
"""Samples of silence after each beep."""

EVERY_S = BEEP_S + QUIET / RATE
LONGEST_S = 240.0

SETTINGS = """
[web]
listen = "127.0.0.1:{port}"
address = "http://127.0.0.1:{port}"
"""


async def test_a_conference_is_heard_in_a_browser_until_it_is_ended_from_outside(
    tmp_path: Path,
) -> None:
    port = free_port()
    company = found(tmp_path, more=NUMBER + SETTINGS.format(port=port))
    page = await arrange(company)
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        httpx.AsyncClient() as web,
        chromium(tmp_path / "profile") as browser,
        asyncio.timeout(LONGEST_S),
    ):
        await browser.goes_to(page)
        assert "n’est pas commencée" in await browser.tells("says.textContent")
        assert (await web.get(f"{page}/sound")).status_code == 404
        async with Phone("5145551201") as phone:
            call = await enters(phone, server)
            await browser.until("!document.querySelector('#listen').disabled")
            await browser.clicks("#listen")
            listening = asyncio.create_task(Heard.of(web, f"{page}/sound"))
            await browser.until("sound.currentTime > 1")
            beep = np.append(tone("5", BEEP_S, 9000), np.zeros(QUIET, dtype=np.int16))
            beeps = call.line.say(np.tile(beep, BEEPS))
            before = await browser.tells("sound.currentTime")
            await browser.until(f"sound.currentTime > {before} + 1")
            behind = "sound.buffered.end(sound.buffered.length - 1) - sound.currentTime"
            await browser.until(f"{behind} < {LATE_S}")
            await browser.until("hears.textContent === 'Vous écoutez la conférence en direct.'")
            assert await asyncio.to_thread(beeps.wait, LONGEST_S)
            assert "5145551201" in await type_in(company, "live")
            await type_in(company, "end", ROOM, "--yes")
            heard = await listening
            await browser.until("says.textContent === 'La conférence est terminée.'")
        assert call.line.said_at is not None
        begun = [call.line.said_at + n * EVERY_S for n in range(BEEPS)]
        # On a busy machine one of them may be held up.
        late = [at - said for at, said in zip(heard.loud_at(), begun, strict=True)]
        assert 0 < min(late) < LATE_S
        assert (await web.get(page)).status_code == 410
        assert (await web.get(f"{page}/sound")).status_code == 410
    assert server.complaints() == []


@dataclass
class Heard:
    """A stream as it came: its octets, and when each part of them was there."""

    octets: bytes
    parts: list[tuple[float, int]]
    """When, and how many octets there were then."""

    @classmethod
    async def of(cls, web: httpx.AsyncClient, address: str) -> "Heard":
        """Listen to the end."""
        octets, parts = b"", list[tuple[float, int]]()
        async with web.stream("GET", address) as stream:
            async for part in stream.aiter_bytes():
                octets += part
                parts.append((time.monotonic(), len(octets)))
        return cls(octets, parts)

    def loud_at(self) -> list[float]:
        """For each loud sound after a silence, when there was enough of the stream to hear it."""
        sound, rate = soundfile.read(io.BytesIO(self.octets))
        loud = np.flatnonzero(np.abs(sound) > 0.1)
        begins = loud[np.diff(loud, prepend=-rate) > rate * QUIET / RATE / 2]
        return [self._there_at(int(begin)) for begin in begins]

    def _there_at(self, sample: int) -> float:
        return next(
            at
            for at, octets in self.parts[1:]
            if len(soundfile.read(io.BytesIO(self.octets[:octets]))[0]) > sample
        )


async def arrange(company: Company) -> str:
    """A streamed conference that is open now and needs no code; the address of its page."""
    start = datetime.now(UTC) + timedelta(minutes=5)
    await type_in(
        company, "add", "Assemblée annuelle", "--room", ROOM, "--stream", "--no-announce",
        "--start", f"{start:%Y-%m-%d %H:%M}", "--zone", "UTC",
    )  # fmt: skip
    shown = json.loads(await type_in(company, "show", ROOM, "--json"))
    web = company.config.read_text(encoding="utf-8").rpartition('address = "')[2].split('"')[0]
    return f"{web}/listen/{shown['link']}"
