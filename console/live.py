"""Conferences as they are just now, and what is done to them, for programs: JSON over HTTP.

    GET  /conferences                   those that are held
    GET  /conferences/events            the same, at once and after each change (server-sent events)
    GET  /conferences/{room}            one of them
    POST /conferences/{room}/{deed}     see DEEDS, and `volume` and `call`

Whoever reaches these may do everything: they are served where only administrators come.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from conference.errors import NotHeld
from conference.live import LiveRoom, Meetings
from console.asking import (
    AllMuting,
    Announcing,
    Asking,
    Calling,
    Deed,
    Expelling,
    Finishing,
    Locking,
    Muting,
    Recording,
    Volume,
)
from console.errors import BadWish
from console.problems import TELLING
from console.state import written, written_one

HEARTBEAT_S = 15.0
"""How often a stream of events says that it is still there, when there is nothing else to say."""

DEEDS: Mapping[str, type[Deed]] = MappingProxyType(
    {
        "mute": Muting,
        "mute-all": AllMuting,
        "lock": Locking,
        "expel": Expelling,
        "record": Recording,
        "announce": Announcing,
        "finish": Finishing,
    }
)
"""What is done to a conference, by the last part of its address."""

A = TypeVar("A", bound=Asking)


class LiveConferences:
    """The routes, on the conferences being held. `close` ends the streams of events."""

    def __init__(self, meetings: Meetings, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._meetings = meetings
        self._heartbeat_s = heartbeat_s
        self._closing = asyncio.Event()

    def app(self) -> Starlette:
        """All of it as one application."""
        return Starlette(routes=self.routes(), exception_handlers=TELLING)

    def routes(self) -> list[Route]:
        return [
            Route("/conferences", self._all),
            Route("/conferences/events", self._events),
            Route("/conferences/{room:str}", self._one),
            Route("/conferences/{room:str}/volume", self._volume, methods=["POST"]),
            Route("/conferences/{room:str}/call", self._call, methods=["POST"]),
            Route("/conferences/{room:str}/{deed:str}", self._deed, methods=["POST"]),
        ]

    def close(self) -> None:
        """Let whoever watches go."""
        self._closing.set()

    async def _all(self, _: Request) -> Response:
        return _json(written(self._meetings.live()))

    async def _one(self, request: Request) -> Response:
        return _json(written_one(self._room(request)))

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(
            told(self._meetings, self._closing, self._heartbeat_s),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def _deed(self, request: Request) -> Response:
        deed = DEEDS.get(request.path_params["deed"])
        if deed is None:
            raise BadWish(f"{request.path_params['deed']}: one of {', '.join(DEEDS)}, volume, call")
        asked = await _asked(request, deed)
        self._meetings.wish(self._room(request).room, asked.wish())
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _volume(self, request: Request) -> Response:
        asked = await _asked(request, Volume)
        self._meetings.set_volume(
            self._room(request).room, asked.who, spoken_db=asked.spoken_db, heard_db=asked.heard_db
        )
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _call(self, request: Request) -> Response:
        """Answers once they are there, or will not be: that takes as long as a telephone rings."""
        asked = await _asked(request, Calling)
        room = self._room(request).room
        joined = await self._meetings.call_in(
            room, asked.number, asked.name, asked.role, asked.language
        )
        return JSONResponse({"joined": joined})

    def _room(self, request: Request) -> LiveRoom:
        """The conference that an address names. Raises NotHeld."""
        number = request.path_params["room"]
        for room in self._meetings.live():
            if room.room == number:
                return room
        raise NotHeld(f"nobody is in conference room {number} just now")


async def told(
    meetings: Meetings, closing: asyncio.Event, heartbeat_s: float
) -> AsyncIterator[bytes]:
    """The events of one who watches: the whole state each time, and a comment now and then."""
    changes = meetings.watch()
    closed = asyncio.ensure_future(closing.wait())
    change = asyncio.ensure_future(_next(changes))
    try:
        while True:
            await asyncio.wait(
                (closed, change), timeout=heartbeat_s, return_when=asyncio.FIRST_COMPLETED
            )
            if closed.done():
                return
            if not change.done():
                yield b": still here\n\n"
                continue
            rooms = change.result()
            if rooms is None:
                return
            yield b"event: conferences\ndata: " + written(rooms) + b"\n\n"
            change = asyncio.ensure_future(_next(changes))
    finally:
        for waiting in (closed, change):
            waiting.cancel()
        await asyncio.gather(closed, change, return_exceptions=True)
        if isinstance(changes, AsyncGenerator):
            await changes.aclose()


async def _next(changes: AsyncIterator[Sequence[LiveRoom]]) -> Sequence[LiveRoom] | None:
    return await anext(changes, None)


async def _asked(request: Request, kind: type[A]) -> A:
    """What the body asks for. Raises BadWish with every fault."""
    try:
        return kind.model_validate_json(await request.body() or b"{}")
    except ValidationError as fault:
        faults = fault.errors(include_url=False, include_input=False)
        said = (f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in faults)
        raise BadWish("; ".join(said)) from fault


def _json(octets: bytes) -> Response:
    return Response(octets, media_type="application/json", headers={"Cache-Control": "no-store"})
