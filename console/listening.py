"""Listening to a streamed conference in a browser: a page, and the sound.

    GET /listen/{link}              the page, in the language of the conference
    GET /listen/{link}/state        how it stands, in a sentence (JSON)
    GET /listen/{link}/sound        Opus in Ogg, live
    GET /listen/{link}/sound.webm   the same in WebM, which the page's script feeds to the browser

Whoever has the link listens; nobody can guess it. It answers 404 for what is not streamed, and 410
once the conference is over. All addresses in the page are relative: it may stand below any path.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hmac import compare_digest
from http import HTTPStatus
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from call.clock import Clock
from call.errors import Unavailable
from call.sound import RATE
from conference.conference import Conference, Kind
from conference.live import LiveRoom, Meetings
from conference.room import Phase
from console.broadcast import Broadcasts, Listener, held
from console.listening_words import WORDS, Words, when
from console.ogg import MEDIA_TYPE as OGG
from console.ogg import OggOpus
from console.problems import TELLING, problem
from console.webm import MEDIA_TYPE as WEBM
from console.webm import WebmOpus

ASSETS = Path(__file__).parent / "assets"
TEMPLATES = Path(__file__).parent / "templates"

KNOWN_FOR_S = 2.0
"""How long what was read of the arranged conferences is believed: strangers may ask often."""

LOOK_AGAIN = 20
"""After so many parts of a stream, two seconds, it is seen whether its link still leads there."""

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
)
"""What browsers are told: nothing of elsewhere is fetched, and the link is told to nobody."""

_ASSETS: Mapping[str, str] = MappingProxyType(
    {"listening.js": "text/javascript", "listening.css": "text/css"}
)


class Standing(StrEnum):
    """How a streamed conference stands, for who would listen."""

    BEFORE = "before"
    """Nobody is let in yet."""
    EXPECTED = "expected"
    """People may come; it has not begun."""
    UNDER_WAY = "under_way"
    INTERRUPTED = "interrupted"
    """Its people wait for an administrator."""
    OVER = "over"

    @property
    def heard(self) -> bool:
        """Whether there is a stream."""
        return self in (Standing.UNDER_WAY, Standing.INTERRUPTED)


class Stream(Protocol):
    """How packets are written for a listener."""

    def head(self) -> bytes:
        """What comes first."""

    def body(self, packets: Sequence[bytes]) -> bytes:
        """The next packets."""

    def end(self) -> bytes:
        """What comes last."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What listening takes. Without `broadcasts` there is no encoder, and the page says so."""

    conferences: Callable[[], Awaitable[Sequence[Conference]]]
    """All that are arranged. Raises StoreUnavailable."""
    meetings: Meetings
    broadcasts: Broadcasts | None
    clock: Clock


def standing(conference: Conference, room: LiveRoom | None, now: datetime) -> Standing:
    """How a conference stands; `room` is None while nobody is there."""
    if room is not None and room.began is not None and room.phase is not Phase.OVER:
        running = room.phase is Phase.RUNNING
        return Standing.UNDER_WAY if running else Standing.INTERRUPTED
    if conference.is_over(now):
        return Standing.OVER
    return Standing.BEFORE if conference.is_early(now) else Standing.EXPECTED


