"""The search for PINs in logs finds what it is there to find."""

import logging

import pytest

from tests.secrets_in_logs import Search, with_a_pin


@pytest.mark.parametrize(
    "line", ["pin=4711", "login with 4711, mailbox 101", "{'pin': '4711'}", "4711"]
)
def test_a_pin_as_a_word_is_found(line: str) -> None:
    assert with_a_pin([line, "mailbox=101"]) == [line]


@pytest.mark.parametrize(
    "line", ["caller=…4711", "127.0.0.1:4711", "id=01k4711x", "took 0.4711 s", "port=47110"]
)
def test_figures_that_hold_the_same_digits_are_not_pins(line: str) -> None:
    assert with_a_pin([line]) == []


def test_what_goes_beside_a_sentence_is_searched_too() -> None:
    search = Search()
    record = logging.makeLogRecord({"msg": "login refused", "pin": "4711"})
    search.emit(record)
    assert search.found == ["login refused 4711"]
