"""Telephones that asked to be told of something: the notifier of RFC 6665.

Theory of operation. A SUBSCRIBE that can be granted is put to the owner (SubscribeReceived), who
finds the state of the account and calls `grant` or `refuse`. Each SUBSCRIBE granted is answered
200 and told at once by NOTIFY; `tell` tells every telephone whose state differs. A subscription
ends when it is given up (Expires: 0), when its time is over, when its account is gone, and when its
telephone is: the first three with a last NOTIFY. One that asks to end as it begins only fetches. A
telephone that subscribes to the same thing anew, from the same Contact, has forgotten its old
subscription: so do we.

What a restart must not forget is told as SubscriptionKept, and comes back by `restore`. NOTIFYs are
not written down one by one, so the numbers of a restored dialog leap past those it may have used,
and that is written down before any is used.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import ceil

from telephony.sip.core import Core
from telephony.sip.dialog import Dialog, as_called
from telephony.sip.events import (
    Kept,
    Output,
    Peer,
    SubscribeReceived,
    SubscriptionEnded,
    SubscriptionKept,
)
from telephony.sip.fields import BadField
from telephony.sip.ledger import ServerTransaction
from telephony.sip.message import Pairs, Request
from telephony.sip.packages import (
    Package,
    State,
    allow_events,
    event_of,
    package_of,
    refusal_of,
    seconds_asked,
    write,
)
from telephony.sip.summary import PACKAGE as SUMMARY
from telephony.sip.summary import account_of, account_uri
from telephony.sip.telling import Telling

MOST = 4_096
"""Subscriptions kept; beyond, others are asked to wait. A telephone with keys has dozens."""

LEAP = 1_000
"""How far the numbers of our requests leap after a restart; half as many may go unwritten."""


@dataclass(eq=False, slots=True)
class Subscription:
    """One telephone's subscription. `over` says why it ended, "" while it goes on."""

    id: str
    account: str
    account_uri: str
    event: str
    dialog: Dialog
    ends_at: float = 0.0
    over: str = ""
    written_seq: int = 0

    @property
    def package(self) -> Package:
        """What is told of its account."""
        return package_of(self.event)

    def state(self, now: float) -> str:
        """Subscription-State (RFC 6665 §8.2.3)."""
        if self.over:
            return f"terminated;reason={self.over}"
        return f"active;expires={max(0, ceil(self.ends_at - now))}"


@dataclass(frozen=True, slots=True)
class _Ask:
    """A SUBSCRIBE that the owner has not judged."""

    subscription: Subscription
    transaction: ServerTransaction
    seconds: int
    fresh: bool


