"""Transcription by faster-whisper, an optional package, with a model on this machine's disk.

The engine has a process of its own, so that it takes nothing of the calls' beat, may be ended when
it takes too long, and takes nothing with it when it dies. It is started by the first message.
"""

import asyncio
import json
import logging
import sys
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from voicemail.errors import TranscriberUnavailable

log = logging.getLogger(__name__)

WORKER = Path(__file__).with_name("whisper_worker.py")
"""Run as a file: this process never imports it."""

PACKAGE = "faster_whisper"
_LONGEST_LINE = 2**20
_NICER = 10
"""How much the engine yields to everything else on the machine."""


def whisper_absence(model: Path) -> str:
    """Why there can be no transcription with this model; "" when there can be."""
    if find_spec(PACKAGE) is None:
        return "the package faster-whisper is not installed"
    if not model.is_dir():
        return f"{model}: no such folder"
    return ""


class Whisper:
    """One message at a time, each within `limit_s`; the process starts anew after one that was
    not. `close` it, or use it with `async with`."""

    def __init__(self, model: Path, *, limit_s: float = 120.0) -> None:
        self._model = model
        self._limit_s = limit_s
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process of the engine, while there is one."""
        return self._process.pid if self._process else None

    async def text(self, wav: Path, language: str) -> str:
        request = json.dumps({"wav": str(wav), "language": language}).encode() + b"\n"
        async with self._turn:
            try:
                async with asyncio.timeout(self._limit_s):
                    answer = await self._exchange(request)
            except (OSError, EOFError, ValueError) as fault:  # TimeoutError is an OSError
                await self._end()
                raise TranscriberUnavailable(str(fault) or type(fault).__name__) from fault
            except asyncio.CancelledError:
                # Half an answer may be in the pipe: the next message needs a clean one.
                await self._end()
                raise
        if "error" in answer:
            raise TranscriberUnavailable(answer["error"])
        return answer["text"]

    async def close(self) -> None:
        """Ends the process."""
        async with self._turn:
            await self._end()

    async def __aenter__(self) -> "Whisper":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _exchange(self, request: bytes) -> dict[str, str]:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise EOFError("no pipe to the engine")
        process.stdin.write(request)
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise EOFError("the engine ended; is the model whole?")
        answer: dict[str, str] = json.loads(line)
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            await self._end()
            self._process = await asyncio.create_subprocess_exec(
                "nice",
                f"-n{_NICER}",
                sys.executable,
                "-P",
                str(WORKER),
                str(self._model),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST_LINE,
                start_new_session=True,  # Ctrl-C ends calls in good order, and their mail too
            )
            log.info("transcription engine started", extra={"pid": self._process.pid})
        return self._process

    async def _end(self) -> None:
        """See the process off, to the end of its pipe too: it must not outlive the loop."""
        process = self._process
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.communicate()
        self._process = None
