"""A dialled number reaches what the administrator wrote beside it."""

import pytest

from vestibule.numbers import Destination, find_destination
from vestibule.settings import Number

NUMBERS = (
    Number(number="5145550100", flow="main_attendant"),
    Number(number="8500", flow="voicemail_main"),
    Number(number="*XXX", flow="voicemail_leave"),
    Number(number="5145550199", flow="voicemail_leave", parameters={"mailbox": "102"}),
)


@pytest.mark.parametrize("dialed", ["5145550100", "15145550100", "+15145550100"])
def test_the_company_number_is_reached_however_the_provider_writes_it(dialed: str) -> None:
    assert find_destination(dialed, NUMBERS) == Destination("main_attendant")


def test_a_star_and_an_extension_lead_to_its_voicemail() -> None:
    found = find_destination("*101", NUMBERS)
    assert found == Destination("voicemail_leave", (("mailbox", "101"),))


def test_parameters_written_beside_a_number_are_handed_to_the_flow() -> None:
    found = find_destination("5145550199", NUMBERS)
    assert found == Destination("voicemail_leave", (("mailbox", "102"),))


@pytest.mark.parametrize("dialed", ["", "85000", "*1010", "*10", "5145550101", "*abc", "sip"])
def test_a_number_nobody_wrote_leads_nowhere(dialed: str) -> None:
    assert find_destination(dialed, NUMBERS) is None
