"""Numbers as people dial them and as trunks write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.numbers import Number, NumberClass, NumberForm, national, number_class, parse_number

LOCAL = frozenset({"514", "438", "450455"})


@pytest.mark.parametrize(
    ("dialed", "digits"),
    [
        ("5145550100", "5145550100"),
        ("15145550100", "5145550100"),
        ("+15145550100", "5145550100"),
        ("01115145550100", "5145550100"),
        ("(514) 555-0100", "5145550100"),
        ("95145550100", "5145550100"),
        ("915145550100", "5145550100"),
        ("9145550100", "9145550100"),
        ("011 33 1 40 20 50 50", "01133140205050"),
        ("+33140205050", "01133140205050"),
        ("901133140205050", "01133140205050"),
        ("911", "911"),
        ("9911", "911"),
        ("9-911", "911"),
        ("811", "811"),
        ("9411", "411"),
        ("3104141", "3104141"),
        ("93104141", "3104141"),
    ],
)
def test_a_number_is_the_same_however_it_is_dialled(dialed: str, digits: str) -> None:
    assert parse_number(dialed) == Number(digits)


@pytest.mark.parametrize(
    "dialed",
    ["", "9", "1", "101", "8500", "5550100", "0145550100", "5141550100", "1145550100", "*72",
     "anonymous", "+0331402050", "٥١٤٥٥٥٠١٠٠", "011",
     "01112345678", "51455501000", "+1514555010", "112"],
)  # fmt: skip
def test_what_reaches_nobody_outside_is_no_number(dialed: str) -> None:
    assert parse_number(dialed) is None


@pytest.mark.parametrize(
    ("dialed", "kind"),
    [
        ("911", NumberClass.EMERGENCY),
        ("9911", NumberClass.EMERGENCY),
        ("811", NumberClass.LOCAL),
        ("988", NumberClass.LOCAL),
        ("3104141", NumberClass.LOCAL),
        ("411", NumberClass.LONG_DISTANCE),
        ("5145550100", NumberClass.LOCAL),
        ("4504550100", NumberClass.LOCAL),
        ("4505550100", NumberClass.LONG_DISTANCE),
        ("2125550100", NumberClass.LONG_DISTANCE),
        ("18005550100", NumberClass.TOLL_FREE),
        ("8885550100", NumberClass.TOLL_FREE),
        ("19005550100", NumberClass.PREMIUM),
        ("5149765555", NumberClass.PREMIUM),
        ("01197912345678", NumberClass.PREMIUM),
        ("01133140205050", NumberClass.INTERNATIONAL),
        ("+442071838750", NumberClass.INTERNATIONAL),
    ],
)
def test_a_call_is_of_the_kind_it_is_billed_as(dialed: str, kind: NumberClass) -> None:
    number = parse_number(dialed)
    assert number is not None
    assert number_class(number, LOCAL) is kind


@pytest.mark.parametrize("area", ["876", "809", "473", "284", "649", "441"])
def test_an_island_dialled_like_home_is_international(area: str) -> None:
    assert number_class(Number(f"{area}5550100"), LOCAL) is NumberClass.INTERNATIONAL


@pytest.mark.parametrize(
    ("digits", "e164", "eleven", "ten"),
    [
        ("5145550100", "+15145550100", "15145550100", "5145550100"),
        ("01133140205050", "+33140205050", "01133140205050", "01133140205050"),
        ("911", "911", "911", "911"),
        ("3104141", "3104141", "3104141", "3104141"),
    ],
)
def test_each_trunk_gets_numbers_in_its_own_form(
    digits: str, e164: str, eleven: str, ten: str
) -> None:
    number = Number(digits)
    assert number.written(NumberForm.E164) == e164
    assert number.written(NumberForm.ELEVEN) == eleven
    assert number.written(NumberForm.TEN) == ten


@given(st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}|011[2-9][0-9]{7,12}", fullmatch=True))
def test_what_a_trunk_writes_is_read_back_whatever_its_form(digits: str) -> None:
    number = parse_number(digits)
    assert number == Number(digits)
    for form in NumberForm:
        assert parse_number(number.written(form)) == number
        assert national(number.written(form)) == digits


@pytest.mark.parametrize("text", ["101", "anonymous", "", "jean", "5550100", "8500"])
def test_a_caller_without_a_telephone_number_is_left_as_told(text: str) -> None:
    assert national(text) == text


@given(st.text(max_size=20))
def test_nothing_dialled_makes_trouble(text: str) -> None:
    number = parse_number(text)
    if number is not None:
        assert set(number.digits) <= set("0123456789")
        number_class(number, LOCAL)
    national(text)
