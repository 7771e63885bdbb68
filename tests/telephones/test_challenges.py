"""Telephones prove themselves; those who guess, replay or come late are asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.challenges import NONCE_S, Challenges, Guessed, Judgement, Proven, Stale
from telephony.sip.digest import Credentials, authorization, challenge_of
from telephony.sip.events import Peer, Transport
from telephony.sip.message import Request, Response
from tests.sip.wire import Counter
from tests.telephones.handset import HOME, REALM, People

ELSEWHERE = Peer(Transport.UDP, "198.51.100.1", 5060)
TARGET = "sip:101@pbx.example"


class Desk:
    """Somebody who challenges, and a telephone that answers."""

    def __init__(self) -> None:
        self.challenges = Challenges(REALM, People().secret, Counter("desk").token)

    def asked(self, now: float = 0.0, algorithm: str = "SHA-256") -> Response:
        lines = self.challenges.challenge(HOME, now)
        chosen = tuple(line for line in lines if f"algorithm={algorithm}" in line[1])
        return Response(chosen, b"", 401)

    def answers(
        self,
        asked: Response,
        user: str = "101-abcd",
        password: str = "right",
        *,
        now: float = 1.0,
        count: int = 1,
        source: Peer = HOME,
        uri: str = TARGET,
        proven_for: str = TARGET,
        method: str = "INVITE",
    ) -> Judgement:
        challenge = challenge_of(asked)
        assert challenge is not None
        proof = authorization(
            challenge,
            Credentials(user, password),
            method="INVITE",
            uri=proven_for,
            cnonce="cafe",
            count=count,
        )
        request = Request((("Authorization", proof),), method=method, uri=uri)
        return self.challenges.judge(request, source, now)


def test_the_stronger_algorithm_is_offered_first() -> None:
    lines = Desk().challenges.challenge(HOME, 0.0)
    assert [name for name, _ in lines] == ["WWW-Authenticate"] * 2
    assert "algorithm=SHA-256" in lines[0][1]
    assert "algorithm=MD5" in lines[1][1]
    assert all('qop="auth"' in line and f'realm="{REALM}"' in line for _, line in lines)


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_a_right_password_proves_an_account_by_either_algorithm(algorithm: str) -> None:
    desk = Desk()
    assert desk.answers(desk.asked(algorithm=algorithm)) == Proven("101-abcd")


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
@pytest.mark.parametrize(
    ("user", "password"), [("101-abcd", "wrong"), ("101-abcd", ""), ("102-wxyz", "right")]
)
def test_a_wrong_password_and_an_unknown_user_are_judged_alike(
    user: str, password: str, algorithm: str
) -> None:
    desk = Desk()
    assert desk.answers(desk.asked(algorithm=algorithm), user, password) == Guessed(user)


def test_no_proof_and_a_proof_for_somebody_elses_realm_prove_nothing() -> None:
    desk = Desk()
    assert desk.challenges.judge(Request((), method="INVITE", uri=TARGET), HOME, 0.0) is None
    other = Challenges("elsewhere", People().secret, Counter("x").token).challenge(HOME, 0.0)
    assert desk.answers(Response(other, b"", 401)) is None


def test_a_proof_that_is_replayed_is_asked_for_anew_and_a_next_one_is_taken() -> None:
    desk = Desk()
    asked = desk.asked()
    assert desk.answers(asked) == Proven("101-abcd")
    assert desk.answers(asked) == Stale("101-abcd")
    assert desk.answers(asked, count=3) == Proven("101-abcd")
    assert desk.answers(asked, count=2) == Stale("101-abcd")


def test_a_nonce_grows_old_and_a_right_answer_to_it_is_no_guess() -> None:
    desk = Desk()
    asked = desk.asked(now=100.0)
    assert desk.answers(asked, now=100.0 + NONCE_S) == Proven("101-abcd")
    late = desk.asked(now=200.0)
    assert desk.answers(late, now=201.0 + NONCE_S) == Stale("101-abcd")
    assert desk.answers(late, password="wrong", now=201.0 + NONCE_S) == Guessed("101-abcd")


def test_a_nonce_is_worth_nothing_elsewhere_nor_after_a_restart() -> None:
    desk = Desk()
    assert desk.answers(desk.asked(), source=ELSEWHERE) == Stale("101-abcd")
    before = Challenges(REALM, People().secret, Counter("before").token)
    assert desk.answers(Response(before.challenge(HOME, 0.0), b"", 401)) == Stale("101-abcd")


def test_a_proof_for_one_target_or_method_is_none_for_another() -> None:
    desk = Desk()
    asked = desk.asked()
    guess = Guessed("101-abcd")
    assert desk.answers(asked, uri="sip:15145550199@pbx.example") == guess
    assert desk.answers(asked, method="REGISTER") == guess
    assert desk.answers(asked, uri="sip:101@192.0.2.1:5060;transport=udp") == Proven("101-abcd")


def test_nonces_forgotten_for_want_of_room_are_not_taken_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("telephony.sip.challenges.MOST_NONCES", 2)
    desk = Desk()
    first, others = desk.asked(now=0.0), [desk.asked(now=10.0 + n) for n in range(3)]
    assert desk.answers(first, now=10.0) == Proven("101-abcd")
    for asked in others:
        assert desk.answers(asked, now=20.0) == Proven("101-abcd")
    assert desk.answers(first, now=20.0) == Stale("101-abcd")
    assert desk.answers(others[0], now=20.0) == Stale("101-abcd")


@given(st.text(max_size=80))
def test_whatever_stands_in_an_authorization_is_judged_without_a_fault(text: str) -> None:
    desk = Desk()
    for value in (text, f"Digest {text}", f'Digest realm="{REALM}", username="101-abcd", {text}'):
        request = Request((("Authorization", value),), method="INVITE", uri=TARGET)
        assert not isinstance(desk.challenges.judge(request, HOME, 0.0), Proven)
