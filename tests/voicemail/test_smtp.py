"""E-mail handed to a real server on loopback: STARTTLS, passwords, refusals, and what arrives."""

import asyncio
import io
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path

import aiosmtplib
import pytest
import soundfile
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from call.leg import Party
from tests.voicemail.office import CAMILLE, Office, read_mail
from voicemail import Attachment, Mailbox
from voicemail.adapters import smtp
from voicemail.adapters.smtp import Security, SmtpSettings, SmtpTransport
from voicemail.errors import MailAccountRefused, MailUnavailable

pytestmark = pytest.mark.wire


@dataclass
class MailServer:
    """A mail server that keeps what it takes. `answers` come first, then 250."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    taken: list[Envelope] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    hangs_up: int = 0
    """How many e-mails it takes without living to say so."""
    vanishes: int = 0
    """How often it is gone before it has the whole of an e-mail."""

    def mail(self) -> EmailMessage:
        """The first e-mail taken, as its reader sees it."""
        octets = self.taken[0].content
        assert isinstance(octets, bytes)
        return read_mail(octets)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.pop(0) if self.answers else "250 queued"
        if answer.startswith("250"):
            self.taken.append(envelope)
            transport = server.transport
            assert isinstance(transport, asyncio.Transport)
            self.secured.append(transport.get_extra_info("ssl_object") is not None)
            if self.hangs_up:
                self.hangs_up -= 1
                transport.abort()
        return answer


class _Mortal(SMTP):
    """A conversation that may end in the middle of an e-mail: nothing else it reads is as long."""

    def data_received(self, data: bytes) -> None:
        mail = self.event_handler
        assert isinstance(mail, MailServer)
        transport = self.transport
        if mail.vanishes and len(data) > 4096 and isinstance(transport, asyncio.Transport):
            mail.vanishes -= 1
            transport.abort()
        else:
            super().data_received(data)


def _signs_in(
    server: object, session: object, envelope: object, how: str, who: object
) -> AuthResult:
    right = LoginPassword(b"vestibule", b"s3cret")
    return AuthResult(success=who == right, handled=who == right)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(IPv4Address("127.0.0.1")),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@asynccontextmanager
async def serving(
    certificate: Path, security: Security = Security.STARTTLS, largest: int = 20 * 2**20
) -> AsyncIterator[MailServer]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    mail = MailServer()
    starttls = security is Security.STARTTLS

    def protocol() -> SMTP:
        return _Mortal(
            mail,
            hostname="localhost",
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            auth_required=starttls,
            authenticator=_signs_in,
            data_size_limit=largest,
        )

    context = tls if security is Security.TLS else None
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=context)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def server(certificate: Path) -> AsyncIterator[MailServer]:
    async with serving(certificate) as mail:
        yield mail


def settings(server: MailServer, certificate: Path) -> SmtpSettings:
    return SmtpSettings(
        host="127.0.0.1",
        port=server.port,
        sender="Vestibule <vestibule@example.org>",
        username="vestibule",
        password="s3cret",
        timeout_s=5,
        ca_file=certificate,
    )


@pytest.fixture
def account(server: MailServer, certificate: Path) -> SmtpSettings:
    return settings(server, certificate)


async def test_a_message_reaches_the_server_over_tls_with_its_sound(
    office: Office, server: MailServer, account: SmtpSettings
) -> None:
    office.mail_through(SmtpTransport(account))
    await office.hire()
    await office.leave()
    assert await office.worker.work() is None
    (envelope,) = server.taken
    assert server.secured == [True]
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "vestibule@example.org",
        ["camille@example.org"],
    )
    assert isinstance(envelope.content, bytes)
    assert envelope.content.isascii()
    mail = read_mail(envelope.content)
    assert mail.defects == []
    assert mail["Subject"] == "Nouveau message vocal de Camille Côté (514 555-0123) – 0:03"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.isoformat() == "2027-07-01T10:00:00-04:00"
    (sound,) = mail.iter_attachments()
    assert sound.get_filename() == "Message vocal de Camille Côté - 2027-07-01 10h00.wav"
    pcm, rate = soundfile.read(io.BytesIO(sound.get_content()))
    assert (len(pcm), rate) == (3 * 8000, 8000)


async def test_an_english_owner_reads_english_and_gets_mp3_if_so_chosen(
    office: Office, server: MailServer, account: SmtpSettings
) -> None:
    office.mail_through(SmtpTransport(account))
    william = Mailbox("102", "William", "en", ("w@example.org",), attachment=Attachment.MP3)
    await office.hire(william)
    await office.leave("102", caller=Party("+14505550111"))
    await office.worker.work()
    mail = server.mail()
    assert mail["Subject"] == "New voice message from 450 555-0111 – 0:03"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "Thursday, July 1, 2027" in plain.get_content()
    assert '<html lang="en-CA">' in html.get_content()
    (sound,) = mail.iter_attachments()
    assert sound.get_filename() == "Voice message from 450 555-0111 - 2027-07-01 10h00.mp3"
    assert sound.get_content_type() == "audio/mpeg"
    pcm, rate = soundfile.read(io.BytesIO(sound.get_content()))
    assert (round(len(pcm) / rate), rate) == (3, 8000)


async def test_a_caller_cannot_write_the_headers_the_page_or_the_path(
    office: Office, server: MailServer, account: SmtpSettings
) -> None:
    office.mail_through(SmtpTransport(account))
    await office.hire()
    await office.leave(caller=Party("", 'Eve\r\nBcc: all@example.org <b>../"x'))
    await office.worker.work()
    assert server.taken[0].rcpt_tos == ["camille@example.org"]
    mail = server.mail()
    assert mail["Bcc"] is None
    html = mail.get_body(("html",))
    assert html is not None
    assert "<b>" not in html.get_content()
    (sound,) = mail.iter_attachments()
    assert not set(sound.get_filename() or "") & set('/\\<>:"\r\n')


async def test_a_withheld_number_is_said_to_be_withheld(
    office: Office, server: MailServer, account: SmtpSettings
) -> None:
    office.mail_through(SmtpTransport(account))
    await office.hire()
    await office.leave(caller=Party(""))
    await office.worker.work()
    mail = server.mail()
    assert mail["Subject"] == "Nouveau message vocal d'un numéro confidentiel – 0:03"


async def test_a_server_that_says_later_gets_it_later_and_once(
    office: Office, server: MailServer, account: SmtpSettings
) -> None:
    office.mail_through(SmtpTransport(account))
    server.answers = ["451 4.3.0 later"]
    await office.hire()
    await office.leave()
    await office.worker.work()
    assert server.taken == []
    office.clock.advance(30)
    assert await office.worker.work() is None
    assert len(server.taken) == 1


async def test_a_server_that_says_never_is_not_asked_again_and_the_operator_hears_of_it(
    office: Office, server: MailServer, account: SmtpSettings
) -> None:
    office.mail_through(SmtpTransport(account))
    server.answers = ["550 5.7.1 no"]
    await office.hire()
    await office.leave()
    assert await office.worker.work() is None
    assert [envelope.rcpt_tos for envelope in server.taken] == [["operator@example.org"]]


async def test_one_address_refused_does_not_keep_the_others_waiting(
    office: Office, server: MailServer, account: SmtpSettings
) -> None:
    office.mail_through(SmtpTransport(replace(account)))
    server.refuses = {"gone@example.org": "550 5.1.1 gone", "later@example.org": "450 4.2.0 later"}
    addresses = ("camille@example.org", "gone@example.org", "later@example.org")
    await office.hire(replace(CAMILLE, addresses=addresses))
    await office.leave()
    await office.worker.work()
    server.refuses.clear()
    office.clock.advance(60)
    await office.worker.work()
    assert [envelope.rcpt_tos for envelope in server.taken] == [
        ["camille@example.org"],
        ["operator@example.org"],
        ["later@example.org"],
    ]


async def test_every_address_refused_has_its_own_answer(
    office: Office, server: MailServer, account: SmtpSettings
) -> None:
    office.mail_through(SmtpTransport(account))
    server.refuses = {"camille@example.org": "450 4.2.0 later"}
    await office.hire()
    await office.leave()
    await office.worker.work()
    server.refuses.clear()
    office.clock.advance(60)
    await office.worker.work()
    assert [envelope.rcpt_tos for envelope in server.taken] == [["camille@example.org"]]


async def test_a_wrong_password_is_our_trouble_not_the_messages(
    office: Office, server: MailServer, account: SmtpSettings, caplog: pytest.LogCaptureFixture
) -> None:
    office.mail_through(SmtpTransport(replace(account, password="wrong")))
    await office.hire()
    await office.leave()
    assert await office.worker.work() == pytest.approx(30)
    assert "mail server refuses our account" in caplog.messages
    office.mail_through(SmtpTransport(account))
    office.clock.advance(60)
    await office.worker.work()
    assert len(server.taken) == 1


async def test_no_password_leaves_by_a_connection_nobody_vouches_for(
    server: MailServer, account: SmtpSettings
) -> None:
    with pytest.raises(MailAccountRefused):
        async with SmtpTransport(replace(account, ca_file=None)).connection():
            pass


async def test_a_server_without_starttls_gets_nothing(certificate: Path) -> None:
    async with serving(certificate, Security.NONE) as plain:
        with pytest.raises(MailAccountRefused):
            async with SmtpTransport(settings(plain, certificate)).connection():
                pass


async def test_tls_from_the_first_octet(office: Office, certificate: Path) -> None:
    async with serving(certificate, Security.TLS) as server:
        account = settings(server, certificate)
        tls = replace(account, security=Security.TLS, username=None, password=None)
        office.mail_through(SmtpTransport(tls))
        await office.hire()
        await office.leave()
        await office.worker.work()
        assert server.secured == [True]


async def test_a_server_that_is_down_gets_it_when_it_is_up(
    office: Office, certificate: Path
) -> None:
    async with serving(certificate) as gone:
        account = settings(gone, certificate)
    office.mail_through(SmtpTransport(account))
    await office.hire()
    await office.leave()
    assert await office.worker.work() == pytest.approx(30)
    async with serving(certificate) as server:
        office.mail_through(SmtpTransport(settings(server, certificate)))
        office.clock.advance(30)
        await office.worker.work()
        assert len(server.taken) == 1


async def test_a_server_that_says_nothing_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        account = SmtpSettings("127.0.0.1", port, "a@example.org", Security.NONE, timeout_s=0.1)
        with pytest.raises(MailUnavailable):
            async with SmtpTransport(account).connection():
                pass


async def test_a_server_that_hangs_up_before_answering_gets_the_same_message_id_again(
    office: Office, server: MailServer, account: SmtpSettings
) -> None:
    office.mail_through(SmtpTransport(account))
    server.hangs_up = 1
    await office.hire()
    await office.leave()
    assert await office.worker.work() == pytest.approx(30)
    office.clock.advance(30)
    assert await office.worker.work() is None
    assert len(server.taken) == 2
    octets = [envelope.content for envelope in server.taken]
    ids = {read_mail(each)["Message-ID"] for each in octets if isinstance(each, bytes)}
    assert len(ids) == 1


def test_every_fault_of_the_mail_library_is_ours_to_retry() -> None:
    faults = [value for name, value in vars(aiosmtplib).items() if name.startswith("SMTP")]
    classes = [
        fault for fault in faults if isinstance(fault, type) and issubclass(fault, Exception)
    ]
    assert len(classes) > 10
    for fault in classes:
        made = fault.__new__(fault)
        made.args = ("?",)
        if isinstance(made, aiosmtplib.SMTPResponseException):
            made.code = 421
        assert isinstance(smtp._mapped(made), MailUnavailable)


def test_the_password_never_shows_in_a_description_of_the_settings() -> None:
    shown = repr(SmtpSettings("mail.example.org", 587, "a@example.org", password="s3cret"))
    assert "s3cret" not in shown
