"""Offers and answers between us and a peer (RFC 3264)."""

import pytest

from call.media import Codec, Direction, Stream, Wideband
from call.sound import Law
from telephony.codecs import NARROW
from telephony.offer import Negotiation, NoCommonCodec, NothingOffered
from telephony.sdp import MalformedDescription, SessionDescription, parse


def described(media: str, host: str = "192.0.2.7", extra: str = "") -> bytes:
    kind = "IP6" if ":" in host else "IP4"
    head = f"v=0\r\no=- 7 7 IN {kind} {host}\r\ns=-\r\nc=IN {kind} {host}\r\nt=0 0\r\n"
    return (head + extra + "\r\n".join(media.split(" | ")) + "\r\n").encode()


PLAIN = "m=audio 40000 RTP/AVP 0 8 101 | a=rtpmap:101 telephone-event/8000"


@pytest.fixture
def ours() -> Negotiation:
    return Negotiation("192.0.2.1", 20000, session_id=5000)


def answer(ours: Negotiation, offer: bytes) -> tuple[SessionDescription, Stream]:
    text, stream = ours.answer(offer)
    return parse(text), stream


def values(description: SessionDescription, name: str) -> list[str | None]:
    return [a.value for m in description.media for a in m.attributes if a.name == name]


def test_a_plain_telephone_is_answered_in_its_first_law_with_keys(ours: Negotiation) -> None:
    said, stream = answer(ours, described(PLAIN))
    assert said.media[0].formats == ("0", "101")
    assert (said.host, said.media[0].port) == ("192.0.2.1", 20000)
    assert stream == Stream(Law.PCMU, 0, 101, ("192.0.2.7", 40000))


def test_the_peers_order_of_laws_decides(ours: Negotiation) -> None:
    _, stream = answer(ours, described("m=audio 40000 RTP/AVP 18 8 0"))
    assert (stream.law, stream.payload_type) == (Law.PCMA, 8)


def test_events_are_taken_at_whatever_payload_type_they_are_offered(ours: Negotiation) -> None:
    said, stream = answer(
        ours, described("m=audio 40000 RTP/AVP 8 127 | a=rtpmap:127 TELEPHONE-EVENT/8000")
    )
    assert stream.event_payload_type == 127
    assert "127 0-15" in values(said, "fmtp")


def test_events_on_the_clock_of_another_codec_are_not_ours(ours: Negotiation) -> None:
    offer = described(
        "m=audio 40000 RTP/AVP 111 0 110 126 | a=rtpmap:111 opus/48000/2"
        " | a=rtpmap:110 telephone-event/48000 | a=rtpmap:126 telephone-event/8000"
    )
    assert answer(ours, offer)[1].event_payload_type == 126


def test_a_telephone_without_events_has_its_tones_sought(ours: Negotiation) -> None:
    said, stream = answer(ours, described("m=audio 40000 RTP/AVP 0"))
    assert stream.event_payload_type is None
    assert said.media[0].formats == ("0",)


def test_a_law_under_a_dynamic_payload_type_is_known(ours: Negotiation) -> None:
    said, stream = answer(ours, described("m=audio 40000 RTP/AVP 97 | a=rtpmap:97 pcma/8000"))
    assert (stream.law, stream.payload_type) == (Law.PCMA, 97)
    assert said.media[0].formats == ("97",)


@pytest.mark.parametrize(
    ("asked", "given"),
    [("20", 20), ("40", 40), ("60", 60), ("30", 20), ("10", 20), ("80", 60), ("x", 20)],
)
def test_the_packet_length_asked_for_is_given_as_near_as_can_be(
    ours: Negotiation, asked: str, given: int
) -> None:
    _, stream = answer(ours, described(f"m=audio 40000 RTP/AVP 0 | a=ptime:{asked}"))
    assert stream.ptime_ms == given


