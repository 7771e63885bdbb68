"""What a program serves by HTTP: its control socket always, pages where they have an address."""

import asyncio
import logging
from pathlib import Path

import pytest

from call.clock import SystemClock
from console.sockets import CONTROL
from tests.console.held import BOARD, HeldMeetings
from vestibule.meetings.ears import FOLDER
from vestibule.settings import settings_from
from vestibule.steering import steering
from vestibule.web import open_web


class NoDatabase:
    """Nobody asks for what is arranged."""


async def test_a_program_is_steered_by_its_data_folder(tmp_path: Path) -> None:
    settings = settings_from({"storage": {"data": tmp_path}}, origin="test")

    def asked() -> object:
        with steering(tmp_path) as server:
            return server.live()

    meetings = HeldMeetings(BOARD)
    async with open_web(settings, meetings, NoDatabase(), SystemClock()) as web:  # type: ignore[arg-type]
        assert web is None
        assert await asyncio.to_thread(asked) == (BOARD,)
    assert not (tmp_path / CONTROL).exists()


async def test_where_there_can_be_no_control_socket_calls_are_answered_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_from({"storage": {"data": tmp_path}}, origin="test")
    (tmp_path / CONTROL).mkdir()
    with caplog.at_level(logging.ERROR):
        async with open_web(settings, HeldMeetings(), NoDatabase(), SystemClock()):  # type: ignore[arg-type]
            pass
    assert [record.message for record in caplog.records] == ["no control socket"]
    assert (tmp_path / CONTROL).is_dir()


async def test_pages_have_the_address_of_the_settings_and_clear_the_sockets_of_a_killed_server(
    tmp_path: Path,
) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "1").touch()
    given = {"storage": {"data": tmp_path}, "web": {"listen": "127.0.0.1:0"}}
    settings = settings_from(given, origin="test")
    async with open_web(settings, HeldMeetings(), NoDatabase(), SystemClock()) as web:  # type: ignore[arg-type]
        assert web is not None
        host, port = web
        assert host == "127.0.0.1"
        assert not list((tmp_path / FOLDER).iterdir())
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /listen/assets/listening.css HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
