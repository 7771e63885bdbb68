"""The registrar: telephones say where they are, and are looked after (RFC 3261 §10).

Theory of operation. A REGISTER comes here once it is proven. What it changes is reckoned by
`bindings` and told to the owner, who writes it down (BindingKept, BindingEnded). Each telephone is
asked OPTIONS from time to time, so that routers on the way keep the way open, and so that one that
has vanished is known to be silent: it is called no more until it is heard again. It stays bound for
the time it was granted: a telephone that was only out of reach comes back without a word.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from telephony.sip.bindings import (
    NONE,
    Bound,
    Registered,
    RegisterRefused,
    Terms,
    after,
    contact_key,
    contact_lines,
    in_order,
    is_restorable,
)
from telephony.sip.core import Core
from telephony.sip.dialog import Dialog
from telephony.sip.events import (
    Binding,
    BindingEnded,
    BindingKept,
    BindingSilent,
    Output,
    Peer,
    Transport,
)
from telephony.sip.fields import BadField, bracket, parse_uri
from telephony.sip.message import Request, Response

ROUTER_S = 25.0
"""Seconds between two OPTIONS to a telephone behind a router: many forget a way after 30."""

STRAIGHT_S = 90.0
"""Seconds between two to a telephone that is where it says, and to one that is silent."""


class Registrar:
    """Keeps the bindings of accounts."""

    def __init__(self, core: Core, terms: Terms | None = None) -> None:
        self._core = core
        self._terms = terms or Terms()
        self._registered: dict[str, Registered] = {}
        self._silent: set[tuple[str, str]] = set()
        self._homes: Counter[Peer] = Counter()

    # What the owner asks

    def telephones(self, user: str, now: float) -> Sequence[Binding]:
        """Where an account can be reached just now, the preferred telephone first."""
        bound = in_order(self._registered.get(user, NONE), now)
        return [
            each.binding
            for each in bound
            if (user, contact_key(each.binding.uri)) not in self._silent
        ]

    def lives_at(self, peer: Peer) -> bool:
        """Whether a telephone is registered from this very peer."""
        return self._homes[peer] > 0

    @property
    def bound(self) -> int:
        """How many telephones are bound."""
        return sum(map(len, self._registered.values()))

    def restore(self, binding: Binding, remaining_s: float, now: float) -> list[Output]:
        """Take up a binding again after a restart."""
        if remaining_s <= 0 or not is_restorable(binding):
            self._core.tell(BindingEnded(binding.user, binding.uri))
            return self._core.taken()
        peer = _without_connection(binding)
        known = dict(self._registered.get(binding.user, NONE))
        known[contact_key(binding.uri)] = Bound(
            replace(binding, peer=peer or binding.peer), now + remaining_s
        )
        self._put(binding.user, known, now, tell=False)
        return self._core.taken()

    def forget(self, user: str, now: float) -> list[Output]:
        """Let go of every telephone of an account."""
        self._put(user, NONE, now)
        return self._core.taken()

    # What arrives

    def asked(self, user: str, request: Request, source: Peer, now: float) -> None:
        """A REGISTER of an account that proved itself."""
        core = self._core
        transaction = core.ledger.open(request, source)
        before = self._registered.get(user, NONE)
        try:
            if parse_uri(request.recipient.uri).user != user:
                raise RegisterRefused(403, "another account's telephone")
            registered = after(before, user, request, source, now, self._terms)
        except RegisterRefused as refused:
            core.respond(transaction, refused.status, now, headers=refused.headers)
            return
        self._put(user, registered, now)
        core.respond(transaction, 200, now, headers=tuple(contact_lines(registered, now)))

    def cut_off(self, peer: Peer, now: float) -> None:
        """A connection is gone: who listens itself is called anew, others are to come back."""
        if peer.transport is not Transport.TCP or not self._homes[peer]:
            return
        for user, registered in list(self._registered.items()):
            for key, bound in registered.items():
                if bound.binding.peer != peer:
                    continue
                anew = _without_connection(bound.binding)
                if anew is None or anew == peer:
                    self._hear(user, key, False)
                else:
                    moved = Bound(replace(bound.binding, peer=anew), bound.ends_at)
                    self._put(user, {**registered, key: moved}, now)
                break

    # One account

    def _put(self, user: str, registered: Registered, now: float, *, tell: bool = True) -> None:
        """Replace the bindings of an account, and tell what differs."""
        before = self._registered.get(user, NONE)
        for key, bound in before.items():
            self._homes[bound.binding.peer] -= 1
            if key not in registered:
                self._let_go(user, key)
            if key not in registered or registered[key].binding.uri != bound.binding.uri:
                self._core.tell(BindingEnded(user, bound.binding.uri))
        self._homes = +self._homes
        for key, bound in registered.items():
            self._homes[bound.binding.peer] += 1
            if before.get(key) != bound:
                self._take_up(user, key, bound, now, is_new=key not in before)
                if tell:
                    self._core.tell(BindingKept(bound.binding, bound.ends_at - now))
        if registered:
            self._registered[user] = registered
        else:
            self._registered.pop(user, None)

    def _take_up(self, user: str, key: str, bound: Bound, now: float, *, is_new: bool) -> None:
        alarms = self._core.alarms
        alarms.set((user, key, "bound"), bound.ends_at, lambda at: self._expired(user, at))
        if not is_new:
            self._hear(user, key, True)
        # The first soon after a restart, each at a time of its own.
        self._ask_later(user, key, bound.binding, now)

    def _let_go(self, user: str, key: str) -> None:
        self._core.alarms.clear((user, key, "bound"))
        self._core.alarms.clear((user, key, "ask"))
        self._silent.discard((user, key))

    def _expired(self, user: str, now: float) -> None:
        lasting = {
            key: bound
            for key, bound in self._registered.get(user, NONE).items()
            if bound.ends_at > now
        }
        self._put(user, lasting, now)

    # Keeping the way open

    def _ask_later(self, user: str, key: str, binding: Binding, now: float) -> None:
        straight = parse_uri(binding.uri).host == binding.peer.host
        longest = STRAIGHT_S if straight or (user, key) in self._silent else ROUTER_S
        at = now + self._core.between(longest / 2, longest)
        self._core.alarms.set((user, key, "ask"), at, lambda due: self._ask(user, key, due))

    def _ask(self, user: str, key: str, now: float) -> None:
        """OPTIONS; whatever it answers, it is there."""
        bound = self._registered.get(user, NONE).get(key)
        if bound is None:
            return

        def heard(status: int, response: Response | None, at: float) -> None:
            current = self._registered.get(user, NONE).get(key)
            if current is None or (response is not None and status < 200):
                return
            self._hear(user, key, response is not None)
            self._ask_later(user, key, current.binding, at)

        self._core.request(self._question(bound.binding), bound.binding.peer, heard, now)

    def _question(self, binding: Binding) -> Request:
        stranger = Dialog(
            call_id=self._core.token(),
            local=f"<sip:{bracket(self._core.local.host)}>",
            local_tag=self._core.token(),
            remote=f"<{binding.uri}>",
            remote_tag="",
            target=binding.uri,
            route=(),
            via_peer=binding.peer,
        )
        return stranger.request("OPTIONS")

    def _hear(self, user: str, key: str, answers: bool) -> None:
        bound = self._registered.get(user, NONE).get(key)
        was_silent = (user, key) in self._silent
        if bound is None or was_silent is not answers:
            return
        if answers:
            self._silent.discard((user, key))
        else:
            self._silent.add((user, key))
        self._core.tell(BindingSilent(user, bound.binding.uri, not answers))


def _without_connection(binding: Binding) -> Peer | None:
    """Where a telephone listens by itself, once its connection is gone; None behind a router."""
    if binding.peer.transport is not Transport.TCP:
        return binding.peer
    try:
        listening = parse_uri(binding.uri).peer
    except BadField:
        return None
    same = listening.host == binding.peer.host and listening.transport is Transport.TCP
    return listening if same else None
