"""E-mails as their readers will see them, about people and calls that were made up."""

import io
import math
import struct
import wave
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from types import MappingProxyType

from call.errors import PeerFault
from call.leg import Party
from call.sound import RATE
from vestibule.meetings import previews as conferences
from vestibule.meetings.mail import WORDS
from voicemail.mail import Delivered, MailTask, RecipientState, TaskKind
from voicemail.message import Attachment, Counts, Mailbox, Message
from voicemail.notice import Enclosure, Facts, Notices
from voicemail.policy import LANGUAGES
from voicemail.wording import BUILT_IN, Wording

Kind = TaskKind | conferences.Example

KINDS: tuple[Kind, ...] = (*TaskKind, *conferences.Example)

_RECEIVED = datetime(2027, 7, 1, 18, 5, tzinfo=UTC)

_OWNERS = MappingProxyType(
    {
        "fr": Mailbox("101", "Camille Tremblay", "fr", ("camille@example.org",), max_messages=100),
        "en": Mailbox("102", "William Roy", "en", ("william@example.org",), max_messages=100),
    }
)

_SAID = MappingProxyType(
    {
        "fr": "Bonjour, c'est Élise Côté. Rappelez-moi avant seize heures, s'il vous plaît.",
        "en": "Hello, this is Élise Côté. Please call me back before four o'clock. Thank you!",
    }
)

_TAKEN = MappingProxyType({TaskKind.MESSAGE: 92, TaskKind.NEARLY_FULL: 90, TaskKind.FULL: 100})


def preview(kind: Kind, language: str, sender: str, edited: Path | None) -> EmailMessage:
    """The e-mail of a kind, with the edited templates of a folder. Raises BadTemplate."""
    if isinstance(kind, conferences.Example):
        return conferences.preview(kind, language, sender, edited)
    return _of_mailbox(kind, language, sender, edited)


def kind_named(name: str) -> Kind:
    """A kind by its name, which is one of `KINDS`."""
    return TaskKind(name) if name in {*TaskKind} else conferences.Example(name)


def _of_mailbox(kind: TaskKind, language: str, sender: str, edited: Path | None) -> EmailMessage:
    mailbox = _OWNERS[language]
    message = Message(
        "01nq3sgv7kexamp1e0message0",
        mailbox.number,
        Party("+15145550123", "Élise Côté"),
        _RECEIVED,
        32.0,
        f"messages/{mailbox.number}/preview",
        urgent=True,
        forwarded_by="103",
    )
    facts = Facts(Counts(taken=_TAKEN.get(kind, 12)))
    if kind is TaskKind.MESSAGE:
        sound = Enclosure(_beep(), Attachment.WAV)
        told = replace(facts, transcript=_SAID[language], forwarder="Marc-André Gagné")
        facts = replace(told, message=message, sound=sound)
    if kind is TaskKind.FAILURE:
        facts = replace(facts, message=message, deliveries=_refused(mailbox))
    recipients = ("telephony@example.org",) if kind is TaskKind.FAILURE else mailbox.addresses
    task = MailTask(f"preview-{kind}", kind, mailbox.number, message.id, recipients, _RECEIVED)
    return Notices(sender, Wording(edited, forgiving=False)).compose(task, mailbox, facts)


def every_preview(
    sender: str, edited: Path | None
) -> Iterator[tuple[str, Kind, EmailMessage | PeerFault]]:
    """Language, kind, and the e-mail or what is wrong with its template."""
    for language in LANGUAGES:
        for kind in KINDS:
            try:
                yield language, kind, preview(kind, language, sender, edited)
            except PeerFault as fault:
                yield language, kind, fault


def strangers(edited: Path) -> tuple[str, ...]:
    """The files of a folder of edited templates that replace none of ours."""
    ours = {
        path.relative_to(folder) for folder in (BUILT_IN, WORDS) for path in folder.rglob("*.j2")
    }
    theirs = {path.relative_to(edited) for path in edited.rglob("*") if path.is_file()}
    return tuple(sorted(str(path) for path in theirs - ours))


def as_text(mail: EmailMessage) -> str:
    """The subject and the text of an e-mail."""
    return f"{mail['Subject']}\n\n{_part(mail, 'plain')}"


def as_html(mail: EmailMessage) -> str:
    """The page of an e-mail."""
    return _part(mail, "html")


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _refused(mailbox: Mailbox) -> tuple[Delivered, ...]:
    reply = "550 5.1.1 <gone@example.org>: Recipient address rejected: User unknown"
    return (
        Delivered("m", mailbox.addresses[0], RecipientState.SENT, "250 queued", 1, _RECEIVED),
        Delivered("m", "gone@example.org", RecipientState.FAILED, reply, 1, _RECEIVED),
    )


def _beep() -> bytes:
    """A second of a quiet tone, as a WAV file."""
    tone = [round(3000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(RATE)]
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(struct.pack(f"<{RATE}h", *tone))
    return file.getvalue()
