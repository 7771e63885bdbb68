"""What holds for the whole trade: what its log never says, and where its words stand."""

import logging
from pathlib import Path

import pytest

import voicemail
from tests.secrets_in_logs import told
from tests.voicemail.office import CALLER, Office
from voicemail import LockedOut, WrongPin


async def test_the_log_never_says_a_pin_or_a_whole_number(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="voicemail")
    await office.hire()
    await office.leave()
    entrance = office.mailboxes.entrance(CALLER)
    with pytest.raises(WrongPin):
        await entrance.login("101", "8523")
    with pytest.raises(WrongPin):
        await entrance.login("999", "8523")
    with pytest.raises(LockedOut):
        await entrance.login("101", "8523")
    await office.worker.work()
    said = " ".join(map(told, caplog.records))
    assert caplog.records
    assert "8523" not in said
    assert "5550123" not in said
    assert "Côté" not in said
    assert "0123" in said


def test_no_text_of_an_email_is_written_in_code() -> None:
    templates = Path(voicemail.__file__).parent / "templates"
    names = {
        folder.name: {path.name for path in folder.iterdir()} for folder in templates.iterdir()
    }
    assert names["fr"] == names["en"]
