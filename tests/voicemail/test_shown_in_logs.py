"""What the log of refused logins may show."""

import logging

import pytest

from tests.voicemail.office import CALLER, Office
from voicemail import WrongPin


@pytest.mark.parametrize(("typed", "shown"), [("101", "101"), ("90817", "unknown")])
async def test_a_number_that_may_be_a_pin_typed_too_early_is_not_written_down(
    office: Office, caplog: pytest.LogCaptureFixture, typed: str, shown: str
) -> None:
    await office.hire()
    with caplog.at_level(logging.INFO), pytest.raises(WrongPin):
        await office.mailboxes.login(typed, "0000", CALLER)
    (refused,) = (each for each in caplog.records if each.message == "login refused")
    assert refused.__dict__["mailbox"] == shown
