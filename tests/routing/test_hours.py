"""When a number is open: by the week, and through the changes of the clock."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.exceptions import ScheduleException, Span
from routing.holidays import PRESETS, Holiday
from routing.hours import (
    CLOSED,
    OPEN,
    Behaviour,
    HoursRefused,
    Interval,
    Week,
    first_instant,
    minute_of_day,
    wall_clock,
)
from routing.schedule import Override, Rule, Schedule, with_days
from tests.routing.slow_calendar import minutes, utc

TORONTO = ZoneInfo("America/Toronto")

OFFICE = with_days(
    Schedule(), range(5), [Interval.parse("08:30-12:00"), Interval.parse("13:00-17:00")]
)


def here(*parts: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=TORONTO, fold=fold)


def wall(*parts: int) -> datetime:
    """What a clock on the wall shows, without its zone."""
    return utc(*parts).replace(tzinfo=None)


def behaviour(schedule: Schedule, at: datetime) -> Behaviour:
    return schedule.decide(at).behaviour


def test_a_number_without_hours_is_always_open() -> None:
    state = Schedule().state_at(utc(2027, 1, 1, 4))
    assert (state.decision.behaviour, state.decision.rule, state.until) == (OPEN, Rule.ALWAYS, None)


def test_it_closes_for_lunch_and_says_until_when() -> None:
    state = OFFICE.state_at(here(2027, 3, 2, 12, 0))
    assert state.decision.behaviour == CLOSED
    assert state.until == here(2027, 3, 2, 13, 0)


def test_at_five_o_clock_on_friday_it_is_closed_until_monday_morning() -> None:
    assert behaviour(OFFICE, here(2027, 3, 5, 16, 59)) == OPEN
    assert OFFICE.state_at(here(2027, 3, 5, 17, 0)).until == here(2027, 3, 8, 8, 30)


def test_half_past_eight_is_half_past_eight_in_winter_and_in_summer() -> None:
    for month in (1, 7):
        assert behaviour(OFFICE, here(2027, month, 14, 8, 29)) == CLOSED
        assert behaviour(OFFICE, here(2027, month, 14, 8, 30)) == OPEN


def test_a_bar_that_opens_on_friday_evening_is_open_past_midnight() -> None:
    bar = with_days(Schedule(), [4], [Interval.parse("18:00-03:00")])
    assert behaviour(bar, here(2027, 3, 6, 2, 59)) == OPEN
    assert behaviour(bar, here(2027, 3, 6, 3, 0)) == CLOSED
    assert behaviour(bar, here(2027, 3, 5, 2, 0)) == CLOSED


def test_an_hour_that_never_comes_is_over_at_once() -> None:
    """On 14 March 2027 two o'clock is followed by three."""
    early = with_days(Schedule(), [6], [Interval.parse("02:30-05:00")])
    assert early.state_at(here(2027, 3, 14, 1, 59)).until == utc(2027, 3, 14, 7)
    night = with_days(Schedule(), [6], [Interval.parse("02:00-03:00")])
    day = night.stretches(here(2027, 3, 14, 0, 0), here(2027, 3, 15, 0, 0))
    assert {each.decision.behaviour for each in day} == {CLOSED}


def test_an_hour_that_comes_twice_is_not_begun_again() -> None:
    """On 7 November 2027 one o'clock comes twice."""
    bar = with_days(Schedule(), [5], [Interval.parse("18:00-01:30")])
    assert behaviour(bar, here(2027, 11, 7, 1, 29)) == OPEN
    assert behaviour(bar, here(2027, 11, 7, 1, 30)) == CLOSED
    assert behaviour(bar, here(2027, 11, 7, 1, 10, fold=1)) == CLOSED
    owls = with_days(Schedule(), [6], [Interval.parse("01:00-02:00")])
    (open_,) = (
        each
        for each in owls.stretches(here(2027, 11, 7, 0, 0), here(2027, 11, 8, 0, 0))
        if each.decision.behaviour == OPEN
    )
    assert open_.end - open_.begin == timedelta(hours=2)


def test_midnight_may_be_the_hour_that_never_comes() -> None:
    """In Santiago clocks go from 24:00 to 01:00 when summer begins."""
    zone = ZoneInfo("America/Santiago")
    assert first_instant(wall(2027, 9, 5), zone) == utc(2027, 9, 5, 4)
    assert wall_clock(utc(2027, 9, 5, 4), zone) == wall(2027, 9, 5, 1)


