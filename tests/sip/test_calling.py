"""What happens to calls we make, seen from the peer that receives them."""

import pytest

from telephony.sip.digest import Credentials
from telephony.sip.events import CallAnswered, CallEnded, CallProgress, Peer, Transport
from telephony.sip.message import Request, Response
from tests.sip.by_hand import SOURCE, Hand
from tests.sip.wire import ANSWER, OFFER

CHALLENGE = 'Digest realm="example.com", nonce="n1", qop="auth,auth-int", algorithm=MD5, opaque="o"'


def dial(hand: Hand, credentials: Credentials | None = None) -> tuple[str, Request]:
    call, outputs = hand.agent.invite(
        "sip:5145550123@example.com",
        from_uri="sip:101@example.com",
        display_name="Vestibule",
        sdp=OFFER,
        credentials=credentials,
        peer=SOURCE,
        now=hand.now,
    )
    (invite,) = hand.sorted(outputs)
    assert isinstance(invite, Request)
    assert hand.to == [SOURCE]
    return call, invite


def answer(
    request: Request, status: int, *extra: tuple[str, str], tag: str = "far", body: bytes = b""
) -> bytes:
    headers = [pair for pair in request.headers if pair[0] in ("Via", "From", "Call-ID", "CSeq")]
    recipient = request.header("To") or ""
    headers.append(("To", recipient if "tag=" in recipient else f"{recipient};tag={tag}"))
    if body:
        headers.append(("Content-Type", "application/sdp"))
    return bytes(Response((*headers, *extra), body, status, "Because"))


CONTACT = ("Contact", "<sip:far@192.0.2.9:5062>")


def test_early_media_is_told_and_the_answer_too() -> None:
    hand = Hand()
    call, invite = dial(hand)
    hand.writes(answer(invite, 100))
    hand.writes(answer(invite, 183, body=ANSWER))
    (ack,) = hand.writes(answer(invite, 200, CONTACT, body=ANSWER))
    assert hand.events == [CallProgress(call, 183, ANSWER), CallAnswered(call, ANSWER)]
    assert ack.cseq == (1, "ACK")
    assert ack.recipient.tag == "far"


def test_a_200_without_description_keeps_the_one_of_early_media() -> None:
    hand = Hand()
    call, invite = dial(hand)
    hand.writes(answer(invite, 183, body=ANSWER))
    hand.writes(answer(invite, 200, CONTACT))
    assert hand.events[-1] == CallAnswered(call, ANSWER)


def test_a_repeated_200_is_acknowledged_again_with_the_same_ack() -> None:
    hand = Hand()
    _, invite = dial(hand)
    first = hand.writes(answer(invite, 200, CONTACT, body=ANSWER))
    again = hand.writes(answer(invite, 200, CONTACT, body=ANSWER))
    assert first == again
    assert len(hand.events) == 1


def test_a_second_telephone_that_answers_is_acknowledged_and_hung_up() -> None:
    hand = Hand()
    call, invite = dial(hand)
    hand.writes(answer(invite, 200, CONTACT, body=ANSWER))
    ack, bye = hand.writes(answer(invite, 200, CONTACT, tag="other", body=ANSWER))
    assert isinstance(ack, Request)
    assert isinstance(bye, Request)
    assert (ack.method, ack.recipient.tag) == ("ACK", "other")
    assert (bye.method, bye.recipient.tag) == ("BYE", "other")
    assert hand.events == [CallAnswered(call, ANSWER)]
    hand.writes(answer(bye, 200))
    assert hand.agent.calls == 1


@pytest.mark.parametrize(("status", "header"), [(401, "WWW"), (407, "Proxy")])
def test_a_challenge_is_answered_once_with_a_new_number(status: int, header: str) -> None:
    hand = Hand()
    call, invite = dial(hand, Credentials("101", "secret"))
    challenge = (f"{header}-Authenticate", CHALLENGE)
    ack, again = hand.writes(answer(invite, status, challenge))
    assert isinstance(ack, Request)
    assert isinstance(again, Request)
    assert ack.method == "ACK"
    assert (again.cseq, again.call_id) == ((2, "INVITE"), invite.call_id)
    assert again.recipient.tag == ""
    name = "Authorization" if status == 401 else "Proxy-Authorization"
    proof = again.header(name) or ""
    assert 'username="101"' in proof
    assert "qop=auth, nc=00000001" in proof
    assert "secret" not in proof
    hand.writes(answer(again, status, challenge))
    assert hand.events == [CallEnded(call, by_peer=True, status=status)]


def test_a_stale_nonce_is_replaced() -> None:
    hand = Hand()
    call, invite = dial(hand, Credentials("101", "secret"))
    _, again = hand.writes(answer(invite, 407, ("Proxy-Authenticate", CHALLENGE)))
    assert isinstance(again, Request)
    stale = CHALLENGE.replace("n1", "n2") + ", stale=TRUE"
    _, third = hand.writes(answer(again, 407, ("Proxy-Authenticate", stale)))
    assert isinstance(third, Request)
    assert 'nonce="n2"' in (third.header("Proxy-Authorization") or "")
    (ack,) = hand.writes(answer(third, 200, CONTACT, body=ANSWER))
    assert 'nonce="n2"' in (ack.header("Proxy-Authorization") or "")
    (bye,) = hand.sorted(hand.agent.bye(call, hand.now))
    assert "nc=00000002" in (bye.header("Proxy-Authorization") or "")


