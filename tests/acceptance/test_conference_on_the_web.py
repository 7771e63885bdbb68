"""A conference of a configured server, watched by a command and listened to in a browser."""

import asyncio
import io
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pytest
import soundfile

from tests.acceptance.company import Company, found
from tests.acceptance.server import command, configured_server
from tests.console.chromium import CHROMIUM, chromium
from tests.ports import free_port
from tests.wire.phone import Phone
from tests.wire.rtp_line import tone

pytestmark = [
    pytest.mark.wire,
    pytest.mark.peer,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

DOOR = "5145550199"
ROOM = "4242"
LATE_S = 3.0
"""What is heard by the web is no further behind."""

SETTINGS = """
[[numbers]]
number = "{door}"
flow = "conference_join"

[web]
listen = "127.0.0.1:{port}"
address = "http://127.0.0.1:{port}"
"""


async def test_a_conference_is_heard_in_a_browser_until_it_is_ended_from_outside(
    tmp_path: Path,
) -> None:
    port = free_port()
    company = found(tmp_path, more=SETTINGS.format(door=DOOR, port=port))
    page = await arrange(company)
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        httpx.AsyncClient() as web,
        chromium(tmp_path / "profile") as browser,
        asyncio.timeout(60),
    ):
        await browser.goes_to(page)
        assert "n’est pas commencée" in await browser.tells("says.textContent")
        assert (await web.get(f"{page}/sound")).status_code == 404
        async with Phone("5145551201") as phone:
            call = await phone.call(DOOR, server.address)
            for key in f"{ROOM}#":
                call.line.press(key)
            await browser.until("!document.querySelector('#listen').disabled")
            await browser.clicks("#listen")
            listening = asyncio.create_task(Heard.of(web, f"{page}/sound"))
            await browser.until("sound.currentTime > 1")
            said = time.monotonic()
            call.line.say(tone("5", 0.5, 9000))
            before = await browser.tells("sound.currentTime")
            await browser.until(f"sound.currentTime > {before} + 1")
            behind = "sound.buffered.end(sound.buffered.length - 1) - sound.currentTime"
            assert 0 <= await browser.tells(behind) < LATE_S
            assert (
                await browser.tells("hears.textContent") == "Vous écoutez la conférence en direct."
            )
            assert "5145551201" in await type_in(company, "live")
            await type_in(company, "end", ROOM, "--yes")
            heard = await listening
            await browser.until("says.textContent === 'La conférence est terminée.'")
        assert 0 < heard.loud_at() - said < LATE_S
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

    def loud_at(self) -> float:
        """When there was enough of it to hear the first loud sound."""
        for at, octets in self.parts[1:]:
            sound, _ = soundfile.read(io.BytesIO(self.octets[:octets]))
            if len(sound) and np.abs(sound).max() > 0.1:
                return at
        raise AssertionError("nothing loud was heard")


async def arrange(company: Company) -> str:
    """A streamed conference that is open now and needs no code; the address of its page."""
    start = datetime.now(UTC) + timedelta(minutes=5)
    local = start.astimezone(ZoneInfo("America/Toronto"))
    await type_in(
        company, "add", "Assemblée annuelle", "--room", ROOM, "--stream", "--no-announce",
        "--start", f"{local:%Y-%m-%d %H:%M}",
    )  # fmt: skip
    shown = json.loads(await type_in(company, "show", ROOM, "--json"))
    web = company.config.read_text(encoding="utf-8").rpartition('address = "')[2].split('"')[0]
    return f"{web}/listen/{shown['link']}"


async def type_in(company: Company, *words: str) -> str:
    """What a command about conferences says, which ends well."""
    status, out, complaints = await command("conference", *words, "--config", str(company.config))
    assert status == 0, complaints
    return out
