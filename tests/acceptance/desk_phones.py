"""Telephones of an office, registered with the server: Debian's baresip, and linphone's console.

Each says one steady tone, so that who hears whom can be measured.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from tests.acceptance.baresip import (
    AGAIN_S,
    CONFIG,
    RELEASED,
    connected,
    decoded,
    events_of,
    is_put_off,
    send,
)
from tests.acceptance.server import command
from tests.ports import free_port
from tests.wire.hearing import RATE, Pcm
from tests.wire.link import Address

PATIENCE_S = 60.0
FAREWELL_S = 3.0
TONE_S = 120.0
LOUD = 1000.0
"""How strong a tone is that somebody says, at least; what nobody says is far below a tenth."""


@dataclass(frozen=True)
class Account:
    """What is typed into a telephone."""

    user: str
    password: str


async def hire(config: Path, extension: str, name: str, *options: str) -> Account:
    """Make an extension by command, and read off what its telephone is to be given."""
    status, said, complaints = await command(
        "extension", "add", extension, name, *options, "--config", str(config)
    )
    assert status == 0, complaints
    told = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
    return Account(told["SIP user name"].strip(), told["password"].strip())


def strength(sound: Pcm, hertz: float) -> float:
    """The amplitude of a tone in the last half second of a sound."""
    last = sound[-RATE // 2 :].astype(np.float64)
    if len(last) < RATE // 2:
        return 0.0
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(last)) / RATE)
    window = np.hanning(len(last))
    return float(2 * abs(np.sum(last * window * turns)) / window.sum())


@dataclass
class DeskPhone:
    """One baresip on a desk."""

    folder: Path
    hertz: float
    writer: asyncio.StreamWriter
    keypad: socket.socket
    told: list[dict[str, object]] = field(default_factory=list)
    read: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def does(self, name: str, parameters: str = "") -> None:
        """Press one of its buttons."""
        send(self.writer, name, parameters)

    async def presses(self, keys: str) -> None:
        """Type keys in the call."""
        for key in keys:
            self.keypad.send(key.encode())
            await asyncio.sleep(0.12)
            self.keypad.send(RELEASED)
            await asyncio.sleep(0.1)

    async def hangs_up(self) -> None:
        """End the call, and wait until it is over."""
        self.does("hangup")
        await self.until("CALL_CLOSED")

    def forget(self) -> None:
        """What it told until now is of no interest."""
        self.read = len(self.told)

    async def until(self, *kinds: str, within_s: float = PATIENCE_S) -> dict[str, object]:
        """Wait for the next event of some kinds; those before it are forgotten."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    while self.read < len(self.told):
                        event = self.told[self.read]
                        self.read += 1
                        if event.get("type") in kinds:
                            return event
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            seen = [event.get("type") for event in self.told]
            raise AssertionError(f"{self.folder.name}: no {kinds} after {seen}") from None

    async def picks_up(self) -> dict[str, object]:
        """Wait until it rings, and take the call; who it shows."""
        shown = await self.until("CALL_INCOMING")
        self.does("accept")
        await self.until("CALL_ESTABLISHED")
        return shown

    async def calls(self, number: str, server: Address) -> None:
        """Call somebody, again as long as the server has too much to do, until they answer."""
        self.dials(number, server)
        while is_put_off(told := await self.until("CALL_ESTABLISHED", "CALL_CLOSED")):
            await asyncio.sleep(AGAIN_S)
            self.dials(number, server)
        assert told["type"] == "CALL_ESTABLISHED", told

    def dials(self, number: str, server: Address) -> None:
        """Call somebody."""
        self.does("dial", f"sip:{number}@{server[0]}:{server[1]}")

    def heard(self) -> Pcm:
        """Everything it has decoded in its latest call."""
        dumps = sorted(self.folder.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime)
        return decoded(dumps[-1]) if dumps else np.zeros(0, dtype=np.int16)

    async def hears(self, hertz: float, *, within_s: float = PATIENCE_S) -> None:
        """Wait until it hears a tone."""
        await _until(lambda: strength(self.heard(), hertz) > LOUD, within_s, f"{hertz} Hz")

    async def listen(self, events: asyncio.StreamReader) -> None:
        """Take in what it tells until it goes."""
        async for event in events_of(events):
            if event.get("event"):
                self.told.append(event)
                self.changed.set()


async def _until(so: Callable[[], bool], within_s: float, what: str) -> None:
    limit = asyncio.get_running_loop().time() + within_s
    while not so():  # a file tells nobody that it grew
        assert asyncio.get_running_loop().time() < limit, f"never: {what}"
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def desk_phone(
    folder: Path, account: Account, server: Address, hertz: float
) -> AsyncIterator[DeskPhone]:
    """A baresip that registers, and says a tone of `hertz` in its calls."""
    keys, control = _configured(folder, account, server, hertz)
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            "stdbuf", "-oL", "baresip", "-4", "-f", str(folder), stdin=asyncio.subprocess.DEVNULL,
            stdout=output, stderr=output, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    try:
        events, writer = await connected(control)
        keypad = socket.socket(type=socket.SOCK_DGRAM)
        keypad.connect(("127.0.0.1", keys))
        phone = DeskPhone(folder, hertz, writer, keypad)
        listener = asyncio.create_task(phone.listen(events))
        # It may have registered before anybody listened, so that its events do not tell.
        said = folder / "output"
        try:
            await _until(lambda: b"[1 binding]" in said.read_bytes(), PATIENCE_S, "registered")
            yield phone
        finally:
            writer.close()
            listener.cancel()
            keypad.close()
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), FAREWELL_S)
        except TimeoutError:  # it signs off at a server that is there no more
            process.kill()
            await process.wait()


def _configured(folder: Path, account: Account, server: Address, hertz: float) -> tuple[int, int]:
    """Write a configuration; the ports of its keypad and of its control."""
    folder.mkdir(parents=True)
    keys, control = free_port(), free_port()
    time = np.arange(int(TONE_S * RATE)) / RATE
    tone = (6000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
    says = folder / "says.wav"
    soundfile.write(says, tone, RATE)
    config = CONFIG.format(sip=free_port(), folder=folder, says=says, keys=keys, control=control)
    (folder / "config").write_text(config)
    (folder / "accounts").write_text(
        f"<sip:{account.user}@{server[0]}:{server[1]};transport=udp>"
        f";auth_pass={account.password};regint=600;answermode=manual\n"
    )
    (folder / "contacts").write_text("")
    return keys, control
