"""One busy day of the house: everybody calls at once, then the server is started again.

What each caller met is kept, so that each test can look at a call of its own.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from ivr.testing import ScriptedCaller
from tests.acceptance.server import Server, configured_server, listening
from tests.voicemail.office import read_mail
from tests.wire.beat import Beat
from tests.wire.driver import WireCall, until
from tests.wire.phone import Phone, PhoneCall
from tests.wire.rtp_line import Take
from tests.wire.running_demo import Demo
from tests.wire.voicemail_house import BOXES, HOUSE, NEWCOMER, VOICE, House, furnished, opened
from tests.wire.voicemail_paths import (
    HEARS_FOR_THE_LAMP,
    LEAVES_FOR_THE_LAMP,
    LISTENS,
    Dials,
    paths,
)
from voicemail.message import Message

MOVED = "moved while it plays"
LAMP = "lamp"

KEYS = ((3.0, "*"), (1.5, "#"), (1.0, "0"), (1.0, "0"), (1.0, "2"), (1.5, "5"))
"""How long the owner listens, and what they press then: back, forward, pause, on, beginning."""


@dataclass
class Day:
    """What happened."""

    house: House
    beat: Beat = field(default_factory=Beat)
    """What paces all telephones of the day."""
    calls: dict[str, list[WireCall]] = field(default_factory=dict)
    said: dict[str, dict[Path | float, Take]] = field(default_factory=dict)
    """What was said on each path."""
    failures: dict[str, BaseException] = field(default_factory=dict)
    lamp: list[str] = field(default_factory=list)
    log: str = ""
    complaints: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    messages: Mapping[str, tuple[Message, ...]] = field(default_factory=dict)

    def path(self, name: str) -> list[WireCall]:
        """The calls of a path. Raises what went wrong on it."""
        if name in self.failures:
            raise self.failures[name]
        return self.calls[name]

    def mail_to(self, number: str) -> EmailMessage:
        """The only e-mail that a mailbox was sent."""
        (mail,) = (each for each in self.mails if each["To"] == f"{number}@example.org")
        return mail


async def a_day(folder: Path) -> Day:
    """Live it."""
    house = await furnished(folder)
    day = Day(house)
    async with Phone("240", host=HOUSE) as watching:
        lamp = await calls_and_lamp(day, watching)
        async with configured_server(house.config, house.listen, house.data) as server:
            await until(partial(is_told, watching, lamp, 5), within_s=30)
        day.lamp = watching.told(lamp)
        lamp.ended.set()
    day.log, day.complaints = server.logged(), server.complaints()
    day.mails = [read_mail(path.read_bytes()) for path in server.mails()]
    async with opened(house.data) as mailboxes:
        numbers = [mailbox.number for mailbox in BOXES] + [NEWCOMER[0]]
        day.messages = {number: await mailboxes.messages(number) for number in numbers}
    return day


async def calls_and_lamp(day: Day, watching: Phone) -> PhoneCall:
    """Everybody calls, and one telephone watches its lamp; the subscription to it."""
    house, ways = day.house, paths(day.house)
    async with (
        configured_server(house.config, house.listen, house.data) as server,
        listening(server) as demo,
    ):
        scripts = [call.script for way in ways.values() for call in way]
        for script in (*scripts, LISTENS, LEAVES_FOR_THE_LAMP, HEARS_FOR_THE_LAMP):
            await demo.prepare(script)
        lamp = await watching.watch("240", server.address)
        await asyncio.gather(
            *(follows(day, demo, name, ways[name], place) for place, name in enumerate(ways)),
            noted(day, MOVED, moves_what_plays(day, demo)),
            noted(day, LAMP, lights_the_lamp(day, demo, watching, lamp)),
        )
        await mailed(server)
    return lamp


async def follows(day: Day, demo: Demo, name: str, way: tuple[Dials, ...], place: int) -> None:
    """Make the calls of a path, and note how they went."""

    async def calls() -> None:
        for each in way:
            number = each.caller or f"5145551{place:03}"
            await one_call(day, demo, name, each.number, each.script, number, each.host)

    await noted(day, name, calls())


async def one_call(
    day: Day,
    demo: Demo,
    name: str,
    number: str,
    script: ScriptedCaller,
    caller: str,
    host: str = "127.0.0.1",
) -> WireCall:
    """Make one call of a path."""
    async with Phone(caller, host=host, beat=day.beat) as phone:
        said = day.said.setdefault(name, {})
        wire = WireCall(await phone.gets_through(number, demo.address), demo.sounds, said)
        day.calls.setdefault(name, []).append(wire)
        await script.calls(wire)
    return wire


async def noted(day: Day, name: str, path: Awaitable[None]) -> None:
    """Follow a path; what goes wrong on it is no other's."""
    try:
        await path
    except (AssertionError, OSError, TimeoutError) as failure:
        day.failures[name] = failure


async def moves_what_plays(day: Day, demo: Demo) -> None:
    """Listen to a message, and press the keys that move it."""
    script = LISTENS.hears_recording(VOICE)
    for seconds, key in KEYS:
        script = script.waits(seconds).presses(key)
    await one_call(day, demo, MOVED, "8500", script.hangs_up(), "5145551900")


async def lights_the_lamp(day: Day, demo: Demo, watching: Phone, lamp: PhoneCall) -> None:
    """A message is left, heard, and another left; each time the lamp is waited for."""
    leaves, hears = LEAVES_FOR_THE_LAMP, HEARS_FOR_THE_LAMP
    for number, script in (("*240", leaves), ("8500", hears), ("*240", leaves)):
        already = len(watching.told(lamp))
        await one_call(day, demo, LAMP, number, script, "5145551901")
        await until(partial(is_told, watching, lamp, already + 1), within_s=30)


def is_told(watching: Phone, lamp: PhoneCall, times: int) -> bool:
    """Whether a telephone was told of its lamp so often."""
    return len(watching.told(lamp)) >= times


async def mailed(server: Server) -> None:
    """Wait until nobody is owed an e-mail any more."""
    quiet = 0
    while quiet < 10:
        before = len(server.mails())
        await asyncio.sleep(0.1)
        quiet = quiet + 1 if len(server.mails()) == before else 0