def test_maxptime_is_not_exceeded(ours: Negotiation) -> None:
    offer = described("m=audio 40000 RTP/AVP 0 | a=ptime:60 | a=maxptime:40")
    assert answer(ours, offer)[1].ptime_ms == 40


def test_other_media_are_refused_in_their_place(ours: Negotiation) -> None:
    said, _ = answer(
        ours,
        described(
            "m=video 40002 RTP/AVP 99 | m=audio 40000 RTP/AVP 0"
            " | m=image 40004 udptl t38 | m=audio 40006 RTP/AVP 8"
        ),
    )
    assert [(m.kind, m.port) for m in said.media] == [
        ("video", 0),
        ("audio", 20000),
        ("image", 0),
        ("audio", 0),
    ]
    assert said.media[2].formats == ("t38",)


@pytest.mark.parametrize(
    "media",
    [
        "m=audio 40000 RTP/AVP 18",
        "m=audio 40000 RTP/SAVP 0",
        "m=audio 0 RTP/AVP 0",
        "m=video 40000 RTP/AVP 99",
        "m=audio 40000 RTP/AVP 0 | a=rtpmap:0 PCMU/16000",
        "m=audio 40000 RTP/AVP 0 | c=IN IP6 2001:db8::7",
        "m=audio 40000 RTP/AVP 0 | c=IN IP4 224.2.1.1/127",
        "m=audio 40000 RTP/AVP 0 | c=IN IP4 phone.invalid",
    ],
)
def test_a_peer_with_nothing_in_common_is_told_so(ours: Negotiation, media: str) -> None:
    with pytest.raises(NoCommonCodec):
        ours.answer(described(media))


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("sendrecv", Direction.SENDRECV),
        ("sendonly", Direction.RECVONLY),
        ("recvonly", Direction.SENDONLY),
        ("inactive", Direction.INACTIVE),
    ],
)
def test_a_direction_is_answered_by_its_mirror(
    ours: Negotiation, offered: str, answered: Direction
) -> None:
    said, stream = answer(ours, described(PLAIN + f" | a={offered}"))
    assert stream.direction is answered
    assert said.direction_of(said.media[0]) is answered


def test_a_direction_of_the_whole_session_counts(ours: Negotiation) -> None:
    _, stream = answer(ours, described(PLAIN, extra="a=sendonly\r\n"))
    assert stream.direction is Direction.RECVONLY


@pytest.mark.parametrize(
    ("offer", "direction"),
    [
        (described(PLAIN + " | a=sendonly"), Direction.RECVONLY),
        (described(PLAIN + " | a=inactive"), Direction.INACTIVE),
        (described(PLAIN, host="0.0.0.0"), Direction.RECVONLY),
    ],
    ids=["sendonly", "inactive", "null address"],
)
def test_each_form_of_hold_stops_our_sound_and_release_brings_it_back(
    ours: Negotiation, offer: bytes, direction: Direction
) -> None:
    held, streams = [], []
    for each in (described(PLAIN), offer, described(PLAIN)):
        streams.append(answer(ours, each)[1])
        held.append(ours.held)
    assert held == [False, True, False]
    assert [s.direction for s in streams] == [Direction.SENDRECV, direction, Direction.SENDRECV]
    assert streams[1].remote == ("192.0.2.7", 40000)


def test_the_version_grows_only_when_the_description_changes(ours: Negotiation) -> None:
    versions = [
        answer(ours, offer)[0].origin.version
        for offer in (
            described(PLAIN),
            described(PLAIN),
            described(PLAIN + " | a=sendonly"),
            described(PLAIN + " | a=sendonly"),
            described(PLAIN),
        )
    ]
    assert [v - versions[0] for v in versions] == [0, 0, 1, 1, 2]


def test_a_refused_change_leaves_the_session_as_it_was(ours: Negotiation) -> None:
    _, before = answer(ours, described(PLAIN))
    with pytest.raises(NoCommonCodec):
        ours.answer(described("m=audio 40000 RTP/AVP 18"))
    with pytest.raises(MalformedDescription):
        ours.answer(b"v=0")
    assert ours.stream == before


