"""Octets to messages and back: what is read, what is refused, what is never raised."""

import string
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sipmessage import Message as ForeignMessage

from telephony.sip.digest import Credentials
from telephony.sip.fields import (
    Address,
    BadField,
    Via,
    parse_address,
    parse_parameters,
    parse_uri,
    parse_via,
    split_values,
)
from telephony.sip.message import Malformed, Request, Response, read
from tests.sip.by_hand import SOURCE, Hand, invite, request

FOLDED = b"""INVITE sip:vivek@example.com;lr SIP/2.0\r
TO :\r
 sip:vivek@example.com ;   tag    = 1918\r
f : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r
  ;\r
  tag = 98asjd8\r
MaX-fOrWaRdS: 0068\r
i: 98asdh@192.0.2.1\r
Content-Length : 3\r
cseq: 0009\r
  INVITE\r
v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r
  branch  =   z9hG4bK9ikj8  ,\r
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r
 z9hG4bK30239\r
s :\r
UnknownHeader: some value\r
 continued\r
m:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\r
      newvalue ;\r
  secondparam ; q = 0.33\r
\r
v=0and more"""


def test_a_tortuous_message_is_read_as_it_was_meant() -> None:
    message = read(FOLDED)
    assert isinstance(message, Request)
    assert message.recipient.tag == "1918"
    assert message.sender == Address(
        "sip:jdrosen@example.com", 'J Rosenberg \\"', {"tag": "98asjd8"}
    )
    assert message.cseq == (9, "INVITE")
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert message.header("UnknownHeader") == "some value continued"
    assert message.addresses("Contact")[0].parameters["secondparam"] is None
    assert message.body == b"v=0"


def test_a_written_message_is_read_by_another_library() -> None:
    foreign = ForeignMessage.parse(bytes(read(invite())))
    assert foreign.from_address.parameters["tag"] == "them"
    assert foreign.via[0].parameters["branch"] == "z9hG4bKone"
    assert foreign.cseq.sequence == 1


@pytest.mark.parametrize("text", ["SIP/2.0 200 OK", "SIP/2.0 200 ", "SIP/2.0 200", "sip/2.0 200 ж"])
def test_a_status_line_may_lack_its_reason(text: str) -> None:
    data = request("OPTIONS").partition(b"\r\n")[2]
    message = read(text.encode() + b"\r\n" + data)
    assert isinstance(message, Response)
    assert message.status == 200


@pytest.mark.parametrize("start", ["SIP/2.0 4294967301 better", "SIP/2.0 99 low", "SIP/2.0 x y"])
def test_a_response_with_an_impossible_status_is_dropped(start: str) -> None:
    data = request("OPTIONS").partition(b"\r\n")[2]
    with pytest.raises(Malformed) as caught:
        read(start.encode() + b"\r\n" + data)
    assert caught.value.request is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Via: SIP/2.0/UDP 192.0.2.9:5062", b"Via: SIP/2.0/UDP 192.0.2.9:99999"),
        (b"Via: SIP/2.0/UDP 192.0.2.9:5062;", b"Via: SIP/2.0/UDP 192.0.2.9:5062;;,;,,"),
        (b'"Roger" <', b'"Roger <'),
        (b'"Roger" <', b"Tremblay, Roger <"),
        (b"Max-Forwards: 70", b"Max-Forwards: 300"),
        (b"Max-Forwards: 70", b"Max-Forwards: many"),
        (b"Max-Forwards: 70", b"Max-Forwards 70"),
        (b"Call-ID: hand@192.0.2.9\r\n", b""),
        (b"From: ", b"X-From: "),
        (b"Contact: <", b"Contact: <<"),
        (b" SIP/2.0\r\n", b" SIP/2.0  \r\n"),
        (b"OPTIONS sip", b"OPTIONS  sip"),
        (b"Content-Length: 0\r\n\r\n", b"Content-Length: 0\r\n"),
    ],
)
def test_a_malformed_request_is_answered_400_and_says_why(old: bytes, new: bytes) -> None:
    data = request("OPTIONS")
    assert old in data
    with pytest.raises(Malformed) as caught:
        read(data.replace(old, new, 1))
    assert caught.value.status == 400
    assert caught.value.request is not None
    assert caught.value.why


