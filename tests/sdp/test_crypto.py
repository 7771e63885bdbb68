"""Secret sound agreed on by descriptions (RFC 4568): what is offered, taken and refused."""

from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call.errors import PeerFault
from call.masking import without_keys
from call.media import Direction, Srtp
from telephony.crypto import SUITES, BadCrypto, Crypto, Secrecy, SrtpPolicy, parse, write
from telephony.offer import Negotiation, NoCommonCodec
from telephony.sdp import parse as read
from tests.fuzz.mutation import mutants
from tests.sdp.test_offer import described, values

LONG, SHORT = SUITES
THEIRS = bytes(range(30))
NEXT = bytes(range(100, 130))


def line(tag: int = 1, suite: str = LONG, key: bytes = THEIRS, more: str = "") -> str:
    return f"a=crypto:{tag} {suite} inline:{b64encode(key).decode()}{more}"


def audio(*lines: str, protocol: str = "RTP/SAVP", port: int = 40000) -> str:
    return " | ".join([f"m=audio {port} {protocol} 0", *lines])


def keys() -> Callable[[], bytes]:
    """Keys that are told apart by their first octet: 1, 2, 3 and so on."""
    numbers = iter(range(1, 250))
    return lambda: bytes([next(numbers)]) * 30


def side(policy: SrtpPolicy = SrtpPolicy.ACCEPT) -> Negotiation:
    return Negotiation("192.0.2.1", 20000, 5000, Secrecy(policy, keys()))


# the line


def test_the_example_of_the_rfc_is_read() -> None:
    value = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4"
    crypto = parse(value)
    assert (crypto.tag, crypto.suite, crypto.mki) == (1, LONG, b"\0\0\0\1")
    assert crypto.key == b"YS___semctl () {\t220;}\n}\nunles"


@given(st.integers(0, 999_999_999), st.sampled_from(SUITES), st.binary(min_size=30, max_size=30))
def test_a_line_of_ours_is_read_back_the_same(tag: int, suite: str, key: bytes) -> None:
    crypto = Crypto(tag, suite, key)
    assert parse(write(crypto)) == crypto


@pytest.mark.parametrize(
    ("more", "mki"),
    [
        ("", b""),
        ("|2^20", b""),
        ("|2^48", b""),
        ("|1048576", b""),
        ("|1:1", b"\x01"),
        ("|2^31|258:2", b"\x01\x02"),
        ("|2^31|7:128", bytes(127) + b"\x07"),
    ],
)
def test_lifetime_and_mki_are_read_where_they_stand(more: str, mki: bytes) -> None:
    assert parse(line(more=more).removeprefix("a=crypto:")).mki == mki


@pytest.mark.parametrize("more", ["WSH=128", "-FUTURE=1", "-x WSH=64"])
def test_a_hint_and_what_may_be_ignored_are(more: str) -> None:
    assert parse(line(more=" " + more).removeprefix("a=crypto:")).key == THEIRS


@pytest.mark.parametrize(
    "more",
    [" UNENCRYPTED_SRTP", " UNENCRYPTED_SRTCP", " UNAUTHENTICATED_SRTP", " KDR=1", " FEC_ORDER=X",
     " WSH=x", " future", "|2^49", "|0", "|2^", "|x", "|", "|2^20|", "|2^20|1", "|1:0", "|1:129",
     "|256:1", "|-1:1", "|2^20|1:1|1:1", "||1:1", "=", "\u0663",
     f";inline:{b64encode(NEXT).decode()}"],
)  # fmt: skip
def test_a_line_that_asks_for_what_we_cannot_do_is_refused(more: str) -> None:
    with pytest.raises(BadCrypto):
        parse(line(more=more).removeprefix("a=crypto:"))


@pytest.mark.parametrize(
    "value",
    ["", "1", f"1 {LONG}", f"x {LONG} inline:{'A' * 40}", f"1234567890 {LONG} inline:{'A' * 40}",
     f"1 {LONG} inline:{'A' * 39}", f"1 {LONG} inline:{'A' * 44}", f"1 {LONG} inline:{'A' * 39}!",
     f"1 {LONG} inline:", f"1 {LONG} outline:{'A' * 40}", f"1 AES_256_CM inline:{'A' * 40}",
     f"1 {LONG.lower()} inline:{'A' * 40}", f"-1 {LONG} inline:{'A' * 40}"],
)  # fmt: skip
def test_a_malformed_line_is_refused(value: str) -> None:
    with pytest.raises(BadCrypto):
        parse(value)


