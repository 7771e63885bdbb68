"""What RTCP tells the peer about one call, made from the counters of both directions."""

from call.clock import Clock
from telephony import rtcp
from telephony.media.slot import Slot

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
    highest, jitter = timeline.highest & 0xFFFFFFFF, int(timeline.reception.jitter) & 0xFFFFFFFF
    return (rtcp.ReportBlock(timeline.ssrc, fraction, lost, highest, jitter, last, delay),)