def test_our_own_offer_names_both_laws_and_keys(ours: Negotiation) -> None:
    offered = parse(ours.offer()).media[0]
    assert offered.formats == ("0", "8", "101")
    stream = ours.read_answer(
        described("m=audio 40000 RTP/AVP 8 101 | a=rtpmap:101 telephone-event/8000")
    )
    assert stream == Stream(Law.PCMA, 8, 101, ("192.0.2.7", 40000))


def test_our_hold_is_not_undone_by_a_peer_that_answers_sendrecv(ours: Negotiation) -> None:
    ours.answer(described(PLAIN))
    offered = parse(ours.offer(Direction.SENDONLY))
    assert offered.direction_of(offered.media[0]) is Direction.SENDONLY
    assert ours.read_answer(described(PLAIN)).direction is Direction.SENDONLY


def test_our_later_offer_keeps_the_places_and_the_payload_types(ours: Negotiation) -> None:
    ours.answer(
        described(
            "m=video 40002 RTP/AVP 99 | m=audio 40000 RTP/AVP 8 96"
            " | a=rtpmap:96 telephone-event/8000"
        )
    )
    again = parse(ours.offer())
    assert [(m.kind, m.port) for m in again.media] == [("video", 0), ("audio", 20000)]
    assert again.media[1].formats == ("8", "0", "96")


def test_a_refreshed_session_may_bring_a_new_address_of_the_peer(ours: Negotiation) -> None:
    ours.answer(described(PLAIN))
    stream = ours.read_answer(described(PLAIN.replace("40000", "41000")))
    assert stream.remote == ("192.0.2.7", 41000)


def test_a_refused_hold_is_as_if_never_asked_for(ours: Negotiation) -> None:
    ours.answer(described(PLAIN))
    ours.offer(Direction.SENDONLY)
    ours.withdraw()
    assert not ours.held
    assert ours.read_answer(described(PLAIN)).direction is Direction.SENDRECV


def test_an_answer_refusing_our_sound_is_told(ours: Negotiation) -> None:
    ours.offer()
    with pytest.raises(NoCommonCodec):
        ours.read_answer(described("m=audio 0 RTP/AVP 0"))


def test_an_answer_nobody_asked_for_is_our_mistake(ours: Negotiation) -> None:
    with pytest.raises(NothingOffered):
        ours.read_answer(described(PLAIN))


def test_ipv6_meets_ipv6() -> None:
    ours = Negotiation("2001:db8::1", 20000, session_id=1)
    said, stream = answer(ours, described(PLAIN, host="2001:db8::7"))
    assert stream.remote == ("2001:db8::7", 40000)
    assert said.host == "2001:db8::1"


WIDE = (Wideband.G722, Wideband.OPUS, *NARROW)
SOFTPHONE = (
    "m=audio 40000 RTP/AVP 96 9 0 8 97 101 | a=rtpmap:96 opus/48000/2"
    " | a=fmtp:96 useinbandfec=1 | a=rtpmap:97 telephone-event/48000"
    " | a=rtpmap:101 telephone-event/8000"
)


def wide(*codecs: Codec) -> Negotiation:
    return Negotiation("192.0.2.1", 20000, session_id=5000, codecs=codecs)


@pytest.mark.parametrize(
    ("taken", "formats", "codec", "events", "rate"),
    [
        (WIDE, ("96", "97"), Wideband.OPUS, 97, 48000),
        ((Law.PCMU, Wideband.G722), ("9", "101"), Wideband.G722, 101, 8000),
        (NARROW, ("0", "101"), Law.PCMU, 101, 8000),
        ((Law.PCMA,), ("8", "101"), Law.PCMA, 101, 8000),
        ((Law.PCMA, Wideband.OPUS), ("96", "97"), Wideband.OPUS, 97, 48000),
    ],
)
def test_the_first_codec_of_the_peer_that_we_take_is_answered(
    taken: tuple[Codec, ...], formats: tuple[str, ...], codec: Codec, events: int, rate: int
) -> None:
    said, stream = answer(wide(*taken), described(SOFTPHONE))
    assert said.media[0].formats == formats
    assert (stream.codec, stream.event_payload_type, stream.event_rate) == (codec, events, rate)


