"""A browser as people have one: Debian's Chromium, told what to do through two pipes.

The DevTools protocol by `--remote-debugging-pipe`: JSON, each message ended by a zero octet.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")

PATIENCE_S = 60.0
"""For how long a page is waited for; a browser beside other tests is slow."""

FAREWELL_S = 10.0

ALONE = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip
"""It asks for nothing but its page, and needs no more shared memory than a container has."""

_READS, _WRITES = 3, 4


class Page:
    """A page that is open."""

    def __init__(self, reader: asyncio.StreamReader, writes: int) -> None:
        self._reader = reader
        self._writes = writes
        self._ids = itertools.count(1)
        self._session: str | None = None

    async def goes_to(self, address: str) -> None:
        """Open a page, and wait until it is there."""
        made = await self._asked("Target.createTarget", url="about:blank")
        there = await self._asked("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        self._session = there["sessionId"]
        await self._asked("Page.navigate", url=address)
        await self.until("document.readyState === 'complete'")

    async def tells(self, expression: str) -> Any:
        """What an expression of JavaScript gives."""
        answer = await self._asked("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await self.tells(expression):  # noqa: ASYNC110 - no event of ours tells
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = await self.tells("document.body.innerText")
            raise AssertionError(f"never: {expression}, but {shown!r}") from None

    async def clicks(self, selector: str) -> None:
        """Press the mouse on what a selector finds, as somebody does."""
        x, y = await self.tells(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self._asked(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def pictured(self, path: Path, *, width: int = 800, height: int = 600) -> None:
        """Take a picture of it."""
        await self._asked(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        picture = await self._asked("Page.captureScreenshot")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(picture["data"]))

    async def _asked(self, method: str, **given: object) -> Any:
        id = next(self._ids)
        message: dict[str, object] = {"id": id, "method": method, "params": given}
        if self._session is not None and not method.startswith("Target."):
            message["sessionId"] = self._session
        os.write(self._writes, json.dumps(message).encode() + b"\0")
        while True:
            told = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            if told.get("id") == id:
                assert "error" not in told, told
                return told["result"]


@contextlib.asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Page]:
    """A browser without a window, on a profile of its own."""
    assert CHROMIUM is not None
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()

    def laid() -> None:
        """Where the browser looks for the pipes; by numbers that neither has yet."""
        os.dup2(theirs_in, 63)
        os.dup2(theirs_out, 64)
        os.dup2(63, _READS)
        os.dup2(64, _WRITES)

    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *ALONE, "--headless=new", "--no-sandbox", "--disable-gpu",
        "--remote-debugging-pipe", f"--user-data-dir={profile}",
        close_fds=False, preexec_fn=laid, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    reader = asyncio.StreamReader(limit=1 << 24)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours_in, "rb")
    )
    try:
        yield Page(reader, ours_out)
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), FAREWELL_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        transport.close()
        os.close(ours_out)
