"""Who is connected to the pages and asks for nothing, or takes nothing, costs nothing."""

import asyncio
import contextlib
import socket

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console import serving
from console.serving import served
from console.sockets import address_socket

WAIT_S = 30.0
ASKED = b"GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n"


async def _hello(_: Request) -> Response:
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", _hello)])


async def test_more_than_may_be_connected_are_let_go_at_once() -> None:
    with address_socket("127.0.0.1", 0) as listening:
        address = listening.getsockname()
        async with asyncio.timeout(WAIT_S), served(APP, listening, most=3):
            connected = [await asyncio.open_connection(*address) for _ in range(3)]
            with contextlib.suppress(ConnectionResetError):
                reader, writer = await asyncio.open_connection(*address)
                assert await reader.read() == b""
                writer.close()
            for _, writer in connected:
                writer.close()
            said = b""
            while not said.endswith(b"hello"):
                with contextlib.suppress(ConnectionResetError):
                    reader, writer = await asyncio.open_connection(*address)
                    writer.write(ASKED)
                    said = await reader.read()
                    writer.close()


async def test_who_asks_for_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "IDLE_S", 0.01)
    with address_socket("127.0.0.1", 0) as listening:
        async with asyncio.timeout(WAIT_S), served(APP, listening):
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            assert await reader.read() == b""
            writer.close()


def test_who_takes_nothing_is_given_up_by_the_kernel() -> None:
    with address_socket("127.0.0.1", 0) as listening:
        stuck_ms = listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        held_back = listening.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    assert stuck_ms <= 30_000
    assert held_back <= 1 << 16
