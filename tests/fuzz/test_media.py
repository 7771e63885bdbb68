"""Damaged RTP and RTCP packets are read or refused."""

from telephony import rtcp, rtp
from telephony.rtcp import RtcpFault
from telephony.rtp import RtpFault
from tests.fuzz.corpus import rtcp_corpus, rtp_corpus
from tests.fuzz.mutation import BINARY, mutants


def test_four_thousand_damaged_rtp_packets_are_read_or_refused() -> None:
    refused = 0
    for data in mutants(rtp_corpus(), 4_000, seed=3550, kinds=BINARY):
        try:
            packet = rtp.parse(data)
        except RtpFault:
            refused += 1
            continue
        assert len(packet.payload) <= len(data) - 12
        assert rtp.parse(rtp.pack(packet)) == packet
    assert 200 < refused < 3_800


def test_four_thousand_damaged_reports_are_read_or_refused() -> None:
    refused = 0
    for data in mutants(rtcp_corpus(), 4_000, seed=3551, kinds=BINARY):
        try:
            reports = rtcp.parse(data)
        except RtcpFault:
            refused += 1
            continue
        assert isinstance(reports, list)
    assert 200 < refused < 3_800
