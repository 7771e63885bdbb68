"""What each side tells the other of how it hears, and what is told of a call when it is over."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call.media import MediaStatistics
from call.sound import FRAME, FRAME_S, Law
from telephony import rtcp, rtp
from telephony.feedback import Feedback
from telephony.media.engine import TICK_S
from telephony.playout import Timeline
from telephony.rtcp import ReceiverReport, ReportBlock, SenderReport
from tests.media.plane import VirtualCall, a_call, stream

BLOCK = ReportBlock(7, 0, 0, 1000, 0, 0, 0)


def _rows(came: set[int], first: int, last: int) -> int:
    """Rows of numbers from first to last that did not come."""
    return sum(1 for n in range(first, last + 1) if n not in came and (n == first or n - 1 in came))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(0, 0xFFFF))
def test_rows_of_lost_packets_are_counted_whatever_the_order(order: list[int], base: int) -> None:
    timeline = Timeline(0)
    first = order[0]
    came = set()
    for now, n in enumerate(order):
        if n < first:
            continue  # before the first, nothing was expected
        came.add(n)
        sequence = (base + n) & 0xFFFF
        timeline.place(sequence, n * FRAME, 1, FRAME, now)
    assert timeline.reception.bursts == _rows(came, first, max(came))
    assert timeline.lost_packets == max(came) - first + 1 - len(came)


def test_a_packet_that_overtook_the_very_first_one_is_no_loss() -> None:
    timeline = Timeline(0)
    for n in (1, 0, 2):
        timeline.place(n, n * FRAME, 1, FRAME, n)
    assert timeline.reception.bursts == 0


def test_the_way_there_and_back_is_the_time_less_the_stay() -> None:
    feedback = Feedback()
    feedback.begin(7, 1)
    feedback.reported(0x1234_5678_9ABC_DEF0, 10.0)
    answer = replace(BLOCK, last_report=0x5678_9ABC, delay=2 * 65536)
    feedback.take(answer, 12.08)
    assert feedback.round_trip_s == pytest.approx(0.08)
    feedback.take(answer, 12.12)
    assert feedback.round_trip_s == pytest.approx(0.10)


@pytest.mark.parametrize(
    "block",
    [
        replace(BLOCK, last_report=99),  # of a report that never left
        replace(BLOCK, ssrc=8, last_report=0x5678_9ABC),  # of another source
        BLOCK,  # of none
    ],
)
def test_an_answer_to_nothing_we_said_tells_no_distance(block: ReportBlock) -> None:
    feedback = Feedback()
    feedback.begin(7, 1)
    feedback.reported(0x1234_5678_9ABC_DEF0, 10.0)
    feedback.take(block, 10.5)
    assert feedback.round_trip_s is None


def test_a_stay_longer_than_the_time_that_passed_is_no_distance_below_nothing() -> None:
    feedback = Feedback()
    feedback.begin(7, 1)
    feedback.reported(0x1234_5678_9ABC_DEF0, 10.0)
    feedback.take(replace(BLOCK, last_report=0x5678_9ABC, delay=0xFFFFFFFF), 10.5)
    assert feedback.round_trip_s == 0.0


@pytest.mark.parametrize(
    ("lost", "highest", "fraction", "loss"),
    [
        (50, 1000, 0, 0.05),
        (-5, 1000, 0, 0.0),  # doubled on the way
        (5000, 1000, 0, 1.0),
        (0x7FFFFF, 1000, 255, 1.0),
        (3, 0, 64, 0.25),  # its count of wraps is unlike ours: the last seconds must do
    ],
)
def test_the_peers_loss_is_a_share_of_what_we_sent(
    lost: int, highest: int, fraction: int, loss: float
) -> None:
    feedback = Feedback()
    feedback.begin(7, 1)
    feedback.take(replace(BLOCK, lost=lost, highest=highest, fraction_lost=fraction), 1.0)
    assert feedback.loss == pytest.approx(loss)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 255),
            st.integers(-0x800000, 0x7FFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.sampled_from([0, 1, 0xFFFFFFFF]),
            st.integers(0, 0xFFFFFFFF),
        ),
        max_size=8,
    ),
    st.integers(1, 0x8000),
)
def test_whatever_a_peer_makes_up_stays_within_what_can_be(
    told: list[tuple[int, int, int, int, int, int]], first: int
) -> None:
    feedback = Feedback()
    feedback.begin(7, first)
    for n, figures in enumerate(told):
        feedback.reported(1 << 16, float(n))
        feedback.take(ReportBlock(7, *figures), n + 0.5)
    assert feedback.loss is None or 0 <= feedback.loss <= 1
    assert feedback.lost >= 0
    assert feedback.round_trip_s is None or 0 <= feedback.round_trip_s <= len(told)


class Reporter:
    """The peer of a virtual call, which answers our reports with its own."""

    def __init__(self, call: VirtualCall) -> None:
        self._call = call

    @property
    def last(self) -> SenderReport:
        """The last sender report of ours."""
        reports = [each for data in self._call.far.reports for each in rtcp.parse(data)]
        return [each for each in reports if isinstance(each, SenderReport)][-1]

    def answers(self, *, lost: int, jitter: int, stay_s: float, as_sender: bool = False) -> None:
        """Report on what we sent until now, `stay_s` after our last report."""
        heard = [rtp.parse(packet) for _, packet in self._call.far.heard]
        ours = self.last
        block = ReportBlock(
            ours.ssrc,
            fraction_lost=0,
            lost=lost,
            highest=heard[0].sequence + len(heard) - 1,
            jitter=jitter,
            last_report=ours.ntp >> 16 & 0xFFFFFFFF,
            delay=round(stay_s * 65536),
        )
        report = (
            SenderReport(5, 0, 0, 1, 160, (block,)) if as_sender else ReceiverReport(5, (block,))
        )
        self._call.far.send_report(rtcp.pack([report]))
        self._call.plane.advance(FRAME_S)


def _ended(call: VirtualCall) -> MediaStatistics:
    call.plane.close(call.slot)
    call.plane.advance(0.1)
    (told,) = call.told(MediaStatistics)
    return told


@pytest.mark.parametrize("as_sender", [False, True])
def test_a_call_is_told_as_the_peer_heard_it(as_sender: bool) -> None:
    call = a_call()
    while not call.far.reports:
        call.plane.advance(TICK_S)
    call.plane.advance(1.0)
    peer = Reporter(call)
    peer.answers(lost=10, jitter=80, stay_s=0.940, as_sender=as_sender)
    told = _ended(call)
    assert told.round_trip_ms == pytest.approx(60, abs=21)  # it is read within a beat
    assert told.remote_lost == 10
    assert told.remote_loss == pytest.approx(10 / told.packets_sent, rel=0.1)
    assert told.remote_jitter_ms == 10.0
    assert told.remote_r_factor is not None
    assert told.r_factor is not None
    assert told.remote_r_factor < told.r_factor


def test_a_call_that_loses_nothing_is_rated_as_good_as_a_telephone_call_can_be() -> None:
    call = a_call(agreed=stream(law=Law.PCMA, port=20000))
    call.plane.advance(5.0)
    told = _ended(call)
    assert told.codec is Law.PCMA
    assert told.mos == pytest.approx(4.4, abs=0.05)
    assert told.r_factor == pytest.approx(92, abs=1)
    assert told.burst_ratio == 1.0


def test_where_the_peer_tells_nothing_nothing_is_told_of_it() -> None:
    told = _ended(a_call())
    assert told.round_trip_ms is None
    assert told.remote_loss is None
    assert told.remote_mos is None


def test_a_caller_who_never_sent_anything_is_not_rated() -> None:
    call = a_call()
    call.far.stream = None
    call.plane.advance(2.0)
    assert _ended(call).mos is None


@pytest.mark.parametrize(("row", "ratio"), [(1, 1.0), (5, 4.5)])
def test_lost_packets_cost_the_call_its_opinion_and_rows_of_them_more(
    row: int, ratio: float
) -> None:
    call = a_call()
    call.far.stream = None
    for n in range(1000):
        if n % (10 * row) >= row or n == 0:
            call.far.send(rtp.pack(rtp.RtpPacket(0, n, n * FRAME, 9, bytes(FRAME))))
        call.plane.advance(0.02)
    told = _ended(call)
    assert told.packets_lost == pytest.approx(100, abs=row)
    assert told.burst_ratio == pytest.approx(ratio, abs=0.1)
    assert told.mos is not None
    assert told.mos < 3.6


def test_a_distant_peer_is_rated_lower() -> None:
    ratings = []
    for trip_s in (0.02, 0.8):
        call = a_call()
        while not call.far.reports:
            call.plane.advance(TICK_S)
        call.plane.advance(1.0)
        Reporter(call).answers(lost=0, jitter=0, stay_s=1.0 - trip_s)
        ratings.append(_ended(call).r_factor or 0.0)
    near, far = ratings
    assert near - far > 15