@pytest.mark.parametrize(
    ("text", "user", "host", "port"),
    [
        ("sip:alice@example.com", "alice", "example.com", None),
        ("sips:alice:pw@[2001:db8::1]:5061;transport=tcp?Subject=a", "alice", "2001:db8::1", 5061),
        ("sip:p1", "", "p1", None),
        ("sip:sips%3Auser%40example.com@example.net", "sips:user@example.com", "example.net", None),
        ("sip:user;par=u%40example.net@example.com", "user;par=u@example.net", "example.com", None),
        ("SIP:+1-514@host.example.", "+1-514", "host.example.", None),
        ("tel:+1-514-555-0100;ext=3", "+1-514-555-0100", "", None),
        ("sip:null-%00-null@example.com", "null-\0-null", "example.com", None),
    ],
)  # fmt: skip
def test_a_uri_is_taken_apart(text: str, user: str, host: str, port: int | None) -> None:
    uri = parse_uri(text)
    assert (uri.user, uri.host, uri.port, uri.text) == (user, host, port, text)
    assert uri.dialable


@pytest.mark.parametrize(
    "text",
    ["", "alice", "sip:", "sip:a b@c", "sip:a@b:x", "sip:a@[::1", "tel:", "sip:@b", "<sip:a>"],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(BadField):
        parse_uri(text)


@pytest.mark.parametrize("text", ['"a, b" <sip:a@b>;x="c, d", <sip:e@f?a,b>', "<sip:a@b,c>,x"])
def test_commas_inside_quotes_and_brackets_do_not_cut(text: str) -> None:
    assert len(split_values(text)) == 2


NAMES = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=12)
VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)
TOKENS = st.text(string.ascii_letters + string.digits + "-.!%*_+`'~", min_size=1, max_size=20)


@given(
    extra=st.lists(st.tuples(NAMES.map(lambda name: f"X-{name}"), VALUES), max_size=5),
    method=TOKENS,
    number=st.integers(0, 2**31 - 1),
    tag=TOKENS,
    body=st.binary(max_size=60),
)  # fmt: skip
def test_a_request_survives_writing_and_reading(
    extra: list[tuple[str, str]], method: str, number: int, tag: str, body: bytes
) -> None:
    written = Request(
        (
            ("Via", f"SIP/2.0/UDP host;branch={tag}"),
            ("From", f"<sip:a@b>;tag={tag}"),
            ("To", "<sip:c@d>"),
            ("Call-ID", tag),
            ("CSeq", f"{number} {method}"),
            *((name, value.strip()) for name, value in extra),
            ("Content-Length", str(len(body))),
        ),
        body,
        method,
        "sip:c@d",
    )
    once = read(bytes(written))
    assert isinstance(once, Request)
    assert (once.method, once.uri, once.body) == (method, "sip:c@d", body)
    assert once.headers == written.headers
    assert read(bytes(once)) == once


@given(
    display=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30),
    tag=st.none() | TOKENS,
)
def test_an_address_survives_writing_and_reading(display: str, tag: str | None) -> None:
    address = Address("sip:a@b", display, {"tag": tag})
    assert parse_address(str(address)) == address


@given(
    host=st.sampled_from(["host.example.com", "192.0.2.1", "2001:db8::1"]),
    port=st.none() | st.integers(0, 65535),
    branch=TOKENS,
)
def test_a_via_survives_writing_and_reading(host: str, port: int | None, branch: str) -> None:
    via = Via("UDP", host, port, {"branch": branch, "rport": None})
    assert parse_via(str(via)) == via


@given(st.text(max_size=80))
@example(";a" * 40)
def test_fields_raise_nothing_but_bad_field(text: str) -> None:
    for parse in (parse_uri, parse_address, parse_via, parse_parameters, split_values):
        try:
            parse(text)
        except BadField:
            continue


SAMPLES = (invite(), FOLDED, request("BYE", to_tag="x"), request("CANCEL"), request("ACK"))


@st.composite
def mutilated(draw: st.DrawFn) -> bytes:
    """A good message with some octets cut, doubled or changed."""
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 12))
        data[at : at + size] = draw(
            st.binary(max_size=12) | st.just(bytes(data[at : at + 2 * size]))
        )
    return bytes(data)


