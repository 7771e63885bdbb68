"""Who is meant by what an administrator types."""

from dataclasses import replace

import pytest

from conference.errors import ConferenceUnknown
from console.errors import PersonUnclear
from console.finding import person
from tests.console.held import BOARD, CAMILLE, MARC, MARCELLE


@pytest.mark.parametrize(
    ("who", "meant"),
    [
        ("Camille Côté", CAMILLE),
        ("camille cote", CAMILLE),
        ("côt", CAMILLE),
        ("101", CAMILLE),
        ("tremblay marc", MARC),
        (MARC.id, MARC),
        ("+15145550123", MARC),
        ("514-555-0123", MARC),
        ("0123", MARC),
        ("marcelle", MARCELLE),
    ],
)
def test_somebody_is_meant_by_name_number_or_id(who: str, meant: object) -> None:
    assert person(BOARD, who) == meant


def test_several_who_may_be_meant_are_listed() -> None:
    with pytest.raises(PersonUnclear, match=r"Marc Tremblay \(\+15145550123.*Marcelle Roy"):
        person(BOARD, "marc")


def test_who_is_on_two_telephones_is_asked_which() -> None:
    again = replace(CAMILLE, id="mobile", number="+15145550199")
    room = replace(BOARD, people=(CAMILLE, again))
    with pytest.raises(PersonUnclear, match="mobile"):
        person(room, "Camille Côté")
    assert person(room, "101") is CAMILLE


@pytest.mark.parametrize("who", ["zoé", "", " ", "99", "tremblay camille"])
def test_who_is_not_there_is_told_with_who_is(who: str) -> None:
    with pytest.raises(ConferenceUnknown, match="but Camille Côté"):
        person(BOARD, who)
