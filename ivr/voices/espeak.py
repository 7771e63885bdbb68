"""The synthetic voice, seen from the program: sentences in, samples out, whatever happens to it."""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from call.errors import Unavailable
from call.sound import Pcm
from ivr.voices.shaping import (
    QUIET_DBFS,
    at_telephone_rate,
    levelled,
    loudness_dbfs,
    pcm,
    trimmed,
    wave,
)

WORKER = Path(__file__).with_name("espeak_worker.py")
"""Run as a file: this process never imports it."""

ATTEMPTS = 2
"""A process that died between two sentences costs the first; a new one says it."""


class VoiceUnavailable(Unavailable):
    """The synthetic voice cannot say this now."""


@dataclass(frozen=True, slots=True)
class SyntheticVoice:
    """Which of espeak's voices speaks, and how: `pitch` is 0 to 99."""

    voice: str
    words_per_minute: int = 150
    pitch: int = 50


class Espeak:
    """espeak-ng in a process of its own, started at the first sentence, restarted when it dies.

    One sentence at a time; the others wait their turn. `close` it, or use it with `async with`.
    """

    def __init__(self, *, timeout_s: float = 10.0) -> None:
        self._timeout_s = timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._answers = False  # half an answer may be in its pipe: it is of no more use
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process that speaks, while there is one."""
        return self._process.pid if self._process else None

    async def say(self, text: str, voice: SyntheticVoice) -> Pcm:
        """A sentence at 8 kHz, at the house loudness, ends trimmed. Raises VoiceUnavailable."""
        request = json.dumps({"text": text, **asdict(voice)}).encode() + b"\n"
        async with self._turn:
            rate, samples = await self._asked(request)
        return await asyncio.to_thread(_shaped, samples, rate)

    async def close(self) -> None:
        """Ends the process."""
        async with self._turn:
            await self._end()

    async def __aenter__(self) -> "Espeak":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _asked(self, request: bytes) -> tuple[int, bytes]:
        for _ in range(ATTEMPTS):
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._exchange(request)
            except (OSError, EOFError, ValueError):  # TimeoutError is an OSError
                await self._end()
            except asyncio.CancelledError:
                if self._process and self._process.returncode is None:
                    self._process.kill()  # the next sentence, or `close`, sees it off
                raise
        raise VoiceUnavailable("the synthetic voice does not answer")

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise EOFError
        self._answers = True
        process.stdin.write(request)
        await process.stdin.drain()
        header = json.loads(await process.stdout.readuntil())
        samples = await process.stdout.readexactly(header.get("octets", 0))
        self._answers = False
        if error := header.get("error"):
            raise VoiceUnavailable(str(error))
        return header["rate"], samples

    async def _running(self) -> asyncio.subprocess.Process:
        process = self._process
        if process is not None and process.returncode is None and not self._answers:
            return process
        await self._end()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            str(WORKER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C ends calls in good order, and they still need a voice
        )
        return self._process

    async def _end(self) -> None:
        """See the process off, to the end of its pipe too: it must not outlive the loop."""
        process = self._process
        if process is not None:
            if process.returncode is None:
                process.kill()
            if process.stdin is not None:
                process.stdin.close()
            await process.communicate()
        self._process, self._answers = None, False


def _shaped(samples: bytes, rate: int) -> Pcm:
    sound = wave(np.frombuffer(samples, dtype=np.int16))
    if loudness_dbfs(sound) < QUIET_DBFS:
        raise VoiceUnavailable("the synthetic voice said nothing")
    return pcm(trimmed(levelled(at_telephone_rate(sound, rate))))
