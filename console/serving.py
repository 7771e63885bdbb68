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
from uvicorn.protocols.http.h11_impl import H11Protocol

DATED_EVERY_S = 1.0
GRACE_S = 2
"""Seconds that answers under way get at the end."""

IDLE_S = 15
"""How long somebody may be connected and ask for nothing."""


class _Connection(H11Protocol):
    """Who asks for nothing is let go, and there are never more than may be: a call needs sockets
    too."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # As in uvicorn: asyncio tells any transport, and a stream's is one that can be written to.
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency:
            transport.abort()
            return
        self.loop.call_later(IDLE_S, self._let_go_of_the_silent)

    def _let_go_of_the_silent(self) -> None:
        if not self.cycle:
            self.transport.close()


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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """At once where nobody is connected; uvicorn waits a while for those who are."""
        if self.server_state.connections:
            await super().shutdown(sockets)
        for server in self.servers:
            server.close()


@asynccontextmanager
async def served(app: ASGIApp, listening: socket.socket, most: int = 100) -> AsyncIterator[None]:
    """Answer on a bound socket until the block ends; then answers under way get two seconds.

    `most` may be connected at once.
    """
    server = _Server(
        uvicorn.Config(
            app,
            http=_Connection,
            limit_concurrency=most,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
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
