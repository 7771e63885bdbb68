"""Applications served over HTTP beside the calls, in the program's own loop, by uvicorn.

It takes no signal and writes no line for each request. Sockets are made beforehand
(`console.sockets`), so that what cannot be had is told before anything is served.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

DATED_EVERY_S = 1.0
GRACE_S = 2
"""Seconds that answers under way get at the end."""

IDLE_S = 15


class _Server(uvicorn.Server):
    """Uvicorn without its signals, and without its ten looks a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._told.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The program has handlers of its own."""
        yield

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DATED_EVERY_S):
                    await self._told.wait()


@asynccontextmanager
async def served(app: ASGIApp, listening: socket.socket) -> AsyncIterator[None]:
    """Answer on a bound socket until the block ends; then answers under way get two seconds."""
    server = _Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    serving = asyncio.create_task(server.serve([listening]), name="web")
    try:
        yield
    finally:
        server.stop()
        await serving
