"""Invitations as an administrator sees them, sends them again, and learns that one was refused."""

import asyncio
import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

from call.clock import SystemClock
from conference.adapters.sqlalchemy_mail_queue import SqlAlchemyMailQueue
from tests.vestibule.shell import Shell
from vestibule.mailroom import open_mailroom
from vestibule.meetings.mail import open_mailing
from vestibule.settings import Settings, settings_from

PEOPLE = (
    "--administrator", "Camille Roy <camille@example.org>",
    "--participant", "Marc Côté <marc@example.org>",
)  # fmt: skip


def conference(shell: Shell, command: str, *words: str) -> str:
    return shell.does("conference", command, *words, "--data", str(shell.data))


def refused(shell: Shell, command: str, *words: str) -> str:
    return shell.fails("conference", command, *words, "--data", str(shell.data))


def settings_of(shell: Shell) -> Settings:
    return settings_from({"storage": {"data": shell.data}}, origin="test")


def mailed(shell: Shell) -> list[EmailMessage]:
    """What a server sends that starts now, by recipient."""

    async def send() -> None:
        settings = settings_of(shell)
        async with open_mailroom(settings, SystemClock()) as mailroom:
            await open_mailing(settings, mailroom, SystemClock()).work()

    asyncio.run(send())
    read = []
    for path in (shell.data / "mail").glob("*.eml"):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        read.append(mail)
    return sorted(read, key=lambda mail: str(mail["To"]))


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_who_is_invited_by_a_command_gets_an_e_mail_from_the_server(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", *PEOPLE)
    first, second = mailed(shell)
    assert first["To"].addresses[0].addr_spec == "camille@example.org"
    assert second["Subject"] == "Invitation : Réunion"
    assert conference(shell, "show", "4321").count("e-mail: ") == 0


def test_an_extension_invites_in_its_own_name_and_reads_the_answers(shell: Shell) -> None:
    shell.does(
        *shell.mailbox("add", "101", "Élise Côté", "--pin", "4719", "--email", "e@example.org")
    )
    conference(shell, "add", "Réunion", "--room", "4321", "--owner", "101", *PEOPLE)
    (first, _) = mailed(shell)
    assert first["Reply-To"] == "e@example.org"
    assert "Élise Côté vous invite" in text_of(first)


def test_an_invitation_is_sent_again_to_one_person_or_to_all(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", *PEOPLE)
    assert conference(shell, "resend", "4321", "marc@example.org") == (
        "The invitation is sent again to Marc Côté.\n"
    )
    assert conference(shell, "resend", "4321", "--all") == (
        "The invitation is sent again to Camille Roy, Marc Côté.\n"
    )
    assert len(mailed(shell)) == 5


def test_nobody_is_not_invited_again(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", *PEOPLE)
    assert "nobody called Zoé is invited" in refused(shell, "resend", "4321", "Zoé")
    assert "no conference has room 9999" in refused(shell, "resend", "9999", "--all")
    data = ("--data", str(shell.data))
    assert shell.types("conference", "resend", "4321", *data).status == 2
    assert shell.types("conference", "resend", "4321", "Marc Côté", "--all", *data).status == 2


def test_an_invitation_is_seen_before_it_is_sent(shell: Shell, tmp_path: Path) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", *PEOPLE)
    told = conference(shell, "preview", "4321", "Marc Côté")
    assert told.startswith("Invitation : Réunion\n\nBonjour Marc Côté,\n")
    file = tmp_path / "previews" / "marc.eml"
    conference(shell, "preview", "4321", "Marc Côté", "--format", "eml", "--output", str(file))
    assert b"<marc@example.org>\r\nSubject: " in file.read_bytes()
    page = conference(shell, "preview", "4321", "Marc Côté", "--format", "html")
    assert page.startswith("<!DOCTYPE html>")
    unwritable = str(file / "below")
    assert "cannot be written" in refused(
        shell, "preview", "4321", "Marc Côté", "--output", unwritable
    )


def test_an_administrator_learns_whose_address_was_refused(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", *PEOPLE)
    assert "invitation to Marc Côté, not sent yet" in conference(shell, "show", "4321")

    async def refuse() -> None:
        async with open_mailroom(settings_of(shell), SystemClock()) as mailroom:
            queue, now = SqlAlchemyMailQueue(mailroom.database), SystemClock().now()
            for _ in range(2):
                due = await queue.next(now, now + timedelta(minutes=3))
                assert due is not None
                if due.invitee.name == "Marc Côté":
                    await queue.give_up(due.id, "550 5.1.1 unknown")
                else:
                    await queue.put_off(due.id, now + timedelta(minutes=5), "450 busy")

    asyncio.run(refuse())
    shown = conference(shell, "show", "4321")
    assert "invitation to Marc Côté, given up: 550 5.1.1 unknown" in shown
    assert "invitation to Camille Roy, tried again 20" in shown
    assert "UTC: 450 busy" in shown


def test_the_numbers_of_the_settings_are_told_in_the_language_of_the_reader(
    shell: Shell, tmp_path: Path
) -> None:
    config = tmp_path / "vestibule.toml"
    config.write_text(
        f'[storage]\ndata = "{shell.data}"\n[conferences]\nnumbers = [\n'
        '{ number = "514 555-0199" },\n'
        '{ number = "1 800 555-0199", label = { fr = "sans frais", en = "toll-free" } } ]\n'
        '[web]\nlisten = "127.0.0.1:8080"\naddress = "https://tel.example.org"\n'
    )
    with_config = ("--config", str(config))
    tomorrow = f"{SystemClock().now() + timedelta(days=2):%Y-%m-%d} 10:00"
    shell.does(
        "conference", "add", "Launch", "--start", tomorrow, "--room", "4321", "--stream",
        "--language", "en", *PEOPLE, *with_config,
    )  # fmt: skip
    told = shell.does("conference", "preview", "4321", "Marc Côté", *with_config)
    assert "1. Dial 514 555-0199 or 1 800 555-0199 (toll-free)." in told
    assert "https://tel.example.org/listen/" in told
