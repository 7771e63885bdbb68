"""Our registration at somebody else's server, seen from that server."""

from collections.abc import Sequence

import pytest

from telephony.sip.digest import Credentials
from telephony.sip.events import Peer, RegistrationHeld, RegistrationLost, Transport
from telephony.sip.message import Request, Response
from telephony.sip.registering import Account
from tests.sip.by_hand import SOURCE, Hand

ACCOUNT = Account(
    "fournisseur",
    "5145550100",
    "sip.example.net",
    "t0k3n",
    Credentials("5145550100", "no secret of anybody"),
)

CHALLENGE = (
    "WWW-Authenticate",
    'Digest realm="sip.example.net", nonce="n1", qop="auth", algorithm=SHA-256',
)


def begin(hand: Hand, account: Account = ACCOUNT) -> Request:
    return only(hand.sorted(hand.agent.registering.register(account, SOURCE, hand.now)))


def only(sent: Sequence[Request | Response]) -> Request:
    """The one request that was sent, however often."""
    (request,) = dict.fromkeys(sent)
    assert isinstance(request, Request)
    assert request.method == "REGISTER"
    return request


def answer(request: Request, status: int, *extra: tuple[str, str]) -> bytes:
    headers = [pair for pair in request.headers if pair[0] in ("Via", "From", "Call-ID", "CSeq")]
    headers.append(("To", f"{request.header('To')};tag=registrar"))
    return bytes(Response((*headers, *extra), b"", status, "Because"))


def granted(request: Request, seconds: int) -> bytes:
    return answer(request, 200, ("Contact", f"{request.header('Contact')};expires={seconds}"))


def test_we_register_our_contact_under_our_name() -> None:
    hand = Hand()
    request = begin(hand)
    assert request.uri == "sip:sip.example.net"
    assert request.recipient.uri == request.sender.uri == "sip:5145550100@sip.example.net"
    assert request.header("Contact") == "<sip:t0k3n@192.0.2.2:5060>"
    assert request.header("Expires") == "600"
    assert hand.to == [SOURCE]


def test_a_challenge_is_met_and_the_password_is_never_told() -> None:
    hand = Hand()
    again = only(hand.writes(answer(begin(hand), 401, CHALLENGE)))
    proof = again.header("Authorization") or ""
    assert 'username="5145550100"' in proof
    assert "algorithm=SHA-256" in proof
    assert b"no secret" not in bytes(again)
    hand.writes(granted(again, 600))
    assert hand.events == [RegistrationHeld("fournisseur", 600)]


def test_a_registration_is_refreshed_before_it_expires_in_one_exchange() -> None:
    hand = Hand()
    first = only(hand.writes(answer(begin(hand), 401, CHALLENGE)))
    hand.writes(granted(first, 300))
    assert hand.waits(239) == []
    second = only(hand.waits(2))
    assert second.call_id == first.call_id
    assert second.cseq[0] == first.cseq[0] + 1
    assert "nc=00000002" in (second.header("Authorization") or "")


def test_the_time_granted_counts_and_not_the_one_asked() -> None:
    hand = Hand()
    hand.writes(answer(begin(hand), 200, ("Expires", "100")))
    assert hand.waits(79) == []
    assert only(hand.waits(2))


def test_the_contact_of_another_telephone_does_not_tell_our_time() -> None:
    hand = Hand()
    request = begin(hand)
    others = "<sip:desk@192.0.2.77>;expires=30, <sip:t0k3n@192.0.2.2:5060>;expires=900"
    hand.writes(answer(request, 200, ("Contact", others)))
    assert hand.events == [RegistrationHeld("fournisseur", 900)]


def test_a_server_that_wants_longer_gets_it() -> None:
    hand = Hand()
    again = only(hand.writes(answer(begin(hand), 423, ("Min-Expires", "3600"))))
    assert again.header("Expires") == "3600"


@pytest.mark.parametrize("shortest", ["", "10", "no number", "99999999"])
def test_a_server_that_wants_nonsense_is_asked_later(shortest: str) -> None:
    hand = Hand()
    assert hand.writes(answer(begin(hand), 423, ("Min-Expires", shortest))) == []
    assert hand.events == [RegistrationLost("fournisseur", 423)]
    assert only(hand.waits(6))


def test_a_wrong_password_is_told_and_tried_again_less_and_less_often() -> None:
    hand = Hand()
    request = begin(hand)
    waits = []
    for _ in range(8):
        proven = only(hand.writes(answer(request, 401, CHALLENGE)))
        assert hand.writes(answer(proven, 403)) == []
        before, sent = hand.now, []
        while not (sent := hand.waits(1)):
            pass
        request = only(sent)
        waits.append(round(hand.now - before))
    assert waits == [60, 60, 60, 60, 80, 160, 300, 300]
    assert hand.events == [RegistrationLost("fournisseur", 403)] * 8


def test_a_server_that_is_silent_is_told_lost_and_found_again() -> None:
    hand = Hand()
    begin(hand)
    hand.waits(33)
    assert hand.events == [RegistrationLost("fournisseur", 408)]
    request = next(each for each in hand.waits(6) if isinstance(each, Request))
    hand.writes(granted(request, 600))
    assert hand.events[-1] == RegistrationHeld("fournisseur", 600)


def test_a_server_that_asks_to_wait_is_left_in_peace() -> None:
    hand = Hand()
    hand.writes(answer(begin(hand), 503, ("Retry-After", "120 (upgrade);duration=9")))
    assert hand.waits(119) == []
    assert only(hand.waits(2))


def test_when_we_stop_the_registration_is_given_back() -> None:
    hand = Hand()
    hand.writes(granted(begin(hand), 600))
    last = only(hand.sorted(hand.agent.registering.unregister(hand.now)))
    assert last.header("Expires") == "0"
    hand.writes(answer(last, 200))
    assert hand.events[-1] == RegistrationLost("fournisseur", None)
    assert hand.waits(3600) == []


def test_a_registration_that_never_held_is_not_given_back() -> None:
    hand = Hand()
    begin(hand)
    assert hand.sorted(hand.agent.registering.unregister(hand.now)) == []
    assert hand.events == [RegistrationLost("fournisseur", None)]


def test_a_server_that_moved_is_registered_at_anew() -> None:
    hand = Hand()
    hand.writes(granted(begin(hand), 600))
    elsewhere = Peer(Transport.TCP, "192.0.2.10", 5060)
    registering = hand.agent.registering
    assert hand.sorted(registering.register(ACCOUNT, SOURCE, hand.now)) == []
    moved = only(hand.sorted(registering.register(ACCOUNT, elsewhere, hand.now)))
    assert hand.to == [elsewhere]
    assert moved.header("Contact") == "<sip:t0k3n@192.0.2.2:5060;transport=tcp>"