class ListeningPages:
    """The routes."""

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._known: Sequence[Conference] = ()
        self._known_until = float("-inf")
        self._known_with = frozenset[str]()
        """The sessions that were held then: the end of one may be that of its conference."""
        self._serials = 0
        self._pages = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def app(self) -> Starlette:
        """All of it as one application."""
        routes = [
            Route("/listen/assets/{name:str}", self._asset),
            Route("/listen/{link:str}", self._page),
            Route("/listen/{link:str}/state", self._state),
            Route("/listen/{link:str}/sound", self._ogg),
            Route("/listen/{link:str}/sound.webm", self._webm),
        ]
        return Starlette(routes=routes, exception_handlers=TELLING)

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _ASSETS:
            return problem(HTTPStatus.NOT_FOUND, "there is no such file")
        headers = {**HEADERS, "Cache-Control": "max-age=3600"}
        return FileResponse(ASSETS / name, headers=headers, media_type=_ASSETS[name])

    async def _page(self, request: Request) -> Response:
        conference = await self._find(request)
        if conference is None:
            both = WORDS.values()
            return self._written("unknown.html.j2", HTTPStatus.NOT_FOUND, both=both)
        words, stands = WORDS[conference.language], self._standing(conference)
        return self._written(
            "listening.html.j2",
            HTTPStatus.GONE if stands is Standing.OVER else HTTPStatus.OK,
            words=words,
            language=conference.language,
            title=conference.title,
            link=conference.link,
            standing=stands,
            says=self._says(conference, stands, words),
            listens=self._listening.broadcasts is not None,
        )

    async def _state(self, request: Request) -> Response:
        conference = await self._find(request)
        if conference is None:
            return _unknown()
        stands = self._standing(conference)
        says = self._says(conference, stands, WORDS[conference.language])
        told = {"standing": stands, "heard": self._hears(stands), "says": says}
        return JSONResponse(told, headers=HEADERS)

    async def _ogg(self, request: Request) -> Response:
        self._serials += 1
        return await self._sound(request, OggOpus(self._serials, RATE), OGG)

    async def _webm(self, request: Request) -> Response:
        return await self._sound(request, WebmOpus(RATE), WEBM)

    async def _sound(self, request: Request, stream: Stream, media_type: str) -> Response:
        conference = await self._find(request)
        if conference is None:
            return _unknown()
        stands, broadcasts = self._standing(conference), self._listening.broadcasts
        if stands is Standing.OVER:
            return problem(HTTPStatus.GONE, "the conference is over", HEADERS)
        if broadcasts is None or not stands.heard:
            return problem(HTTPStatus.NOT_FOUND, "there is nothing to hear just now", HEADERS)
        if request.method == "HEAD":
            return Response(media_type=media_type, headers=HEADERS)
        async with AsyncExitStack() as stack:
            listener = await stack.enter_async_context(broadcasts.listener(conference.id))

            async def may_listen() -> bool:
                with contextlib.suppress(Unavailable):
                    return await self._find(request) is not None
                return True

            sound = _streamed(listener, stream, may_listen)
            return _Sound(sound, stack.pop_all(), media_type)

    async def _find(self, request: Request) -> Conference | None:
        """The streamed conference of a link."""
        link = request.path_params["link"].encode()
        now, held_now = self._listening.clock.monotonic(), self._sessions()
        if now >= self._known_until or held_now != self._known_with:
            self._known = await self._listening.conferences()
            self._known_until, self._known_with = now + KNOWN_FOR_S, held_now
        found = [each for each in self._known if compare_digest(each.link.encode(), link)]
        return next((each for each in found if is_streamed(each)), None)

    def _sessions(self) -> frozenset[str]:
        return frozenset(room.session for room in self._listening.meetings.live())

    def _standing(self, conference: Conference) -> Standing:
        room = held(self._listening.meetings, conference.id)
        return standing(conference, room, self._listening.clock.now())

    def _hears(self, stands: Standing) -> bool:
        return self._listening.broadcasts is not None and stands.heard

    def _says(self, conference: Conference, stands: Standing, words: Words) -> str:
        if self._listening.broadcasts is None and stands is not Standing.OVER:
            return words.not_available
        if stands in (Standing.BEFORE, Standing.EXPECTED) and conference.starts_at is not None:
            at = when(conference.starts_at, conference.zone, conference.language)
            return words.standings[stands].format(when=at)
        return words.standings[stands]

    def _written(self, template: str, status: HTTPStatus, **words: object) -> Response:
        text = self._pages.get_template(template).render(words)
        return Response(text, int(status), HEADERS, "text/html; charset=utf-8")


def is_streamed(conference: Conference) -> bool:
    """Whether a conference has a page: permanent ones have none (CF-08)."""
    single = conference.kind is Kind.SINGLE_USE
    return single and conference.options.streamed and bool(conference.link)


class _Sound(StreamingResponse):
    """Streams to a listener, who leaves with it however it ends."""

    def __init__(
        self, sound: AsyncIterator[bytes], leaving: AsyncExitStack, media_type: str
    ) -> None:
        super().__init__(sound, headers=HEADERS, media_type=media_type)
        self._leaving = leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._leaving:
            await super().__call__(scope, receive, send)


async def _streamed(
    listener: Listener, stream: Stream, may_listen: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    yield stream.head()
    for part in count(1):
        packets = await listener.take()
        if not packets or (part % LOOK_AGAIN == 0 and not await may_listen()):
            break
        yield stream.body(packets)
    yield stream.end()


def _unknown() -> Response:
    return problem(HTTPStatus.NOT_FOUND, "there is no such conference", HEADERS)