def test_four_thousand_damaged_lines_are_read_or_refused() -> None:
    whole = [line(more=more).encode() for more in ("", "|2^20", "|2^31|1:4", " WSH=128")]
    taken, told = 0, set[str]()
    for data in mutants([each.removeprefix(b"a=crypto:") for each in whole], 4_000, seed=4568):
        try:
            crypto = parse(data.decode("utf-8", errors="replace"))
        except PeerFault as fault:
            told.add(str(fault))
            continue
        taken += 1
        assert len(crypto.key) == 30
        assert len(crypto.mki) <= 128
        assert crypto.suite in SUITES
    assert taken > 100
    assert not [text for text in told if "AAECAwQF" in text]  # how the key begins


def test_no_key_shows_when_values_are_printed() -> None:
    ours = side()
    _, stream = ours.answer(described(audio(line())))
    shown = repr(stream) + repr(parse(line().removeprefix("a=crypto:")))
    for key in (THEIRS, b"\1" * 30):
        assert repr(key)[2:-1][:12] not in shown
        assert b64encode(key).decode()[:12] not in shown
        assert key.hex()[:12] not in shown


# answering


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("protocol", ["RTP/SAVP", "RTP/SAVPF", "RTP/AVP", "RTP/AVPF"])
def test_an_encrypted_offer_is_answered_with_its_tag_and_a_key_of_ours(
    suite: str, protocol: str
) -> None:
    text, stream = side().answer(described(audio(line(7, suite), protocol=protocol)))
    said = read(text)
    assert said.media[0].protocol == protocol
    assert stream.srtp == Srtp(suite, ours=b"\1" * 30, theirs=THEIRS)
    assert values(said, "crypto") == [write(Crypto(7, suite, b"\1" * 30))]


def test_the_first_line_that_can_be_used_is_taken() -> None:
    offer = audio(
        line(1, "AES_256_CM_HMAC_SHA1_80"), line(2, more=" KDR=4"), line(3, SHORT), line(4, LONG)
    )
    said = values(read(side().answer(described(offer))[0]), "crypto")
    assert [str(each).split()[:2] for each in said] == [["3", SHORT]]


def test_the_name_that_packets_give_their_key_is_kept() -> None:
    _, stream = side().answer(described(audio(line(more="|2^31|1:4"))))
    assert stream.srtp is not None
    assert stream.srtp.mki == b"\0\0\0\1"


def test_an_offer_of_both_sorts_is_taken_where_the_peer_put_its_wish_first() -> None:
    both = f"{audio(line())} | {audio(protocol='RTP/AVP', port=40002)}"
    said, stream = side().answer(described(both))
    assert [m.port for m in read(said).media] == [20000, 0]
    assert stream.srtp is not None


def test_where_nothing_may_be_encrypted_the_plain_half_of_an_offer_is_taken() -> None:
    both = f"{audio(line())} | {audio(line(), protocol='RTP/AVP', port=40002)}"
    text, stream = side(SrtpPolicy.REFUSE).answer(described(both))
    assert [m.port for m in read(text).media] == [0, 20000]
    assert values(read(text), "crypto") == []
    assert stream.srtp is None


PLAIN = audio(protocol="RTP/AVP")
SECRET = audio(line())
EITHER = audio(line(), protocol="RTP/AVP")
DECEPTIVE = audio(line(more=" KDR=4"))
OUTCOMES = {
    SrtpPolicy.REFUSE: ("plain", "refused", "plain", "refused"),
    SrtpPolicy.ACCEPT: ("plain", "secret", "secret", "refused"),
    SrtpPolicy.OFFER: ("plain", "secret", "secret", "refused"),
    SrtpPolicy.REQUIRE: ("refused", "secret", "secret", "refused"),
}


def _outcome(ours: Negotiation, offer: str) -> str:
    try:
        _, stream = ours.answer(described(offer))
    except NoCommonCodec:
        return "refused"
    return "plain" if stream.srtp is None else "secret"


@pytest.mark.parametrize("policy", SrtpPolicy)
def test_what_is_offered_meets_what_we_want(policy: SrtpPolicy) -> None:
    offers = (PLAIN, SECRET, EITHER, DECEPTIVE)
    assert tuple(_outcome(side(policy), offer) for offer in offers) == OUTCOMES[policy]


def test_a_plain_caller_is_told_why_where_encryption_is_required() -> None:
    with pytest.raises(NoCommonCodec, match=r"media\.srtp requires"):
        side(SrtpPolicy.REQUIRE).answer(described(PLAIN))


# in the middle of a call


