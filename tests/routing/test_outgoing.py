"""Who may call what, as whom, and by which trunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.handling import Outgoing, Permission
from routing.numbers import Number
from routing.outgoing import (
    Identity,
    Leave,
    Route,
    Standing,
    Trouble,
    caller_name,
    extension_identity,
    goes_on,
    leave_to_call,
    ordered,
    presented,
    trouble,
)

LOCAL = frozenset({"514"})
DISABLED, CODE, FREE = Permission.DISABLED, Permission.WITH_CODE, Permission.UNLIMITED

FIRST = Route("first", ("5145550100", "5145550101"))
SECOND = Route("second", ("5145550102",), priority=2)


@pytest.mark.parametrize("digits", ["911", "5145550199", "8005550100", "811", "3104141"])
def test_emergency_local_and_free_calls_are_always_allowed(digits: str) -> None:
    assert leave_to_call(Number(digits), Outgoing(), LOCAL) is Leave.GIVEN


@pytest.mark.parametrize("digits", ["9005550100", "5149765555", "01197912345678"])
def test_a_premium_number_is_called_by_nobody(digits: str) -> None:
    everything = Outgoing(FREE, FREE)
    assert leave_to_call(Number(digits), everything, LOCAL) is Leave.DENIED


@pytest.mark.parametrize(
    ("digits", "allowed", "leave"),
    [
        ("4185550100", Outgoing(), Leave.DENIED),
        ("4185550100", Outgoing(long_distance=FREE), Leave.GIVEN),
        ("4185550100", Outgoing(long_distance=CODE, code_hash="h"), Leave.WITH_CODE),
        ("4185550100", Outgoing(international=FREE), Leave.DENIED),
        ("01133140205050", Outgoing(long_distance=FREE), Leave.DENIED),
        ("01133140205050", Outgoing(international=CODE, code_hash="h"), Leave.WITH_CODE),
        ("8765550100", Outgoing(long_distance=FREE), Leave.DENIED),
        ("8765550100", Outgoing(international=FREE), Leave.GIVEN),
        ("411", Outgoing(), Leave.DENIED),
    ],
)
def test_each_kind_of_call_has_its_own_permission(
    digits: str, allowed: Outgoing, leave: Leave
) -> None:
    assert leave_to_call(Number(digits), allowed, LOCAL) is leave


def test_a_code_that_was_never_set_opens_nothing() -> None:
    assert leave_to_call(Number("4185550100"), Outgoing(long_distance=CODE)) is Leave.DENIED


# ---- As whom


def test_an_extension_shows_its_name_and_its_number() -> None:
    wanted = extension_identity(Outgoing(caller_name="Côté", caller_number="514-555-0101"))
    assert presented(wanted, FIRST, "Vestibule") == Identity("5145550101", "Cote")


@pytest.mark.parametrize(
    "half", [Outgoing(caller_name="Côté"), Outgoing(caller_number="5145550101"), Outgoing()]
)
def test_half_an_identity_is_none_and_the_company_is_shown(half: Outgoing) -> None:
    assert presented(extension_identity(half), FIRST, "Société Vestibule inc.") == Identity(
        "5145550100", "Societe Vestibu"
    )


def test_a_trunk_that_does_not_own_the_number_shows_its_own_and_the_companys_name() -> None:
    wanted = Identity("5145550100", "Cote")
    assert presented(wanted, SECOND, "Vestibule") == Identity("5145550102", "Vestibule")


def test_a_callers_number_is_passed_on_where_the_trunk_takes_any() -> None:
    route = Route("any", ("5145550100",), any_number=True)
    assert presented(Identity("4185550111"), route, "Vestibule") == Identity(
        "4185550111", "4185550111"
    )
    assert presented(Identity("4185550111", "Zoé"), route).name == "Zoe"


def test_who_hides_is_still_known_to_the_network() -> None:
    hidden = extension_identity(Outgoing(anonymous=True))
    assert presented(hidden, FIRST, "Vestibule") == Identity("5145550100", "Vestibule", True)


@pytest.mark.parametrize(
    ("name", "carried"),
    [
        ("Émile Côté-Roy", "Emile Cote-Roy"),
        ("Les Entreprises Québécoises", "Les Entreprises"),
        ("L’œuvre d'Æther", "L'oeuvre d'AEth"),
        ("a\r\nVia: b", "a Via: b"),
        ("日本", ""),
        ("Un nom de quin ze", "Un nom de quin"),
    ],
)
def test_a_name_is_fifteen_characters_without_accents(name: str, carried: str) -> None:
    assert caller_name(name) == carried


@given(st.text(max_size=60))
def test_any_name_fits_the_network(name: str) -> None:
    carried = caller_name(name)
    assert len(carried) <= 15
    assert carried.isascii()
    assert carried == carried.strip()
    assert carried.isprintable()


# ---- By which trunks


def test_trunks_are_tried_by_their_priority() -> None:
    assert ordered([SECOND, FIRST], {}) == (FIRST, SECOND)


def test_among_equals_the_owner_of_the_number_goes_first() -> None:
    equal = Route("equal", ("5145550103",))
    assert ordered([FIRST, equal], {}, number="5145550103") == (equal, FIRST)


def test_a_trunk_that_failed_a_moment_ago_is_tried_last() -> None:
    assert ordered([FIRST, SECOND], {"first": Standing(failed=True)}) == (SECOND, FIRST)


def test_a_dead_registration_is_passed_over() -> None:
    assert ordered([FIRST, SECOND], {"first": Standing(alive=False)}) == (SECOND,)


def test_a_trunk_takes_no_more_calls_than_it_may() -> None:
    narrow = Route("narrow", ("5145550100",), max_calls=2)
    assert ordered([narrow], {"narrow": Standing(calls=1)}) == (narrow,)
    assert ordered([narrow], {"narrow": Standing(calls=2)}) == ()


def test_an_emergency_is_tried_everywhere_the_likeliest_first() -> None:
    narrow = Route("narrow", ("5145550100",), max_calls=1)
    standings = {"first": Standing(alive=False), "narrow": Standing(calls=1)}
    assert ordered([FIRST, narrow, SECOND], standings, emergency=True) == (SECOND, FIRST, narrow)


# ---- What came of it


@pytest.mark.parametrize("status", [401, 403, 407, 408, 488, 500, 502, 503, 504, None])
def test_a_trunk_that_fails_before_it_rings_gives_way_to_the_next(status: int | None) -> None:
    came_to = trouble(status, rang=False)
    assert came_to is Trouble.TRUNK
    assert goes_on(came_to, rang=False)


@pytest.mark.parametrize(
    ("status", "came_to"),
    [
        (404, Trouble.NOT_A_NUMBER),
        (484, Trouble.NOT_A_NUMBER),
        (486, Trouble.BUSY),
        (600, Trouble.BUSY),
        (480, Trouble.NO_ANSWER),
        (603, Trouble.REFUSED),
        (606, Trouble.REFUSED),
        (402, Trouble.REFUSED),
    ],
)
def test_what_the_one_called_says_is_final(status: int, came_to: Trouble) -> None:
    assert trouble(status, rang=False) is came_to
    assert not goes_on(came_to, rang=False)


@given(st.one_of(st.none(), st.integers(300, 699)))
def test_once_it_rang_no_other_trunk_is_tried(status: int | None) -> None:
    came_to = trouble(status, rang=True)
    assert came_to is not Trouble.TRUNK
    assert not goes_on(came_to, rang=True)
    assert not goes_on(came_to, rang=True, emergency=True)


@pytest.mark.parametrize("status", [404, 486, 603, 403, 503, 408])
def test_an_emergency_goes_on_whatever_a_trunk_says(status: int) -> None:
    assert goes_on(trouble(status, rang=False), rang=False, emergency=True)
