"""Messages are found again on a stream, however it was cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call.errors import PeerFault
from telephony.framing import MAX_BODY, MAX_HEAD, BrokenStream, Ping, StreamFramer


def message(body: bytes, name: bytes = b"Content-Length") -> bytes:
    head = b"INFO sip:a@192.0.2.1 SIP/2.0\r\nSubject: x\r\n"
    return head + name + b": " + str(len(body)).encode() + b"\r\n\r\n" + body


@given(
    st.lists(st.one_of(st.none(), st.binary(max_size=50)), max_size=6),
    st.lists(st.integers(0, 600), max_size=12),
)
def test_a_stream_cut_anywhere_gives_the_same_messages(
    items: list[bytes | None], cuts: list[int]
) -> None:
    stream = b"".join(b"\r\n\r\n" if item is None else message(item) for item in items)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    framer = StreamFramer()
    frames = [frame for start, end in pairwise(places) for frame in framer.feed(stream[start:end])]
    assert frames == [Ping() if item is None else message(item) for item in items]


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_noise_is_waited_for_or_ends_the_connection_as_the_peers_fault(
    chunks: list[bytes],
) -> None:
    framer = StreamFramer()
    try:
        for chunk in chunks:
            framer.feed(chunk)
    except PeerFault:
        return


@pytest.mark.parametrize("name", [b"l", b"L ", b"CONTENT-LENGTH"])
def test_the_length_is_known_under_its_other_names(name: bytes) -> None:
    sent = message(b"v=0\r\n", name)
    assert StreamFramer().feed(sent + sent) == [sent, sent]


def test_a_message_without_length_ends_with_its_headers() -> None:
    bye = b"BYE sip:a@192.0.2.1 SIP/2.0\r\nCSeq: 2 BYE\r\n\r\n"
    assert StreamFramer().feed(bye) == [bye]


def test_the_answer_to_our_keep_alive_is_passed_over() -> None:
    assert StreamFramer().feed(b"\r\n" + message(b"x")) == [message(b"x")]


@pytest.mark.parametrize(
    "sent",
    [
        b"INFO sip:a SIP/2.0\r\nContent-Length: many\r\n\r\n",
        b"INFO sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"INFO sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n",
        b"INFO sip:a SIP/2.0\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1),
        b"x" * (MAX_HEAD + 1),
        b"x: " + b"y" * MAX_HEAD + b"\r\n\r\n",
    ],
)
def test_a_stream_whose_next_message_cannot_be_found_is_given_up(sent: bytes) -> None:
    with pytest.raises(BrokenStream):
        StreamFramer().feed(sent)
