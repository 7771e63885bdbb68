"""Where a call was sent on from, as other elements tell it and as we do (RFC 5806, RFC 7044)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.diverting import MOST, REASONS, diversions_of, write_diversions
from telephony.sip.events import Diversion, IncomingCall
from telephony.sip.message import Request
from tests.sip.by_hand import Hand, invite

TWICE = (Diversion("101", "no-answer"), Diversion("102", "unconditional"))


def read_of(*lines: str) -> tuple[Diversion, ...]:
    """What is read of an INVITE with those header lines."""
    hand = Hand()
    hand.writes(invite(*lines))
    incoming = hand.events[0]
    assert isinstance(incoming, IncomingCall)
    return incoming.diversions


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((), ()),
        (("Diversion: <sip:101@pbx>;reason=user-busy",), (Diversion("101", "user-busy"),)),
        (
            (
                'Diversion: "Léa" <sip:102@pbx>;reason="unconditional";counter=1',
                "Diversion: <sip:101@pbx>;reason=no-answer",
            ),
            TWICE,
        ),
        (("Diversion: <sip:102@p>;reason=unconditional, <sip:101@p>;reason=no-answer",), TWICE),
        (("Diversion: <tel:+1-514-555-0100>",), (Diversion("+15145550100"),)),
        (("Diversion: <sip:101@pbx>;reason=whim",), (Diversion("101"),)),
        (("Diversion: <<>",), ()),
        (
            (
                "History-Info: <sip:101@p>;index=1, <sip:102@p;cause=408>;index=1.1;mp=1,"
                " <sip:103@p;cause=302>;index=1.1.1;mp=1.1",
            ),
            TWICE,
        ),
        (
            (
                "History-Info: <sip:101@p>;index=1",
                "History-Info: <sip:102@p;cause=408>;index=1.1",
            ),
            (Diversion("101", "no-answer"),),
        ),
        (("History-Info: <sip:101@p>;index=1, <sip:101@192.0.2.1>;index=1.1;rc=1",), ()),
        (
            (
                "Diversion: <sip:102@p>;reason=unconditional",
                "History-Info: <sip:101@p>;index=1, <sip:102@p;cause=408>;index=1.1;mp=1,"
                " <sip:103@p;cause=302>;index=1.1.1;mp=1.1",
            ),
            TWICE,
        ),
        (("History-Info: <sip:101@p;cause=408>;index=1;mp=1",), ()),
    ],
)
def test_what_a_call_was_sent_on_from_is_read_from_either_header(
    lines: tuple[str, ...], told: tuple[Diversion, ...]
) -> None:
    assert read_of(*lines) == told


def test_a_call_that_goes_in_circles_is_read_to_a_point() -> None:
    lines = [f"Diversion: <sip:{number}@pbx>" for number in range(100, 200)]
    told = read_of(*lines)
    assert len(told) == MOST
    assert told[-1].number == "100"


def test_an_ordinary_call_says_nothing_of_diversions() -> None:
    assert write_diversions((), "sip:103@192.0.2.9", "192.0.2.1") == ()


def test_both_headers_are_written_the_newest_on_top_and_the_history_in_order() -> None:
    assert write_diversions(TWICE, "sip:103@192.0.2.9;transport=tcp", "192.0.2.1") == (
        ("Diversion", "<sip:102@192.0.2.1>;reason=unconditional"),
        ("Diversion", "<sip:101@192.0.2.1>;reason=no-answer"),
        (
            "History-Info",
            "<sip:101@192.0.2.1>;index=1, <sip:102@192.0.2.1;cause=408>;index=1.1;mp=1, "
            "<sip:103@192.0.2.9;transport=tcp;cause=302>;index=1.1.1;mp=1.1",
        ),
    )


DIVERTED = st.builds(
    Diversion, st.from_regex(r"\+?[0-9]{2,11}", fullmatch=True), st.sampled_from(sorted(REASONS))
)


@given(st.lists(DIVERTED, max_size=MOST).map(tuple))
def test_what_is_written_is_read_back(diversions: tuple[Diversion, ...]) -> None:
    pairs = write_diversions(diversions, "sip:103@192.0.2.9", "192.0.2.1")
    assert diversions_of(Request(pairs, method="INVITE", uri="sip:a@b")) == diversions
    history = tuple(pair for pair in pairs if pair[0] == "History-Info")
    numbers = [each.number for each in diversions_of(Request(history, method="INVITE"))]
    assert numbers == [each.number for each in diversions]
