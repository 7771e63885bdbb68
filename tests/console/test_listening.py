"""The page for listening to a conference, and its stream."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import soundfile

from call.clock import SystemClock, VirtualClock
from conference.conference import Conference, Kind, Options
from conference.room import Phase
from console import listening
from console.broadcast import Broadcasts
from console.listening import Listening, ListeningPages
from console.serving import served
from console.sockets import address_socket
from telephony.media.wideband import make_stream_encoder
from tests.console.held import BOARD, HeldMeetings
from tests.console.test_broadcast import HeldEar, frames

WAIT_S = 30.0
LINK = "q9ZxT3-secret"
START = datetime(2027, 7, 1, 16, 0, tzinfo=UTC)
MEETING = Conference(
    id="c1",
    room="4321",
    title="Assemblée <annuelle>",
    kind=Kind.SINGLE_USE,
    starts_at=START,
    options=Options(streamed=True),
    link=LINK,
)
STREAMED = replace(BOARD, streamed=True)


class House:
    """Pages on a clock that stands still."""

    def __init__(self, *arranged: Conference, opus: bool = True, most: int = 2) -> None:
        self.arranged: Sequence[Conference] = arranged
        self.meetings = HeldMeetings()
        self.clock = VirtualClock(START)
        self.ears: list[HeldEar] = []
        self.most = most
        self.opus = opus
        self.asked = 0

    async def conferences(self) -> Sequence[Conference]:
        self.asked += 1
        return self.arranged

    def hears(self, _: str) -> HeldEar:
        self.ears.append(HeldEar())
        return self.ears[-1]

    @asynccontextmanager
    async def opened(self, patience_s: float = WAIT_S) -> AsyncIterator[httpx.AsyncClient]:
        made = Broadcasts(self.meetings, self.hears, make_stream_encoder, SystemClock(), self.most)
        broadcasts = made if self.opus else None
        given = Listening(self.conferences, self.meetings, broadcasts, self.clock)
        with address_socket("127.0.0.1", 0) as socket:
            port = socket.getsockname()[1]
            async with (
                asyncio.timeout(patience_s),
                served(ListeningPages(given).app(), socket),
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/listen") as client,
            ):
                yield client
                await made.close()


async def test_before_it_opens_the_page_says_when_it_begins() -> None:
    house = House(MEETING)
    house.clock = VirtualClock(START - timedelta(days=1))
    async with house.opened() as client:
        page = await client.get(LINK)
        sound = await client.get(f"{LINK}/sound")
    assert page.status_code == 200
    assert '<html lang="fr">' in page.text
    assert "La conférence commencera le jeudi 1er juillet 2027 à 12\u00a0h" in page.text
    assert "Assemblée &lt;annuelle&gt;" in page.text
    assert sound.status_code == 404


async def test_an_english_conference_has_an_english_page() -> None:
    house = House(replace(MEETING, language="en", starts_at=START - timedelta(hours=1)))
    house.clock = VirtualClock(START - timedelta(hours=2))
    async with house.opened() as client:
        page = await client.get(LINK)
    assert '<html lang="en">' in page.text
    assert "The conference will begin on Thursday, July 1, 2027 at 11:00\u00a0a.m." in page.text


async def test_the_page_asks_for_nothing_elsewhere_and_tells_the_link_to_nobody() -> None:
    async with House(MEETING).opened() as client:
        page = await client.get(LINK)
        script = await client.get("assets/listening.js")
        style = await client.get("assets/listening.css")
        other = await client.get("assets/listening.py")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert re.findall(r"(?:https?:)?//\w", page.text) == []
    assert re.findall(r"(?:src|href)=\"(.*?)\"", page.text) == [
        "assets/listening.css",
        "assets/listening.js",
        f"{LINK}/sound",
    ]
    assert script.headers["content-type"].startswith("text/javascript")
    assert (style.status_code, other.status_code) == (200, 404)


async def test_how_it_stands_is_told_as_it_changes() -> None:
    house = House(MEETING)
    told = []
    async with house.opened() as client:
        for rooms in (
            (),
            (replace(STREAMED, phase=Phase.WAITING, began=None),),
            (STREAMED,),
            (replace(STREAMED, phase=Phase.WAITING),),
        ):
            house.meetings.rooms = rooms
            told.append((await client.get(f"{LINK}/state")).json())
    assert [each["standing"] for each in told] == [
        "expected",
        "expected",
        "under_way",
        "interrupted",
    ]
    assert [each["heard"] for each in told] == [False, False, True, True]
    assert told[3]["says"].startswith("La conférence est interrompue")


@pytest.mark.parametrize(
    "arranged",
    [
        replace(MEETING, kind=Kind.PERMANENT, starts_at=None),
        replace(MEETING, options=Options(streamed=False)),
        replace(MEETING, link="another"),
        replace(MEETING, link=""),
    ],
)
async def test_what_is_not_streamed_has_no_page_and_no_sound(arranged: Conference) -> None:
    house = House(arranged)
    house.meetings.rooms = (STREAMED,)
    async with house.opened() as client:
        answers = [await client.get(f"{LINK}{end}") for end in ("", "/state", "/sound")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "Conférence introuvable" in answers[0].text
    assert "No such conference" in answers[0].text


async def test_afterwards_the_link_is_gone() -> None:
    house = House(replace(MEETING, ended_at=START - timedelta(minutes=1)))
    async with house.opened() as client:
        answers = [await client.get(f"{LINK}{end}") for end in ("", "/sound", "/sound.webm")]
    assert [answer.status_code for answer in answers] == [410, 410, 410]
    assert "La conférence est terminée." in answers[0].text
    assert "<script" not in answers[0].text


async def test_the_stream_is_opus_that_a_player_decodes_and_it_ends_with_the_session() -> None:
    house = House(MEETING)
    house.meetings.rooms = (STREAMED,)
    async with house.opened() as client, client.stream("GET", f"{LINK}/sound") as stream:
        assert stream.headers["content-type"] == "audio/ogg; codecs=opus"
        written, parts = b"", 0
        async for part in stream.aiter_bytes():
            written, parts = written + part, parts + 1
            if parts == 3:
                house.meetings.rooms = ()
    heard, _ = soundfile.read(io.BytesIO(written))
    assert len(heard)
    assert house.ears[0].closed


async def test_a_browser_is_given_webm_and_leaves_without_a_trace() -> None:
    house = House(MEETING)
    house.meetings.rooms = (STREAMED,)
    async with house.opened() as client:
        async with client.stream("GET", f"{LINK}/sound.webm") as stream:
            house.ears[0].said = frames("a")
            assert stream.headers["content-type"] == 'audio/webm; codecs="opus"'
            assert (await anext(stream.aiter_bytes())).startswith(b"\x1a\x45\xdf\xa3")
        while not house.ears[0].closed:
            await client.get(f"{LINK}/state")


async def test_more_listeners_than_may_are_told_to_come_back() -> None:
    house = House(MEETING, most=1)
    house.meetings.rooms = (STREAMED,)
    async with house.opened() as client, client.stream("GET", f"{LINK}/sound"):
        assert (await client.get(f"{LINK}/sound")).status_code == 503
        assert (await client.head(f"{LINK}/sound")).status_code == 200


async def test_without_an_encoder_the_page_says_so() -> None:
    house = House(MEETING, opus=False)
    house.meetings.rooms = (STREAMED,)
    async with house.opened() as client:
        page, sound = await client.get(LINK), await client.get(f"{LINK}/sound")
    assert "n’est pas offerte" in page.text
    assert "<button" not in page.text
    assert sound.status_code == 404


async def test_strangers_who_ask_often_do_not_reach_the_database() -> None:
    house = House(MEETING)
    async with house.opened() as client:
        for _ in range(10):
            await client.get("guess")
        assert house.asked == 1
        house.clock.advance(3.0)
        await client.get(LINK)
    assert house.asked == 2


async def test_a_conference_that_was_ended_is_over_at_once() -> None:
    house = House(MEETING)
    house.meetings.rooms = (STREAMED,)
    async with house.opened() as client:
        during = (await client.get(f"{LINK}/state")).json()["standing"]
        house.arranged = (replace(MEETING, ended_at=START),)
        house.meetings.rooms = ()
        after = (await client.get(f"{LINK}/state")).json()["standing"]
    assert (during, after) == ("under_way", "over")


async def test_a_link_that_was_taken_back_ends_the_streams_of_those_who_have_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "LOOK_AGAIN", 2)
    house = House(MEETING)
    house.meetings.rooms = (STREAMED,)
    async with house.opened() as client, client.stream("GET", f"{LINK}/sound") as stream:
        house.arranged = (replace(MEETING, link="another"),)
        house.clock.advance(3.0)
        written = b"".join([part async for part in stream.aiter_bytes()])
    assert len(soundfile.read(io.BytesIO(written))[0])
