"""Mailboxes as administrators set, move, empty and delete them by commands."""

import json
import zipfile
from pathlib import Path

import pytest
import soundfile

from tests.vestibule.shell import Shell

ROOT = Path(__file__).parents[2]
GREETING = str(ROOT / "audio_fixtures" / "greeting_3s.wav")


@pytest.fixture
def company(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Two mailboxes, and somebody who types."""
    monkeypatch.setenv("SUDO_USER", "marie")
    shell.hires("101", "Camille")
    shell.hires("102", "William")
    return shell


def told(shell: Shell, number: str = "101") -> dict[str, object]:
    shown: dict[str, object] = json.loads(shell.does(*shell.mailbox("show", number, "--json")))
    return shown


def history(shell: Shell, *number: str) -> list[str]:
    """The acts, without their hours."""
    lines = shell.does(*shell.mailbox("history", *number)).splitlines()
    return [" ".join(line[17:].split()) for line in lines]


def test_every_setting_of_the_form_can_be_changed(company: Shell) -> None:
    said = company.does(
        *company.mailbox(
            "edit", "101", "--name", "Camille T.", "--language", "en", "--zone", "Europe/Paris",
            "--email", "c@example.org", "--email", "d@example.org", "--attachment", "MP3",
            "--max-message", "120", "--max-messages", "50", "--min-speech", "0.5", "--no-store",
            "--zero", "extension:102", "--star", "closed", "--no-envelope", "--own-phone",
            "--no-send", "--call-back", "--transcribe", "--trash-days", "7",
            "--retention-days", "90",
        )
    )  # fmt: skip
    assert said.startswith("Changed in mailbox 101: name, language, addresses, zone, ")
    shown = told(company)
    settings = {name: shown[name] for name in shown if name not in ("messages", "greetings")}
    assert settings == {
        "number": "101", "name": "Camille T.", "language": "en", "zone": "Europe/Paris",
        "addresses": ["c@example.org", "d@example.org"], "attachment": "mp3",
        "max_message_s": 120, "max_messages": 50, "min_speech_s": 0.5, "store_on_server": False,
        "zero": "extension:102", "star": "closed", "envelope": False, "trust_own_phone": True,
        "can_send": False, "can_call_back": True, "transcribe": True, "trash_days": 7,
        "retention_days": 90, "welcomed": False,
    }  # fmt: skip
    company.does(*company.mailbox("edit", "101", "--retention-days", "0", "--store"))
    company.does(*company.mailbox("edit", "101", "--email", ""))
    assert told(company)["retention_days"] is None
    assert told(company)["addresses"] == []


def test_everything_wrong_with_an_edit_is_told_at_once_and_nothing_is_changed(
    company: Shell,
) -> None:
    before = told(company)
    line = company.fails(
        *company.mailbox(
            "edit", "101", "--zero", "extension:199", "--star", "nowhere", "--max-message", "0",
            "--attachment", "ogg", "--email", "nobody", "--language", "de",
        )
    )  # fmt: skip
    for fault in ("no extension 199", "'nowhere' is no call treatment", "1 to 3600", "'ogg'",
                  "not an e-mail address: nobody", "one of fr, en"):  # fmt: skip
        assert fault in line
    assert told(company) == before
    assert "needs an e-mail address" in company.fails(*company.mailbox("edit", "101", "--no-store"))
    assert "back to mailbox 101 itself" in company.fails(
        *company.mailbox("edit", "101", "--zero", "extension:101")
    )
    assert company.types(*company.mailbox("edit", "101")).status == 2


def test_a_key_may_lead_to_a_flow_that_can_begin_and_to_no_other(company: Shell) -> None:
    company.does(*company.mailbox("edit", "101", "--zero", "flow:main_attendant"))
    assert told(company)["zero"] == "flow:main_attendant"
    line = company.fails(
        *company.mailbox("edit", "101", "--zero", "flow:nothing", "--star", "flow:extension")
    )
    assert "key 0: no flow 'nothing'" in line
    assert "key *: extension needs mailbox" in line


def test_the_used_places_are_shown_as_the_form_writes_them(company: Shell) -> None:
    assert "(0 message / 100)" in company.does(*company.mailbox("show", "101"))
    for _ in range(2):
        company.leaves("101")
    assert "(2 messages / 100)" in company.does(*company.mailbox("show", "101"))
    listed = json.loads(company.does(*company.mailbox("list", "--json")))
    assert [(box["number"], box["messages"]["taken"]) for box in listed] == [("101", 2), ("102", 0)]


def test_emptying_asks_first_and_then_whether_the_greetings_are_to_go_too(company: Shell) -> None:
    company.leaves("101")
    company.does(*company.mailbox("greeting", "set", "101", "busy", GREETING))
    asked = company.types(*company.mailbox("empty", "101"), keys="n\n")
    assert (asked.status, told(company)["messages"]["taken"]) == (1, 1)  # type: ignore[index]
    said = company.does(*company.mailbox("empty", "101"), keys="y\nn\n")
    assert "Erase all messages of 101, Camille (1 / 100)?" in said
    assert "Erased in mailbox 101: 1 message." in said
    assert told(company)["greetings"] != []
    company.does(*company.mailbox("empty", "101", "--yes", "--greetings"))
    assert told(company)["greetings"] == []
    assert not list((company.data / "sounds").rglob("*.wav"))


def test_a_deleted_mailbox_is_brought_back_from_its_archive(company: Shell) -> None:
    id = company.leaves("101")
    company.does(*company.mailbox("edit", "101", "--zero", "extension:102"))
    assert company.types(*company.mailbox("delete", "101"), keys="\n").status == 1
    said = company.does(*company.mailbox("delete", "101", "--yes"))
    assert "Kept for 30 days: " in said
    assert "no mailbox 101" in company.fails(*company.mailbox("show", "101"))
    archive = Path(said.split("days: ")[1].strip())
    assert archive.parent == company.data / "deleted"
    company.does(*company.mailbox("import", str(archive), "--pin", "4719"))
    assert told(company)["zero"] == "extension:102"
    assert id in company.does("message", "list", "101", "--data", str(company.data))
    assert [line.partition(" marie ")[2] for line in history(company, "101")] == [
        "created", "edited: zero", f"deleted: {archive.name}", "created", "imported: messages: 1",
    ]  # fmt: skip


def test_a_mailbox_is_moved_to_another_number_on_another_server(
    company: Shell, tmp_path: Path
) -> None:
    company.leaves("101")
    company.does(*company.mailbox("greeting", "set", "101", "name", GREETING))
    company.does(*company.mailbox("edit", "101", "--zero", "extension:102"))
    file = str(tmp_path / "camille.zip")
    assert company.does(*company.mailbox("export", "101", file)) == (
        f"{file}: 1 message, 1 greeting.\n"
    )
    with zipfile.ZipFile(file) as written:
        assert "4719" not in written.read("mailbox.json").decode()
    there = ("--data", str(tmp_path / "other"))
    answer = company.types("mailbox", "import", file, "--as", "103", "--pin", "4719", *there)
    assert answer.out == "Brought into mailbox 103: 1 message, 1 greeting.\n"
    assert answer.err == "--zero leads nowhere here: operator instead.\n"
    again = company.does("mailbox", "import", file, "--as", "103", *there)
    assert again.endswith("There already: 1 message.\n")


def test_what_does_not_fit_is_left_out_and_told(company: Shell, tmp_path: Path) -> None:
    for _ in range(2):
        company.leaves("101")
    company.does(*company.mailbox("edit", "102", "--max-messages", "1"))
    file = str(tmp_path / "camille.zip")
    company.does(*company.mailbox("export", "101", file))
    answer = company.types(*company.mailbox("import", file, "--as", "102"))
    assert (answer.status, answer.err) == (0, "Left out, for want of a place: 1 message.\n")


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("export", "999", "x.zip"), "no mailbox 999"),
        (("export", "101", "/nowhere/x.zip"), "/nowhere/x.zip"),
        (("export", "101", "/"), "/: Is a directory"),
        (("import", "/nowhere/x.zip"), "/nowhere/x.zip"),
        (("import", GREETING), "not the archive of a mailbox"),
        (("empty", "999", "--yes"), "no mailbox 999"),
        (("delete", "999", "--yes"), "no mailbox 999"),
        (("edit", "999", "--name", "x"), "no mailbox 999"),
        (("greeting", "get", "101", "busy", "x.wav"), "has no busy greeting"),
        (("greeting", "erase", "999", "busy", "--yes"), "no mailbox 999"),
        (("greeting", "set", "999", "busy", GREETING), "no mailbox 999"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    company: Shell, words: tuple[str, ...], wrong: str
) -> None:
    assert wrong in company.fails(*company.mailbox(*words))


def test_a_data_folder_that_cannot_be_made_is_told_in_one_line(shell: Shell) -> None:
    shell.data.write_bytes(b"a file where the folder should be")
    line = shell.fails(*shell.mailbox("add", "101", "Camille", "--pin", "4711"))
    assert line == f"vestibule: {shell.data}: cannot be made: File exists"


def test_a_greeting_is_brought_taken_out_and_erased(company: Shell, tmp_path: Path) -> None:
    company.does(*company.mailbox("greeting", "set", "101", "busy", GREETING))
    file = tmp_path / "out.mp3"
    company.does(*company.mailbox("greeting", "get", "101", "busy", str(file)))
    assert soundfile.info(file).format == "MP3"
    assert ".wav, .mp3" in company.fails(
        *company.mailbox("greeting", "get", "101", "busy", "out.ogg")
    )
    said = company.does(*company.mailbox("greeting", "erase", "101", "busy", "--yes"))
    assert said == "Greeting busy of 101: erased.\n"
    assert "administrator marie" in history(company, "101")[-1]


def test_a_message_goes_to_the_trash_and_comes_back(company: Shell) -> None:
    id = company.leaves("101")
    there = ("--data", str(company.data))
    company.does("message", "delete", id, *there)
    assert company.does("message", "list", "101", *there) == ""
    assert id in company.does("message", "list", "101", "--trash", *there)
    company.does("message", "undelete", id, *there)
    assert id in company.does("message", "list", "101", *there)
    for words in ("delete", "undelete"):
        assert "there is no message 7" in company.fails("message", words, "7", *there)
    assert history(company, "101")[-2:] == [
        f"101 administrator marie message deleted: {id}",
        f"101 administrator marie message restored: {id}",
    ]