def test_a_challenge_without_credentials_ends_the_call() -> None:
    hand = Hand()
    call, invite = dial(hand)
    (ack,) = hand.writes(answer(invite, 401, ("WWW-Authenticate", CHALLENGE)))
    assert ack.cseq == (1, "ACK")
    assert hand.events == [CallEnded(call, by_peer=True, status=401)]


def test_a_challenged_bye_is_proven() -> None:
    hand = Hand()
    call, invite = dial(hand, Credentials("101", "secret"))
    hand.writes(answer(invite, 200, CONTACT, body=ANSWER))
    (bye,) = hand.sorted(hand.agent.bye(call, hand.now))
    assert isinstance(bye, Request)
    (again,) = hand.writes(answer(bye, 401, ("WWW-Authenticate", CHALLENGE)))
    assert isinstance(again, Request)
    assert again.method == "BYE"
    assert again.header("Authorization")
    hand.writes(answer(again, 200))
    assert hand.agent.calls == 0


def test_a_refusal_is_acknowledged_each_time_it_comes() -> None:
    hand = Hand()
    call, invite = dial(hand)
    first = hand.writes(answer(invite, 486))
    again = hand.writes(answer(invite, 486))
    assert first == again
    assert isinstance(first[0], Request)
    assert first[0].top_via == invite.top_via
    assert hand.events == [CallEnded(call, by_peer=True, status=486)]


def test_the_route_of_the_answer_is_followed_backwards() -> None:
    hand = Hand()
    call, invite = dial(hand)
    routes = ("Record-Route", "<sip:192.0.2.60;lr>, <sip:192.0.2.50;lr>")
    hand.writes(answer(invite, 200, CONTACT, routes, body=ANSWER))
    assert hand.to == [Peer(Transport.UDP, "192.0.2.50", 5060)]
    (bye,) = hand.sorted(hand.agent.bye(call, hand.now))
    assert bye.values("Route") == ["<sip:192.0.2.50;lr>", "<sip:192.0.2.60;lr>"]
    assert hand.to == [Peer(Transport.UDP, "192.0.2.50", 5060)]


def test_an_answer_of_a_branch_not_ours_is_dropped() -> None:
    hand = Hand()
    _, invite = dial(hand)
    foreign = answer(invite, 200, CONTACT).replace(b"branch=z9hG4bK", b"branch=z9hG4bKx")
    assert hand.writes(foreign) == []
    assert hand.agent.dropped["stray response"] == 1


def test_hanging_up_a_call_not_yet_answered_cancels_it() -> None:
    hand = Hand()
    call, invite = dial(hand)
    hand.writes(answer(invite, 180))
    (cancel,) = hand.sorted(hand.agent.bye(call, hand.now))
    assert isinstance(cancel, Request)
    assert cancel.cseq == (1, "CANCEL")
    assert cancel.top_via == invite.top_via
    assert cancel.uri == invite.uri


def test_a_late_answer_to_a_call_given_up_is_hung_up() -> None:
    hand = Hand()
    call, invite = dial(hand)
    hand.writes(answer(invite, 180))
    hand.sorted(hand.agent.cancel(call, hand.now))
    ack, bye = hand.writes(answer(invite, 200, CONTACT, body=ANSWER))
    assert isinstance(ack, Request)
    assert isinstance(bye, Request)
    assert (ack.method, bye.method) == ("ACK", "BYE")
    assert hand.events[-1] == CallEnded(call, by_peer=False, status=487)


def test_a_reoffer_for_a_dialog_the_peer_forgot_ends_the_call() -> None:
    hand = Hand()
    call, invite = dial(hand)
    hand.writes(answer(invite, 200, CONTACT, body=ANSWER))
    (again,) = hand.sorted(hand.agent.reoffer(call, OFFER, hand.now))
    assert isinstance(again, Request)
    sent = hand.writes(answer(again, 481))
    assert [one.cseq[1] for one in sent] == ["ACK", "BYE"]
    assert hand.events[-1] == CallEnded(call, by_peer=False, status=481)


def test_a_peer_whose_nonce_is_always_stale_is_not_followed_for_ever() -> None:
    hand = Hand()
    call, request = dial(hand, Credentials("101", "secret"))
    stale = ("WWW-Authenticate", CHALLENGE + ", stale=true")
    tries = 0
    while not hand.events:
        tries += 1
        sent = hand.writes(answer(request, 401, stale))
        request = sent[-1]  # type: ignore[assignment]
    assert tries == 3
    assert hand.events == [CallEnded(call, by_peer=True, status=401)]


@pytest.mark.parametrize(("told", "method"), [("300", "INVITE"), ("300;refresher=uas", "BYE")])
def test_the_one_who_calls_refreshes_unless_told_otherwise(told: str, method: str) -> None:
    hand = Hand()
    _, invite = dial(hand)
    hand.writes(answer(invite, 200, CONTACT, ("Session-Expires", told), body=ANSWER))
    assert hand.waits(149) == []
    assert hand.waits(121)[0].cseq[1] == method


def test_a_peer_without_session_timer_is_left_alone() -> None:
    hand = Hand()
    _, invite = dial(hand)
    hand.writes(answer(invite, 200, CONTACT, body=ANSWER))
    assert hand.waits(86400) == []


def test_a_refusal_over_a_broken_connection_ends_the_call_once() -> None:
    hand = Hand()
    call, _ = dial(hand)
    hand.sorted(hand.agent.transport_failed(SOURCE, hand.now))
    hand.sorted(hand.agent.transport_failed(SOURCE, hand.now))
    assert hand.events == [CallEnded(call, by_peer=False, status=503)]
