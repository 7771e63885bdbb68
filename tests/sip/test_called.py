"""What a peer experiences that calls us, message by message."""

import pytest

from call.errors import Misuse
from call.leg import Party
from telephony.sip.core import Admit, Drop, Refuse
from telephony.sip.events import (
    CallConfirmed,
    CallEnded,
    IncomingCall,
    InfoKey,
    OfferDue,
    OfferReceived,
    OfferRefused,
    Peer,
    Send,
    Transport,
)
from telephony.sip.message import Response
from tests.sip.by_hand import SOURCE, Hand, invite, request
from tests.sip.wire import ANSWER, HOLD, OFFER


def taken(hand: Hand, data: bytes = b"", **ack: object) -> str:
    """Call, be answered, acknowledge; the To tag of the dialog."""
    hand.writes(data or invite())
    (final,) = hand.sorted(hand.agent.answer(hand.last_call(), ANSWER, hand.now))
    tag = final.recipient.tag
    hand.writes(request("ACK", branch="z9hG4bKack", to_tag=tag, **ack))  # type: ignore[arg-type]
    return tag


# Where responses go, and what they repeat


def test_a_peer_behind_a_translator_is_answered_where_it_wrote_from() -> None:
    hand = Hand(source=Peer(Transport.UDP, "198.51.100.7", 40001))
    (trying,) = hand.writes(invite())
    assert hand.to == [hand.source]
    assert trying.top_via.parameters["rport"] == "40001"
    assert trying.top_via.parameters["received"] == "198.51.100.7"


def test_a_peer_without_rport_is_answered_at_the_port_of_its_via() -> None:
    hand = Hand(source=Peer(Transport.UDP, "198.51.100.7", 40001))
    (trying,) = hand.writes(invite(via="SIP/2.0/UDP pbx.example.com:5070"))
    assert hand.to == [Peer(Transport.UDP, "198.51.100.7", 5070)]
    assert trying.top_via.parameters["received"] == "198.51.100.7"


def test_every_via_comes_back_in_order() -> None:
    hand = Hand()
    more = "Via: SIP/2.0/UDP a.example.com;branch=z9hG4bKa, SIP/2.0/TCP b.example.com"
    (trying,) = hand.writes(invite(more))
    assert [via.host for via in trying.vias] == ["192.0.2.9", "a.example.com", "b.example.com"]


def test_an_ipv6_peer_is_answered() -> None:
    hand = Hand(source=Peer(Transport.UDP, "2001:db8::9", 5060))
    (answer,) = hand.writes(request("OPTIONS", via="SIP/2.0/UDP [2001:db8::9]:5060;rport"))
    assert hand.to == [hand.source]
    assert "received=2001:db8::9" in (answer.header("Via") or "")


def test_options_tells_what_we_can_do() -> None:
    (answer,) = Hand().writes(request("OPTIONS"))
    assert isinstance(answer, Response)
    assert answer.status == 200
    assert answer.recipient.tag
    assert "UPDATE" in (answer.header("Allow") or "")
    assert answer.header("Accept") == "application/sdp"
    assert answer.header("Supported") == "timer, replaces"