def test_hold_and_its_end_leave_our_key_as_it_is_and_change_the_peers_with_the_peers() -> None:
    ours = side()
    streams = [
        ours.answer(described(audio(line(1, LONG, key), direction)))[1]
        for key, direction in ((THEIRS, "a=sendrecv"), (THEIRS, "a=sendonly"), (NEXT, "a=sendrecv"))
    ]
    assert [s.srtp.ours[:1] for s in streams if s.srtp] == [b"\1"] * 3
    assert [s.srtp.theirs for s in streams if s.srtp] == [THEIRS, THEIRS, NEXT]


def test_another_suite_has_another_key_of_ours() -> None:
    ours = side()
    ours.answer(described(audio(line())))
    _, stream = ours.answer(described(audio(line(1, SHORT))))
    assert stream.srtp == Srtp(SHORT, b"\2" * 30, THEIRS)


def test_our_own_hold_says_the_same_line_in_the_same_profile() -> None:
    ours = side()
    first = read(ours.answer(described(audio(line(3), protocol="RTP/SAVPF")))[0])
    again = read(ours.offer(Direction.SENDONLY))
    assert again.media[0].protocol == "RTP/SAVPF"
    assert values(again, "crypto") == values(first, "crypto")
    stream = ours.read_answer(described(audio(line(3, LONG, NEXT), protocol="RTP/SAVPF")))
    assert stream.srtp == Srtp(LONG, b"\1" * 30, NEXT)


def test_a_refused_change_leaves_the_keys_as_they_were() -> None:
    ours = side()
    _, before = ours.answer(described(SECRET))
    with pytest.raises(NoCommonCodec):
        ours.answer(described(DECEPTIVE))
    assert ours.stream == before


# offering


@pytest.mark.parametrize(
    ("policy", "protocol", "lines"),
    [
        (SrtpPolicy.REFUSE, "RTP/AVP", 0),
        (SrtpPolicy.ACCEPT, "RTP/AVP", 0),
        (SrtpPolicy.OFFER, "RTP/AVP", 2),
        (SrtpPolicy.REQUIRE, "RTP/SAVP", 2),
    ],
)
def test_our_own_offer_is_encrypted_where_settings_say_so(
    policy: SrtpPolicy, protocol: str, lines: int
) -> None:
    said = read(side(policy).offer())
    assert said.media[0].protocol == protocol
    offered = [parse(str(value)) for value in values(said, "crypto")]
    assert [(c.tag, c.suite) for c in offered] == list(enumerate(SUITES, 1))[:lines]
    assert len({c.key for c in offered}) == lines


def test_the_answer_chooses_one_of_our_lines() -> None:
    ours = side(SrtpPolicy.REQUIRE)
    ours.offer()
    stream = ours.read_answer(described(audio(line(2, SHORT))))
    assert stream.srtp == Srtp(SHORT, b"\2" * 30, THEIRS)


@pytest.mark.parametrize("answered", [audio(line(1, SHORT)), audio(line(9)), audio()])
def test_an_answer_to_a_line_we_never_said_is_refused(answered: str) -> None:
    ours = side(SrtpPolicy.REQUIRE)
    ours.offer()
    with pytest.raises(NoCommonCodec):
        ours.read_answer(described(answered))


def test_a_plain_answer_is_taken_where_encryption_was_a_wish_and_refused_where_required() -> None:
    wishing, requiring = side(SrtpPolicy.OFFER), side(SrtpPolicy.REQUIRE)
    wishing.offer()
    requiring.offer()
    assert wishing.read_answer(described(PLAIN)).srtp is None
    with pytest.raises(NoCommonCodec):
        requiring.read_answer(described(PLAIN))


def test_two_of_us_agree_on_each_others_keys() -> None:
    caller, called = side(SrtpPolicy.OFFER), side()
    offer = caller.offer().replace(b"192.0.2.1", b"192.0.2.7")
    answer, theirs = called.answer(offer)
    ours = caller.read_answer(answer.replace(b"192.0.2.1", b"192.0.2.9"))
    assert ours.srtp is not None
    assert theirs.srtp is not None
    assert (ours.srtp.ours, ours.srtp.theirs) == (theirs.srtp.theirs, theirs.srtp.ours)


def test_a_message_in_the_trace_shows_no_key() -> None:
    offer = described(audio(line(more="|2^20|1:4"), line(2, SHORT, NEXT)))
    shown = without_keys(offer)
    for key in (THEIRS, NEXT):
        assert b64encode(key)[:8] in offer
        assert b64encode(key)[:8] not in shown
    assert shown.count(b"inline:...") == 2
    assert b"inline:...|2^20|1:4" in shown
