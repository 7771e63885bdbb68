"""An extension of a PBX: registered, kept registered, its calls given as legs."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from call.errors import Unavailable
from call.leg import HangUpCause
from call.media import MediaPlane
from telephony.adapters.pyvoip.call import Call
from telephony.adapters.pyvoip.extension import Extension, LineClosing, LineDown
from telephony.adapters.pyvoip.leg import PyVoipLeg
from telephony.adapters.pyvoip.phone import Phone

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

POSTED_S = 5.0
"""Seconds that a pyVoIP thread waits for the event loop before it gives a call up."""

RETRY_S = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds before the line is taken up again after pyVoIP gave its registration up."""


class PyVoipLine:
    """Registers one extension, keeps it registered, and gives each incoming call as a leg.

    `on_call` is called in the event loop with a leg that rings; it answers or hangs up.
    """

    def __init__(
        self,
        extension: Extension,
        media: MediaPlane,
        on_call: Callable[[PyVoipLeg], None],
        overloaded: Callable[[], bool] = lambda: False,
    ) -> None:
        """`overloaded` tells whether there is too much to do for one more call."""
        self._extension = extension
        self._media = media
        self._on_call = on_call
        self._overloaded = overloaded
        self._loop: asyncio.AbstractEventLoop | None = None
        self._phone: Phone | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._tries = 0
        self._closing = False
        self._draining = False
        self._legs: dict[str, PyVoipLeg] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def registered(self) -> bool:
        """Whether the PBX accepted the latest registration."""
        phone = self._phone
        return phone is not None and phone.registered

    def refuse_calls(self) -> None:
        """Take no more calls: the PBX hears busy. Those under way go on."""
        self._draining = True

    @property
    def calls(self) -> int:
        """Calls in progress on this line."""
        return len(self._legs)

    async def start(self) -> None:
        """Register, now or as soon as the PBX accepts the extension: one may start after us.

        Raises LineDown when the local address cannot be had.
        """
        self._loop = asyncio.get_running_loop()
        phone = Phone(self._extension, self)
        await self._take_up(phone)
        if not self.registered and phone.refusal is None:
            log.warning("pbx does not answer yet", extra=self._fields)

    async def stop(self) -> None:
        """End every call, deregister, and let pyVoIP's threads end."""
        self._closing = True
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        for leg in list(self._legs.values()):
            await leg.hang_up(HangUpCause.SHUTDOWN)
        if self._tasks:  # a registration under way would outlive the line
            await asyncio.wait(self._tasks)
        phone, self._phone = self._phone, None
        if phone is not None:
            await asyncio.to_thread(phone.close)

    async def _take_up(self, phone: Phone) -> None:
        self._phone = phone
        try:
            await asyncio.to_thread(phone.start)
        except OSError as error:
            await asyncio.to_thread(phone.close)
            where = f"{self._extension.local_host}:{self._extension.local_port}"
            raise LineDown(f"{where}: {error.strerror}") from error
        if self.registered:
            self._tries = 0
            log.info("pbx line registered", extra=self._fields)

    def post(self, work: Callable[[], None]) -> None:
        """From a pyVoIP thread: do `work` in the event loop, soon."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(work)

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """From a pyVoIP thread: the answer that the event loop gives. Raises TimeoutError."""
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(_called(question), self._loop)
        return future.result(POSTED_S)

    def lost(self) -> None:
        """In the loop: pyVoIP gave up. Calls go on; the registration is tried again later."""
        if self._phone is None or self._loop is None or self._retry is not None or self._closing:
            return
        wait = RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1
        told = {"answer": self._phone.refusal or "none", "retry_s": wait}
        log.warning("pbx does not register us", extra={**self._fields, **told})
        self._retry = self._loop.call_later(wait, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self.spawn(self._replace())

    async def _replace(self) -> None:
        old = self._phone
        if old is None:
            return
        await asyncio.to_thread(old.close)
        phone = Phone(self._extension, self)
        phone.adopt(old)
        try:
            await self._take_up(phone)
        except LineDown:
            self.lost()

    @property
    def _fields(self) -> dict[str, object]:
        return {"server": self._extension.registrar, "user": self._extension.user}

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """In the loop: have work done by a task that the line keeps."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def rings(self, call: Call) -> None:
        """In the loop: a call came in whose offer we can take."""
        leg = call.leg
        self._legs[leg.call_id] = leg
        self._on_call(leg)

    def forget(self, leg: PyVoipLeg) -> None:
        """In the loop: a leg is over."""
        self._legs.pop(leg.call_id, None)

    def new_leg(self) -> PyVoipLeg:
        """In the loop: a leg with an open slot. Raises Unavailable when none is to be had."""
        if self._draining:
            raise LineClosing(self._extension.user)
        if self._overloaded():
            raise Unavailable("there is too much to do for one more call")
        return PyVoipLeg(self, self._media)


async def _called(question: Callable[[], Answer]) -> Answer:
    return question()
