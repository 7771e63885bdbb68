"""The e-mail an owner gets: composed in the mailbox's language and time zone.

Words are in `templates/<language>/`; numbers and dates follow the locale. The same message gives
the same e-mail whenever it is composed, Message-ID and date included, so that a server or a
reader can recognise a second copy.
"""

import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from types import MappingProxyType

from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from call.masking import masked
from voicemail.message import Attachment, Mailbox, Message
from voicemail.ports import MailTask

_LOCALES = MappingProxyType({"fr": "fr_CA", "en": "en_CA"})

_MIME = MappingProxyType({Attachment.WAV: ("audio", "wav"), Attachment.MP3: ("audio", "mpeg")})

_POLICY = SMTP.clone(cte_type="7bit")
"""Plain ASCII on the wire: no server on the way needs 8BITMIME."""

_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
"""What one file system or another refuses in a name."""


class Notices:
    """Writes e-mails from one sender."""

    def __init__(self, sender: str, templates: Path = Path(__file__).parent / "templates") -> None:
        self.sender = sender
        self._domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        self._words = Environment(
            loader=FileSystemLoader(templates),
            autoescape=select_autoescape(enabled_extensions=("html.j2",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def message(
        self, task: MailTask, message: Message, mailbox: Mailbox, sound: bytes
    ) -> EmailMessage:
        """A voice message, with its sound attached in the mailbox's format."""
        words = _envelope(message, mailbox)
        mail = self._mail(task, mailbox.addresses, words | {"kind": "message"}, mailbox.language)
        mail["Date"] = format_datetime(mailbox.local(message.received))
        html = self._words.get_template(f"{mailbox.language}/message.html.j2").render(words)
        mail.add_alternative(html, subtype="html")
        maintype, subtype = _MIME[mailbox.attachment]
        mail.add_attachment(
            sound,
            maintype=maintype,
            subtype=subtype,
            filename=self._file_name(words, mailbox),
        )
        mail["Content-Language"] = mailbox.language
        return mail

    def failure(self, task: MailTask, message: Message, mailbox: Mailbox) -> EmailMessage:
        """Tells the operator that a message could not be mailed; it says nothing of its content."""
        words = _envelope(message, mailbox) | {
            "kind": "failure",
            "caller_number": masked(message.caller.number),
            "addresses": ", ".join(mailbox.addresses),
        }
        mail = self._mail(task, task.recipients, words, mailbox.language)
        mail["Date"] = format_datetime(mailbox.local(task.created))
        return mail

    def _mail(
        self,
        task: MailTask,
        shown: tuple[str, ...],
        words: dict[str, str | bool],
        language: str,
    ) -> EmailMessage:
        stem = f"{language}/{words['kind']}"
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = self.sender
        mail["To"] = ", ".join(shown)
        mail["Subject"] = self._line(f"{stem}.subject.j2", words)
        mail["Message-ID"] = f"<{task.id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self._words.get_template(f"{stem}.txt.j2").render(words))
        return mail

    def _file_name(self, words: dict[str, str | bool], mailbox: Mailbox) -> str:
        name = self._line(f"{mailbox.language}/message.file.j2", words)
        safe = " ".join(_UNSAFE.sub(" ", name).split()).strip(". ")
        return f"{safe[:150]}.{mailbox.attachment.value}"

    def _line(self, template: str, words: dict[str, str | bool]) -> str:
        return " ".join(self._words.get_template(template).render(words).split())


def _envelope(message: Message, mailbox: Mailbox) -> dict[str, str | bool]:
    """What the templates may say of a message."""
    locale = _LOCALES[mailbox.language]
    received = mailbox.local(message.received)
    return {
        "mailbox_name": mailbox.name,
        "mailbox_number": mailbox.number,
        "caller_name": message.caller.name,
        "caller_number": spaced(message.caller.number),
        "date": format_date(received, "full", locale=locale),
        "time": format_time(received, "short", locale=locale),
        "stamp": _stamp(received),
        "duration": _duration(message.duration_s),
    }


def _stamp(received: datetime) -> str:
    return f"{received:%Y-%m-%d %Hh%M}"


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
