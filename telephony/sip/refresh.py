"""Session timers (RFC 4028): a call whose far end vanished ends by itself.

Each 2xx to INVITE or UPDATE agrees on an interval and on who refreshes. The refresher asks again
at half the interval; the other end hangs up shortly before the interval is over.
"""

from collections.abc import Callable

from telephony.sip.call import Call, Session
from telephony.sip.content import Refusal
from telephony.sip.core import SUPPORTED, Core
from telephony.sip.fields import BadField
from telephony.sip.message import Message, Pairs, Request, Response, parse_media_type

Due = Callable[[Call, float], None]


class Refresh:
    """Agrees on intervals and keeps their alarms. `due` refreshes, `expired` ends a call."""

    def __init__(self, core: Core, due: Due, expired: Due) -> None:
        self._core = core
        self._due = due
        self._expired = expired

    def refusal_of(self, request: Request) -> Refusal | None:
        """422 for an interval shorter than we accept (§9)."""
        asked, _ = interval_in(request)
        shortest = self._core.session.shortest
        if asked and asked < shortest and "timer" in request.tokens("Supported"):
            return Refusal(422, (("Min-SE", str(shortest)),))
        return None

    def agree(self, call: Call, request: Request, now: float) -> Pairs:
        """Settle the interval of a request we accept; the headers of its 2xx (§9)."""
        policy = self._core.session
        asked, refresher = interval_in(request)
        seconds = max(asked or policy.seconds, minimum_in(request), policy.shortest)
        theirs = "timer" in request.tokens("Supported") and refresher != "uas"
        self._settle(call, Session(seconds, we_refresh=not theirs), now)
        told = ("Session-Expires", f"{seconds};refresher={'uac' if theirs else 'uas'}")
        return (told, ("Require", "timer")) if theirs else (told,)

    def wish(self, call: Call, shortest: int = 0) -> Pairs:
        """The headers of an INVITE or UPDATE of ours (§7); `shortest` is a 422's Min-SE."""
        session = call.session
        if session is None:
            seconds = max(self._core.session.seconds, shortest)
            told = str(seconds)
        else:
            told = f"{session.seconds};refresher={'uac' if session.we_refresh else 'uas'}"
        least = max(self._core.session.shortest, shortest)
        return (("Supported", SUPPORTED), ("Session-Expires", told), ("Min-SE", str(least)))

    def agreed(self, call: Call, response: Response, now: float) -> None:
        """Take what the 2xx to a request of ours says (§7.2)."""
        seconds, refresher = interval_in(response)
        session = Session(seconds, we_refresh=refresher != "uas") if seconds else None
        self._settle(call, session, now)

    def _settle(self, call: Call, session: Session | None, now: float) -> None:
        call.session = session
        if session is None:
            self._core.alarms.clear((call.id, "session"))
            return
        margin = min(32.0, session.seconds / 3)  # §10
        last = now + session.seconds - margin

        def refresh(at: float) -> None:
            self._core.alarms.set((call.id, "session"), last, lambda end: self._expired(call, end))
            self._due(call, at)

        if session.we_refresh:
            self._core.alarms.set((call.id, "session"), now + session.seconds / 2, refresh)
        else:
            self._core.alarms.set((call.id, "session"), last, lambda end: self._expired(call, end))


def interval_in(message: Message) -> tuple[int, str]:
    """Session-Expires: seconds and refresher; (0, "") when absent or unreadable."""
    try:
        seconds, parameters = parse_media_type(message.header("Session-Expires") or "")
    except BadField:
        return 0, ""
    readable = seconds.isascii() and seconds.isdigit() and len(seconds) < 10
    return (int(seconds), (parameters.get("refresher") or "").lower()) if readable else (0, "")


def minimum_in(message: Message) -> int:
    """Min-SE in seconds, 0 when absent or unreadable."""
    value = (message.header("Min-SE") or "").split(";")[0].strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
