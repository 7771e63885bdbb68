"""What keys amount to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.collector import (
    Answer,
    Filled,
    Grammar,
    Key,
    Number,
    Verdict,
    collect_grammar,
    judge,
    menu_grammar,
    settle,
)
from ivr.flow import Collect, Listening, Menu

LISTENING = Listening(6, 2.5, 1, "#", True, True, 3, 3, (), ())
ATTENDANT = menu_grammar(Menu((), LISTENING, ("8500", "extension")), "1790", ["101", "102", "1015"])


def digits(least: int, most: int, submit: bool = False) -> Grammar:
    return collect_grammar(Collect((), LISTENING, "pin", least, most, submit), "*")


@pytest.mark.parametrize(
    ("typed", "now", "later"),
    [
        ("9", Key("9"), Key("9")),
        ("1", Verdict.MORE, Key("1")),  # may become 101
        ("10", Verdict.MORE, Verdict.NO_MATCH),
        ("101", Verdict.MORE, Number("101", "extension")),  # may become 1015
        ("1015", Number("1015", "extension"), Number("1015", "extension")),
        ("102", Number("102", "extension"), Number("102", "extension")),
        ("101#", Number("101", "extension"), Verdict.NO_MATCH),
        ("8500", Number("8500", "8500"), Number("8500", "8500")),
        ("199", Verdict.MORE, Verdict.NO_MATCH),  # heard to its end before it is refused
        ("3", Verdict.NO_MATCH, Verdict.NO_MATCH),
        ("*", Verdict.NO_MATCH, Verdict.NO_MATCH),
    ],
)
def test_the_longest_number_wins(typed: str, now: Answer, later: Answer) -> None:
    assert judge(typed, ATTENDANT) == now
    assert settle(typed, ATTENDANT) == later


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("123", Verdict.MORE),
        ("123#", Verdict.NO_MATCH),
        ("1234", Verdict.MORE),
        ("1234#", Filled("1234")),
        ("123456", Verdict.COMPLETE),
        ("1234567", Verdict.MORE),
        ("1234567#", Verdict.NO_MATCH),
        ("#", Verdict.NO_MATCH),
        ("*", Key("*")),
        ("12*", Verdict.MORE),
        ("12*4#", Verdict.NO_MATCH),
    ],
)
def test_digits_are_whole_between_least_and_most(typed: str, answer: Answer) -> None:
    assert judge(typed, digits(4, 6)) == answer


def test_a_fixed_length_needs_no_terminator() -> None:
    assert judge("1234", digits(4, 4, submit=True)) == Filled("1234")


@given(st.text("0123456789*#", min_size=1, max_size=12))
def test_what_settles_was_never_refused_before(typed: str) -> None:
    """No prefix of what is accepted is refused: every key counts."""
    settled = settle(typed, ATTENDANT)
    if isinstance(settled, Number):
        prefixes = (typed[:length] for length in range(1, len(typed)))
        assert all(judge(prefix, ATTENDANT) is Verdict.MORE for prefix in prefixes)