# Refusals


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        (
            request("REGISTER"),
            405,
            ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, SUBSCRIBE, NOTIFY"),
        ),
        (request("SUBSCRIBE", "Event: message-summary"), 489, None),
        (request("SUBSCRIBE", "Event: message-summary", to_tag="nobody"), 481, None),
        (request("NOTIFY", "Event: message-summary"), 481, None),
        (request("DANCE"), 501, None),
        (request("OPTIONS", uri="soap.beep://192.0.2.103:3002"), 416, None),
        (invite("Require: 100rel"), 420, ("Unsupported", "100rel")),
        (invite().replace(b"ion/sdp", b"ion/x-unknown"), 415, ("Accept", "application/sdp")),
        (invite("Content-Encoding: gzip"), 415, ("Accept-Encoding", "identity")),
        (invite("Accept: text/x-unknown"), 406, None),
        (invite("Supported: timer", "Session-Expires: 30"), 422, ("Min-SE", "90")),
        (invite().replace(b"Max-Forwards: 70", b"Max-Forwards: 0"), 483, None),
        (request("OPTIONS").replace(b"Max-Forwards: 70", b"Max-Forwards: 0"), 200, None),
        (request("OPTIONS").replace(b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia"), 505, None),
        (request("BYE", to_tag="nobody"), 481, None),
        (request("INFO", to_tag="nobody"), 481, None),
        (request("CANCEL"), 481, None),
        (request("BYE"), 481, None),
        (request("OPTIONS").replace(b"CSeq: 1", b"CSeq: 99999999999"), 400, None),
        (request("OPTIONS").replace(b"OPTIONS\r\n", b"INVITE\r\n"), 400, None),
        (request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: 9"), 400, None),
        (request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: -1"), 400, None),
        (request("OPTIONS", "Call-ID: another"), 400, None),
        (request("OPTIONS", uri="<sip:user@example.com>"), 400, None),
        (request("OPTIONS", uri="sip:user@example.com; lr"), 400, None),
        (request("OPTIONS", uri="sip:user@example.com?Route=%3Csip:x%3E"), 400, None),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_refused_with_its_reason(
    data: bytes, status: int, told: tuple[str, str] | None
) -> None:
    hand = Hand()
    outputs = hand.agent.feed(data, SOURCE, 0.0)
    final = [output.data for output in outputs if isinstance(output, Send)][-1]
    assert final.startswith(b"SIP/2.0 %d " % status)
    assert not [output for output in outputs if not isinstance(output, Send)]
    if told:
        assert ": ".join(told).encode() in final
    hand.waits(100)
    assert hand.agent.calls == 0


def test_a_caller_that_requires_what_we_know_is_let_in() -> None:
    hand = Hand()
    hand.writes(invite("Require: timer"))
    assert isinstance(hand.events[0], IncomingCall)


def test_an_ack_for_nobody_is_never_answered() -> None:
    hand = Hand()
    assert hand.writes(request("ACK", to_tag="nobody")) == []
    assert hand.writes(request("ACK").replace(b"CSeq: 1 ACK", b"CSeq: x ACK")) == []


def test_octets_that_are_no_sip_are_dropped_and_counted() -> None:
    hand = Hand()
    assert hand.writes(b"GET / HTTP/1.1\r\n\r\n") == []
    assert hand.writes(b"\xff\x00\x17") == []
    assert hand.agent.dropped["malformed"] == 2


def test_a_keep_alive_is_answered_and_its_answer_is_not() -> None:
    hand = Hand()
    assert hand.agent.feed(b"\r\n\r\n", SOURCE, 0.0) == [Send(b"\r\n", SOURCE)]
    assert hand.agent.feed(b"\r\n", SOURCE, 0.0) == []
    assert hand.agent.dropped["malformed"] == 0


def test_the_same_invite_by_two_paths_makes_one_call() -> None:
    hand = Hand()
    hand.writes(invite())
    assert hand.status(invite(branch="z9hG4bKother")) == 482
    assert len(hand.events) == 1


def test_a_refused_stranger_gets_the_same_answer_twice() -> None:
    hand = Hand(gate=lambda request, source, now: Refuse(503, "Full", retry_after=7))
    (first,) = hand.writes(invite())
    (second,) = hand.writes(invite())
    assert isinstance(first, Response)
    assert (first.status, first.reason, first.header("Retry-After")) == (503, "Full", "7")
    assert first == second
    assert hand.agent.deadline is None


def test_a_scanner_hears_nothing() -> None:
    hand = Hand(gate=lambda request, source, now: Drop())
    assert hand.writes(invite()) == []
    assert hand.agent.dropped["by the gate"] == 1


def test_the_gate_is_not_asked_about_calls_under_way() -> None:
    asked: list[str] = []

    def gate(request: object, source: Peer, now: float) -> Admit:
        asked.append(getattr(request, "method", ""))
        return Admit()

    hand = Hand(gate=gate)
    tag = taken(hand)
    hand.writes(invite())
    assert hand.status(request("BYE", to_tag=tag, cseq=2, branch="z9hG4bKbye")) == 200
    assert asked == ["INVITE"]


# Who calls, and what was dialled


@pytest.mark.parametrize(
    ("extra", "party"),
    [
        ((), Party("+15145550199", "Roger")),
        (("P-Asserted-Identity: \"Bell\" <tel:+1-514-555-0122>",), Party("+15145550122", "Bell")),
        (("Privacy: id", "P-Asserted-Identity: <tel:+15145550122>"), Party("")),
    ],
)  # fmt: skip
def test_the_caller_is_whom_the_network_asserts(extra: tuple[str, ...], party: Party) -> None:
    hand = Hand()
    hand.writes(invite(*extra))
    assert hand.events[0].caller == party  # type: ignore[union-attr]


def test_an_anonymous_caller_has_no_number() -> None:
    hand = Hand()
    hand.writes(
        invite().replace(
            b'"Roger" <sip:+15145550199@192.0.2.9>', b"<sip:anonymous@anonymous.invalid>"
        )
    )
    assert hand.events[0].caller == Party("")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("uri", "dialed"),
    [
        ("sip:%2a101@192.0.2.2", "*101"),
        ("sip:*101@192.0.2.2", "*101"),
        ("sip:#31#8500@192.0.2.2", "#31#8500"),
        ("tel:+1-514-555-0100;phone-context=x", "+15145550100"),
        ("sips:8500@192.0.2.2;transport=tcp", "8500"),
        ("sip:8500;phone-context=local@[2001:db8::2]:5060", "8500"),
        ("sip:192.0.2.2", ""),
    ],
)
def test_what_was_dialled_is_told_as_the_caller_meant_it(uri: str, dialed: str) -> None:
    hand = Hand()
    hand.writes(invite(uri=uri))
    assert hand.events[0].dialed == dialed  # type: ignore[union-attr]


# The answer and its ACK


def test_a_delayed_offer_is_made_in_the_200_and_answered_in_the_ack() -> None:
    hand = Hand()
    hand.writes(invite(body=b""))
    assert hand.events[0].offer is None  # type: ignore[union-attr]
    (final,) = hand.sorted(hand.agent.answer(hand.last_call(), OFFER, hand.now))
    assert final.body == OFFER
    ack = request(
        "ACK", "Content-Type: application/sdp", branch="z9hG4bKack", to_tag=final.recipient.tag,
        body=ANSWER,
    )  # fmt: skip
    hand.writes(ack)
    assert hand.events[-1] == CallConfirmed(hand.last_call(), ANSWER)


def test_an_offer_inside_a_multipart_body_is_found() -> None:
    hand = Hand()
    body = (
        b"--cut\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        b"--cut\r\nContent-Type: application/sdp\r\n\r\n" + OFFER + b"\r\n--cut--\r\n"
    )
    hand.writes(invite(body=body).replace(b"application/sdp", b'multipart/mixed;boundary="cut"', 1))
    assert hand.events[0].offer == OFFER  # type: ignore[union-attr]


def test_an_old_peer_without_branch_tag_or_contact_is_served() -> None:
    hand = Hand()
    data = invite().replace(b";branch=z9hG4bKone", b"").replace(b";tag=them", b"")
    data = data.replace(b"Contact: <sip:roger@192.0.2.9:5062>\r\n", b"")
    hand.writes(data)
    hand.writes(data)
    (final,) = hand.sorted(hand.agent.answer(hand.last_call(), ANSWER, hand.now))
    ack = request("ACK", to_tag=final.recipient.tag).replace(b";tag=them", b"")
    hand.writes(ack.replace(b";branch=z9hG4bKone", b""))
    assert [type(event) for event in hand.events] == [IncomingCall, CallConfirmed]


def test_record_route_is_repeated_and_followed_in_order() -> None:
    hand = Hand()
    taken(hand, invite("Record-Route: <sip:192.0.2.50;lr>, <sip:192.0.2.60;lr>"))
    (bye,) = hand.sorted(hand.agent.bye(hand.last_call(), hand.now))
    assert bye.values("Route") == ["<sip:192.0.2.50;lr>", "<sip:192.0.2.60;lr>"]
    assert hand.to == [Peer(Transport.UDP, "192.0.2.50", 5060)]
    assert bye.uri == "sip:roger@192.0.2.9:5062"  # type: ignore[union-attr]


def test_a_strict_router_gets_the_request_in_its_own_name() -> None:
    hand = Hand()
    taken(hand, invite("Record-Route: <sip:192.0.2.50>"))
    (bye,) = hand.sorted(hand.agent.bye(hand.last_call(), hand.now))
    assert bye.uri == "sip:192.0.2.50"  # type: ignore[union-attr]
    assert bye.values("Route") == ["<sip:roger@192.0.2.9:5062>"]


def test_a_contact_by_name_is_reached_where_the_call_came_from() -> None:
    hand = Hand()
    taken(hand, invite().replace(b"roger@192.0.2.9:5062", b"roger@phone.example.com"))
    hand.sorted(hand.agent.bye(hand.last_call(), hand.now))
    assert hand.to == [SOURCE]


# In the middle of a call


# A caller by TCP whose connection closes

BORROWED = Peer(Transport.TCP, "192.0.2.9", 49152)
LISTENING = Peer(Transport.TCP, "192.0.2.9", 5062)


def by_connection(data: bytes) -> bytes:
    """The same request over TCP, from a telephone that listens there as well."""
    data = data.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP")
    return data.replace(b"roger@192.0.2.9:5062>", b"roger@192.0.2.9:5062;transport=tcp>")


def connected() -> tuple[Hand, str]:
    """A call over TCP that is up, and its To tag."""
    hand = Hand(source=BORROWED)
    hand.writes(by_connection(invite()))
    (final,) = hand.sorted(hand.agent.answer(hand.last_call(), ANSWER, hand.now))
    tag = final.recipient.tag
    hand.writes(by_connection(request("ACK", branch="z9hG4bKack", to_tag=tag)))
    return hand, tag


def test_a_caller_who_keeps_the_connection_is_hung_up_on_it() -> None:
    hand, _ = connected()
    hand.sorted(hand.agent.bye(hand.last_call(), hand.now))
    assert hand.to == [BORROWED]


def test_a_caller_who_closed_the_connection_is_hung_up_where_it_listens() -> None:
    hand, _ = connected()
    hand.agent.transport_failed(BORROWED, hand.now)
    (bye,) = hand.sorted(hand.agent.bye(hand.last_call(), hand.now))
    assert hand.to == [LISTENING]
    assert bye.top_via.transport == "TCP"


def test_a_connection_that_closes_under_our_request_has_it_sent_where_the_caller_listens() -> None:
    hand, _ = connected()
    hand.sorted(hand.agent.bye(hand.last_call(), hand.now))
    (again,) = hand.sorted(hand.agent.transport_failed(BORROWED, hand.now))
    assert again.method == "BYE"  # type: ignore[union-attr]
    assert hand.to == [LISTENING]
    assert hand.sorted(hand.agent.transport_failed(LISTENING, hand.now)) == []
    assert hand.agent.calls == 0


def test_a_caller_who_connects_again_is_hung_up_on_the_new_connection() -> None:
    hand, tag = connected()
    hand.agent.transport_failed(BORROWED, hand.now)
    hand.source = Peer(Transport.TCP, "192.0.2.9", 49153)
    alive = request("OPTIONS", branch="z9hG4bKalive", cseq=2, to_tag=tag)
    assert hand.status(by_connection(alive)) == 200
    hand.sorted(hand.agent.bye(hand.last_call(), hand.now))
    assert hand.to == [hand.source]


def test_an_answer_whose_connection_closed_goes_to_the_port_of_the_via() -> None:
    hand = Hand(source=BORROWED)
    hand.writes(by_connection(invite()))
    hand.agent.transport_failed(BORROWED, hand.now)
    hand.sorted(hand.agent.answer(hand.last_call(), ANSWER, hand.now))
    assert hand.to == [LISTENING]
    assert [answer.status for answer in hand.waits(0.6)] == [200]  # type: ignore[union-attr]
    assert hand.to == [LISTENING]


def test_a_request_that_comes_out_of_order_is_refused() -> None:
    hand = Hand()
    tag = taken(
        hand, request("INVITE", "Content-Type: application/sdp", body=OFFER, cseq=5), cseq=5
    )
    assert hand.status(request("INFO", to_tag=tag, cseq=4, branch="z9hG4bKlate")) == 500
    assert hand.status(request("INFO", to_tag=tag, cseq=6, branch="z9hG4bKnext")) == 200


def test_a_foreign_tag_does_not_reach_into_the_call() -> None:
    hand = Hand()
    tag = taken(hand)
    stranger = request("BYE", to_tag=tag, from_tag="stranger", cseq=9, branch="z9hG4bKx")
    assert hand.status(stranger) == 481
    assert hand.agent.calls == 1


@pytest.mark.parametrize(
    ("kind", "body", "key", "held"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=240\r\n", "5", 240),
        ("application/dtmf-relay", b"Signal= *\nDuration= 100", "*", 100),
        ("application/dtmf-relay", b"Signal=11\r\n", "#", 160),
        ("application/dtmf", b"d", "D", 160),
        ("Application/DTMF; x=y", b"10", "*", 160),
    ],
)
def test_a_key_by_info_is_told(kind: str, body: bytes, key: str, held: int) -> None:
    hand = Hand()
    tag = taken(hand)
    info = request(
        "INFO", f"Content-Type: {kind}", to_tag=tag, cseq=2, body=body, branch="z9hG4bKi"
    )
    assert hand.status(info) == 200
    assert hand.events[-1] == InfoKey(hand.last_call(), key, held)


def test_an_info_that_tells_no_key_is_answered_and_forgotten() -> None:
    hand = Hand()
    tag = taken(hand)
    told = len(hand.events)
    for number, kind, body, status in (
        (2, "application/dtmf-relay", b"Signal=!\r\n", 200),
        (3, "application/dtmf-relay", b"\xff\xfe", 200),
        (4, "text/plain", b"hello", 415),
        (5, "application/dtmf", b"", 200),
    ):
        info = request(
            "INFO", f"Content-Type: {kind}", to_tag=tag, cseq=number, body=body,
            branch=f"z9hG4bK{number}",
        )  # fmt: skip
        assert hand.status(info) == status
    assert len(hand.events) == told


def reinvite(tag: str, cseq: int, body: bytes = HOLD, *extra: str) -> bytes:
    kind = ("Content-Type: application/sdp",) if body else ()
    return request(
        "INVITE", *kind, *extra, to_tag=tag, cseq=cseq, body=body, branch=f"z9hG4bKre{cseq}"
    )


def test_an_offer_during_an_offer_is_asked_to_come_later() -> None:
    hand = Hand()
    tag = taken(hand)
    hand.writes(reinvite(tag, 2))
    (busy,) = hand.writes(reinvite(tag, 3))
    assert isinstance(busy, Response)
    assert busy.status == 500
    assert 0 <= int(busy.header("Retry-After") or "") <= 10


def test_an_offer_that_meets_ours_is_refused_491_and_ours_comes_again() -> None:
    hand = Hand()
    tag = taken(hand)
    (ours,) = hand.sorted(hand.agent.reoffer(hand.last_call(), OFFER, hand.now))
    assert hand.status(reinvite(tag, 2)) == 491
    assert hand.status(request("UPDATE", "Content-Type: application/sdp", to_tag=tag, cseq=3,
                               branch="z9hG4bKup", body=HOLD)) == 491  # fmt: skip
    refusal = bytes(answer_to(ours, 491))
    (ack,) = hand.writes(refusal)
    assert ack.cseq == (ours.cseq[0], "ACK")
    assert hand.events[-1] == OfferRefused(hand.last_call(), 491)
    hand.waits(2.0)
    assert hand.events[-1] == OfferDue(hand.last_call())
    (again,) = hand.sorted(hand.agent.reoffer(hand.last_call(), HOLD, hand.now))
    assert again.cseq == (ours.cseq[0] + 1, "INVITE")


def answer_to(request: object, status: int, *extra: tuple[str, str], body: bytes = b"") -> Response:
    kept = ("Via", "From", "Call-ID", "CSeq", "To")
    headers = tuple(pair for pair in request.headers if pair[0] in kept)  # type: ignore[attr-defined]
    return Response((*headers, *extra), body, status, "Because")


def test_an_offer_that_is_taken_back_leaves_nothing_to_answer() -> None:
    hand = Hand()
    tag = taken(hand)
    hand.writes(reinvite(tag, 2))
    cancel = request("CANCEL", to_tag=tag, cseq=2, branch="z9hG4bKre2")
    answers = hand.writes(cancel)
    assert [(one.status, one.cseq[1]) for one in answers if isinstance(one, Response)] == [
        (200, "CANCEL"),
        (487, "INVITE"),
    ]
    assert hand.agent.accept_offer(hand.last_call(), ANSWER, hand.now) == []
    assert hand.agent.calls == 1


def test_an_update_with_an_offer_is_answered_at_once() -> None:
    hand = Hand()
    tag = taken(hand)
    hand.writes(request("UPDATE", "Content-Type: application/sdp", to_tag=tag, cseq=2,
                        branch="z9hG4bKup", body=HOLD))  # fmt: skip
    assert isinstance(hand.events[-1], OfferReceived)
    (final,) = hand.sorted(hand.agent.accept_offer(hand.last_call(), ANSWER, hand.now))
    assert isinstance(final, Response)
    assert (final.status, final.body) == (200, ANSWER)
    assert hand.waits(5) == []


def test_an_update_before_the_answer_is_asked_to_come_later() -> None:
    hand = Hand()
    hand.writes(invite())
    (ringing,) = hand.sorted(hand.agent.ring(hand.last_call(), hand.now))
    update = request("UPDATE", "Content-Type: application/sdp", to_tag=ringing.recipient.tag,
                     cseq=2, branch="z9hG4bKup", body=HOLD)  # fmt: skip
    assert hand.status(update) == 500


def test_a_new_contact_is_where_the_next_request_goes() -> None:
    hand = Hand()
    tag = taken(hand)
    moved = reinvite(tag, 2).replace(b"roger@192.0.2.9:5062", b"roger@192.0.2.77:5099")
    hand.writes(moved)
    hand.sorted(hand.agent.refuse_offer(hand.last_call(), 488, hand.now))
    hand.sorted(hand.agent.bye(hand.last_call(), hand.now))
    assert Peer(Transport.UDP, "192.0.2.77", 5099) in hand.to


def test_an_empty_reinvite_asks_for_our_offer() -> None:
    hand = Hand()
    tag = taken(hand)
    hand.writes(reinvite(tag, 2, b""))
    assert hand.events[-1].offer is None  # type: ignore[union-attr]
    (final,) = hand.sorted(hand.agent.accept_offer(hand.last_call(), OFFER, hand.now))
    hand.writes(request("ACK", "Content-Type: application/sdp", to_tag=tag, cseq=2,
                        branch="z9hG4bKa2", body=ANSWER))  # fmt: skip
    assert final.body == OFFER
    assert hand.events[-1].answer == ANSWER  # type: ignore[union-attr]


def test_a_bye_before_the_answer_ends_the_ringing() -> None:
    hand = Hand()
    hand.writes(invite())
    (ringing,) = hand.sorted(hand.agent.ring(hand.last_call(), hand.now))
    answers = hand.writes(request("BYE", to_tag=ringing.recipient.tag, cseq=2, branch="z9hG4bKbye"))
    assert [one.status for one in answers if isinstance(one, Response)] == [200, 487]
    assert hand.events[-1] == CallEnded(hand.last_call(), by_peer=True, status=None)


def test_a_peer_that_refreshes_the_session_is_agreed_with() -> None:
    hand = Hand()
    hand.writes(invite("Supported: timer", "Session-Expires: 600;refresher=uac"))
    (final,) = hand.sorted(hand.agent.answer(hand.last_call(), ANSWER, hand.now))
    assert final.header("Session-Expires") == "600;refresher=uac"
    assert final.header("Require") == "timer"
    tag = final.recipient.tag
    hand.writes(request("ACK", branch="z9hG4bKack", to_tag=tag))
    hand.waits(500)
    refresh = request("UPDATE", "Supported: timer", "Session-Expires: 600;refresher=uac",
                      to_tag=tag, cseq=2, branch="z9hG4bKup")  # fmt: skip
    assert hand.status(refresh) == 200
    hand.waits(500)
    assert hand.agent.calls == 1
    hand.waits(100)
    assert hand.events[-1] == CallEnded(hand.events[0].call, by_peer=False, status=408)


def test_a_peer_that_knows_no_session_timer_is_refreshed_by_us_with_the_same_offer() -> None:
    hand = Hand()
    taken(hand)
    (refresh, *_) = hand.waits(900)
    assert refresh.cseq[1] == "INVITE"
    assert refresh.body == ANSWER


def test_a_stranger_cannot_cancel_what_was_never_asked() -> None:
    hand = Hand(gate=lambda request, source, now: Drop())
    assert hand.writes(request("CANCEL")) == []
    friend = Hand()
    tag = taken(friend)
    assert friend.status(request("CANCEL", to_tag=tag, branch="z9hG4bKnever")) == 481


def test_a_bye_during_an_offer_answers_both() -> None:
    hand = Hand()
    tag = taken(hand)
    hand.writes(reinvite(tag, 2))
    answers = hand.writes(request("BYE", to_tag=tag, cseq=3, branch="z9hG4bKbye"))
    assert [(one.status, one.cseq) for one in answers if isinstance(one, Response)] == [
        (200, (3, "BYE")),
        (487, (2, "INVITE")),
    ]


def test_a_reinvite_that_crosses_our_hang_up_finds_no_call() -> None:
    hand = Hand()
    tag = taken(hand)
    hand.sorted(hand.agent.bye(hand.last_call(), hand.now))
    assert hand.status(reinvite(tag, 2)) == 481


def test_our_offer_that_is_answered_twice_is_told_once() -> None:
    hand = Hand()
    taken(hand)
    (ours,) = hand.sorted(hand.agent.reoffer(hand.last_call(), OFFER, hand.now))
    kind = ("Content-Type", "application/sdp")
    good = bytes(answer_to(ours, 200, kind, body=ANSWER))
    told = len(hand.events)
    first, again = hand.writes(good), hand.writes(good)
    assert first == again
    assert len(hand.events) == told + 1


def test_our_offer_that_nobody_answers_ends_the_call() -> None:
    hand = Hand()
    taken(hand)
    hand.sorted(hand.agent.reoffer(hand.last_call(), OFFER, hand.now))
    sent = hand.waits(33)
    assert sent[-1].cseq[1] == "BYE"
    assert hand.events[-1] == CallEnded(hand.events[0].call, by_peer=False, status=408)


def test_a_body_that_may_be_ignored_is_no_offer() -> None:
    hand = Hand()
    extra = ("Content-Type: text/plain", "Content-Disposition: render; handling=optional")
    hand.writes(request("INVITE", *extra, body=b"hello"))
    assert hand.events[0].offer is None  # type: ignore[union-attr]


def test_control_characters_in_a_number_reach_nobody() -> None:
    hand = Hand()
    hand.writes(invite(uri="sip:85%0D%0A00@192.0.2.2"))
    assert hand.events[0].dialed == "8500"  # type: ignore[union-attr]


def test_a_wrong_command_is_a_bug_of_ours() -> None:
    hand = Hand()
    hand.writes(invite())
    call = hand.last_call()
    with pytest.raises(Misuse):
        hand.agent.reject(call, 200, hand.now)
    with pytest.raises(Misuse):
        hand.agent.refuse_offer(call, 100, hand.now)
    with pytest.raises(Misuse):
        hand.agent.invite("nowhere", from_uri="sip:a@b", display_name="", sdp=b"",
                          credentials=None, peer=SOURCE, now=0.0)  # fmt: skip


def test_options_in_the_middle_of_a_call_is_a_sign_of_life() -> None:
    hand = Hand()
    tag = taken(hand)
    alive = request("OPTIONS", to_tag=tag, cseq=2, branch="z9hG4bKopt")
    assert hand.status(alive) == 200
    assert hand.status(request("MESSAGE", to_tag=tag, cseq=3, branch="z9hG4bKref")) == 405


def test_a_call_hung_up_before_its_ack_takes_no_more_offers() -> None:
    hand = Hand()
    hand.writes(invite())
    call = hand.last_call()
    (final,) = hand.sorted(hand.agent.answer(call, ANSWER, hand.now))
    assert hand.agent.bye(call, hand.now) == []
    update = request("UPDATE", "Content-Type: application/sdp", to_tag=final.recipient.tag,
                     cseq=2, branch="z9hG4bKup", body=HOLD)  # fmt: skip
    assert hand.status(update) == 481
    (bye,) = hand.writes(request("ACK", branch="z9hG4bKack", to_tag=final.recipient.tag))
    assert bye.cseq[1] == "BYE"
    assert hand.events[-1] == CallEnded(call, by_peer=False, status=None)
