"""E-mail about conferences: plugged to outgoing mail, to the edited words and to who invites."""

from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from types import MappingProxyType

from call.clock import Clock
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.adapters.sqlalchemy_mail_queue import SqlAlchemyMailQueue
from conference.conference import Conference
from conference.invitation import DialIn, Host, House, Invitations
from conference.inviting import Inviting
from conference.letter import Wording
from conference.mailing import Answer, Mailing, Outcome, Write
from conference.ports import MailKind, Undelivered
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
from storage.database import Database
from vestibule.housekeeping import AGAIN_S, Chore
from vestibule.mailroom import Mailroom
from vestibule.outgoing_mail import mail_transport
from vestibule.settings import Conferences, Settings
from vestibule.shipped import ROOT
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.mail import Delivery, Envelope, MailTransport
from voicemail.mailboxes import Ports
from voicemail.wording import Wording as EditedWording

WORDS = ROOT / "conference" / "templates"

_LANGUAGES = ("fr", "en")

_OUTCOMES = MappingProxyType(
    {
        Delivery.ACCEPTED: Outcome.TAKEN,
        Delivery.DEFERRED: Outcome.LATER,
        Delivery.REFUSED: Outcome.REFUSED,
    }
)


class OutgoingPost:
    """E-mail by the transport of the mailboxes, to one recipient each."""

    def __init__(self, transport: MailTransport) -> None:
        self._transport = transport

    async def deliver(self, id: str, to: str, mail: EmailMessage) -> Answer:
        """Hand one over. Raises MailUnavailable, MailAccountRefused."""
        async with self._transport.connection() as connection:
            reply = (await connection.send(Envelope(id, (to,), mail)))[to]
        return Answer(_OUTCOMES[reply.delivery], reply.text)


class ExtensionHosts:
    """Who invites: the extension that arranged a conference, else the company."""

    def __init__(self, company: str, database: Database, ports: Ports) -> None:
        self._company = company
        self._listing = SqlAlchemyListing(database)
        self._boxes = ports.store

    async def host(self, conference: Conference) -> Host:
        """Raises StoreUnavailable."""
        number = conference.owner
        if not number:
            return Host(self._company)
        box = await self._boxes.mailbox(number)
        names = {each.number: each.name for each in await self._listing.extensions()}
        name = names.get(number) or (box.name if box is not None else "")
        addresses = box.addresses if box is not None else ()
        return Host(name or self._company, next(iter(addresses), ""))


def conference_words(edited: Path | None, *, forgiving: bool = True) -> Wording:
    """Our words, each replaced by an administrator's where there is one."""
    return EditedWording(edited, ours=WORDS, forgiving=forgiving)


def house_of(settings: Settings) -> House:
    """What the invitations of the company tell alike."""
    numbers, web = dial_ins(settings.conferences), settings.web
    served = web.address if web.bound is not None else ""
    return House(settings.company.name, settings.mail.sender, numbers, served)


def dial_ins(settings: Conferences) -> tuple[DialIn, ...]:
    """The numbers that lead to the conferences."""
    return tuple(
        DialIn(each.number, {language: each.label_in(language) for language in _LANGUAGES})
        for each in settings.numbers
    )


def open_inviting(settings: Settings, mailroom: Mailroom, clock: Clock) -> Inviting:
    """What writes invitations, and sends them again, on the database of the mailroom."""
    return Inviting(
        book=SqlAlchemyBook(mailroom.database),
        invitations=Invitations(house_of(settings), conference_words(settings.mail.templates)),
        hosts=ExtensionHosts(settings.company.name, mailroom.database, mailroom.ports),
        queue=SqlAlchemyMailQueue(mailroom.database),
        clock=clock,
        chance=SystemTokens(),
    )


async def undelivered(mailroom: Mailroom, conference: Conference) -> Sequence[Undelivered]:
    """The e-mails about a conference that no server took so far. Raises StoreUnavailable."""
    return await SqlAlchemyMailQueue(mailroom.database).undelivered(conference.id)


def open_mailing(
    settings: Settings, mailroom: Mailroom, clock: Clock, reports: Write | None = None
) -> Mailing:
    """What mails everything about conferences; `reports` writes the letters of reports.

    Raises BadSettings for certificates of no use.
    """
    write = open_inviting(settings, mailroom, clock).write
    writers: dict[MailKind, Write] = dict.fromkeys(
        (MailKind.INVITATION, MailKind.CHANGED, MailKind.CANCELLED), write
    )
    if reports is not None:
        writers[MailKind.REPORT] = reports
    return Mailing(
        queue=SqlAlchemyMailQueue(mailroom.database),
        writers=writers,
        post=OutgoingPost(mail_transport(settings)),
        clock=clock,
        sender=settings.mail.sender,
    )


def mail_chores(mailing: Mailing) -> tuple[Chore, ...]:
    """What is done beside the calls, so that e-mails about conferences go out."""
    return (
        Chore("conference mail", mailing.run, stop=mailing.stop),
        Chore("old conference mail", mailing.forget, AGAIN_S),
    )
