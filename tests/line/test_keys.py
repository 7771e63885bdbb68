"""A key counts once, by whatever ways a telephone tells it."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from call.media import KeyPressed, KeySource
from telephony.keys import KeyMerger

EVENT, INFO, TONE = KeySource.RFC4733, KeySource.SIP_INFO, KeySource.INBAND


def heard(reports: Sequence[KeyPressed]) -> str:
    merger = KeyMerger()
    taken = (merger.take(report) for report in reports)
    return "".join(press.key for press in taken if press is not None)


def test_a_tone_that_leaks_beside_its_event_counts_once() -> None:
    assert heard([KeyPressed("5", EVENT, 1.0), KeyPressed("5", TONE, 1.06)]) == "5"


def test_a_double_press_told_twice_over_stays_a_double_press() -> None:
    reports = [
        KeyPressed("1", EVENT, 1.0),
        KeyPressed("1", EVENT, 1.2),
        KeyPressed("1", INFO, 1.21),
        KeyPressed("1", INFO, 1.4),
    ]
    assert heard(reports) == "11"


def test_a_later_press_by_another_way_is_another_press() -> None:
    assert heard([KeyPressed("1", EVENT, 1.0), KeyPressed("1", INFO, 2.0)]) == "11"


def test_different_keys_never_join() -> None:
    assert heard([KeyPressed("1", EVENT, 1.0), KeyPressed("2", TONE, 1.01)]) == "12"


def test_the_ways_are_recorded() -> None:
    merger = KeyMerger()
    for source in (EVENT, TONE):
        merger.take(KeyPressed("5", source, 1.0))
    merger.take(KeyPressed("6", EVENT, 2.0))
    assert (merger.presses, merger.reports(EVENT), merger.reports(TONE)) == (2, 2, 1)
    assert merger.reports(INFO) == 0


presses = st.lists(
    st.tuples(st.sampled_from("0123456789*#ABCD"), st.floats(0.08, 3.0)), max_size=20
)
delays = st.dictionaries(st.sampled_from(list(KeySource)), st.floats(0, 0.2), min_size=1)


@given(presses, delays)
def test_any_typing_told_by_any_steady_ways_is_heard_as_typed(
    typed: list[tuple[str, float]], ways: dict[KeySource, float]
) -> None:
    reports: list[KeyPressed] = []
    at = 0.0
    for key, pause in typed:
        at += pause
        reports.extend(KeyPressed(key, source, at + delay) for source, delay in ways.items())
    reports.sort(key=lambda report: report.at)
    merger = KeyMerger()
    taken = [press for report in reports if (press := merger.take(report)) is not None]
    first = min(ways.values())
    assert "".join(press.key for press in taken) == "".join(key for key, _ in typed)
    assert all(press.at >= first for press in taken)
    assert merger.presses == len(typed)


@given(presses)
def test_ways_that_each_lose_presses_never_add_any(typed: list[tuple[str, float]]) -> None:
    reports: list[KeyPressed] = []
    at = 0.0
    for number, (key, pause) in enumerate(typed):
        at += pause
        ways = ([EVENT], [TONE], [EVENT, TONE])[number % 3]
        reports.extend(KeyPressed(key, source, at) for source in ways)
    assert len(heard(reports)) <= len(typed)
