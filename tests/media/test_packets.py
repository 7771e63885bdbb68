"""RTP and RTCP are written and read back the same, and nothing else than a fault comes of junk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony import rtcp, rtp

WORD = st.integers(0, 0xFFFFFFFF)
EXTENSIONS = st.none() | st.tuples(
    st.integers(0, 0xFFFF),
    st.integers(0, 8).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n)),
)
PACKETS = st.builds(
    rtp.RtpPacket,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=WORD,
    ssrc=WORD,
    payload=st.binary(max_size=480),
    marker=st.booleans(),
    csrcs=st.lists(WORD, max_size=15).map(tuple),
    extension=EXTENSIONS,
    padding=st.integers(0, 255),
)
BLOCKS = st.lists(
    st.builds(
        rtcp.ReportBlock,
        ssrc=WORD,
        fraction_lost=st.integers(0, 255),
        lost=st.integers(-0x800000, 0x7FFFFF),
        highest=WORD,
        jitter=WORD,
        last_report=WORD,
        delay=WORD,
    ),
    max_size=4,
).map(tuple)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
REPORTS = st.one_of(
    st.builds(rtcp.SenderReport, WORD, st.integers(0, 2**64 - 1), WORD, WORD, WORD, BLOCKS),
    st.builds(rtcp.ReceiverReport, WORD, BLOCKS),
    st.builds(rtcp.SourceName, WORD, NAMES),
    st.builds(rtcp.Goodbye, st.lists(WORD, max_size=5).map(tuple), NAMES | st.just("")),
)


@given(PACKETS)
def test_a_packet_of_sound_is_read_back_as_it_was_written(packet: rtp.RtpPacket) -> None:
    assert rtp.parse(rtp.pack(packet)) == packet


@given(st.lists(REPORTS, min_size=1, max_size=5))
def test_a_compound_report_is_read_back_as_it_was_written(reports: list[rtcp.Report]) -> None:
    assert rtcp.parse(rtcp.pack(reports)) == reports


@given(st.binary(max_size=80))
def test_any_octets_are_rtp_or_a_fault_of_the_peer(data: bytes) -> None:
    try:
        packet = rtp.parse(data)
    except rtp.RtpFault:
        return
    assert len(rtp.pack(packet)) == len(data)


@given(st.binary(max_size=80), st.integers(192, 223), st.integers(0, 31))
def test_any_octets_are_rtcp_or_a_fault_of_the_peer(data: bytes, kind: int, count: int) -> None:
    framed = bytes([0x80 | count, kind]) + (len(data) // 4).to_bytes(2, "big") + data
    for octets in (data, framed):
        try:
            reports = rtcp.parse(octets)
        except rtcp.RtcpFault:
            continue
        assert isinstance(reports, list)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_packet_cut_short_is_refused(cut: int) -> None:
    packet = rtp.RtpPacket(0, 1, 2, 3, b"", csrcs=(4,), extension=(5, b"word"))
    with pytest.raises(rtp.RtpFault):
        rtp.parse(rtp.pack(packet)[:-cut])
