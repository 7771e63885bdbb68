"""Damaged RTP and RTCP packets are read or refused, and spoil no call but their own."""

from pathlib import Path

import numpy as np

from call.clock import VirtualClock
from call.media import KeyPressed, MediaEvent, MediaLost, RecordEnded, Stream
from call.sound import Law
from telephony import rtcp, rtp
from telephony.media.virtual import VirtualPlane
from telephony.rtcp import RtcpFault
from telephony.rtp import RtpFault
from tests.fuzz.corpus import rtcp_corpus, rtp_corpus
from tests.fuzz.mutation import BINARY, mutants
from tests.wire import hearing
from tests.wire.sounds import speech_like


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


def test_a_call_under_nine_thousand_damaged_packets_leaves_the_other_call_whole(
    tmp_path: Path,
) -> None:
    plane = VirtualPlane(VirtualClock(), seed=9)
    told: dict[str, list[MediaEvent]] = {"under fire": [], "other": []}
    hurt, other = (plane.open(events.append) for events in told.values())
    for slot in (hurt, other):
        plane.connect(slot, Stream(Law.PCMU, 0, 101, plane.far_end(slot).address))
        plane.record(slot, tmp_path / f"{slot}.raw", max_s=300)
    plane.advance(0.5)
    sentence = speech_like(20, 3)
    plane.far_end(other).speak(sentence)
    sounds = mutants(rtp_corpus(), 6_000, seed=6, kinds=BINARY)
    reports = mutants(rtcp_corpus(), 3_000, seed=7, kinds=BINARY)
    for report in reports:
        plane.far_end(hurt).send(next(sounds))
        plane.far_end(hurt).send(next(sounds))
        plane.far_end(hurt).send_report(report)
        plane.advance(0.02)
    assert sorted(plane.engine.calls) == sorted((hurt, other))
    told["under fire"].clear()
    plane.far_end(hurt).press("5")
    plane.advance(1)
    for slot in (hurt, other):
        plane.close(slot)
    plane.advance(0.1)
    heard = np.fromfile(tmp_path / f"{other}.raw", dtype="<i2")
    place = hearing.find(heard, sentence)
    assert place.score > 0.98
    assert hearing.drift(heard, sentence, at=place.at) == 0
    assert not [each for each in told["other"] if isinstance(each, KeyPressed | MediaLost)]
    assert [each.key for each in told["under fire"] if isinstance(each, KeyPressed)] == ["5"]
    assert [each for each in told["under fire"] if isinstance(each, RecordEnded)]