def test_a_day_may_be_left_out() -> None:
    """Samoa had no 30 December 2011."""
    zone = ZoneInfo("Pacific/Apia")
    assert first_instant(wall(2011, 12, 30, 12), zone) == utc(2011, 12, 30, 10)


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("8:30", 510),
        ("08h30", 510),
        ("8 h", 480),
        ("8 h 30", 510),
        ("24:00", 1440),
        ("0:05", 5),
        ("9", 540),
        ("12 am", 0),
        ("12pm", 720),
        ("5:30 p.m.", 1050),
    ],
)
def test_hours_are_read_as_people_type_them(text: str, minute: int) -> None:
    assert minute_of_day(text) == minute


@pytest.mark.parametrize(
    "text", ["", "8h5", "8:3", "25:00", "24:01", "12:60", "midi", "12:000", "-1:00", "13pm", "0am"]
)
def test_what_is_no_hour_is_refused(text: str) -> None:
    with pytest.raises(HoursRefused, match="no hour"):
        minute_of_day(text)


@pytest.mark.parametrize("text", ["8:30-17:00", "8h30 à 17h", "8:30 am to 5 PM", "08:30–17:00"])
def test_hours_are_read_in_both_languages(text: str) -> None:
    assert str(Interval.parse(text)) == "08:30-17:00"


@pytest.mark.parametrize("text", ["08:00", "08:00-08:00", "08:00-", "24:00-25:00", "24:00-08:00"])
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(HoursRefused):
        Interval.parse(text)


def test_hours_of_one_day_that_overlap_are_refused() -> None:
    with pytest.raises(HoursRefused, match="08:00-12:00 and 11:00-13:00 overlap"):
        with_days(Schedule(), [0], [Interval.parse("11:00-13:00"), Interval.parse("08:00-12:00")])


@pytest.mark.parametrize("text", ["", "flow", "flow:", "open:x", "shut"])
def test_what_is_no_behaviour_is_refused(text: str) -> None:
    with pytest.raises(HoursRefused, match="open, closed or flow:NAME"):
        Behaviour.parse(text)


def test_behaviours_are_read_in_both_languages() -> None:
    assert [Behaviour.parse(each) for each in ("Ouvert", "fermé", "open")] == [OPEN, CLOSED, OPEN]
    assert str(Behaviour.parse("flow:summer")) == "flow:summer"


def test_the_strongest_rule_holds_and_says_its_name() -> None:
    """An override before a dated exception, before a yearly one, before a holiday and the week."""
    christmas = date(2027, 12, 25)
    dated = ScheduleException(1, christmas, christmas, OPEN)
    yearly = ScheduleException(2, date(2020, 12, 25), date(2020, 12, 25), OPEN, yearly=True)
    noon = utc(2027, 12, 25, 17)
    schedule = replace(OFFICE, holidays=PRESETS["canada"])
    rules = [schedule.decide(noon).rule]
    for stronger in ({"exceptions": (yearly,)}, {"exceptions": (yearly, dated)},
                     {"override": Override(CLOSED)}):  # fmt: skip
        schedule = replace(schedule, **stronger)  # type: ignore[arg-type]
        rules.append(schedule.decide(noon).rule)
    assert rules == [Rule.HOLIDAY, Rule.YEARLY, Rule.DATED, Rule.OVERRIDE]
    assert schedule.decide(utc(2027, 12, 23, 17)).rule is Rule.OVERRIDE


def test_of_two_exceptions_the_shorter_holds_and_of_two_as_short_the_later() -> None:
    summer = ScheduleException(1, date(2027, 7, 18), date(2027, 7, 31))
    market = ScheduleException(2, date(2027, 7, 24), date(2027, 7, 24), OPEN)
    second = ScheduleException(3, date(2027, 7, 24), date(2027, 7, 24), CLOSED)
    at = utc(2027, 7, 24, 17)
    for exceptions, named in (((summer, market), 2), ((market, summer), 2),
                              ((second, summer, market), 3)):  # fmt: skip
        found = replace(OFFICE, exceptions=exceptions).decide(at).exception
        assert found is not None
        assert found.id == named


