"""Which digest algorithms a telephone copes with. Pure.

RFC 8760 lets a server offer several and a telephone take the one it knows. Some telephones give up
at the first they do not know, wherever it stands. Those that are known for it are offered MD5
alone; so is one that never answers what it is offered and only asks again.
"""

import re
from collections import OrderedDict
from typing import TypeVar

from telephony.sip.challenges import ALGORITHMS
from telephony.sip.events import Peer
from telephony.sip.message import Request

T = TypeVar("T")

MOST = 4_096
"""Telephones remembered; beyond, the one seen longest ago is forgotten."""

MD5_ALONE = ("MD5",)

_KNOWN_FOR_IT = re.compile(r"baresip v[01]\.")
"""What their User-Agent begins with: its SIP library fails by "Function not implemented"."""


class Abilities:
    """Remembers who was offered what, and did not answer."""

    def __init__(self) -> None:
        self._offered: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._old: OrderedDict[tuple[str, str], None] = OrderedDict()

    def algorithms(self, request: Request, source: Peer) -> tuple[str, ...]:
        """What to offer, the best first."""
        who = (source.host, request.sender.uri)
        if who in self._old or _KNOWN_FOR_IT.match(request.header("User-Agent") or ""):
            return MD5_ALONE
        dialog, branch = (source.host, request.call_id), request.top_via.branch
        if self._offered.get(dialog, branch) != branch:
            _remember(self._old, who, None)
            return MD5_ALONE
        _remember(self._offered, dialog, branch)
        return ALGORITHMS

    def answered(self, request: Request, source: Peer) -> None:
        """A telephone answered what it was offered, rightly or not."""
        self._offered.pop((source.host, request.call_id), None)


def _remember(book: OrderedDict[tuple[str, str], T], key: tuple[str, str], value: T) -> None:
    book[key] = value
    book.move_to_end(key)
    if len(book) > MOST:
        book.popitem(last=False)
