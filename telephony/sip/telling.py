"""NOTIFY to one telephone: one at a time, until it was told the last state (RFC 6665 §4.2.2).

Theory of operation. `body` is what the telephone is to know, `told` what it last acknowledged. A
NOTIFY is on its way, or it is not. Whatever changes meanwhile waits; when the answer comes, what
is true by then is told if it differs. So a burst of changes costs two messages, and the last state
wins. A telephone that is gone is given up; one that is only hindered is told again later.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from telephony.sip.core import Core
from telephony.sip.events import Peer
from telephony.sip.message import Request, Response

T = TypeVar("T")

GONE = frozenset({404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604})
"""Answers that end a subscription (RFC 5057 §5.1, RFC 6665 §4.2.2)."""

HINDERED_S = 30.0
"""Seconds before a telephone that refused for the moment is told again."""


class Telling(Generic[T]):
    """Tells one telephone, by the NOTIFYs that `notice` makes of a state, sent to `hop`.

    `notice` is given what is to be told, and what the telephone knows, None where all is to be
    told whatever it knows. `given_up` is called when the telephone is gone, or when nothing
    answers; with `again_s` one that does not answer is tried again after so many seconds instead.
    `nothing` is what there is to tell at first. `settled` is called when an answer leaves nothing
    to tell, for the moment at least.
    """

    def __init__(
        self,
        core: Core,
        name: str,
        *,
        notice: Callable[[T, T | None, float], Request],
        hop: Callable[[], Peer],
        given_up: Callable[[float], None],
        nothing: T,
        again_s: float | None = None,
        settled: Callable[[float], None] = lambda now: None,
    ) -> None:
        self._core = core
        self._alarm = (name, "tell again")
        self._notice = notice
        self._hop = hop
        self._given_up = given_up
        self._again_s = again_s
        self._settled = settled
        self._under_way = False
        self._owed = False
        self._stopped = False
        self.body = nothing
        self.told: T | None = None

    def tell(self, now: float) -> None:
        """Tell what changed since the telephone was last told, if anything did."""
        if not self._under_way and self.body != self.told:
            self._send(self.told, now)

    def insist(self, now: float) -> None:
        """Tell what is true, whatever the telephone knows."""
        if self._under_way:
            self._owed = True
        else:
            self._send(None, now)

    def stop(self) -> None:
        """Do not try again; `insist` then tells a last time."""
        self._stopped = True
        self._core.alarms.clear(self._alarm)

    def _send(self, before: T | None, now: float) -> None:
        self._under_way, self._owed = True, False
        self._core.alarms.clear(self._alarm)
        body, hop = self.body, self._hop()

        def heard(status: int, response: Response | None, at: float) -> None:
            if status >= 200:
                self._under_way = False
                self._heard(body, hop, status, response, at)

        self._core.request(self._notice(body, before, now), hop, heard, now)

    def _heard(
        self, body: T, hop: Peer, status: int, response: Response | None, now: float
    ) -> None:
        if status < 300:
            self.told = body
        elif response is None and status == 503 and self._hop() != hop:
            self._owed = True  # its connection closed, and there is another way
        elif response is None and self._again_s is not None:
            self._later(now + self._again_s)
        elif response is None or status in GONE:
            self._owed = False
            self._given_up(now)
        else:
            self._later(now + HINDERED_S)
        if self._owed:
            self._send(None, now)
        elif status < 300:
            self.tell(now)
        if not self._under_way:
            self._settled(now)

    def _later(self, at: float) -> None:
        if not self._stopped:
            self._core.alarms.set(self._alarm, at, self.insist)
