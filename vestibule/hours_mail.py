"""The days ahead of every number, mailed once a week to whoever keeps the hours.

What was mailed is noted by week and recipient, after the server has accepted it: a crash between
the two sends a copy more, under the same Message-ID.
"""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from types import MappingProxyType
from zoneinfo import ZoneInfo

from call.clock import Clock
from call.mail import WRITTEN
from routing.preview import table
from routing.shelf import Shelf
from vestibule.settings import Company, Hours
from vestibule.timetables import Timetables
from voicemail.mail import Delivery, Envelope, MailTransport

AT = time(6)
"""On the wall of the company."""

WEEK = timedelta(days=7)

_KEY = "company"


@dataclass(frozen=True, slots=True)
class Mailed:
    """What is known of the last e-mail: the day it was due, and who is served."""

    due: date = date.min
    served: tuple[str, ...] = ()


NEVER_MAILED = Mailed()


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    opening: str
    closing: str


_LANGUAGES: Mapping[str, _Words] = MappingProxyType(
    {
        "fr": _Words(
            "Heures d’ouverture des {days} prochains jours : {company}",
            "Voici ce que feront les numéros de {company} au cours des {days} prochains jours, "
            "et pourquoi.",
            "Pour entendre ce qu’un appelant entendrait : vestibule simulate --help",
        ),
        "en": _Words(
            "Opening hours of the next {days} days: {company}",
            "What the numbers of {company} will do in the next {days} days, and why.",
            "To hear what a caller would hear: vestibule simulate --help",
        ),
    }
)


class HoursMail:
    """Sends the e-mail when it is due."""

    def __init__(
        self,
        *,
        settings: Hours,
        company: Company,
        sender: str,
        timetables: Timetables,
        mailed: Shelf[Mailed],
        transport: MailTransport,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._company = company
        self._sender = sender
        self._timetables = timetables
        self._mailed = mailed
        self._transport = transport
        self._clock = clock

    async def mail(self) -> int:
        """Send what is due to those who do not have it yet; to how many it was handed over.

        Raises MailUnavailable and StoreUnavailable: it is worth another try then.
        """
        now = self._clock.now()
        due = last_due(now, ZoneInfo(self._company.zone), self._settings.weekday)
        mailed = await self._mailed.get(_KEY)
        served = mailed.served if mailed.due == due else ()
        missing = tuple(each for each in self._settings.preview_to if each not in served)
        lines = await self._lines(now) if missing else []
        if not lines:
            return 0
        mail = compose(self._settings, self._company, self._sender, due, now, lines)
        envelope = Envelope(f"hours-{due}", missing, mail)
        async with self._transport.connection() as connection:
            replies = await connection.send(envelope)
        settled = [to for to, reply in replies.items() if reply.delivery is not Delivery.DEFERRED]
        await self._mailed.change(_KEY, lambda _: Mailed(due, (*served, *settled)))
        return len(settled)

    async def _lines(self, now: datetime) -> list[str]:
        days, language = self._settings.preview_days, self._settings.preview_language
        shown = [
            "\n".join(table(entry.number, schedule, now, days, language))
            for entry, schedule in await self._timetables.wanted(None)
        ]
        return "\n\n".join(shown).splitlines()


def last_due(now: datetime, zone: ZoneInfo, weekday: int) -> date:
    """The last day on which the e-mail was due; `weekday` is 0 for Monday."""
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=(local.weekday() - weekday) % 7)
    return day - WEEK if day == local.date() and local.time() < AT else day


def compose(
    settings: Hours,
    company: Company,
    sender: str,
    due: date,
    now: datetime,
    lines: Iterable[str],
) -> EmailMessage:
    """The e-mail, as text and as HTML."""
    words = _LANGUAGES[settings.preview_language]
    told = {"days": settings.preview_days, "company": company.name}
    opening, closing = words.opening.format_map(told), words.closing.format_map(told)
    body = "\n".join(lines)
    mail = EmailMessage(policy=WRITTEN)
    mail["From"] = sender
    mail["To"] = ", ".join(settings.preview_to)
    mail["Subject"] = words.subject.format_map(told)
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    mail["Message-ID"] = f"<hours-{due}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Date"] = format_datetime(now.astimezone(ZoneInfo(company.zone)))
    mail.set_content(f"{opening}\n\n{body}\n\n{closing}\n")
    mail.add_alternative(
        f"<p>{html.escape(opening)}</p>\n<pre>{html.escape(body)}</pre>\n"
        f"<p>{html.escape(closing)}</p>\n",
        subtype="html",
    )
    mail["Content-Language"] = settings.preview_language
    return mail
