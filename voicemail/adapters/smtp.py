"""E-mail through a mail server (RFC 5321), with STARTTLS (RFC 3207) or TLS, and AUTH (RFC 4954)."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path

import aiosmtplib

from voicemail.errors import MailAccountRefused, MailUnavailable
from voicemail.mail import Delivery, Envelope, MailConnection, Reply

_ACCOUNT_CODES = frozenset({530, 534, 535, 538})
"""Replies about who we are, not about the message (RFC 4954 §6, RFC 3207 §4)."""


class Security(StrEnum):
    """How the conversation with the server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where e-mail is handed over, and as whom."""

    host: str
    port: int
    sender: str
    security: Security = Security.STARTTLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = 30.0
    ca_file: Path | None = None
    """Certificates to trust; None trusts those of the system."""


class SmtpTransport:
    """A mail transport that talks to one server, one connection an e-mail.

    Raises OSError from its constructor when the certificates cannot be read.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._tls = ssl.create_default_context(cafile=settings.ca_file)
        self._sender = parseaddr(settings.sender)[1]

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[MailConnection]:
        client = await self._connected()
        try:
            yield _Conversation(client, self._sender)
        except BaseException:
            client.close()
            raise
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.quit()

    async def _connected(self) -> aiosmtplib.SMTP:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            local_hostname=socket.gethostname(),
            use_tls=settings.security is Security.TLS,
            start_tls=settings.security is Security.STARTTLS,
            tls_context=None if settings.security is Security.NONE else self._tls,
            username=settings.username,
            password=settings.password,
            timeout=settings.timeout_s,
        )
        try:
            await client.connect()
        except BaseException as fault:
            client.close()
            raise _mapped(fault) from fault
        return client


class _Conversation:
    """One connection, greeted and signed in."""

    def __init__(self, client: aiosmtplib.SMTP, sender: str) -> None:
        self._client = client
        self._sender = sender

    @property
    def largest(self) -> int | None:
        said = self._client.esmtp_extensions.get("size", "")
        return int(said) or None if said.isdecimal() else None  # 0 is no limit: RFC 1870 §3

    async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
        octets = await asyncio.to_thread(envelope.mail.as_bytes)
        try:
            refused, text = await self._client.sendmail(
                self._sender, list(envelope.recipients), octets
            )
        except aiosmtplib.SMTPRecipientsRefused as fault:
            return {each.recipient: _reply(each.code, each.message) for each in fault.recipients}
        except aiosmtplib.SMTPResponseException as fault:
            if fault.code in _ACCOUNT_CODES:
                raise _mapped(fault) from fault
            return dict.fromkeys(envelope.recipients, _reply(fault.code, fault.message))
        except (aiosmtplib.SMTPException, OSError) as fault:
            raise _mapped(fault) from fault
        accepted = dict.fromkeys(envelope.recipients, Reply(Delivery.ACCEPTED, f"250 {text}"))
        return accepted | {to: _reply(said.code, said.message) for to, said in refused.items()}


def _reply(code: int, text: str) -> Reply:
    """What a reply code says: 5xx is for good, anything else may change (RFC 5321 §4.2.1)."""
    delivery = Delivery.REFUSED if 500 <= code <= 599 else Delivery.DEFERRED
    return Reply(delivery, f"{code} {text}", too_large=_about_size(code, text))


def _about_size(code: int, text: str) -> bool:
    """Whether a refusal is of the size: by its code (RFC 1870 §6), or by what RFC 3463 §3.3 and
    §3.4 write before the words, where 5.2.2 is a mailbox that is full whatever the size."""
    if not 500 <= code <= 599 or text.startswith("5.2.2"):
        return False
    return code in (523, 552) or text.startswith(("5.2.3", "5.3.4"))


def _mapped(fault: BaseException) -> BaseException:
    """The fault in our words; what is not the network's or the server's stays as it is."""
    if not isinstance(fault, aiosmtplib.SMTPException | OSError):
        return fault
    text = f"{type(fault).__name__}: {fault}"
    return MailAccountRefused(text) if _is_about_us(fault) else MailUnavailable(text)


def _is_about_us(fault: BaseException) -> bool:
    if isinstance(fault, aiosmtplib.SMTPResponseException) and fault.code in _ACCOUNT_CODES:
        return True
    if isinstance(fault, aiosmtplib.SMTPNotSupported | ssl.SSLCertVerificationError):
        return True
    if type(fault) is aiosmtplib.SMTPException:  # how the library says: no STARTTLS, no AUTH here
        return True
    return isinstance(fault.__cause__, ssl.SSLCertVerificationError)