def test_opus_is_described_as_its_rfc_wants() -> None:
    said, stream = answer(wide(*WIDE), described(SOFTPHONE))
    assert values(said, "rtpmap") == ["96 opus/48000/2", "97 telephone-event/48000"]
    assert values(said, "fmtp") == [
        "96 maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1",
        "97 0-15",
    ]
    assert stream.payload_type == 96
    assert not stream.plain


def test_opus_without_its_two_channels_is_not_opus() -> None:
    offer = described("m=audio 40000 RTP/AVP 96 0 | a=rtpmap:96 opus/48000")
    assert answer(wide(*WIDE), offer)[1].codec is Law.PCMU


def test_g722_is_described_on_the_clock_that_the_rfc_gave_it_by_mistake() -> None:
    said, stream = answer(wide(*WIDE), described("m=audio 40000 RTP/AVP 9 | a=ptime:40"))
    assert values(said, "rtpmap") == ["9 G722/8000"]
    assert values(said, "ptime") == ["20"]
    assert (stream.codec, stream.ptime_ms) == (Wideband.G722, 20)


def test_keys_beside_opus_at_the_clock_of_narrow_sound_are_taken_too() -> None:
    offer = (
        "m=audio 40000 RTP/AVP 96 101 | a=rtpmap:96 opus/48000/2"
        " | a=rtpmap:101 telephone-event/8000"
    )
    said, stream = answer(wide(*WIDE), described(offer))
    assert (stream.event_payload_type, stream.event_rate) == (101, 8000)
    assert values(said, "rtpmap") == ["96 opus/48000/2", "101 telephone-event/8000"]


def test_our_own_offer_names_what_we_take_in_our_order_with_keys_on_each_clock() -> None:
    ours = wide(Law.PCMA, Wideband.OPUS, Wideband.G722)
    offered = parse(ours.offer())
    assert offered.media[0].formats == ("8", "111", "9", "101", "110")
    assert values(offered, "rtpmap")[-2:] == [
        "101 telephone-event/8000",
        "110 telephone-event/48000",
    ]
    stream = ours.read_answer(
        described(
            "m=audio 40000 RTP/AVP 111 110 | a=rtpmap:111 opus/48000/2"
            " | a=rtpmap:110 telephone-event/48000"
        )
    )
    assert stream.codec is Wideband.OPUS
    assert (stream.event_payload_type, stream.event_rate) == (110, 48000)


def test_a_later_offer_of_ours_keeps_the_codec_and_its_numbers() -> None:
    ours = wide(*WIDE)
    ours.answer(described("m=audio 40000 RTP/AVP 101 0 | a=rtpmap:101 opus/48000/2"))
    again = parse(ours.offer()).media[0]
    assert again.maps()[0].payload_type == 101
    assert [m.encoding for m in again.maps()] == ["opus", "G722", "PCMU", "PCMA", "telephone-event"]
    assert [m.payload_type for m in again.maps()] == [101, 9, 0, 8, 110]


def test_a_re_offer_may_change_the_codec_in_the_middle_of_a_call() -> None:
    ours = wide(*WIDE)
    codecs = [
        answer(ours, described(f"m=audio 40000 RTP/AVP {numbers}"))[1].codec
        for numbers in ("0 9", "9 0", "8")
    ]
    assert codecs == [Law.PCMU, Wideband.G722, Law.PCMA]


def test_a_peer_with_wide_sound_only_is_told_so_where_we_take_none(ours: Negotiation) -> None:
    with pytest.raises(NoCommonCodec):
        ours.answer(described("m=audio 40000 RTP/AVP 9"))
