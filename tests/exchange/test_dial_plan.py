"""What somebody inside reaches by what they dial."""

import pytest

from vestibule.dial_plan import lead
from vestibule.numbers import Destination
from vestibule.settings import Number

NUMBERS = (
    Number(number="5145550100", flow="main_attendant"),
    Number(number="*XXX", flow="extension"),
    Number(number="2XX", flow="extension"),
)
EXTENSIONS = ("101", "102", "2001", "704")


def _to(dialed: str) -> Destination | None:
    return lead(dialed, NUMBERS, EXTENSIONS)


@pytest.mark.parametrize(
    ("dialed", "flow", "parameters"),
    [
        ("101", "extension", {"mailbox": "101"}),
        ("2001", "extension", {"mailbox": "2001"}),
        ("8500", "voicemail_main", {}),
        ("*97", "voicemail_main", {}),
        ("700", "park", {}),
        ("701", "retrieve", {"slot": "701"}),
        ("709", "retrieve", {"slot": "709"}),
        ("*8", "pickup", {}),
        ("*8101", "pickup", {"extension": "101"}),
        ("*72", "star_forward", {}),
        ("*725145550188", "star_forward", {"number": "5145550188"}),
        ("*72103", "star_forward", {"number": "103"}),
        ("*73", "star_forward_off", {}),
        ("*78", "star_do_not_disturb", {"wanted": "true"}),
        ("*79", "star_do_not_disturb", {"wanted": "false"}),
        ("911", "outgoing", {"number": "911"}),
        ("5145550188", "outgoing", {"number": "5145550188"}),
        ("+15145550188", "outgoing", {"number": "+15145550188"}),
        ("01133140000000", "outgoing", {"number": "01133140000000"}),
    ],
)
def test_what_is_dialled_leads_where_its_owner_expects(
    dialed: str, flow: str, parameters: dict[str, str]
) -> None:
    assert _to(dialed) == Destination(flow, tuple(parameters.items()))


def test_the_companys_own_number_is_not_called_by_way_of_the_network() -> None:
    assert _to("5145550100") == Destination("main_attendant")
    assert _to("15145550100") == Destination("main_attendant")


def test_the_numbers_of_the_conferences_are_reached_from_inside_before_anything_else() -> None:
    room = {"room": "4321"}
    numbers = (
        *NUMBERS,
        Number(number="5145550199", flow="conference_join"),
        Number(number="8600", flow="conference_join"),
        Number(number="*86", flow="conference_join", parameters=room),
    )

    def to(dialed: str) -> Destination | None:
        return lead(dialed, numbers, (*EXTENSIONS, "8600"), ("8600",))

    assert to("8600") == to("5145550199") == to("+15145550199") == Destination("conference_join")
    assert to("*86") == Destination("conference_join", (("room", "4321"),))
    assert to("8601") == Destination("outgoing", (("number", "8601"),))


def test_an_extension_cannot_take_the_place_of_a_parking_slot() -> None:
    assert _to("704") == Destination("retrieve", (("slot", "704"),))


def test_a_pattern_of_the_settings_is_followed_where_nothing_else_fits() -> None:
    assert _to("*101") == Destination("extension", (("mailbox", "101"),))
    assert _to("250") == Destination("extension", (("mailbox", "50"),))


def test_a_company_may_give_a_code_another_meaning() -> None:
    own = (Number(number="*73", flow="main_attendant"),)
    assert lead("*73", own, EXTENSIONS) == Destination("main_attendant")


@pytest.mark.parametrize("dialed", ["", "0", "12", "*", "*5", "alice", "*72alice"])
def test_what_is_no_number_leads_nowhere(dialed: str) -> None:
    assert _to(dialed) is None
