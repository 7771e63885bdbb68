"""What the program serves over HTTP: its control socket, and pages where the settings name an
address for them."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from call.clock import Clock
from call.errors import Unavailable
from call.media import Address, Wideband
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from console.broadcast import Broadcasts
from console.listening import Listening, ListeningPages
from console.live import LiveConferences
from console.serving import served
from console.sockets import CONTROL, address_socket, folder_socket
from storage.database import Database
from telephony.media.wideband import make_stream_encoder, wideband_there
from vestibule.meetings.ears import FOLDER, Ears
from vestibule.meetings.hall import Hall
from vestibule.settings import Settings

log = logging.getLogger(__name__)

_BROWSER = 3
"""Connections for each who listens: the sound, and what the page asks beside it."""


@asynccontextmanager
async def open_web(
    settings: Settings, hall: Hall, database: Database, clock: Clock
) -> AsyncIterator[Address | None]:
    """Let commands steer the conferences, and browsers listen to them, until the block ends.

    Gives the address of the pages, where there are any. Raises Unavailable where it cannot be had.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_controlled(settings, hall))
        if settings.web.bound is None:
            yield None
        else:
            yield await stack.enter_async_context(_pages(settings, hall, database, clock))


@asynccontextmanager
async def _controlled(settings: Settings, hall: Hall) -> AsyncIterator[None]:
    """The control socket. Calls are answered without it as well, where there can be none."""
    live = LiveConferences(hall)
    async with AsyncExitStack() as stack:
        try:
            listening = stack.enter_context(folder_socket(settings.storage.data / CONTROL))
        except Unavailable as fault:
            log.error("no control socket", extra={"why": str(fault)})
        else:
            await stack.enter_async_context(served(live.app(), listening))
            stack.callback(live.close)
        yield


@asynccontextmanager
async def _pages(
    settings: Settings, hall: Hall, database: Database, clock: Clock
) -> AsyncIterator[Address]:
    ears = Ears(hall.hear, settings.storage.data / FOLDER)
    broadcasts: Broadcasts | None = None
    if Wideband.OPUS in wideband_there():
        broadcasts = Broadcasts(hall, ears.open, make_stream_encoder, clock, settings.web.listeners)
    else:
        log.warning("nobody can listen by the web", extra={"why": "vestibule[wideband] is missing"})
    book = SqlAlchemyBook(database)
    pages = ListeningPages(Listening(book.all, hall, broadcasts, clock))
    host, port = settings.web.bound or ("", 0)
    with address_socket(host, port) as listening:
        async with served(pages.app(), listening, _BROWSER * settings.web.listeners):
            try:
                yield host, listening.getsockname()[1]
            finally:
                if broadcasts is not None:
                    await broadcasts.close()