@settings(max_examples=300)
@given(st.binary(max_size=200) | mutilated())
def test_reading_any_octets_raises_nothing_but_malformed(data: bytes) -> None:
    try:
        message = read(data)
    except Malformed:
        return
    assert read(bytes(message)) == read(bytes(read(bytes(message))))


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=200) | mutilated(), min_size=1, max_size=4), st.booleans())
def test_the_agent_never_raises_whatever_it_is_fed(datagrams: list[bytes], stream: bool) -> None:
    source = SOURCE if not stream else type(SOURCE)(type(SOURCE.transport).TCP, "192.0.2.9", 4000)
    hand = Hand(source=source)
    for number, data in enumerate(datagrams):
        hand.agent.feed(data, source, float(number))
    assert hand.agent.dropped["overlooked"] == 0
    for event in list(hand.agent._core.calls):
        hand.agent.answer(event, b"v=0", 5.0)
    hand.agent.tick(10_000.0)
    while (due := hand.agent.deadline) is not None:
        hand.agent.tick(due)
    assert hand.agent.calls == 0


BULK = 60_000


@pytest.mark.parametrize(
    "data",
    [
        request("OPTIONS", f"From: a{' ' * BULK}b"),
        request("OPTIONS", f"X: y\r\n {' ' * BULK}z"),
        request("OPTIONS", f"Contact: {'<' * BULK}"),
        request("OPTIONS", f"Contact: {'a' * BULK}\r\n \r\n ;;"),
        request("OPTIONS", f'Contact: "{chr(92) * BULK}'),
        request("OPTIONS", f"Contact: {',' * BULK}"),
        request("OPTIONS", f"Contact: <sip:{'a' * BULK}>"),
        request("OPTIONS", f"Contact: <sip:a{';b=c' * (BULK // 4)}=>"),
        request("OPTIONS", uri="sip:" + "a" * BULK + ":b"),
        request("OPTIONS", uri="sip:a" + " " * BULK + "b"),
        request("OPTIONS", via="SIP/2.0/UDP h;a" + " " * BULK + "b"),
        b"OPTIONS" + b" " * BULK + b"sip:a SIP/2.0x\r\n\r\n",
        request("OPTIONS").replace(b"CSeq: 1", b"CSeq: " + b"0" * BULK),
    ],
    ids=range(13),
)
def test_a_hostile_datagram_costs_no_more_than_its_length(data: bytes) -> None:
    hand = Hand()
    begun = time.process_time()
    hand.agent.feed(data, SOURCE, 0.0)
    assert time.process_time() - begun < 1.0  # quadratic patterns take minutes


def dialling(hand: Hand, sdp: bytes) -> Request:
    _, outputs = hand.agent.invite(
        "sip:far@192.0.2.9",
        from_uri="sip:near@192.0.2.2",
        display_name="",
        sdp=sdp,
        credentials=Credentials("near", "secret"),
        peer=SOURCE,
        now=0.0,
    )
    (sent,) = hand.sorted(outputs)
    assert isinstance(sent, Request)
    return sent


ANSWERS = (
    b"SIP/2.0 200 OK\r\nContact: <sip:far@192.0.2.9>\r\nRecord-Route: <sip:p;lr>\r\n",
    b"SIP/2.0 183 Progress\r\nContact: *\r\nRecord-Route: *\r\n",
    b'SIP/2.0 401 No\r\nWWW-Authenticate: Digest nonce="n", realm="r", qop="auth"\r\n',
    b"SIP/2.0 422 Short\r\nMin-SE: 400\r\n",
    b"SIP/2.0 200 OK\r\nRecord-Route: *\r\nSession-Expires: 90;refresher=uac\r\n",
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_the_agent_never_raises_whatever_answers_its_call(data: st.DataObject) -> None:
    hand = Hand()
    sent = dialling(hand, b"v=0")
    kept = "".join(
        f"{name}: {value}\r\n"
        for name, value in sent.headers
        if name in ("Via", "From", "To", "Call-ID", "CSeq")
    )
    for _ in range(data.draw(st.integers(1, 4))):
        octets = bytearray(data.draw(st.sampled_from(ANSWERS)) + kept.encode() + b"\r\n")
        for _ in range(data.draw(st.integers(0, 3))):
            at = data.draw(st.integers(0, len(octets)))
            octets[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
        hand.agent.feed(bytes(octets), SOURCE, 1.0)
        assert hand.agent.dropped["overlooked"] == 0
    for call in list(hand.agent._core.calls):
        hand.agent.bye(call, 2.0)
    while (due := hand.agent.deadline) is not None:
        hand.agent.tick(due)
    assert hand.agent.calls == 0
