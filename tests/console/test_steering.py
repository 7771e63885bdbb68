"""Commands typed beside a server that runs: what they print, and what they do there."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from conference.conference import Role
from conference.happening import Announce, Expel, Finish, Lock, Mute, MuteAll, Record, Wish
from console.live import LiveConferences
from console.serving import served
from console.sockets import CONTROL, folder_socket
from tests.console.held import BOARD, CAMILLE, MARC, HeldMeetings
from vestibule.cli.conference_live import add_live_commands
from vestibule.steering import ServerAway, SteeringRefused, steering

WAIT_S = 30.0


class Desk:
    """Types commands on a folder; the server runs meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._app = typer.Typer()
        add_live_commands(self._app)

    async def types(self, *words: str, keys: str = "") -> str:
        """What was printed. Raises what the command raised."""
        given = [*words, "--data", str(self._folder)]
        return await asyncio.to_thread(self._typed, given, keys)

    def _typed(self, words: list[str], keys: str) -> str:
        result = CliRunner().invoke(self._app, words, input=keys)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output


@asynccontextmanager
async def a_server(folder: Path, meetings: HeldMeetings) -> AsyncIterator[Callable[[], None]]:
    live = LiveConferences(meetings)
    with folder_socket(folder / CONTROL) as listening:
        async with served(live.app(), listening):
            yield live.close
            live.close()


async def test_an_administrator_sees_who_is_there(tmp_path: Path) -> None:
    locked = replace(BOARD, locked=True)
    async with a_server(tmp_path, HeldMeetings(locked)):
        printed = await Desk(tmp_path).types("live")
        told = json.loads(await Desk(tmp_path).types("live", "--json"))
    first, camille, marc, _ = printed.splitlines()
    assert first == "4321  Réunion du lundi  running since 12:00, locked, announced"
    assert camille.split() == ["Camille", "Côté", "101", "administrator", "12:00", "talking"]
    assert marc.split() == ["Marc", "Tremblay", "+15145550123", "participant", "12:00"]
    assert told[0]["people"][0]["name"] == "Camille Côté"


async def test_when_nothing_is_held_that_is_told(tmp_path: Path) -> None:
    async with a_server(tmp_path, HeldMeetings()):
        assert await Desk(tmp_path).types("live") == "No conference is being held.\n"


@pytest.mark.parametrize(
    ("typed", "wish", "said"),
    [
        ("mute 4321 tremblay", Mute(MARC.id, True), "Marc Tremblay (+15145550123) is muted."),
        ("unmute 4321 0123", Mute(MARC.id, False), "may speak again."),
        ("mute-all 4321", MuteAll(True), "Every participant of 4321 is muted."),
        ("unmute-all 4321", MuteAll(False), "may speak again."),
        ("lock 4321", Lock(True), "is locked."),
        ("unlock 4321", Lock(False), "is open again."),
        ("expel 4321 tremblay --yes", Expel(MARC.id), "is put out."),
        ("record 4321 on", Record(True), "is recorded."),
        ("record 4321 off", Record(False), "is recorded no more."),
        ("announce 4321 off", Announce(False), "are announced no more."),
        ("end 4321 -y", Finish(), "The conference in room 4321 is over."),
    ],
)
async def test_each_command_does_what_it_says(
    tmp_path: Path, typed: str, wish: Wish, said: str
) -> None:
    meetings = HeldMeetings(BOARD)
    async with a_server(tmp_path, meetings):
        assert said in await Desk(tmp_path).types(*typed.split())
    assert meetings.wishes == [("4321", wish)]


async def test_volume_and_calls_go_to_whom_they_name(tmp_path: Path) -> None:
    meetings = HeldMeetings(BOARD)
    async with a_server(tmp_path, meetings):
        desk = Desk(tmp_path)
        assert "heard at 6 dB" in await desk.types("volume", "4321", "camille", "--spoken", "6")
        words = ("--name", "Zoé", "--role", "administrator", "--language", "en")
        assert "Zoé is in" in await desk.types("call", "4321", "514-555-0177", *words)
        meetings.joins = False
        with pytest.raises(SteeringRefused, match="102 did not take the call"):
            await desk.types("call", "4321", "102")
    assert meetings.volumes == [("4321", CAMILLE.id, 6.0, 0.0)]
    assert meetings.called[0] == ("4321", "5145550177", "Zoé", Role.ADMINISTRATOR, "en")


@pytest.mark.parametrize("number", ["abc", "tremblay 102", "", "5" * 21, "5145550177;ext=2"])
async def test_who_types_no_number_calls_nobody(tmp_path: Path, number: str) -> None:
    meetings = HeldMeetings(BOARD)
    async with a_server(tmp_path, meetings):
        assert "or a number outside" in await Desk(tmp_path).types("call", "4321", number)
    assert meetings.called == []


async def test_ending_a_conference_is_asked_about_first(tmp_path: Path) -> None:
    meetings = HeldMeetings(BOARD)
    async with a_server(tmp_path, meetings):
        asked = await Desk(tmp_path).types("end", "4321", keys="n\n")
    assert "for 3 people?" in asked
    assert meetings.wishes == []


async def test_what_the_server_refuses_is_its_own_sentence(tmp_path: Path) -> None:
    meetings = HeldMeetings(BOARD)
    meetings.refuses = "the conference has not begun"
    async with a_server(tmp_path, meetings):
        with pytest.raises(SteeringRefused, match=r"^the conference has not begun$"):
            await Desk(tmp_path).types("lock", "4321")
        with pytest.raises(SteeringRefused, match="nobody is in conference room 9999"):
            await Desk(tmp_path).types("expel", "9999", "marc", "--yes")


async def test_who_watches_reads_a_line_for_each_change(tmp_path: Path) -> None:
    meetings = HeldMeetings(BOARD)
    async with asyncio.timeout(WAIT_S), a_server(tmp_path, meetings) as close:
        watching = asyncio.create_task(Desk(tmp_path).types("watch"))
        await meetings.watched.wait()
        meetings.stand(replace(BOARD, people=(CAMILLE,)))
        await meetings.watched.wait()
        close()
        printed = await watching
    lines = printed.splitlines()
    assert lines[0].startswith("4321  Réunion du lundi  running")
    assert lines[4].endswith("4321  Marc Tremblay (+15145550123) has gone")
    assert lines[-1] == "The server has ended."


@pytest.mark.parametrize("left_behind", [False, True])
async def test_a_server_that_does_not_run_is_told_in_one_line(
    tmp_path: Path, left_behind: bool
) -> None:
    if left_behind:
        with folder_socket(tmp_path / CONTROL):
            (tmp_path / CONTROL).rename(tmp_path / "left")
        (tmp_path / "left").rename(tmp_path / CONTROL)
    with pytest.raises(ServerAway, match="no server answers calls from"):
        await Desk(tmp_path).types("live")
    with pytest.raises(ServerAway), steering(tmp_path / "nowhere") as server:
        server.live()


async def test_the_server_of_another_user_is_not_said_to_be_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: socket.socket, __: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuses)
    with pytest.raises(SteeringRefused, match="as the user that the server runs as"):
        await Desk(tmp_path).types("live")