class Subscriptions:
    """The notifier of lamps. `served` names the event packages whose states somebody knows.

    A telephone that watches its own SIP user watches what the user `stands_for`.
    """

    def __init__(
        self,
        core: Core,
        *,
        served: Collection[str],
        stands_for: Callable[[str], str] = lambda user: user,
    ) -> None:
        self._core = core
        self._stands_for = stands_for
        self._served = frozenset(served)
        self._allowed = allow_events(self._served)
        self._known: dict[str, Subscription] = {}
        self._watching: dict[tuple[str, str], dict[str, Subscription]] = {}
        self._tellings: dict[str, Telling[State | None]] = {}
        self._dialogs: dict[tuple[str, str], Subscription] = {}
        self._asks: dict[str, _Ask] = {}

    # What the owner says

    def grant(self, ask: str, state: State | None, now: float) -> list[Output]:
        """Grant what was asked; None where the state cannot be known just now.

        Then what the telephone was last told holds.
        """
        asked = self._asks.pop(ask, None)
        if asked is not None:
            self._grant(asked, state, now)
        return self._core.taken()

    def refuse(self, ask: str, status: int, now: float, headers: Pairs = ()) -> list[Output]:
        """Refuse what was asked; 404 ends a subscription that was going on."""
        asked = self._asks.pop(ask, None)
        if asked is not None:
            lamp = asked.subscription
            tag = lamp.dialog.local_tag
            self._core.respond(asked.transaction, status, now, tag=tag, headers=headers)
            if status == 404:
                self._end(lamp, "noresource", now)
        return self._core.taken()

    def tell(
        self, account: str, state: State | None, now: float, package: str = SUMMARY
    ) -> list[Output]:
        """Tell every telephone of an account its state; None where there is no such account."""
        for lamp in list(self._watching.get((account, package), {}).values()):
            self._tellings[lamp.id].body = lamp.package.dark if state is None else state
            if state is None:
                self._end(lamp, "noresource", now)
            else:
                self._tellings[lamp.id].tell(now)
        return self._core.taken()

    def restore(self, kept: Kept, remaining_s: float, now: float) -> list[Output]:
        """Take up a subscription again after a restart; `tell` then tells it what waits."""
        lamp = _restored(kept)
        if lamp is None or remaining_s <= 0:
            self._core.tell(SubscriptionEnded(kept.subscription))
        else:
            self._begin(lamp)
            self._last(lamp, remaining_s, now)
            self._write_down(lamp, now)
        return self._core.taken()

    @property
    def accounts(self) -> Collection[str]:
        """The accounts whose messages somebody watches."""
        return {account for account, package in self._watching if package == SUMMARY}

    # What arrives

    def of(self, request: Request) -> Subscription | None:
        """The subscription whose dialog a request belongs to."""
        lamp = self._dialogs.get((request.call_id, request.recipient.tag))
        return lamp if lamp and lamp.dialog.remote_tag == request.sender.tag else None

    def asked(self, request: Request, source: Peer, now: float, user: str = "") -> None:
        """An admitted SUBSCRIBE outside a dialog; `user` is the account that asks."""
        if not self._served:
            self._answer(request, source, 489, now)
        elif len(self._known) >= MOST:
            self._answer(request, source, 503, now, (("Retry-After", "60"),))
        else:
            self._consider(None, request, source, now, user)

    def within(self, lamp: Subscription, request: Request, source: Peer, now: float) -> None:
        """Any request in the dialog of a subscription; its extensions and method are ours."""
        lamp.dialog.heard_from(source)
        if not lamp.dialog.accepts(request):
            self._answer(request, source, 500, now, (("Retry-After", "5"),))
        elif request.method == "SUBSCRIBE":
            self._consider(lamp, request, source, now)
        else:
            status = 200 if request.method == "OPTIONS" else 481
            self._answer(request, source, status, now)

    def cut_off(self, peer: Peer) -> None:
        """A connection is gone: NOTIFYs go another way."""
        for lamp in self._known.values():
            lamp.dialog.cut_off(peer)

    # One SUBSCRIBE

    def _consider(
        self,
        lamp: Subscription | None,
        request: Request,
        source: Peer,
        now: float,
        user: str = "",
    ) -> None:
        refusal = refusal_of(request, self._served)
        if refusal:
            self._answer(request, source, refusal.status, now, refusal.headers)
            return
        if lamp is not None and event_of(request) != lamp.event:
            self._answer(request, source, 481, now)  # another usage of the dialog: never made
            return
        transaction = self._core.ledger.open(request, source)
        ask = self._core.token()
        fresh = lamp is None
        asked = lamp or self._opened(request, source, at_home=user != "")
        self._asks[ask] = _Ask(asked, transaction, seconds_asked(request) or 0, fresh)
        package = asked.package.name
        self._core.tell(SubscribeReceived(ask, asked.account, fresh, package, source, user))

    def _opened(self, request: Request, source: Peer, *, at_home: bool) -> Subscription:
        target = request.target
        named = account_of(target)
        return Subscription(
            id=self._core.token(),
            account=self._stands_for(named),
            account_uri=account_uri(named, target.host or self._core.local.host),
            event=event_of(request),
            dialog=as_called(request, self._core.token(), source, at_home=at_home),
        )

    def _answer(
        self, request: Request, source: Peer, status: int, now: float, headers: Pairs = ()
    ) -> None:
        self._core.respond(self._core.ledger.open(request, source), status, now, headers=headers)

    def _grant(self, asked: _Ask, state: State | None, now: float) -> None:
        core, lamp, transaction = self._core, asked.subscription, asked.transaction
        if lamp.over:
            core.respond(transaction, 481, now)
            return
        if asked.fresh:
            if asked.seconds:
                self._replace(lamp)
            self._begin(lamp)
        else:
            lamp.dialog.refresh(transaction.request)
        headers = (*core.dialog_headers(transaction), ("Expires", str(asked.seconds)))
        core.respond(transaction, 200, now, tag=lamp.dialog.local_tag, headers=headers)
        if state is not None:
            self._tellings[lamp.id].body = state
        if not asked.seconds:
            self._end(lamp, "timeout", now)
            return
        self._last(lamp, asked.seconds, now)
        self._write_down(lamp, now)
        self._tellings[lamp.id].insist(now)

    # One subscription

    def _begin(self, lamp: Subscription) -> None:
        self._known[lamp.id] = lamp
        self._watching.setdefault(_watched(lamp), {})[lamp.id] = lamp
        self._dialogs[lamp.dialog.call_id, lamp.dialog.local_tag] = lamp
        self._tellings[lamp.id] = Telling(
            self._core,
            lamp.id,
            notice=lambda state, before, now: self._notice(lamp, state, before, now),
            hop=lambda: lamp.dialog.next_hop,
            given_up=lambda now: self._forget(lamp),
            nothing=None,
        )

    def _replace(self, lamp: Subscription) -> None:
        """Let go of what the telephone has forgotten, since it subscribes anew."""
        for other in list(self._watching.get(_watched(lamp), {}).values()):
            if other.dialog.target == lamp.dialog.target:
                self._forget(other)

    def _last(self, lamp: Subscription, seconds: float, now: float) -> None:
        lamp.ends_at = now + seconds
        self._core.alarms.set(
            (lamp.id, "over"), lamp.ends_at, lambda at: self._end(lamp, "timeout", at)
        )

    def _end(self, lamp: Subscription, why: str, now: float) -> None:
        """Tell the telephone a last time, and forget it."""
        telling = self._tellings.get(lamp.id)
        if telling is None:
            return
        lamp.over = why
        self._forget(lamp)
        telling.insist(now)

    def _forget(self, lamp: Subscription) -> None:
        lamp.over = lamp.over or "giveup"
        telling = self._tellings.pop(lamp.id, None)
        if telling is None:
            return
        telling.stop()
        self._core.alarms.clear((lamp.id, "over"))
        self._known.pop(lamp.id)
        watching = self._watching[_watched(lamp)]
        del watching[lamp.id]
        if not watching:
            del self._watching[_watched(lamp)]
        self._dialogs.pop((lamp.dialog.call_id, lamp.dialog.local_tag))
        self._core.tell(SubscriptionEnded(lamp.id))

    def _notice(
        self, lamp: Subscription, state: State | None, before: State | None, now: float
    ) -> Request:
        bare = lamp.dialog.request("NOTIFY")
        if not lamp.over and lamp.dialog.local_seq - lamp.written_seq >= LEAP // 2:
            self._write_down(lamp, now)
        # Nothing but NOTIFYs of this subscription is sent within its dialog: their numbers count.
        version = bare.cseq[0] - 1
        headers = (
            *bare.headers,
            ("Event", lamp.event),
            ("Subscription-State", lamp.state(now)),
            *self._allowed,
        )
        if state is None:  # not known yet
            return Request(headers, b"", bare.method, bare.uri)
        body = write(state, before, lamp.account_uri, version)
        content = (("Content-Type", lamp.package.content_type),)
        return Request((*headers, *content), body, bare.method, bare.uri)

    def _write_down(self, lamp: Subscription, now: float) -> None:
        lamp.written_seq = lamp.dialog.local_seq
        self._core.tell(SubscriptionKept(_kept(lamp), lamp.ends_at - now))


