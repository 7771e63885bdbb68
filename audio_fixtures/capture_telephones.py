"""Makes `captures/`: what two telephones of others send while they speak and press keys.

Run by hand, where Debian's baresip, linphone-cli and tcpdump are installed, in a network of its own
that is loopback and nothing else, for linphone tells whatever address it finds:

    unshare -n sh -c 'ip link set lo up && python -m audio_fixtures.capture_telephones'

Each telephone calls a line of ours on loopback, says
the first seconds of `caller_10s.wav` and presses 1, 5 and 9; what comes to our RTP port is kept.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import soundfile

from call.clock import SystemClock
from call.leg import HungUp
from call.media import KeyPressed
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.media.process import MediaProcess
from tests.acceptance.server import free_port
from tests.line.baresip_phone import baresip
from vestibule.tokens import WireTokens

HERE = Path(__file__).parent
VOICE = HERE / "caller_10s.wav"
SECONDS = 2
KEYS = "159"
PAUSE_S = 0.35
LIMIT_S = 30.0

LINPHONE = """\
[sip]
sip_port={sip}
sip_tcp_port=0
sip_tls_port=0
use_ipv6=0
contact="101" <sip:101@127.0.0.1>
use_info=0
use_rfc2833=1
"""

OTHER_CODECS = (0, 1, 2, 3, 7)
"""What linphone has enabled in front of and behind PCMA."""

Press = Callable[[str], Awaitable[None]]


@contextlib.asynccontextmanager
async def _capturing(device: str, port: int, into: Path) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        "tcpdump", "-i", device, "--immediate-mode", "-U", "-w", str(into), f"udp dst port {port}",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    async for line in process.stderr:
        if b"listening on" in line:
            break
    try:
        yield
        await asyncio.sleep(0.5)  # what is captured is handed over a little later
    finally:
        process.terminate()
        await process.communicate()


async def _capture(
    device: str, into: Path, called: Callable[[str], contextlib.AbstractAsyncContextManager[Press]]
) -> None:
    over = asyncio.Event()
    press: Press | None = None
    clock, plane = SystemClock(), MediaProcess("127.0.0.1")

    async def attend(leg: SipLeg) -> None:
        async with _capturing(device, plane.port(leg.slot), into):
            await leg.answer()
            await asyncio.sleep(SECONDS + 0.2)
            assert press is not None
            for key in KEYS:
                await press(key)
                while not isinstance(await leg.event(), KeyPressed | HungUp):
                    continue
                await asyncio.sleep(PAUSE_S)
        over.set()

    await plane.start()
    line = SipLine(
        LineSettings(), SipTransport("127.0.0.1", 0, clock), plane, clock, WireTokens(),
        attend, lambda _: True,
    )  # fmt: skip
    host, port = await line.start()
    try:
        async with asyncio.timeout(LIMIT_S), called(f"sip:100@{host}:{port}") as press:
            await over.wait()
            await line.drain(3)
    finally:
        await line.stop()
        await plane.stop()


def _words(folder: Path) -> Path:
    """The words, and then silence: at the end of a file some telephones hang up."""
    sound, rate = soundfile.read(VOICE, dtype="int16", frames=SECONDS * 8000)
    said = np.concatenate([sound, np.zeros(20 * rate, dtype=np.int16)])
    soundfile.write(folder / "says.wav", said, rate, subtype="PCM_16")
    return folder / "says.wav"


@contextlib.asynccontextmanager
async def _baresip(uri: str) -> AsyncIterator[Press]:
    with tempfile.TemporaryDirectory() as folder:
        async with baresip(Path(folder) / "phone", _words(Path(folder))) as phone:
            await phone.call(uri)
            yield lambda key: phone.do(f"sndcode {key}")


@contextlib.asynccontextmanager
async def _linphone(uri: str) -> AsyncIterator[Press]:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        (folder / ".local" / "share" / "linphone").mkdir(parents=True)
        config = LINPHONE.format(sip=free_port())
        (folder / "linphonerc").write_text(config)
        process = await asyncio.create_subprocess_exec(
            "linphonec", "-c", str(folder / "linphonerc"), "-d", "6", "-l", str(folder / "log"),
            stdin=asyncio.subprocess.PIPE, stdout=sys.stderr,
            env={"HOME": text, "PATH": "/usr/bin:/bin"},
        )  # fmt: skip

        async def type_line(line: str) -> None:
            assert process.stdin is not None
            process.stdin.write(f"{line}\n".encode())
            await process.stdin.drain()

        await asyncio.sleep(1.5)
        await type_line("ipv6 disable")
        for codec in OTHER_CODECS:
            await type_line(f"codec disable {codec}")
        await type_line("soundcard use files")
        await type_line(f"play {_words(folder)}")
        await type_line(f"call {uri}")
        yield type_line
        await type_line("quit")
        await process.wait()


async def _main() -> None:
    captures = HERE / "captures"
    captures.mkdir(exist_ok=True)
    await _capture("lo", captures / "baresip_pcmu.pcap", _baresip)
    await _capture("any", captures / "linphone_pcma.pcap", _linphone)


if __name__ == "__main__":
    asyncio.run(_main())
