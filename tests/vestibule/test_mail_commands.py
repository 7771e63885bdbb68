"""What administrators see of e-mails before owners do, and of what became of them after."""

import asyncio
import email
import email.policy
import sys
from pathlib import Path

import pytest

from call.clock import SystemClock
from tests.vestibule.shell import Shell
from vestibule.mailroom import open_mailroom
from vestibule.settings import settings_from

KINDS = (
    "message", "failure", "nearly_full", "full", "lockout", "temporary",
    "conference_invitation", "conference_changed", "conference_cancelled",
    "conference_report",
)  # fmt: skip


def edited(folder: Path, name: str, text: str) -> tuple[str, ...]:
    """Settings that name a folder with one edited template."""
    template = folder / "templates" / name
    template.parent.mkdir(parents=True)
    template.write_text(text, encoding="utf-8")
    config = folder / "vestibule.toml"
    config.write_text(f'[mail]\ntemplates = "{folder / "templates"}"\n', encoding="utf-8")
    return ("--config", str(config))


def test_a_message_is_previewed_in_french_unless_asked_otherwise(shell: Shell) -> None:
    told = shell.does("mail", "preview")
    subject, _, text = told.partition("\n")
    assert subject == "Urgent : nouveau message vocal d'Élise Côté (514 555-0123) – 0:32"
    assert "Transféré par : Marc-André Gagné (103)" in text
    assert "92 messages sur 100" in text


def test_every_kind_has_a_page_in_both_languages(shell: Shell) -> None:
    for kind in KINDS:
        for language in ("fr", "en"):
            page = shell.does("mail", "preview", kind, "--language", language, "--format", "html")
            assert page.startswith(f'<!DOCTYPE html>\n<html lang="{language}-CA">')
            assert page.rstrip().endswith("</html>")


def test_the_whole_set_is_written_to_a_folder(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "previews"
    shell.does("mail", "preview", "--all", "--output", str(folder))
    assert len(list(folder.rglob("*.*"))) == 2 * len(KINDS) * 3
    octets = (folder / "en" / "message.eml").read_bytes()
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    assert mail["Importance"] == "high"
    assert mail["X-Priority"] == "1"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "audio/wav",
    ]  # fmt: skip


def test_an_edited_template_is_what_is_previewed(shell: Shell, tmp_path: Path) -> None:
    config = edited(tmp_path, "en/full.subject.j2", "Full up: {{ mailbox_number }}")
    told = shell.does("mail", "preview", "full", "--language", "en", *config)
    assert told.startswith("Full up: 102\n")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("one\n{% if %}\n", 2, "Expected an expression"),
        ("one\ntwo\n{{ nobody }}\n", 3, "'nobody' is undefined"),
        ("one\n\n{{ mailbox_number.nothing() }}", 3, "has no attribute 'nothing'"),
    ],
)
def test_a_fault_of_a_template_is_told_with_its_file_and_line(
    shell: Shell, tmp_path: Path, text: str, line: int, why: str
) -> None:
    config = edited(tmp_path, "fr/full.txt.j2", text)
    told = shell.fails("mail", "preview", "full", *config)
    assert f"fr/full.txt.j2:{line}: " in told
    assert why in told


def test_the_words_of_invitations_are_edited_like_all_others(shell: Shell, tmp_path: Path) -> None:
    name = "fr/conference_invitation.subject.j2"
    config = edited(tmp_path, name, "Venez : {{ title }}")
    told = shell.does("mail", "preview", "conference_invitation", *config)
    assert told.startswith("Venez : Lancement d'automne\n")
    (tmp_path / "templates" / name).write_text("{{ nobody }}")
    told = shell.fails("mail", "preview", "conference_changed", *config)
    assert f"{name}:1: 'nobody' is undefined" in told


def test_a_template_that_is_not_utf_8_is_told_too(shell: Shell, tmp_path: Path) -> None:
    config = edited(tmp_path, "fr/full.txt.j2", "")
    (tmp_path / "templates/fr/full.txt.j2").write_bytes("un\nété".encode("latin-1"))
    assert "fr/full.txt.j2:2: " in shell.fails("mail", "preview", "full", *config)


def test_with_all_the_good_ones_are_written_and_the_bad_ones_told(
    shell: Shell, tmp_path: Path
) -> None:
    config = edited(tmp_path, "fr/full.txt.j2", "{{ nobody }}")
    answer = shell.types("mail", "preview", "--all", "--output", str(tmp_path / "out"), *config)
    assert answer.status == 1
    assert "fr/full.txt.j2:1: 'nobody' is undefined" in answer.err
    assert (tmp_path / "out/fr/message.txt").exists()
    assert not (tmp_path / "out/fr/full.txt").exists()


@pytest.mark.parametrize("words", [("nonsense",), ("full", "--format", "pdf"), ("--all",)])
def test_what_cannot_be_previewed_is_a_slip_of_the_keys(
    shell: Shell, words: tuple[str, ...]
) -> None:
    assert shell.types("mail", "preview", *words).status == 2


def test_what_became_of_an_email_is_told_address_by_address(shell: Shell) -> None:
    shell.does(*shell.mailbox("add", "103", "Élise", "--pin", "4719", "--email", "e@example.org"))
    id = shell.leaves()
    told = shell.does("message", "show", id, "--data", str(shell.data))
    assert "lies in:        new\n" in told
    assert "from:           5145550123 Marc\n" in told
    assert "e-mail:         e@example.org queued (0 tries, next " in told

    async def mail() -> None:
        settings = settings_from({"storage": {"data": shell.data}}, origin="test")
        async with open_mailroom(settings, SystemClock()) as mailroom:
            await mailroom.worker.work()

    asyncio.run(mail())
    told = shell.does("message", "show", id, "--data", str(shell.data))
    assert f"e-mail:         e@example.org sent (1 try): {id}.eml\n" in told


def test_a_message_nobody_left_is_refused(shell: Shell) -> None:
    shell.hires()
    told = shell.fails("message", "show", "01nothing", "--data", str(shell.data))
    assert "there is no message 01nothing" in told


def doctor(shell: Shell, *config: str) -> str:
    return shell.types("doctor", *config).out


def test_the_doctor_reads_the_edited_templates(shell: Shell, tmp_path: Path) -> None:
    config = edited(tmp_path, "fr/full.txt.j2", "{{ nobody }}")
    (tmp_path / "templates/fr/ful.txt.j2").write_text("?")
    told = doctor(shell, *config)
    assert "note  mail template: " in told
    assert "fr/full.txt.j2:1: 'nobody' is undefined" in told
    assert f"note  mail.templates {tmp_path / 'templates'}: fr/ful.txt.j2. It replaces none" in told


def test_the_doctor_says_why_there_is_no_transcription(shell: Shell, tmp_path: Path) -> None:
    config = tmp_path / "vestibule.toml"
    config.write_text(f'[transcription]\nmodel = "{tmp_path / "none"}"\n')
    assert "faster_whisper" not in sys.modules
    told = doctor(shell, "--config", str(config))
    assert f"note  transcription {tmp_path / 'none'}: the package faster-whisper is not" in told
