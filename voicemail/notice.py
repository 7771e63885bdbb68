"""The e-mails of the mailboxes: composed in the mailbox's language and time zone.

Words are in `templates/<language>/`; numbers and dates follow the locale. The same message gives
the same e-mail whenever it is composed, Message-ID and date included, so that a server or a
reader can recognise a second copy.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from types import MappingProxyType

from babel.dates import format_date, format_time

from call.mail import WRITTEN
from call.masking import masked
from voicemail.mail import Delivered, MailTask, RecipientState, TaskKind
from voicemail.message import Attachment, Counts, Mailbox, Message
from voicemail.wording import Wording

_LOCALES = MappingProxyType({"fr": "fr_CA", "en": "en_CA"})

_MIME = MappingProxyType(
    {
        Attachment.WAV: ("wav", "wav"),
        Attachment.ULAW: ("wav", "wav"),
        Attachment.MP3: ("mpeg", "mp3"),
        Attachment.OPUS: ("ogg", "opus"),  # RFC 7845 §9
    }
)
"""The subtype of `audio`, and how a file name ends."""

_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
"""What one file system or another refuses in a name."""

Word = str | bool | int | list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A sound as it is attached."""

    octets: bytes
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class Facts:
    """What an e-mail may tell of; each kind needs its own part of it."""

    counts: Counts = field(default_factory=Counts)
    message: Message | None = None
    sound: Enclosure | None = None
    transcript: str = ""
    forwarder: str = ""
    """Name of the owner who forwarded the message."""
    deliveries: tuple[Delivered, ...] = ()
    """What became of the message's e-mails."""


class Notices:
    """Writes e-mails from one sender."""

    def __init__(self, sender: str, wording: Wording | None = None) -> None:
        self.sender = sender
        self._domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        self._wording = wording or Wording()

    def compose(self, task: MailTask, mailbox: Mailbox, facts: Facts) -> EmailMessage:
        """The e-mail of a task, HTML and text, with the sound where there is one."""
        words = _words(task, mailbox, facts)
        stem = f"{mailbox.language}/{task.kind.value}"
        words["subject"] = self._wording.line(f"{stem}.subject.j2", words)
        mail = EmailMessage(policy=WRITTEN)
        mail["From"] = self.sender
        mail["To"] = ", ".join(_shown(task, mailbox))
        mail["Subject"] = words["subject"]
        mail["Message-ID"] = f"<{task.id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Date"] = format_datetime(mailbox.local(_instant(task, facts)))
        if words.get("urgent"):
            mail["Importance"] = "high"
            mail["X-Priority"] = "1"
        mail.set_content(self._wording.text(f"{stem}.txt.j2", words))
        mail.add_alternative(self._wording.text(f"{stem}.html.j2", words), subtype="html")
        if facts.sound is not None:
            self._enclose(mail, facts.sound, mailbox, words)
        mail["Content-Language"] = mailbox.language  # last: each part added takes such fields over
        return mail

    def _enclose(
        self, mail: EmailMessage, sound: Enclosure, mailbox: Mailbox, words: dict[str, Word]
    ) -> None:
        subtype, ending = _MIME[sound.attachment]
        name = self._wording.line(f"{mailbox.language}/message.file.j2", words)
        safe = " ".join(_UNSAFE.sub(" ", name).split()).strip(". ")
        mail.add_attachment(
            sound.octets, maintype="audio", subtype=subtype, filename=f"{safe[:150]}.{ending}"
        )


def _shown(task: MailTask, mailbox: Mailbox) -> tuple[str, ...]:
    """Whom the e-mail says it is for; a retry to some of them is still the same e-mail."""
    return task.recipients if task.kind is TaskKind.FAILURE else mailbox.addresses


def _instant(task: MailTask, facts: Facts) -> datetime:
    about_message = task.kind is TaskKind.MESSAGE and facts.message is not None
    return facts.message.received if about_message and facts.message else task.created


def _words(task: MailTask, mailbox: Mailbox, facts: Facts) -> dict[str, Word]:
    """What the templates may say."""
    words: dict[str, Word] = {
        "mailbox_name": mailbox.name,
        "mailbox_number": mailbox.number,
        "taken": facts.counts.taken,
        "most": mailbox.max_messages,
        "nearly_full": facts.counts.taken * 10 >= mailbox.max_messages * 9,
    }
    instant = task.created if facts.message is None else facts.message.received
    words |= _hour(mailbox.local(instant), mailbox.language)
    if facts.message is not None:
        words |= _envelope(facts.message, facts)
    if task.kind is TaskKind.FAILURE:
        words |= _failure(facts)
    return words


def _hour(local: datetime, language: str) -> dict[str, Word]:
    locale = _LOCALES[language]
    return {
        "date": format_date(local, "full", locale=locale),
        "time": format_time(local, "short", locale=locale),
        "stamp": f"{local:%Y-%m-%d %Hh%M}",
    }


def _envelope(message: Message, facts: Facts) -> dict[str, Word]:
    return {
        "caller_name": message.caller.name,
        "caller_number": spaced(message.caller.number),
        "caller_vowel": _begins_with_vowel(message.caller.name),
        "duration": _duration(message.duration_s),
        "urgent": message.urgent,
        "forwarded_by": message.forwarded_by,
        "forwarder": facts.forwarder,
        "on_server": message.in_box,
        "attached": facts.sound is not None,
        "transcript": facts.transcript,
    }


def _failure(facts: Facts) -> dict[str, Word]:
    """What the operator is told: nothing of the content, and of the caller no whole number."""
    message = facts.message
    return {
        "caller_name": "",
        "caller_number": masked(message.caller.number) if message else "",
        "transcript": "",
        "urgent": False,
        "failed": _told(facts.deliveries, RecipientState.FAILED),
        "sent": _told(facts.deliveries, RecipientState.SENT),
        "waiting": _told(facts.deliveries, RecipientState.QUEUED, RecipientState.DEFERRED),
    }


def _told(deliveries: tuple[Delivered, ...], *states: RecipientState) -> list[dict[str, str]]:
    return [
        {"address": each.address, "reply": each.reply}
        for each in deliveries
        if each.state in states
    ]


def _begins_with_vowel(name: str) -> bool:
    """Whether French elides before a name: d'Élise, de Camille. An h is left alone: who knows."""
    return unicodedata.normalize("NFD", name)[:1].lower() in tuple("aeiouyœæ")


def _duration(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def spaced(number: str) -> str:
    """A North American number as it is read, 514 555-0123; any other as it came."""
    digits = number.removeprefix("+1") if number.startswith("+1") else number
    digits = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
    if re.fullmatch(r"[2-9]\d{9}", digits):
        return f"{digits[:3]} {digits[3:6]}-{digits[6:]}"
    return number
