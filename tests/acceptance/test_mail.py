"""An administrator's company: mail through a server that wants TLS and a password, messages taken
out by command, and what the doctor says."""

import asyncio
import io
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.testing import ScriptedCaller
from tests.acceptance.company import Company, found
from tests.acceptance.server import Server, command, configured_server, listening
from tests.voicemail.office import read_mail
from tests.voicemail.test_smtp import MailServer, certificate, serving
from tests.wire import hearing
from tests.wire.driver import WireCall
from tests.wire.hearing import Pcm
from tests.wire.phone import Phone
from tests.wire.running_demo import ROOT
from tests.wire.voicemail_house import opened, pin
from voicemail.message import Attachment, Mailbox

__all__ = ["certificate"]

pytestmark = pytest.mark.wire

VOICE = ROOT / "audio_fixtures" / "caller_10s.wav"

MAIL = """
[mail]
host = "127.0.0.1"
port = {port}
security = "starttls"
username = "vestibule"
password = "s3cret"
ca_file = "{certificate}"
sender = "Vestibule <messagerie@example.org>"
operator = "operator@example.org"
"""

OPUS = Mailbox("103", "Noa", addresses=("103@example.org",), attachment=Attachment.OPUS)
ULAW = Mailbox("104", "Louis", addresses=("104@example.org",), attachment=Attachment.ULAW)
E_MAIL_ONLY = Mailbox("105", "Inès", addresses=("105@example.org",), store_on_server=False)
TWO = Mailbox("106", "Gilles", addresses=("106@example.org", "gone@example.org"))
LOST = Mailbox("107", "Rose", addresses=("lost@example.org",), store_on_server=False)
LATER = Mailbox("108", "Paul", addresses=("later@example.org",), store_on_server=False)

REFUSED = "550 5.1.1 There is nobody of that name."
PUT_OFF = "450 4.2.1 Come back later."

LEAVES_A_MESSAGE = ScriptedCaller("Aimée").presses("#").hears("common.beep").says(VOICE).hangs_up()


async def test_messages_are_mailed_in_each_format_over_tls_taken_out_and_told_what_became_of_them(
    tmp_path: Path, certificate: Path
) -> None:
    async with serving(certificate) as mail:
        mail.refuses |= {"gone@example.org": REFUSED, "lost@example.org": REFUSED}
        mail.refuses["later@example.org"] = PUT_OFF
        company = await company_of_two(tmp_path, mail, certificate)
        boxes = (OPUS, ULAW, E_MAIL_ONLY, TWO, LOST, LATER)
        async with opened(company.data) as mailboxes:
            for box in boxes:
                await mailboxes.create(box, pin(box.number))
        async with running(company) as server:
            await leave_messages(server, "*101", "*102", *(f"*{box.number}" for box in boxes))
            await until_taken(mail, 8)  # two of them tell the operator
            await assert_messages_can_be_taken_out(company, tmp_path)
            sent = {str(each["To"]): each for each in map(read, mail.taken)}
            (waiting,) = sounds_of(company, LATER)
            async with opened(company.data) as mailboxes:
                there = {box.number: await mailboxes.messages(box.number) for box in boxes}
            ids = {number: messages[0].id for number, messages in there.items() if messages}
            assert ids.keys() == {"103", "104", "106", "107"}
            ids |= {"105": id_of(sent["105@example.org"]), "108": waiting.stem}
            told = await shown(company, ids)
    assert mail.secured == [True] * 8
    french, english = sent["camille@example.org"], sent["william@example.org"]
    assert_mail(french, "camille@example.org", "Nouveau message vocal d'Aimée Côté", ".wav")
    assert_mail(english, "william@example.org", "New voice message from Aimée Côté", ".mp3")
    assert_mail(sent["103@example.org"], "103@example.org", "Nouveau message", ".opus")
    assert_mail(sent["104@example.org"], "104@example.org", "Nouveau message", ".wav")
    for number in ("103", "104", "105", "106"):
        assert f"{number}@example.org sent (1 try): 250 queued" in told[number]
    assert "No longer on the server." in told["105"]
    assert sounds_of(company, E_MAIL_ONLY) == []
    assert f"gone@example.org failed (1 try): {REFUSED}" in told["106"]
    assert "lies in:        new\n" in told["107"]
    assert f"lost@example.org failed (1 try): {REFUSED}" in told["107"]
    assert "lies in:        on its way, by e-mail only\n" in told["108"]
    assert re.search(r"later@example.org deferred \(\d tr(y|ies), next ", told["108"])
    assert told["108"].endswith(f": {PUT_OFF}\n")
    assert len([each for each in mail.taken if "operator@example.org" in each.rcpt_tos]) == 2
    assert server.complaints() == [line for line in server.complaints() if "550" in line]


