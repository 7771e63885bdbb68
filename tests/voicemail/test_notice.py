"""What an owner reads."""

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from call.leg import Party
from tests.voicemail.office import CALLER, CAMILLE
from voicemail import Attachment, Mailbox, Message, Notices
from voicemail.mail import Delivered, MailTask, RecipientState, TaskKind
from voicemail.message import Counts
from voicemail.notice import Enclosure, Facts, spaced

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


def written(kind: TaskKind, mailbox: Mailbox, facts: Facts) -> EmailMessage:
    """An e-mail of a kind, as it would be sent."""
    to = ("operator@example.org",) if kind is TaskKind.FAILURE else mailbox.addresses
    task = MailTask("m1", kind, mailbox.number, "", to, FIRST_OF_JULY)
    return Notices("v@example.org").compose(task, mailbox, facts)


def both_parts(mail: EmailMessage) -> list[str]:
    """What is read of an e-mail, in text and as a page, their spaces single."""
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    return [" ".join(str(part.get_content()).split()) for part in parts if part is not None]


ENGLISH = replace(CAMILLE, language="en")


def test_an_urgent_message_says_so_to_people_and_to_their_readers() -> None:
    mail = written(TaskKind.MESSAGE, ENGLISH, Facts(message=message(urgent=True)))
    assert mail["Subject"].startswith("Urgent: new voice message from Camille Côté")
    assert (mail["Importance"], mail["X-Priority"]) == ("high", "1")
    assert all("An urgent voice message is waiting" in part for part in both_parts(mail))


def test_any_other_message_claims_no_urgency() -> None:
    mail = written(TaskKind.MESSAGE, CAMILLE, Facts(message=message()))
    assert mail["Importance"] is None
    assert mail["X-Priority"] is None


def test_a_forwarded_message_says_by_whom() -> None:
    facts = Facts(message=message(forwarded_by="102"), forwarder="William")
    for part in both_parts(written(TaskKind.MESSAGE, ENGLISH, facts)):
        assert "Forwarded by" in part
        assert "William (102)" in part


def test_a_transcript_is_quoted_and_is_not_a_page() -> None:
    facts = Facts(message=message(), transcript="Rappelez <b>moi</b>")
    text, page = both_parts(written(TaskKind.MESSAGE, CAMILLE, facts))
    assert "« Rappelez <b>moi</b> »" in text
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize(("taken", "said"), [(89, False), (90, True)])
def test_at_nine_tenths_the_email_says_how_full_the_mailbox_is(taken: int, said: bool) -> None:
    facts = Facts(Counts(taken=taken), message())
    for part in both_parts(written(TaskKind.MESSAGE, CAMILLE, facts)):
        assert (f"presque pleine : {taken} messages sur 100" in part) is said


def test_a_message_that_is_not_kept_says_to_keep_the_email() -> None:
    sound = Enclosure(b"RIFF", Attachment.WAV)
    facts = Facts(message=message(in_box=False), sound=sound)
    for part in both_parts(written(TaskKind.MESSAGE, ENGLISH, facts)):
        assert "not kept on the server" in part
        assert "was left in mailbox 101" in part
        assert "8500" not in part


@pytest.mark.parametrize(
    ("attachment", "kind", "ending"),
    [
        (Attachment.WAV, "audio/wav", ".wav"),
        (Attachment.ULAW, "audio/wav", ".wav"),
        (Attachment.MP3, "audio/mpeg", ".mp3"),
        (Attachment.OPUS, "audio/ogg", ".opus"),
    ],
)
def test_each_format_has_its_name_and_kind(attachment: Attachment, kind: str, ending: str) -> None:
    facts = Facts(message=message(), sound=Enclosure(b"RIFF", attachment))
    (sound,) = written(TaskKind.MESSAGE, CAMILLE, facts).iter_attachments()
    assert sound.get_content_type() == kind
    assert str(sound.get_filename()).endswith(ending)


def test_the_operator_reads_the_servers_words_and_of_the_caller_four_digits() -> None:
    told = ("550 5.1.1 <b>unknown</b>", "250 queued", "450 later")
    states = (RecipientState.FAILED, RecipientState.SENT, RecipientState.DEFERRED)
    deliveries = tuple(
        Delivered("m1", f"{state}@example.org", state, reply, 1, FIRST_OF_JULY)
        for state, reply in zip(states, told, strict=True)
    )
    mail = written(TaskKind.FAILURE, ENGLISH, Facts(message=message(), deliveries=deliveries))
    text, page = both_parts(mail)
    assert mail["To"] == "operator@example.org"
    assert "- failed@example.org: 550 5.1.1 <b>unknown</b>" in text
    assert "&lt;b&gt;unknown" in page
    for part in (text, page):
        assert "Delivered to: sent@example.org." in part
        assert "To be tried again: deferred@example.org." in part
        assert "The message is in the mailbox" in part
        assert "0123" in part
        assert "555-0123" not in part
        assert "Camille Côté" not in part


@pytest.mark.parametrize(
    ("kind", "french", "english"),
    [
        (TaskKind.NEARLY_FULL, "contient 90 messages", "holds 90 messages"),
        (TaskKind.FULL, "le dernier des 100 messages", "the last of the 100 messages"),
        (TaskKind.LOCKOUT, "le jeudi 1er juillet 2027 à 14 h 05", "Thursday, July 1, 2027, 2:05"),
        (TaskKind.TEMPORARY, "message d'accueil temporaire", "your temporary greeting"),
    ],
)
def test_owners_are_told_in_their_language(kind: TaskKind, french: str, english: str) -> None:
    facts = Facts(Counts(taken=90))
    for mailbox, said in ((CAMILLE, french), (ENGLISH, english)):
        mail = written(kind, mailbox, facts)
        assert "101" in mail["Subject"] or kind is TaskKind.TEMPORARY
        assert mail["Content-Language"] == mailbox.language
        for part in both_parts(mail):
            assert said in part.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("name", "said"),
    [("Élise", "vocal d'Élise"), ("Yvon", "vocal d'Yvon"), ("Camille", "vocal de Camille")],
)
def test_french_elides_before_a_vowel(name: str, said: str) -> None:
    subject, _, file_name = read(message(caller=Party("5145550123", name)))
    assert said in subject
    assert said in file_name
