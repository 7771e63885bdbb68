"""Calls that take the place of others (RFC 3891), as the one who answers them sees them."""

import pytest

from telephony.sip.events import CallEnded, IncomingCall
from telephony.sip.message import Request, Response
from tests.sip.by_hand import SOURCE, Hand, invite, request
from tests.sip.wire import ANSWER, OFFER


class Exchange(Hand):
    """A user agent with calls that others want to take over."""

    def up(self) -> tuple[str, str]:
        """A call that was answered: its id, and what names it."""
        self.writes(invite(call_id="up@192.0.2.9", branch="z9hG4bKup"))
        call = self.last_call()
        (final,) = self.sorted(self.agent.answer(call, ANSWER, self.now))
        tag = final.recipient.tag
        self.writes(request("ACK", branch="z9hG4bKa", to_tag=tag, call_id="up@192.0.2.9"))
        return call, f"up@192.0.2.9;to-tag={tag};from-tag=them"

    def ringing(self, tag: str = ";tag=bell") -> tuple[str, str, str]:
        """A telephone that we ring: the call, its Call-ID, our tag."""
        call, outputs = self.agent.invite(
            "sip:101@192.0.2.9:5062", from_uri="sip:5145550100@192.0.2.2", display_name="",
            sdp=OFFER, credentials=None, peer=SOURCE, now=self.now,
        )  # fmt: skip
        (ours,) = self.sorted(outputs)
        assert isinstance(ours, Request)
        kept = tuple(p for p in ours.headers if p[0] in ("Via", "From", "Call-ID", "CSeq"))
        to = ("To", (ours.header("To") or "") + tag)
        self.writes(bytes(Response((*kept, to), b"", 180, "Ringing")))
        return call, ours.call_id, ours.sender.tag

    def taken_over(self, replaces: str, **fields: str) -> int | str:
        """Send an INVITE that takes over a call: which it is, or the status that refuses it."""
        heard = len(self.events)
        lines = tuple(f"Replaces: {each}" for each in replaces.split("|"))
        answers = self.writes(invite(*lines, call_id="new@192.0.2.9", branch="z9hG4bKn", **fields))
        for event in self.events[heard:]:
            if isinstance(event, IncomingCall):
                return event.replaces
        (refusal,) = answers
        assert isinstance(refusal, Response)
        return refusal.status


def test_a_call_that_is_up_is_taken_over_by_its_name() -> None:
    exchange = Exchange()
    call, name = exchange.up()
    assert exchange.taken_over(name) == call


def test_what_rings_is_picked_up_by_its_name_from_either_end() -> None:
    for turned in (False, True):
        exchange = Exchange()
        call, call_id, ours = exchange.ringing()
        to, of = (ours, "bell") if not turned else ("bell", ours)
        assert exchange.taken_over(f"{call_id};to-tag={to};from-tag={of};early-only") == call


def test_a_telephone_that_rings_without_a_tag_is_picked_up_by_a_tag_of_zero() -> None:
    exchange = Exchange()
    call, call_id, ours = exchange.ringing(tag="")
    assert exchange.taken_over(f"{call_id};to-tag={ours};from-tag=0") == call


def test_who_is_to_pick_up_knows_how_the_telephone_names_the_call() -> None:
    exchange = Exchange()
    call, call_id, ours = exchange.ringing()
    named = exchange.agent.dialog_of(call)
    assert named is not None
    assert (named.call_id, named.to_tag, named.from_tag) == (call_id, "bell", ours)
    assert exchange.agent.dialog_of("unheard-of") is None


@pytest.mark.parametrize(
    ("replaces", "status"),
    [
        ("nothing@192.0.2.9;to-tag=a;from-tag=b", 481),
        ("up@192.0.2.9;to-tag=a;from-tag=them", 481),
        ("up@192.0.2.9;from-tag=them", 400),
        ("up@192.0.2.9", 400),
        ("a;to-tag=b;from-tag=c|d;to-tag=e;from-tag=f", 400),
    ],
)
def test_a_call_that_is_not_named_rightly_is_not_taken_over(replaces: str, status: int) -> None:
    exchange = Exchange()
    exchange.up()
    assert exchange.taken_over(replaces) == status


def test_what_was_answered_meanwhile_is_not_picked_up_by_who_wants_it_ringing() -> None:
    exchange = Exchange()
    _, name = exchange.up()
    assert exchange.taken_over(f"{name};early-only") == 486


def test_a_call_that_somebody_else_makes_and_that_rings_is_not_taken_over() -> None:
    exchange = Exchange()
    exchange.writes(invite(call_id="rings@192.0.2.9", branch="z9hG4bKr"))
    (ringing,) = exchange.sorted(exchange.agent.ring(exchange.last_call(), exchange.now))
    name = f"rings@192.0.2.9;to-tag={ringing.recipient.tag};from-tag=them"
    assert exchange.taken_over(name) == 481


def test_a_call_that_is_being_hung_up_is_not_taken_over() -> None:
    exchange = Exchange()
    call, name = exchange.up()
    exchange.sorted(exchange.agent.bye(call, exchange.now))
    assert isinstance(exchange.events[-1], CallEnded)
    assert exchange.taken_over(name) == 603


def test_only_a_call_takes_the_place_of_a_call() -> None:
    exchange = Exchange()
    options = request("OPTIONS", "Replaces: a;to-tag=b;from-tag=c", branch="z9hG4bKo")
    assert exchange.status(options) == 400


def test_telephones_are_told_that_calls_can_be_taken_over_and_transferred() -> None:
    exchange = Exchange()
    exchange.writes(invite())
    (ringing,) = exchange.sorted(exchange.agent.ring(exchange.last_call(), exchange.now))
    assert "replaces" in ringing.tokens("Supported")
    assert "refer" in ringing.tokens("Allow")
    required = invite("Require: replaces", call_id="r@192.0.2.9", branch="z9hG4bKq")
    assert exchange.status(required) == 100