def _watched(lamp: Subscription) -> tuple[str, str]:
    """What is watched: an account, and what of it."""
    return lamp.account, lamp.package.name


def _kept(lamp: Subscription) -> Kept:
    dialog = lamp.dialog
    return Kept(
        subscription=lamp.id,
        account=lamp.account,
        account_uri=lamp.account_uri,
        event=lamp.event,
        call_id=dialog.call_id,
        local=dialog.local,
        local_tag=dialog.local_tag,
        remote=dialog.remote,
        remote_tag=dialog.remote_tag,
        target=dialog.target,
        route=dialog.route,
        via_peer=dialog.via_peer,
        local_seq=dialog.local_seq,
        at_home=dialog.at_home,
        remote_seq=dialog.remote_seq,
    )


def _restored(kept: Kept) -> Subscription | None:
    """The subscription that was written down; None where it cannot be followed."""
    dialog = Dialog(
        call_id=kept.call_id,
        local=kept.local,
        local_tag=kept.local_tag,
        remote=kept.remote,
        remote_tag=kept.remote_tag,
        target=kept.target,
        route=kept.route,
        via_peer=kept.via_peer,
        local_seq=kept.local_seq + LEAP,
        remote_seq=kept.remote_seq,
        connected=False,
        at_home=kept.at_home,
    )
    try:
        _ = dialog.next_hop
        _ = package_of(kept.event)
    except (BadField, KeyError):
        return None
    return Subscription(
        id=kept.subscription,
        account=kept.account,
        account_uri=kept.account_uri,
        event=kept.event,
        dialog=dialog,
    )
