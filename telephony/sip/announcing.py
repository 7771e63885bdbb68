"""Telephones told of waiting messages without having asked: NOTIFY outside any dialog.

No RFC gives this a name; telephones that cannot subscribe take such a NOTIFY for RFC 3842's, and
an administrator says which they are. Each NOTIFY stands alone, with a Call-ID of its own. A
telephone that does not answer may only be off: it is told again until it does.
"""

from collections.abc import Collection
from ipaddress import ip_address

from call.errors import Misuse
from telephony.sip.core import Core
from telephony.sip.dialog import Dialog
from telephony.sip.events import Output, Peer
from telephony.sip.fields import BadField, parse_uri
from telephony.sip.message import Request
from telephony.sip.summary import (
    ALLOW_EVENTS,
    PACKAGE,
    SUMMARY,
    Waiting,
    account_uri,
    write_summary,
)
from telephony.sip.telling import Telling

ABSENT_S = 120.0
"""Seconds before a telephone that did not answer is told again."""


def telephone_at(uri: str) -> Peer:
    """Where a configured telephone is. Raises Misuse for what is no SIP URI of an IP address."""
    try:
        target = parse_uri(uri)
        ip_address(target.host)
    except (BadField, ValueError) as bad:
        raise Misuse(f"not a SIP URI of an IP address: {uri!r}") from bad
    if target.scheme != "sip" or target.headers:
        raise Misuse(f"not a SIP URI of an IP address: {uri!r}")
    return target.peer


class Announcing:
    """Tells configured telephones, each of one account's messages."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tellings: dict[tuple[str, str], Telling[bytes]] = {}

    def add(self, account: str, uri: str) -> Peer:
        """Tell `uri` what waits for `account` from now on; where its NOTIFYs go.

        Raises Misuse as `telephone_at` does.
        """
        peer = telephone_at(uri)
        about = account_uri(account, self._core.local.host)
        self._tellings.setdefault(
            (account, uri),
            Telling(
                self._core,
                f"{account} {uri}",
                notice=lambda body, before, now: self._notice(about, uri, peer, body),
                hop=lambda: peer,
                given_up=lambda now: None,
                nothing=b"",
                again_s=ABSENT_S,
            ),
        )
        return peer

    def tell(self, account: str, waiting: Waiting | None, now: float) -> list[Output]:
        """Tell those that differ what waits for an account; nothing where there is none."""
        about = account_uri(account, self._core.local.host)
        for (watched, _), telling in self._tellings.items():
            if watched == account:
                telling.body = write_summary(waiting or Waiting(0, 0), about)
                telling.tell(now)
        return self._core.taken()

    @property
    def accounts(self) -> Collection[str]:
        """The accounts that somebody is told of."""
        return {account for account, _ in self._tellings}

    def _notice(self, about: str, uri: str, peer: Peer, body: bytes) -> Request:
        stranger = Dialog(
            call_id=self._core.token(),
            local=f"<{about}>",
            local_tag=self._core.token(),
            remote=f"<{uri}>",
            remote_tag="",
            target=uri,
            route=(),
            via_peer=peer,
        )
        bare = stranger.request("NOTIFY")
        headers = (
            *bare.headers,
            ("Event", PACKAGE),
            ("Subscription-State", "active"),
            *ALLOW_EVENTS,
            ("Content-Type", SUMMARY),
        )
        return Request(headers, body, bare.method, bare.uri)