def test_who_is_open_but_for_christmas_is_told_so_on_the_day_after() -> None:
    christmas = ScheduleException(1, date(2020, 12, 25), date(2020, 12, 25), yearly=True)
    always = Schedule(exceptions=(christmas,))
    assert always.state_at(here(2027, 12, 26, 0, 0)).until == here(2028, 12, 25, 0, 0)


def test_an_override_ends_by_itself_at_its_instant() -> None:
    noon = here(2027, 3, 2, 12, 30)
    closed = replace(OFFICE, override=Override(CLOSED, here(2027, 3, 2, 15, 7)))
    assert closed.state_at(noon).until == here(2027, 3, 2, 15, 7)
    forever = replace(OFFICE, override=Override(CLOSED))
    assert forever.state_at(noon).until is None


def test_a_29_february_is_the_28th_in_common_years() -> None:
    leap = ScheduleException(1, date(2024, 2, 29), date(2024, 2, 29), yearly=True)
    always = Schedule(exceptions=(leap,))
    closed = [
        day
        for day in ((2027, 2, 27), (2027, 2, 28), (2027, 3, 1), (2028, 2, 28), (2028, 2, 29))
        if behaviour(always, here(*day, 12, 0)) == CLOSED
    ]
    assert closed == [(2027, 2, 28), (2028, 2, 29)]
    assert behaviour(always, here(2023, 2, 28, 12, 0)) == OPEN


def test_23_59_leaves_no_hole_before_midnight() -> None:
    """As the form of the provider writes it: closed from 00:00 to 23:59, two days long."""
    hours = (Interval.parse("00:00-23:59"),)
    two_days = ScheduleException(1, date(2027, 7, 19), date(2027, 7, 20), CLOSED, hours)
    (closed,) = (
        each
        for each in Schedule(exceptions=(two_days,)).stretches(
            here(2027, 7, 18, 0, 0), here(2027, 7, 23, 0, 0)
        )
        if each.decision.behaviour == CLOSED
    )
    assert (closed.begin, closed.end) == (here(2027, 7, 19, 0, 0), here(2027, 7, 21, 0, 0))


# ---- Against the slow calendar


def assert_alike(schedule: Schedule, begin: datetime, end: datetime) -> None:
    """Every minute is as the slow calendar has it, and stretches leave no hole."""
    stretches = list(schedule.stretches(begin, end))
    assert stretches[0].begin == begin
    assert stretches[-1].end == end
    expected = minutes(schedule, begin, end)
    for stretch in stretches:
        at, does = stretch.begin, str(stretch.decision.behaviour)
        while at < stretch.end:
            assert next(expected) == (at, does), at
            if at.minute % 30 == 5:
                assert behaviour(schedule, at) == stretch.decision.behaviour, at
            at += timedelta(minutes=1)
    assert next(expected, None) is None


RICH = Schedule(
    week=Week(
        (
            (Interval.parse("08:30-12:00"), Interval.parse("13:00-17:00")),
            (Interval.parse("08:30-17:00"),),
            (),
            (Interval.parse("00:00-24:00"),),
            (Interval.parse("18:00-01:30"),),
            (Interval.parse("01:15-02:45"), Interval.parse("20:00-01:30")),
            (Interval.parse("02:30-03:30"), Interval.parse("23:00-00:00")),
        )
    ),
    holidays=PRESETS["quebec"],
    exceptions=(
        ScheduleException(1, date(2027, 7, 18), date(2027, 7, 31), label="construction"),
        ScheduleException(2, date(2027, 7, 24), date(2027, 7, 24), OPEN,
                          (Interval.parse("10:00-13:59"),), closed_otherwise=True),
        ScheduleException(3, date(2024, 2, 29), date(2024, 2, 29), Behaviour.parse("flow:leap"),
                          yearly=True),
        ScheduleException(4, date(2026, 12, 23), date(2027, 1, 3), yearly=True,
                          span=Span.parse("12:00-07:59")),
        ScheduleException(5, date(2027, 12, 25), date(2027, 12, 25), OPEN,
                          (Interval.parse("22:00-02:00"), Interval.parse("00:00-23:59"))[:1]),
        ScheduleException(6, date(2027, 11, 7), date(2027, 11, 7), OPEN,
                          (Interval.parse("01:10-01:19"), Interval.parse("01:40-02:10"))),
        ScheduleException(7, date(2028, 3, 11), date(2028, 3, 12), OPEN,
                          span=Span.parse("23:00-02:15")),
    ),
)  # fmt: skip


