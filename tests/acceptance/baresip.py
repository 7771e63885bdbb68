"""Debian's baresip as the telephone: no sound device, keys typed, what is heard dumped to a file.

Its own configuration, on loopback alone. It speaks a long silence until it is given a sound, and
writes what it decodes as it decodes it. `Telephone` has what `WireCall` asks of a call, so that
the same scripts and measures serve.
"""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import soundfile

from tests.ports import free_port
from tests.wire.driver import Sounds, WireCall
from tests.wire.hearing import FRAME, RATE, Pcm
from tests.wire.link import Address
from tests.wire.phone import PhoneCall
from tests.wire.rtp_line import LAWS, Take

PATIENCE_S = 60.0
AGAIN_S = 1.0
"""After which a number is dialled again whose server had too much to do for calls."""
TAIL_S = 120.0
"""Silence that follows every sound: the file given must outlast the call."""

WAV_HEAD = 44
RELEASED = b"\x04"

CONFIG = """\
sip_listen 127.0.0.1:{sip}
net_interface 127.0.0.1
audio_source aufile,{says}
audio_player none
audio_alert none
ausrc_srate 8000
ausrc_channels 1
jitter_buffer_delay 1-10
module_path /usr/lib/baresip/modules
module cons.so
module ctrl_tcp.so
module g711.so
module aufile.so
module sndfile.so
module_app account.so
module_app menu.so
cons_listen 127.0.0.1:{keys}
ctrl_tcp_listen 127.0.0.1:{control}
snd_path {folder}
"""


@dataclass
class Line:
    """What baresip hears and says."""

    folder: Path
    keypad: socket.socket
    command: Callable[[str, str], None]
    loop: asyncio.AbstractEventLoop
    takes: list[Take] = field(default_factory=list)
    """The sounds it was given to say; of what holds it up it tells nothing."""

    def heard(self) -> Pcm:
        """What it has decoded so far."""
        dumps = sorted(self.folder.glob("dump-*-dec.wav"))
        return decoded(dumps[-1]) if dumps else np.zeros(0, dtype=np.int16)

    @property
    def arrivals(self) -> range:
        """One for each frame heard."""
        return range(len(self.heard()) // FRAME)

    def press(self, key: str, *, seconds: float, gap_s: float) -> threading.Event:
        """Type a key, and let it go."""
        done = threading.Event()
        self.keypad.send(key.encode())
        self.loop.call_later(seconds, self.keypad.send, RELEASED)
        self.loop.call_later(seconds + gap_s, done.set)
        return done

    def say(self, sound: Pcm) -> threading.Event:
        """Give it another sound to speak; the event is set when it must have been said."""
        law = LAWS["PCMU"]
        self.takes.append(Take(law.decode(law.encode(sound))))
        path = self.folder / f"says{len(self.takes)}.wav"
        soundfile.write(path, np.concatenate([sound, _silence()]), RATE)
        self.command("ausrc", f"aufile,{path}")
        done = threading.Event()
        self.loop.call_later(len(sound) / RATE + 0.1, done.set)
        return done

    def close(self) -> None:
        self.keypad.close()


@dataclass
class Telephone:
    """One baresip in one call."""

    process: asyncio.subprocess.Process
    control: asyncio.StreamWriter
    line: Line
    dialled: str = ""
    established: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    ended_by_peer: bool = False
    hanging_up: bool = False

    async def dial(self, number: str, server: Address, *, answered: bool) -> None:
        """Call, again as long as the server has too much to do; where `answered`, wait for that."""
        self.dialled = f"sip:{number}@{server[0]}:{server[1]}"
        self.line.command("dial", self.dialled)
        if answered:
            await asyncio.wait_for(self.established.wait(), PATIENCE_S)

    async def hang_up(self) -> None:
        """Send BYE, and wait until the call is over."""
        self.hanging_up = True
        self.line.command("hangup", "")
        await asyncio.wait_for(self.ended.wait(), PATIENCE_S)

    async def listen(self, events: asyncio.StreamReader) -> None:
        """Take in what baresip tells until it goes."""
        async for event in events_of(events):
            self._told(event)

    def _told(self, event: dict[str, object]) -> None:
        if event.get("type") == "CALL_ESTABLISHED":
            self.established.set()
        elif is_put_off(event) and not self.hanging_up:
            self.line.loop.call_later(AGAIN_S, self.line.command, "dial", self.dialled)
        elif event.get("type") == "CALL_CLOSED":
            self.ended_by_peer = not self.hanging_up
            self.ended.set()

    @property
    def call(self) -> PhoneCall:
        """Itself, as `WireCall` knows calls: it asks for `line`, `ended`, `hang_up` alone."""
        return cast(PhoneCall, self)


@contextlib.asynccontextmanager
async def calling(
    number: str, server: Address, folder: Path, sounds: Sounds, *, answered: bool = True
) -> AsyncIterator[WireCall]:
    """Call with a baresip of its own under `folder`, gone at the end of the block.

    The block begins when the call is `answered`; or else when it is made.
    """
    keys, control = _configured(folder)
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            "baresip", "-4", "-f", str(folder), stdin=asyncio.subprocess.DEVNULL,
            stdout=output, stderr=output, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    try:
        events, writer = await connected(control)
        telephone = Telephone(process, writer, _line(folder, keys, writer))
        listener = asyncio.create_task(telephone.listen(events))
        try:
            await telephone.dial(number, server, answered=answered)
            yield WireCall(telephone.call, sounds)
            if not telephone.ended.is_set():
                await telephone.hang_up()
        finally:
            writer.close()
            listener.cancel()
            telephone.line.close()
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_S)


def _configured(folder: Path) -> tuple[int, int]:
    """Write a configuration; the ports of its keypad and of its control."""
    folder.mkdir(parents=True)
    keys, control = free_port(), free_port()
    says = folder / "silence.wav"
    soundfile.write(says, _silence(), RATE)
    config = CONFIG.format(sip=free_port(), folder=folder, says=says, keys=keys, control=control)
    (folder / "config").write_text(config)
    (folder / "accounts").write_text("<sip:5145550123@127.0.0.1>;regint=0\n")
    (folder / "contacts").write_text("")
    return keys, control


def _line(folder: Path, keys: int, writer: asyncio.StreamWriter) -> Line:
    keypad = socket.socket(type=socket.SOCK_DGRAM)
    keypad.connect(("127.0.0.1", keys))

    def command(name: str, parameters: str) -> None:
        send(writer, name, parameters)

    return Line(folder, keypad, command, asyncio.get_running_loop())


def send(writer: asyncio.StreamWriter, name: str, parameters: str) -> None:
    """Give a command: a netstring of JSON."""
    text = json.dumps({"command": name, "params": parameters}).encode()
    writer.write(b"%d:%s," % (len(text), text))


async def events_of(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, object]]:
    """What a baresip tells and answers, until it goes."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            length = int((await reader.readuntil(b":"))[:-1])
            yield json.loads((await reader.readexactly(length + 1))[:-1])


def is_put_off(event: dict[str, object]) -> bool:
    """Whether a call was refused because its server, on a busy machine, has too much to do."""
    return event.get("type") == "CALL_CLOSED" and str(event.get("param")).startswith("503")


def decoded(dump: Path) -> Pcm:
    """What a dump holds so far; it is read while it grows."""
    octets = dump.read_bytes()[WAV_HEAD:]
    return np.frombuffer(octets[: len(octets) // 2 * 2], dtype="<i2").astype(np.int16)


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.1)


def _silence() -> Pcm:
    return np.zeros(int(TAIL_S * RATE), dtype=np.int16)
