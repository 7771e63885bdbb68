"""Debian's baresip as a telephone that speaks from a file and keeps what it hears in another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.ports import free_port

CONFIG = """\
sip_listen 127.0.0.1:{port}
net_interface 127.0.0.1
audio_source aufile,{says}
ausrc_srate {rate}
ausrc_channels 1
audio_player none
audio_alert none
snd_path {folder}
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module opus.so
module aufile.so
module sndfile.so
module srtp.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
"""

ACCOUNT = (
    "<sip:phone@127.0.0.1;transport=udp>;regint=0;answermode=auto;audio_codecs={codec}{more}\n"
)


@dataclass(frozen=True)
class Baresip:
    """A baresip under way."""

    folder: Path
    port: int
    control: int

    async def do(self, command: str) -> None:
        """Have it do what a line of its console would."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.control)
        name, _, params = command.partition(" ")
        body = f'{{"command":"{name}","params":"{params}"}}'.encode()
        writer.write(b"%d:%s," % (len(body), body))  # a netstring
        await writer.drain()
        writer.close()

    async def call(self, uri: str) -> None:
        """Call somebody."""
        await self.do(f"dial {uri}")

    def heard(self, rate: int = 8000) -> NDArray[np.int16]:
        """What it heard in its call, once it is over, at the rate of its codec: one channel."""
        (dump,) = self.folder.glob("dump-*-dec.wav")
        sound, dumped = soundfile.read(dump, dtype="int16", always_2d=True)
        assert dumped == rate
        return np.asarray(sound[:, 0], dtype=np.int16)


@contextlib.asynccontextmanager
async def baresip(
    folder: Path, says: Path, encryption: str = "", codec: str = "PCMU/8000/1"
) -> AsyncIterator[Baresip]:
    """Run one until the end of the block. `encryption` is one of its own words: `srtp-mand`."""
    phone = _configured(folder, says, encryption, codec)
    process = await asyncio.create_subprocess_exec(
        "stdbuf", "-oL", "baresip", "-4", "-f", str(folder), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(10):
            async for line in process.stdout:
                if b"baresip is ready" in line:
                    break
        reading = asyncio.create_task(process.stdout.read())
        yield phone
    finally:
        process.terminate()
        await process.wait()
    await reading


def _configured(folder: Path, says: Path, encryption: str, codec: str) -> Baresip:
    folder.mkdir(parents=True)
    phone = Baresip(folder, free_port(), free_port())
    rate = soundfile.info(says).samplerate
    config = CONFIG.format(
        port=phone.port, control=phone.control, says=says, rate=rate, folder=folder
    )
    (folder / "config").write_text(config)
    more = f";mediaenc={encryption}" if encryption else ""
    (folder / "accounts").write_text(ACCOUNT.format(codec=codec, more=more))
    (folder / "contacts").write_text("")
    return phone
