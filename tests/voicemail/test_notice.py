"""What an owner reads."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from call.leg import Party
from tests.voicemail.office import CALLER, CAMILLE
from voicemail import Attachment, Mailbox, Message, Notices
from voicemail.notice import Enclosure, Facts, spaced
from voicemail.ports import MailTask, TaskKind

FIRST_OF_JULY = datetime(2027, 7, 1, 18, 5, tzinfo=UTC)


def message(**changed: object) -> Message:
    made = Message("m1", "101", CALLER, FIRST_OF_JULY, 92.4, "messages/101/m1")
    return replace(made, **changed)  # type: ignore[arg-type]


def read(message: Message, mailbox: Mailbox = CAMILLE) -> tuple[str, str, str]:
    """Subject, text and file name."""
    task = MailTask("m1", TaskKind.MESSAGE, "101", "m1", mailbox.addresses, FIRST_OF_JULY)
    facts = Facts(message=message, sound=Enclosure(b"RIFF", mailbox.attachment))
    mail = Notices("v@example.org").compose(task, mailbox, facts)
    body = mail.get_body(("plain",))
    (sound,) = mail.iter_attachments()
    assert body is not None
    return mail["Subject"], body.get_content(), sound.get_filename() or ""


def test_in_french_the_first_of_the_month_is_le_1er_at_the_owners_hour() -> None:
    subject, text, file_name = read(message())
    assert subject.endswith("– 1:32")
    assert "Reçu : le jeudi 1er juillet 2027 à 14 h 05" in text
    assert file_name == "Message vocal de Camille Côté - 2027-07-01 14h05.wav"


def test_the_eleventh_is_not_le_1er() -> None:
    later = message(received=datetime(2027, 7, 11, 18, 5, tzinfo=UTC))
    assert "le dimanche 11 juillet 2027" in read(later)[1]


def test_an_english_owner_reads_english() -> None:
    _, text, file_name = read(message(), replace(CAMILLE, language="en", attachment=Attachment.MP3))
    assert "Thursday, July 1, 2027" in text
    assert file_name == "Voice message from Camille Côté - 2027-07-01 14h05.mp3"


def test_in_winter_and_in_another_zone_the_hour_follows() -> None:
    winter = message(received=datetime(2027, 1, 4, 18, 5, tzinfo=UTC))
    assert "13 h 05" in read(winter)[1]
    assert "12 h 05" in read(winter, replace(CAMILLE, zone="America/Regina"))[1]


def test_a_number_alone_names_the_file() -> None:
    assert read(message(caller=Party("5145550123")))[2].startswith("Message vocal du 514 555-0123")


def test_the_same_message_gives_the_same_email_headers_whenever_it_is_written() -> None:
    task = MailTask("m1", TaskKind.MESSAGE, "101", "m1", CAMILLE.addresses, FIRST_OF_JULY)
    facts = Facts(message=message())
    mails = [Notices("v@example.org").compose(task, CAMILLE, facts) for _ in range(2)]
    assert mails[0]["Message-ID"] == mails[1]["Message-ID"] == "<m1@example.org>"
    assert mails[0]["Date"] == mails[1]["Date"]


@pytest.mark.parametrize(
    ("number", "read_as"),
    [
        ("5145550123", "514 555-0123"),
        ("15145550123", "514 555-0123"),
        ("+15145550123", "514 555-0123"),
        ("+33142345678", "+33142345678"),
        ("102", "102"),
        ("", ""),
    ],
)
def test_numbers_are_grouped_as_they_are_said_here(number: str, read_as: str) -> None:
    assert spaced(number) == read_as
