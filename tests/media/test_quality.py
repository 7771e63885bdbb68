"""The E-model, against what the ITU and others published of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call.media import Codec, Wideband
from call.sound import Law
from telephony.quality import (
    CONCEALED,
    IMPAIRMENTS,
    UNCONCEALED,
    burst_ratio,
    opinion,
    rating,
)

SHARES = st.floats(0, 1)
DELAYS = st.floats(0, 3)


def test_a_call_at_its_best_is_rated_as_g107_says() -> None:
    best = rating(CONCEALED, delay_s=0.0, loss=0.0)
    assert best == pytest.approx(93.2, abs=0.05)
    assert opinion(best) == pytest.approx(4.41, abs=0.005)


@pytest.mark.parametrize(
    ("r", "expected"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)]
)
def test_opinions_are_those_of_g107_table_b1(r: float, expected: float) -> None:
    assert opinion(r) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("percent", "cost"), [(1, 5), (2, 7), (3, 10), (5, 15), (7, 20), (10, 25), (15, 35), (20, 45)]
)
def test_chance_loss_costs_what_g113_measured_where_it_is_concealed(
    percent: int, cost: float
) -> None:
    r = rating(CONCEALED, delay_s=0.0, loss=percent / 100)
    assert 93.2 - r == pytest.approx(cost, abs=3)


@pytest.mark.parametrize(("percent", "cost"), [(1, 17.9), (2, 30.2), (5, 51.1)])
def test_loss_that_is_not_concealed_costs_far_more(percent: int, cost: float) -> None:
    r = rating(UNCONCEALED, delay_s=0.0, loss=percent / 100)
    assert 93.2 - r == pytest.approx(cost, abs=0.1)


@pytest.mark.parametrize("delay_ms", [0, 20, 50, 100, 150, 177, 200, 250, 300])
def test_delay_costs_what_the_known_straight_lines_say(delay_ms: int) -> None:
    """0.024 d, and 0.11 more for each millisecond above 177.3 (Cole and Rosenbluth, 2001)."""
    cost = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)
    r = rating(CONCEALED, delay_s=delay_ms / 1000, loss=0.0)
    assert 93.2 - r == pytest.approx(cost, abs=1.0)


def test_loss_in_bursts_is_worse_than_the_same_by_chance() -> None:
    by_chance = rating(CONCEALED, delay_s=0.1, loss=0.015)
    assert rating(CONCEALED, delay_s=0.1, loss=0.015, burst_ratio=4.0) < by_chance


def test_bursts_beyond_what_the_model_knows_count_as_the_longest_it_does() -> None:
    many, few = 0.05, 0.01
    assert rating(CONCEALED, delay_s=0, loss=many, burst_ratio=2.0) == rating(
        CONCEALED, delay_s=0, loss=many, burst_ratio=50.0
    )
    assert rating(CONCEALED, delay_s=0, loss=few, burst_ratio=8.0) == rating(
        CONCEALED, delay_s=0, loss=few, burst_ratio=50.0
    )


@pytest.mark.parametrize(
    ("lost", "bursts", "expected", "ratio"),
    [
        (0, 0, 1000, 1.0),  # nothing lost
        (10, 10, 1000, 1.0),  # one at a time
        (100, 25, 1000, 3.6),  # rows of four
        (1000, 1, 1000, 1.0),  # nothing came: no telling
        (0, 0, 0, 1.0),
    ],
)
def test_bursts_are_told_from_chance(lost: int, bursts: int, expected: int, ratio: float) -> None:
    assert burst_ratio(lost, bursts, expected) == pytest.approx(ratio)


@pytest.mark.parametrize("codec", [*Law, *Wideband])
def test_every_codec_is_rated(codec: Codec) -> None:
    assert 90 < rating(IMPAIRMENTS[codec], delay_s=0.05, loss=0) <= 93.3


@given(DELAYS, SHARES, SHARES, st.floats(0, 100))
def test_more_loss_never_makes_a_better_call(
    delay: float, some: float, more: float, ratio: float
) -> None:
    some, more = sorted((some, more))
    if (some < 0.02) is (more < 0.02):  # above, the model takes bursts for shorter than they are
        better, worse = (
            rating(CONCEALED, delay_s=delay, loss=share, burst_ratio=ratio)
            for share in (some, more)
        )
        assert worse <= better + 1e-9


@given(DELAYS, SHARES, st.floats(0, 100))
def test_an_opinion_lies_between_bad_and_excellent(
    delay: float, share: float, ratio: float
) -> None:
    r = rating(CONCEALED, delay_s=delay, loss=share, burst_ratio=ratio)
    assert 0 <= r <= 93.5
    assert 1.0 <= opinion(r) <= 4.5


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_better_rating_is_never_a_worse_opinion(one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert opinion(low) <= opinion(high) + 1e-9
