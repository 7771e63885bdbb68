"""What is read in the subject of an e-mail is what was written there, spaces included."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from call.mail import WRITTEN

SUBJECTS = (
    "Invitation : Lancement du printemps, dimanche 22 novembre 2026 à 9 h 31",
    "Invitation: Lancement du printemps, Sunday, November 22, 2026 at 9:31\u202fa.m.",
    "Conférence annulée : " + "été " * 40 + "à Québec",
    "Invitation: " + "a long plain title " * 9 + "of 2026",
    "Réunion",
    "x" * 300,
    "",
)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    mail = EmailMessage(policy=WRITTEN)
    mail["Subject"] = subject
    mail.set_content("Bonjour.")
    octets = mail.as_bytes()
    assert octets.isascii()
    assert message_from_bytes(octets, policy=policy.default)["Subject"] == subject
    if " " in subject:
        assert max(map(len, octets.split(b"\r\n"))) <= 78
