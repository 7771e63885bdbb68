"""Who may call, and who is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.arrival import Caller, arrive
from routing.hours import OPEN
from routing.restrictions import (
    NO_RESTRICTIONS,
    Answer,
    Effect,
    Operator,
    Refusal,
    Refused,
    RestrictionRefused,
    Restrictions,
)
from routing.schedule import Decision, Schedule

NOON = datetime(2027, 3, 2, 17, tzinfo=UTC)
SALESMAN = "5149073400"


def blocking(operator: Operator, digits: str) -> Restrictions:
    return NO_RESTRICTIONS.with_rule(Effect.BLOCK, operator, digits)


def why(restrictions: Restrictions, number: str) -> Refused | None:
    refusal = restrictions.refusal(number)
    return None if refusal is None else refusal.why


def test_without_rules_anyone_may_call_with_a_number_or_without() -> None:
    assert [why(NO_RESTRICTIONS, number) for number in (SALESMAN, "", "anonymous")] == [None] * 3


@pytest.mark.parametrize("number", [SALESMAN, f"1{SALESMAN}", f"+1{SALESMAN}", "514-907-3400"])
@pytest.mark.parametrize("typed", [SALESMAN, "1 514 907-3400", "+15149073400"])
def test_a_blocked_number_is_refused_however_trunk_and_administrator_write_it(
    number: str, typed: str
) -> None:
    assert why(blocking(Operator.EQUALS, typed), number) is Refused.BLOCKED
    assert why(blocking(Operator.EQUALS, typed), "5149073401") is None


@pytest.mark.parametrize(
    ("operator", "digits", "refused", "passes"),
    [
        (Operator.STARTS_WITH, "514907", "+15149073400", "+14385149070"),
        (Operator.STARTS_WITH, "1514", "5149073400", "4385149070"),
        (Operator.STARTS_WITH, "+33", "+33140205050", "+13315550100"),
        (Operator.ENDS_WITH, "3400", "+15149073400", "+15149073401"),
        (Operator.CONTAINS, "907", "+15149073400", "+15145550100"),
        (Operator.EQUALS, "+33140205050", "01133140205050", "+33140205051"),
        (Operator.EQUALS, "123", "123", "1234"),
    ],
)
def test_each_operator_finds_its_numbers_and_no_others(
    operator: Operator, digits: str, refused: str, passes: str
) -> None:
    rules = blocking(operator, digits)
    assert (why(rules, refused), why(rules, passes)) == (Refused.BLOCKED, None)


@pytest.mark.parametrize("number", ["", "anonymous", "Restricted", "unknown", "+"])
def test_rules_never_apply_to_calls_without_a_number(number: str) -> None:
    rules = blocking(Operator.CONTAINS, "0").with_rule(Effect.ALLOW, Operator.EQUALS, SALESMAN)
    assert why(rules, number) is None


@pytest.mark.parametrize("number", ["", "anonymous"])
def test_calls_without_a_number_have_a_switch_of_their_own(number: str) -> None:
    rules = Restrictions(refuse_anonymous=True, answer=Answer.REFUSAL)
    assert rules.refusal(number) == Refusal(Refused.ANONYMOUS, Answer.REFUSAL)
    assert rules.refusal(SALESMAN) is None


def test_where_some_are_allowed_the_others_are_not() -> None:
    rules = NO_RESTRICTIONS.with_rule(Effect.ALLOW, Operator.STARTS_WITH, "514")
    assert why(rules, SALESMAN) is None
    assert why(rules, "4385550100") is Refused.NOT_ALLOWED


def test_who_is_blocked_is_refused_though_allowed_too() -> None:
    rules = NO_RESTRICTIONS.with_rule(Effect.ALLOW, Operator.STARTS_WITH, "514")
    both = rules.with_rule(Effect.BLOCK, Operator.EQUALS, SALESMAN)
    refusal = both.refusal(SALESMAN)
    assert refusal is not None
    assert (refusal.why, refusal.rule) == (Refused.BLOCKED, both.rules[1])


@pytest.mark.parametrize("typed", ["", "anonymous", "514-ABC", "*67", "5" * 21, "+", "５１４"])
def test_a_rule_of_anything_but_digits_is_refused(typed: str) -> None:
    with pytest.raises(RestrictionRefused):
        blocking(Operator.CONTAINS, typed)


def test_the_same_rule_twice_is_refused_and_a_rule_that_is_not_there_cannot_go() -> None:
    rules = blocking(Operator.EQUALS, SALESMAN)
    with pytest.raises(RestrictionRefused, match="rule 1 says so already"):
        rules.with_rule(Effect.BLOCK, Operator.EQUALS, f"+1{SALESMAN}")
    with pytest.raises(RestrictionRefused, match="no rule 7"):
        rules.without_rule(7)
    assert rules.without_rule(1) == NO_RESTRICTIONS


def test_our_own_telephones_are_never_refused() -> None:
    rules = Restrictions(refuse_anonymous=True).with_rule(Effect.ALLOW, Operator.EQUALS, SALESMAN)
    for number in ("101", ""):
        arrived = arrive(Caller(number, internal=True), rules, Schedule(), NOON)
        assert isinstance(arrived, Decision)


def test_who_may_call_meets_the_hours_of_the_number() -> None:
    arrived = arrive(Caller(SALESMAN), NO_RESTRICTIONS, Schedule(), NOON)
    assert isinstance(arrived, Decision)
    assert arrived.behaviour == OPEN


@given(
    number=st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True),
    operator=st.sampled_from(Operator),
    cut=st.tuples(st.integers(0, 9), st.integers(1, 10)),
    form=st.sampled_from(["", "1", "+1"]),
)
def test_a_rule_cut_from_a_number_finds_it_in_every_form(
    number: str, operator: Operator, cut: tuple[int, int], form: str
) -> None:
    start, length = cut
    digits = {
        Operator.EQUALS: number,
        Operator.STARTS_WITH: number[:length],
        Operator.ENDS_WITH: number[-length:],
        Operator.CONTAINS: number[start : start + length],
    }[operator]
    assert why(blocking(operator, digits), form + number) is Refused.BLOCKED