def test_every_minute_of_a_year_is_as_the_slow_calendar_has_it() -> None:
    assert_alike(RICH, utc(2027, 6, 1), utc(2028, 6, 1))


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    begin = draw(st.sampled_from([0, 1, 60, 90, 119, 120, 150, 180, 510, 1020, 1380, 1439]))
    ends = [0, 1, 59, 60, 75, 90, 120, 135, 150, 180, 720, 1439, 1440]
    return Interval(begin, draw(st.sampled_from([each for each in ends if each != begin])))


def _apart(hours: Iterable[Interval]) -> tuple[Interval, ...]:
    kept: list[Interval] = []
    for each in sorted(hours, key=lambda each: each.begin):
        if not kept or each.begin >= kept[-1].last:
            kept.append(each)
    return tuple(kept)


DAYS_OF_HOURS = st.lists(intervals(), max_size=3).map(_apart)
BEHAVIOURS = st.sampled_from([OPEN, CLOSED, Behaviour.parse("flow:other")])


@st.composite
def exceptions(draw: st.DrawFn, around: date, id: int) -> ScheduleException:
    first = around + timedelta(days=draw(st.integers(-3, 3)))
    last = first + timedelta(days=draw(st.integers(0, 3)))
    yearly = draw(st.booleans())
    if yearly:
        year = first.year - draw(st.integers(0, 3))
        if (first.month, first.day) != (2, 29) != (last.month, last.day):
            first, last = first.replace(year=year), last.replace(year=last.year - first.year + year)
    if draw(st.booleans()) and first < last:
        span = Span(draw(st.integers(0, 1439)), draw(st.sampled_from([0, 59, 120, 1439, 1440])))
        return ScheduleException(id, first, last, draw(BEHAVIOURS), span=span, yearly=yearly)
    hours = tuple(draw(st.lists(intervals(), max_size=2)))
    return ScheduleException(
        id,
        first,
        last,
        draw(BEHAVIOURS),
        hours,
        closed_otherwise=bool(hours) and draw(st.booleans()),
        yearly=yearly,
    )


SPECIAL_DAYS = [
    ("America/Toronto", date(2027, 3, 14)),
    ("America/Toronto", date(2027, 11, 7)),
    ("America/Toronto", date(2028, 2, 29)),
    ("America/Toronto", date(2027, 12, 31)),
    ("America/St_Johns", date(2027, 11, 7)),
    ("America/Santiago", date(2027, 9, 5)),
    ("America/Santiago", date(2027, 4, 4)),
    ("America/Havana", date(2027, 11, 7)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("UTC", date(2027, 6, 24)),
]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_schedule_is_as_the_slow_calendar_has_it_around_special_days(
    data: st.DataObject,
) -> None:
    zone, day = data.draw(st.sampled_from(SPECIAL_DAYS))
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    days = data.draw(st.tuples(*[DAYS_OF_HOURS] * 7))
    until = begin + timedelta(minutes=data.draw(st.integers(0, 3 * 1440)))
    schedule = Schedule(
        zone=zone,
        week=data.draw(st.sampled_from([None, Week(days)])),
        exceptions=tuple(
            data.draw(exceptions(day, id)) for id in range(data.draw(st.integers(0, 3)))
        ),
        holidays=tuple(data.draw(st.sets(st.sampled_from(Holiday), max_size=4))),
        override=data.draw(st.sampled_from([None, Override(OPEN, until)])),
    )
    assert_alike(schedule, begin, begin + timedelta(days=3))


@settings(max_examples=30, deadline=None)
@given(days=st.tuples(*[DAYS_OF_HOURS] * 7), minute=st.integers(0, 525_599))
def test_what_a_state_says_holds_until_it_says_and_not_a_second_longer(
    days: tuple[tuple[Interval, ...], ...], minute: int
) -> None:
    schedule = Schedule(week=Week(days), holidays=PRESETS["quebec"])  # type: ignore[arg-type]
    at = utc(2027, 1, 1) + timedelta(minutes=minute)
    state = schedule.state_at(at)
    if state.until is not None:
        before = state.until - timedelta(seconds=1)
        assert behaviour(schedule, before) == state.decision.behaviour
        assert behaviour(schedule, state.until) != state.decision.behaviour
