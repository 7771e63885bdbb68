"""Messages over a connection: cut anywhere, glued together, kept alive."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.events import IncomingCall, Peer, Send, Transport
from tests.sip.by_hand import Hand, invite, request

SOURCE = Peer(Transport.TCP, "192.0.2.9", 40001)
BOTH = request("OPTIONS") + b"\r\n" + invite(via="SIP/2.0/TCP 192.0.2.9:5062", branch="z9hG4bKtwo")


@given(st.lists(st.integers(0, len(BOTH)), max_size=6))
def test_messages_are_whole_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    hand = Hand(source=SOURCE)
    edges = [0, *sorted(cuts), len(BOTH)]
    answers = []
    for start, end in pairwise(edges):
        answers += hand.writes(BOTH[start:end])
    assert [answer.cseq[1] for answer in answers] == ["OPTIONS", "INVITE"]
    assert isinstance(hand.events[0], IncomingCall)


def test_everything_is_answered_on_the_connection_it_came_by() -> None:
    hand = Hand(source=SOURCE)
    hand.writes(BOTH)
    assert hand.to == [SOURCE, SOURCE]


def test_a_keep_alive_is_answered() -> None:
    hand = Hand(source=SOURCE)
    assert hand.agent.feed(b"\r\n\r\n", SOURCE, 0.0) == [Send(b"\r\n", SOURCE)]


def test_a_stream_that_cannot_be_cut_is_answered_once_and_then_ignored() -> None:
    hand = Hand(source=SOURCE)
    bad = request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: none")
    first = hand.agent.feed(bad + BOTH, SOURCE, 0.0)
    assert len(first) == 1
    assert hand.agent.feed(BOTH, SOURCE, 0.0) == []
    hand.agent.transport_failed(SOURCE, 0.0)
    assert hand.writes(request("OPTIONS"))


def test_an_endless_head_is_not_kept() -> None:
    hand = Hand(source=SOURCE)
    for _ in range(100):
        assert hand.agent.feed(b"X" * 1000, SOURCE, 0.0) == []
    assert hand.agent.feed(BOTH, SOURCE, 0.0) == []
