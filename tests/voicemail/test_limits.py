"""What a mailbox may be asked to be, to the last second, day and letter."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.voicemail.office import CAMILLE
from voicemail import GreetingKind, Mailbox
from voicemail.mail import TaskKind
from voicemail.message import Treatment, TreatmentKind
from voicemail.policy import (
    CALLER_FAILURES,
    MAILBOX_FAILURES,
    cap_notices,
    least_speech_s,
    lock_until,
    longest_s,
    mailbox_faults,
    next_such_day,
    pin_faults,
    printable,
)

NOW = datetime(2027, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("number", ["10", "1234567890"])
def test_a_mailbox_number_has_two_to_ten_digits(number: str) -> None:
    assert mailbox_faults(replace(CAMILLE, number=number)) == ()
    assert mailbox_faults(replace(CAMILLE, number=number + "1" * 9)) != ()
    assert mailbox_faults(replace(CAMILLE, number=number[:1])) != ()


@pytest.mark.parametrize("name", ["", "   ", "Camille\nTremblay"])
def test_a_name_is_something_that_can_be_shown(name: str) -> None:
    assert len(mailbox_faults(replace(CAMILLE, name=name))) == 1


@pytest.mark.parametrize(
    ("setting", "least", "most", "step"),
    [
        ("max_message_s", 1, 3600, 1),
        ("min_speech_s", 0, 60, 0.5),
        ("max_messages", 1, 100, 1),
        ("trash_days", 0, 365, 1),
        ("retention_days", 1, 3650, 1),
    ],
)
def test_each_setting_may_reach_its_limits_and_not_pass_them(
    setting: str, least: int, most: int, step: float
) -> None:
    def faults(value: float) -> int:
        return len(mailbox_faults(replace(CAMILLE, **{setting: value})))  # type: ignore[arg-type]

    assert (faults(least), faults(most)) == (0, 0)
    assert (faults(least - step), faults(most + step)) == (1, 1)


def test_messages_may_be_kept_for_ever() -> None:
    assert mailbox_faults(replace(CAMILLE, retention_days=None)) == ()


@pytest.mark.parametrize(
    ("box", "refused"),
    [
        (replace(CAMILLE, addresses=()), False),
        (replace(CAMILLE, store_on_server=False), False),
        (replace(CAMILLE, addresses=(), store_on_server=False), True),
    ],
)
def test_only_what_is_kept_nowhere_needs_an_address(box: Mailbox, refused: bool) -> None:
    assert bool(mailbox_faults(box)) is refused


@pytest.mark.parametrize("kind", list(TreatmentKind))
def test_key_0_may_lead_anywhere_but_to_the_login(kind: TreatmentKind) -> None:
    box = replace(CAMILLE, zero=Treatment(kind, "102"))
    assert bool(mailbox_faults(box)) is (kind is TreatmentKind.LOGIN)


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("camille.tremblay+poste@example.org", True),
        (f"{'c' * 64}@example.org", True),
        (f"{'c' * 65}@example.org", False),
        ("camille@example.org\n", False),
        ("camille@example.org, eve@example.net", False),
        ("camille", False),
        ("@example.org", False),
    ],
)
def test_an_address_is_one_that_e_mail_can_travel_to(address: str, good: bool) -> None:
    assert (mailbox_faults(replace(CAMILLE, addresses=(address,))) == ()) is good


@pytest.mark.parametrize(
    ("number", "pin", "faults"),
    [
        ("101", "4082", 0),
        ("101", "4082917365", 0),
        ("101", "5101", 1),
        ("12", "4126", 0),  # so short a number is in too many PINs
        ("123", "4123", 1),
        ("4082", "4082", 1),
        ("101", "0123", 1),
        ("101", "1230", 0),
        ("101", "0987", 1),
        ("1111", "1111", 2),
    ],
)
def test_a_pin_is_refused_for_what_makes_it_easy_to_guess(
    number: str, pin: str, faults: int
) -> None:
    assert len(pin_faults(pin, number)) == faults


@pytest.mark.parametrize(("most", "nearly"), [(100, 90), (10, 9), (5, 5), (11, 10), (1, 1)])
def test_the_owner_is_told_at_nine_tenths_and_when_the_box_is_full(most: int, nearly: int) -> None:
    notices = cap_notices("m1", replace(CAMILLE, max_messages=most), NOW)
    assert set(notices) == {nearly, most}
    assert notices[most].kind is TaskKind.FULL
    if nearly != most:
        assert notices[nearly].kind is TaskKind.NEARLY_FULL
        assert notices[nearly].id != notices[most].id
    assert cap_notices("m1", replace(CAMILLE, addresses=()), NOW) == {}


def test_a_greeting_may_take_three_minutes_and_a_name_ten_seconds() -> None:
    assert {kind: longest_s(kind) for kind in GreetingKind} == {
        kind: 10 if kind is GreetingKind.NAME else 180 for kind in GreetingKind
    }


def test_a_name_may_be_shorter_than_a_message_and_never_has_to_be_longer() -> None:
    asks = replace(CAMILLE, min_speech_s=2.0)
    assert least_speech_s(GreetingKind.UNAVAILABLE, asks) == 2.0
    assert least_speech_s(GreetingKind.NAME, asks) == 0.3
    assert least_speech_s(GreetingKind.NAME, replace(CAMILLE, min_speech_s=0.1)) == 0.1


@pytest.mark.parametrize(
    ("typed", "today", "day"),
    [
        ("0701", date(2027, 7, 1), date(2027, 7, 1)),
        ("0630", date(2027, 7, 1), date(2028, 6, 30)),
        ("0229", date(2096, 3, 1), date(2104, 2, 29)),  # 2100 has none
        ("0230", date(2027, 7, 1), None),
    ],
)
def test_the_next_such_day_may_be_eight_years_away(
    typed: str, today: date, day: date | None
) -> None:
    assert next_such_day(typed, today) == day


@pytest.mark.parametrize(("threshold", "first"), [(MAILBOX_FAILURES, 6), (CALLER_FAILURES, 12)])
def test_a_lock_comes_after_so_many_wrong_pins_and_doubles_with_each_call_up_to_a_day(
    threshold: int, first: int
) -> None:
    def lock(failures: int) -> timedelta | None:
        until = lock_until(failures, threshold, NOW)
        return None if until is None else until - NOW

    assert [lock(first + n) for n in (-3, -1, 1, 2, 4)] == [None] * 5
    minutes = [15 * 2**n for n in range(7)]
    assert [lock(first + 3 * n) for n in range(7)] == [timedelta(minutes=m) for m in minutes]
    assert lock(first + 21) == lock(first + 3 * 1000) == timedelta(days=1)


def test_a_name_the_network_sent_is_one_line_of_eighty_characters() -> None:
    assert printable("Camille\r\n\tX-Header:  1") == "Camille X-Header: 1"
    assert printable("é" * 81) == "é" * 80
    assert printable("+15145550123", 5) == "+1514"
