"""Session descriptions as peers write them, and as we do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call.errors import PeerFault
from call.media import Direction
from telephony.sdp import (
    MAX_OCTETS,
    Attribute,
    MalformedDescription,
    Media,
    Origin,
    SessionDescription,
    UnwritableDescription,
    parse,
    write,
)

SOFTPHONE = b"""v=0\r
o=- 3890 1 IN IP4 192.0.2.7\r
s=phone\r
c=IN IP4 192.0.2.7\r
b=AS:80\r
t=0 0\r
a=tool:anything\r
m=audio 40000 RTP/AVP 9 8 0 96\r
a=rtpmap:96 telephone-event/8000\r
a=fmtp:96 0-16\r
a=ptime:20\r
a=sendonly\r
m=video 40002 RTP/AVP 99\r
c=IN IP4 192.0.2.8/127\r
a=rtpmap:99 H264/90000\r
"""

words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
names = words.filter(lambda word: ":" not in word)
texts = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=20
)
hosts = st.one_of(st.ip_addresses().map(str))
numbers = st.integers(0, 2**63)
attributes = st.lists(st.builds(Attribute, names, st.one_of(st.none(), texts)), max_size=5).map(
    tuple
)
media = st.builds(
    Media,
    kind=words,
    port=st.integers(0, 65_535),
    protocol=words,
    formats=st.lists(words, min_size=1, max_size=6).map(tuple),
    host=st.one_of(st.none(), hosts),
    attributes=attributes,
    ports=st.integers(1, 9),
)
descriptions = st.builds(
    SessionDescription,
    origin=st.builds(Origin, words, numbers, numbers, hosts),
    media=st.lists(media, max_size=4).map(tuple),
    host=st.one_of(st.none(), hosts),
    attributes=attributes,
    name=texts,
)


@given(descriptions)
def test_what_is_written_is_read_back_the_same(description: SessionDescription) -> None:
    assert parse(write(description)) == description


@given(st.binary(max_size=400))
def test_any_octets_are_read_or_refused_as_the_peers_fault(data: bytes) -> None:
    try:
        parse(data)
    except PeerFault:
        return


@given(st.data())
def test_a_damaged_description_is_read_or_refused_as_the_peers_fault(data: st.DataObject) -> None:
    damaged = bytearray(SOFTPHONE)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        for medium in parse(bytes(damaged)).media:
            medium.maps()
            medium.milliseconds("ptime")
            medium.direction()
    except PeerFault:
        return


def test_the_media_own_connection_comes_before_the_sessions() -> None:
    description = parse(SOFTPHONE)
    audio, video = description.media
    assert description.host_of(audio) == "192.0.2.7"
    assert description.host_of(video) == "192.0.2.8"


def test_static_and_dynamic_payload_types_are_named_in_the_order_of_preference() -> None:
    audio = parse(SOFTPHONE).media[0]
    assert [(m.payload_type, m.encoding) for m in audio.maps()] == [
        (9, "G722"),
        (8, "PCMA"),
        (0, "PCMU"),
        (96, "telephone-event"),
    ]


def test_the_direction_of_the_media_comes_before_the_sessions() -> None:
    text = SOFTPHONE.replace(b"a=tool:anything", b"a=inactive")
    description = parse(text)
    assert description.direction_of(description.media[0]) is Direction.SENDONLY
    assert description.direction_of(description.media[1]) is Direction.INACTIVE


@pytest.mark.parametrize("ending", [b"\n", b"\r"])
def test_other_line_endings_are_understood(ending: bytes) -> None:
    assert parse(SOFTPHONE.replace(b"\r\n", ending)) == parse(SOFTPHONE)


def test_missing_name_and_time_are_forgiven() -> None:
    text = b"v=0\r\no=- 1 1 IN IP6 ::1\r\nm=audio 9 RTP/AVP 0\r\nc=IN IP6 ::1\r\n"
    assert parse(text).host_of(parse(text).media[0]) == "::1"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"v=1\r\no=- 1 1 IN IP4 192.0.2.1\r\n",
        b"v=0\r\n",
        b"v=0\r\no=- x 1 IN IP4 192.0.2.1\r\n",
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nc=ATM NSAP 47\r\n",
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nc=IN IP4 /127\r\n",
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 99999 RTP/AVP 0\r\n",
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP\r\n",
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nnonsense\r\n",
        SOFTPHONE + b"m=audio 1 RTP/AVP 0\r\n" * 70,
        SOFTPHONE + b"a=x\r\n" * 2_000,
        SOFTPHONE + b"a=" + b"x" * MAX_OCTETS,
    ],
)
def test_nonsense_is_the_peers_fault(text: bytes) -> None:
    with pytest.raises(MalformedDescription):
        parse(text)


@pytest.mark.parametrize("value", ["two\r\nlines", "nul\0"])
def test_no_line_can_be_smuggled_into_what_we_write(value: str) -> None:
    origin = Origin("-", 1, 1, "192.0.2.1")
    with pytest.raises(UnwritableDescription):
        write(SessionDescription(origin, attributes=(Attribute("x", value),)))


def test_an_ipv6_address_is_written_as_such() -> None:
    origin = Origin("-", 1, 1, "2001:db8::1")
    assert b"c=IN IP6 2001:db8::1\r\n" in write(SessionDescription(origin, host="2001:db8::1"))