async def test_the_doctor_finds_a_well_kept_company_healthy_and_says_what_is_wrong_with_others(
    tmp_path: Path, certificate: Path
) -> None:
    async with serving(certificate) as mail:
        company = await company_of_two(tmp_path, mail, certificate)
        status, healthy, _ = await command("doctor", "--config", str(company.config))
        assert (status, re.findall("^bad.*", healthy, re.M)) == (0, []), healthy
        assert f"good  sip.listen {company.listen}: free, UDP and TCP" in healthy
        assert f"good  mail 127.0.0.1:{mail.port}: connects" in healthy
        assert "good  mailboxes: 2" in healthy
        async with running(company):
            status, busy, _ = await command("doctor", "--config", str(company.config))
            assert status == 1
            assert f"bad   sip.listen {company.listen}: UDP: Address already in use." in busy
    status, alone, _ = await command("doctor", "--config", str(company.config))
    assert status == 1
    assert f"bad   mail 127.0.0.1:{mail.port}: no connection" in alone
    assert len(re.findall("^bad", alone, re.M)) == 1, alone


async def test_faulty_settings_stop_the_start_with_every_fault_told(tmp_path: Path) -> None:
    company = found(tmp_path, more='[mail]\nprot = 25\n[company2]\nname = "x"\n')
    for words in (("serve",), ("doctor",)):
        status, _, complaints = await command(*words, "--config", str(company.config))
        assert status == 1
        assert "mail.prot" in complaints
        assert "company2" in complaints
        assert "Traceback" not in complaints


async def company_of_two(folder: Path, mail: MailServer, certificate: Path) -> Company:
    """Camille, in French, and William, in English and by MP3."""
    company = found(folder, more=MAIL.format(port=mail.port, certificate=certificate))
    await company.hires("101", "Camille", "4711", "--email", "camille@example.org")
    await company.hires(
        "102", "William", "4712", "--language", "en", "--email", "william@example.org",
        "--attachment", "mp3",
    )  # fmt: skip
    return company


def running(company: Company) -> AbstractAsyncContextManager[Server]:
    return configured_server(company.config, company.listen, company.data)


async def leave_messages(server: Server, *numbers: str) -> None:
    """Leave the same message at each number, all at once, hanging up at its end."""
    async with listening(server) as demo, Phone("5145550123", display="Aimée Côté") as phone:
        await demo.prepare(LEAVES_A_MESSAGE)
        calls = [await phone.gets_through(number, server.address) for number in numbers]
        async with asyncio.TaskGroup() as callers:
            for call in calls:
                callers.create_task(LEAVES_A_MESSAGE.calls(WireCall(call, demo.sounds)))


async def until_taken(mail: MailServer, count: int) -> None:
    async with asyncio.timeout(60):
        while len(mail.taken) < count:  # noqa: ASYNC110 - another process sends it
            await asyncio.sleep(0.1)


async def shown(company: Company, ids: Mapping[str, str]) -> dict[str, str]:
    """What an administrator is told of messages, each known here by its mailbox."""
    config = ("--config", str(company.config))
    answers = await asyncio.gather(
        *(command("message", "show", id, *config) for id in ids.values())
    )
    assert [status for status, _, _ in answers] == [0] * len(ids), answers
    return dict(zip(ids, (told for _, told, _ in answers), strict=True))


def id_of(mail: EmailMessage) -> str:
    """Of which message an e-mail is."""
    return str(mail["Message-ID"]).strip("<>").partition("@")[0]


def sounds_of(company: Company, box: Mailbox) -> list[Path]:
    """The files of its messages."""
    return list(company.data.glob(f"sounds/**/{box.number}/*"))


async def assert_messages_can_be_taken_out(company: Company, folder: Path) -> None:
    """While the server runs: each box lists its message, and both formats of it play."""
    for mailbox, name in (("101", "taken.wav"), ("102", "taken.mp3")):
        config = ("--config", str(company.config))
        status, listed, _ = await command("message", "list", mailbox, *config)
        assert status == 0
        (line,) = listed.splitlines()
        id, folder_name, *_, seconds, _, number, given, family = line.split()
        assert (folder_name, number, f"{given} {family}") == ("new", "5145550123", "Aimée Côté")
        assert 9 <= int(seconds) <= 12
        status, _, complaints = await command("message", "export", id, str(folder / name), *config)
        assert status == 0, complaints
        assert_is_what_was_said(folder / name)


def read(envelope: object) -> EmailMessage:
    octets = getattr(envelope, "content", None)
    assert isinstance(octets, bytes)
    return read_mail(octets)


def assert_mail(mail: EmailMessage, to: str, subject: str, ending: str) -> None:
    assert mail.defects == []
    assert mail["To"] == to
    assert str(mail["Subject"]).startswith(subject)
    (attachment,) = mail.iter_attachments()
    assert str(attachment.get_filename()).endswith(ending)
    assert_is_what_was_said(io.BytesIO(attachment.get_content()))


def assert_is_what_was_said(file: Path | io.BytesIO) -> None:
    """Playable, whole, at its place all along: MP3 is allowed its losses."""
    stored, rate = soundfile.read(file, dtype="int16")
    assert rate == hearing.RATE
    heard = np.asarray(stored, dtype=np.int16)
    place = hearing.find(heard, said())
    assert place.score >= 0.95
    assert hearing.drift(heard, said(), at=place.at) <= 2


def said() -> Pcm:
    voice, _ = soundfile.read(VOICE, dtype="int16")
    return np.asarray(voice, dtype=np.int16)
