"""Many light telephones at once: one task beats the sound of all of them, where `Phone` alone would
start a thread for each."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from tests.wire.link import Address
from tests.wire.phone import Phone, PhoneCall
from tests.wire.rtp_line import FRAME_S, RtpLine


class LightLine(RtpLine):
    """A line that is beaten with others."""

    def __init__(self, crowd: "Crowd") -> None:
        super().__init__()
        self._crowd = crowd

    def connect(self, remote: tuple[str, int]) -> None:
        self._remote = remote
        if not self._closing.is_set():
            self._crowd.lines.add(self)

    def close(self) -> None:
        self._crowd.lines.discard(self)
        super().close()

    def beat(self) -> None:
        """Take in what came and send one frame."""
        with contextlib.suppress(OSError):  # the far end has closed its port
            self._receive_all()
            self._send_one()
        self.arrivals = self.arrivals[-50:]


class Crowd:
    """The lines that are beaten together."""

    def __init__(self) -> None:
        self.lines: set[LightLine] = set()

    async def beat(self) -> None:
        """Beat on an absolute 20 ms grid, until cancelled."""
        start, tick = time.monotonic(), 0
        while True:
            for line in list(self.lines):
                line.beat()
            tick += 1
            await asyncio.sleep(max(0.0, start + tick * FRAME_S - time.monotonic()))


class LightPhone(Phone):
    """A telephone whose calls have light lines."""

    def __init__(self, number: str, crowd: Crowd) -> None:
        super().__init__(number)
        self._crowd = crowd

    def _new_call(self, number: str, server: Address) -> PhoneCall:
        call = super()._new_call(number, server)
        call.line.close()
        call.line = LightLine(self._crowd)
        call.line.event_type = self.wire.event_type
        return call


@contextlib.asynccontextmanager
async def gathered() -> AsyncIterator[Crowd]:
    """A crowd whose sound is beaten until the end of the block."""
    crowd = Crowd()
    beating = asyncio.create_task(crowd.beat())
    try:
        yield crowd
        assert not beating.done(), "the crowd's own sound has stopped"
    finally:
        beating.cancel()
