"""What programs see of conferences that are held, and what they do to them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from conference.conference import Role
from conference.happening import Announce, Expel, Finish, Lock, Mute, MuteAll, Record, Wish
from conference.room import Phase
from console.live import LiveConferences
from console.serving import served
from console.sockets import CONTROL, folder_socket
from console.state import read, written
from tests.console.held import BOARD, CAMILLE, MARC, HeldMeetings

WAIT_S = 30.0


def within(meetings: HeldMeetings) -> httpx.AsyncClient:
    """Asks the application itself, by no socket."""
    transport = httpx.ASGITransport(LiveConferences(meetings).app())
    return httpx.AsyncClient(transport=transport, base_url="http://server")


@asynccontextmanager
async def asking(
    meetings: HeldMeetings, folder: Path, heartbeat_s: float = 15.0
) -> AsyncIterator[httpx.AsyncClient]:
    live = LiveConferences(meetings, heartbeat_s)
    transport = httpx.AsyncHTTPTransport(uds=str(folder / CONTROL))
    with folder_socket(folder / CONTROL) as listening:
        async with (
            served(live.app(), listening),
            httpx.AsyncClient(transport=transport, base_url="http://server") as client,
        ):
            yield client
            live.close()


async def test_a_program_sees_who_is_in_which_conference() -> None:
    async with within(HeldMeetings(BOARD)) as client:
        answer = await client.get("/conferences")
        one = await client.get("/conferences/4321")
    assert answer.headers["content-type"] == "application/json"
    assert read(answer.content) == (BOARD,)
    assert one.json()["people"][1]["number"] == "+15145550123"


@pytest.mark.parametrize(
    ("deed", "body", "wish"),
    [
        ("mute", {"who": MARC.id, "on": True}, Mute(MARC.id, True)),
        ("mute", {"who": MARC.id, "on": False}, Mute(MARC.id, False)),
        ("mute-all", {"on": True}, MuteAll(True)),
        ("lock", {"on": True}, Lock(True)),
        ("expel", {"who": MARC.id}, Expel(MARC.id)),
        ("record", {"on": True}, Record(True)),
        ("announce", {"on": False}, Announce(False)),
        ("finish", {}, Finish()),
    ],
)
async def test_each_deed_becomes_the_wish_of_nobody_inside(
    deed: str, body: dict[str, object], wish: Wish
) -> None:
    meetings = HeldMeetings(BOARD)
    async with within(meetings) as client:
        answer = await client.post(f"/conferences/4321/{deed}", json=body)
    assert answer.status_code == 204
    assert meetings.wishes == [("4321", wish)]


async def test_somebody_is_heard_louder_and_somebody_is_called_in() -> None:
    meetings = HeldMeetings(BOARD)
    async with within(meetings) as client:
        volume = {"who": MARC.id, "spoken_db": 6.0}
        await client.post("/conferences/4321/volume", json=volume)
        called = {"number": "5145550177", "name": "Élise", "role": "administrator"}
        joined = await client.post("/conferences/4321/call", json=called)
        meetings.joins = False
        alone = await client.post("/conferences/4321/call", json={"number": "102"})
    assert meetings.volumes == [("4321", MARC.id, 6.0, 0.0)]
    assert meetings.called[0] == ("4321", "5145550177", "Élise", Role.ADMINISTRATOR, "fr")
    assert (joined.json(), alone.json()) == ({"joined": True}, {"joined": False})


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/conferences/9999/lock", {"on": True}, 404, "nobody is in conference room 9999"),
        ("/conferences/4321/dance", {}, 422, "dance: one of mute, "),
        ("/conferences/4321/lock", {}, 422, "on: Field required"),
        ("/conferences/4321/lock", {"on": True, "by": "me"}, 422, "by: Extra inputs"),
        ("/conferences/4321/volume", {"who": "x", "heard_db": "loud"}, 422, "heard_db: "),
        ("/conferences/4321/call", {"number": "sip:mallory"}, 422, "number: "),
        ("/nowhere", {}, 404, "Not Found"),
    ],
)
async def test_what_cannot_be_done_is_told_in_a_sentence(
    path: str, body: dict[str, object], status: int, said: str
) -> None:
    meetings = HeldMeetings(BOARD)
    async with within(meetings) as client:
        answer = await client.post(path, json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]
    assert (answer.json()["status"], answer.json()["type"]) == (status, "about:blank")
    assert meetings.wishes == []


async def test_why_a_wish_is_not_granted_is_told() -> None:
    meetings = HeldMeetings(BOARD)
    meetings.refuses = "the conference has not begun"
    async with within(meetings) as client:
        answer = await client.post("/conferences/4321/record", json={"on": True})
    assert (answer.status_code, answer.json()["detail"]) == (409, "the conference has not begun")


async def test_who_watches_is_told_at_once_and_after_each_change(tmp_path: Path) -> None:
    meetings = HeldMeetings(BOARD)
    quiet = replace(BOARD, people=(replace(CAMILLE, talking=False),))
    async with asking(meetings, tmp_path) as client, asyncio.timeout(WAIT_S):
        async with client.stream("GET", "/conferences/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            assert await _told(lines) == [BOARD]
            meetings.stand(quiet)
            assert await _told(lines) == [quiet]
            meetings.stand()
            assert await _told(lines) == []
            assert meetings.watchers == 1
        while meetings.watchers:
            await client.get("/conferences")


async def test_a_stream_of_events_says_that_it_is_still_there(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(WAIT_S),
        asking(HeldMeetings(), tmp_path, heartbeat_s=0.02) as client,
        client.stream("GET", "/conferences/events") as stream,
    ):
        lines = [line async for line in _some(stream.aiter_lines(), 6)]
    assert lines[:2] == ["event: conferences", "data: []"]
    assert lines.count(": still here") > 1


async def test_the_server_ends_while_somebody_watches(tmp_path: Path) -> None:
    meetings = HeldMeetings(BOARD)
    live = LiveConferences(meetings)
    transport = httpx.AsyncHTTPTransport(uds=str(tmp_path / CONTROL))
    async with (
        asyncio.timeout(WAIT_S),
        httpx.AsyncClient(transport=transport, base_url="http://server") as client,
    ):
        with folder_socket(tmp_path / CONTROL) as listening:
            async with served(live.app(), listening):
                stream = await client.send(
                    client.build_request("GET", "/conferences/events"), stream=True
                )
                lines = stream.aiter_lines()
                assert await _told(lines) == [BOARD]
                live.close()
            rest = [line async for line in lines if line]
    assert rest == []
    assert meetings.watchers == 0
    assert not (tmp_path / CONTROL).exists()


async def _told(lines: AsyncIterator[str]) -> list[object]:
    async for line in lines:
        if line.startswith("data: "):
            assert json.loads(line[6:]) is not None
            return list(read(line[6:]))
    raise AssertionError("the stream is over")


async def _some(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        count -= 1
        if not count:
            return


def test_a_waiting_room_is_told_as_well() -> None:
    waiting = replace(BOARD, phase=Phase.WAITING, began=None)
    assert read(written([waiting])) == (waiting,)
