"""What the peer is told of one call by RTCP, what it tells us, and what both come to in the end.

A call's counters are those of its timeline; the peer's reports are read as they come.
"""

from collections.abc import Sequence

from call.clock import Clock
from call.media import Codec, MediaStatistics
from call.sound import FRAME_S, RATE
from telephony import rtcp
from telephony.codecs import FACTS
from telephony.media.slot import PLAYOUT_S, Slot
from telephony.quality import IMPAIRMENTS, burst_ratio, opinion, rating

_NTP_EPOCH = 2208988800  # seconds from 1900 to 1970


def report(
    slot: Slot, name: str, sent: tuple[int, int], clock: tuple[int, int], time: Clock
) -> list[rtcp.Report]:
    """A sender report (a receiver report, where nothing was sent), with our name.

    `sent` is packets and octets; `clock` is our SSRC and the timestamp of the present.
    """
    ssrc, timestamp = clock
    blocks = _blocks(slot, time.monotonic())
    first: rtcp.Report = rtcp.ReceiverReport(ssrc, blocks)
    if sent[0]:
        seconds = time.now().timestamp() + _NTP_EPOCH
        ntp = int(seconds * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
        packets, octets = sent[0] & 0xFFFFFFFF, sent[1] & 0xFFFFFFFF
        first = rtcp.SenderReport(ssrc, ntp, timestamp, packets, octets, blocks)
        slot.feedback.reported(ntp, time.monotonic())
    return [first, rtcp.SourceName(ssrc, name)]


def _blocks(slot: Slot, now: float) -> tuple[rtcp.ReportBlock, ...]:
    timeline = slot.timeline
    if timeline.ssrc is None:
        return ()
    expected, received = timeline.expected_packets, timeline.reception.received
    since_expected = expected - slot.reported[0]
    since_lost = since_expected - (received - slot.reported[1])
    slot.reported = (expected, received)
    fraction = min(255, max(0, since_lost * 256 // since_expected)) if since_expected > 0 else 0
    last, delay = 0, 0
    if slot.last_report is not None:
        last = slot.last_report.ntp >> 16 & 0xFFFFFFFF
        delay = int((now - slot.last_report_at) * 65536) & 0xFFFFFFFF
    lost = max(-0x800000, min(0x7FFFFF, expected - received))
    codec = slot.stream.codec if slot.stream is not None else None
    jitter = int(timeline.reception.jitter * _clock_rate(codec) / RATE) & 0xFFFFFFFF
    highest = timeline.highest & 0xFFFFFFFF
    return (rtcp.ReportBlock(timeline.ssrc, fraction, lost, highest, jitter, last, delay),)


def take_reports(slot: Slot, reports: Sequence[rtcp.Report], now: float) -> None:
    """Read what the peer reports: what it sent, and how it hears us."""
    for report in reports:
        if isinstance(report, rtcp.SenderReport):
            slot.last_report, slot.last_report_at = report, now
        if isinstance(report, rtcp.SenderReport | rtcp.ReceiverReport):
            for block in report.blocks:
                slot.feedback.take(block, now)


def statistics(slot: Slot, sent: int, late_ticks: int) -> MediaStatistics:
    """How the sound of a call went; `sent` is in packets."""
    timeline, feedback = slot.timeline, slot.feedback
    reception, lost = timeline.reception, timeline.lost_packets
    missed, expected = lost + reception.late, timeline.expected_packets
    bursts = burst_ratio(missed, reception.bursts + reception.late, expected)
    codec = slot.stream.codec if slot.stream is not None else None
    told = feedback.loss is not None
    ours = _rated(slot, codec, missed / expected, slot.playout_s, bursts) if expected else None
    theirs = _rated(slot, codec, feedback.loss or 0.0, PLAYOUT_S) if told else None
    trip = feedback.round_trip_s
    return MediaStatistics(
        packets_sent=sent,
        packets_received=reception.received,
        packets_lost=lost,
        packets_late=reception.late,
        jitter_ms=reception.jitter * 1000 / RATE,
        late_ticks=late_ticks,
        codec=codec,
        burst_ratio=bursts,
        r_factor=ours,
        mos=None if ours is None else opinion(ours),
        round_trip_ms=None if trip is None else trip * 1000,
        remote_lost=feedback.lost if told else None,
        remote_loss=feedback.loss,
        remote_jitter_ms=feedback.jitter * 1000 / _clock_rate(codec) if told else None,
        remote_r_factor=theirs,
        remote_mos=None if theirs is None else opinion(theirs),
    )


def _rated(
    slot: Slot, codec: Codec | None, loss: float, playout_s: float, bursts: float = 1.0
) -> float | None:
    """R of one direction. The way there is half the way there and back; a packet is one frame."""
    if codec is None:
        return None
    delay_s = (slot.feedback.round_trip_s or 0.0) / 2 + FRAME_S + playout_s
    return rating(IMPAIRMENTS[codec], delay_s=delay_s, loss=loss, burst_ratio=bursts)


def _clock_rate(codec: Codec | None) -> int:
    """Of a codec's timestamps, in Hz."""
    return RATE if codec is None else FACTS[codec].clock
