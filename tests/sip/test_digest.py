"""Answers to challenges, against the worked examples of RFC 2617 and RFC 7616."""

import pytest

from telephony.sip.digest import Challenge, Credentials, authorization, challenge_of
from telephony.sip.message import Response


def response(*challenges: str, status: int = 401) -> Response:
    return Response(tuple(("WWW-Authenticate", text) for text in challenges), b"", status, "")


RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616_come_out(algorithm: str, digest: str) -> None:
    challenge = challenge_of(response(RFC_7616.format(algorithm)))
    assert challenge
    value = authorization(
        challenge,
        Credentials("Mufasa", "Circle of Life"),
        method="GET",
        uri="/dir/index.html",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert f'response="{digest}"' in value
    assert f"algorithm={algorithm}" in value
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in value


def test_a_challenge_without_qop_is_answered_the_old_way() -> None:
    challenge = challenge_of(response('Digest realm="r", nonce="n"'))
    assert challenge == Challenge("Authorization", "r", "n", "", False, None, False)
    value = authorization(
        challenge, Credentials("u", "p"), method="INVITE", uri="sip:x", cnonce="c"
    )
    assert "nc=" not in value
    assert "cnonce" not in value
    assert "algorithm" not in value


def test_the_stronger_challenge_is_answered() -> None:
    both = response(RFC_7616.format("MD5"), RFC_7616.format("SHA-256"))
    challenge = challenge_of(both)
    assert challenge
    assert challenge.algorithm == "SHA-256"


@pytest.mark.parametrize(
    "text",
    [
        'Basic realm="r"',
        'Digest realm="r"',
        'Digest nonce="n", algorithm=X',
        'Digest nonce="n", qop="auth-int"',
        "",
    ],
)
def test_what_cannot_be_answered_is_no_challenge(text: str) -> None:
    assert challenge_of(response(text)) is None


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(Credentials("101", "secret"))
