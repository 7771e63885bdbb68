"""Outgoing mail as the settings say: where it goes, in which words, with or without a text."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from vestibule.settings import BadSettings, Mail, Settings
from voicemail.adapters.eml_folder import EmlFolder
from voicemail.adapters.smtp import Security, SmtpSettings, SmtpTransport
from voicemail.adapters.whisper import Whisper, whisper_absence
from voicemail.composing import Composer
from voicemail.forgetting import Oblivion
from voicemail.mail import Delivery, MailTransport
from voicemail.mailboxes import Ports
from voicemail.notice import Notices
from voicemail.outbox import OutboxWorker
from voicemail.transcription import Transcripts
from voicemail.wording import Wording

MEGABYTE = 1_000_000


@asynccontextmanager
async def open_outbox(
    settings: Settings,
    ports: Ports,
    changed: Callable[[str], None],
    answered: Callable[[Delivery], None],
) -> AsyncIterator[OutboxWorker]:
    """The worker that mails what is due; `changed` is told of each mailbox whose counts it changes,
    `answered` of each recipient's answer.

    Raises BadSettings for certificates that cannot be used.
    """
    mail = settings.mail
    async with _transcripts(settings, ports) as transcripts:
        composer = Composer(
            store=ports.store,
            sounds=ports.sounds,
            formats=ports.formats,
            notices=Notices(mail.sender, Wording(mail.templates)),
            changed=changed,
            transcripts=transcripts,
            largest=round(mail.largest_attachment_mb * MEGABYTE),
        )
        yield OutboxWorker(
            store=ports.store,
            composer=composer,
            oblivion=Oblivion(
                store=ports.store, sounds=ports.sounds, spool=ports.spool, changed=changed
            ),
            transport=mail_transport(settings),
            clock=ports.clock,
            tokens=ports.tokens,
            changed=changed,
            answered=answered,
            operator=mail.operator,
        )


@asynccontextmanager
async def _transcripts(settings: Settings, ports: Ports) -> AsyncIterator[Transcripts | None]:
    wanted = settings.transcription
    if wanted.model is None or whisper_absence(wanted.model):
        yield None
        return
    async with Whisper(wanted.model, limit_s=wanted.limit_s) as engine:
        transcripts = Transcripts(
            engine, store=ports.store, sounds=ports.sounds, wait_s=wanted.wait_s
        )
        try:
            yield transcripts
        finally:
            await transcripts.close()


def mail_transport(settings: Settings) -> MailTransport:
    """Where e-mail goes. Raises BadSettings for certificates that cannot be used."""
    mail = settings.mail
    if mail.host is None:
        return EmlFolder(settings.storage.data / "mail")
    try:
        return SmtpTransport(_smtp(mail, mail.host))
    except OSError as error:
        raise BadSettings(f"mail: {error.filename or mail.ca_file}: {error.strerror}") from error


def _smtp(mail: Mail, host: str) -> SmtpSettings:
    return SmtpSettings(
        host=host,
        port=mail.port,
        sender=mail.sender,
        security=Security(mail.security),
        username=mail.username,
        password=mail.secret(),
        ca_file=mail.ca_file,
    )
