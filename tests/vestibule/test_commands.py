"""What administrators type, and what they read when it was wrong."""

import socket
from pathlib import Path

import pytest
import soundfile

from ivr.loader import flow_files
from tests.vestibule.shell import Shell

ROOT = Path(__file__).parents[2]


def test_a_mailbox_is_made_listed_and_shown_but_never_its_pin(shell: Shell) -> None:
    shell.hires()
    assert shell.does(*shell.mailbox("list")).split() == ["103", "fr", "0/100", "Élise", "Côté"]
    shown = shell.does(*shell.mailbox("show", "103"))
    assert "Élise Côté" in shown
    assert "America/Toronto" in shown
    assert "4719" not in shown


def test_a_pin_is_changed_and_a_weak_one_refused(shell: Shell) -> None:
    shell.hires()
    assert "changed" in shell.does(*shell.mailbox("pin", "103", "--pin", "8526"))
    assert "sequence" in shell.fails(*shell.mailbox("pin", "103", "--pin", "1234"))
    assert "unlocked" in shell.does(*shell.mailbox("unlock", "103"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "x", "Nobody", "--pin", "4719"), "2 to 10 digits"),
        (("add", "104", "Nobody", "--pin", "1111"), "one digit repeated"),
        (("add", "104", "Nobody", "--pin", "4719", "--attachment", "ogg"), "one of wav, mp3"),
        (("add", "104", "Nobody", "--pin", "4719", "--zone", "Mars/Base"), "no such time zone"),
        (("add", "103", "Twice", "--pin", "4719"), "there is a mailbox 103 already"),
        (("show", "999"), "there is no mailbox 999"),
        (("unlock", "999"), "there is no mailbox 999"),
        (("greeting", "set", "103", "sung", str(ROOT / "README.md")), "choose one of"),
        (("greeting", "set", "103", "busy", str(ROOT / "README.md")), "README.md"),
    ],
)
def test_a_mailbox_asked_for_wrongly_is_refused_in_one_line(
    shell: Shell, words: tuple[str, ...], told: str
) -> None:
    shell.hires()
    assert told in shell.fails(*shell.mailbox(*words))


def test_a_mistyped_command_ends_with_status_2(shell: Shell) -> None:
    assert shell.types("mailbox", "shwo", "101").status == 2


def test_a_sound_file_becomes_a_greeting(shell: Shell) -> None:
    shell.hires()
    sound = ROOT / "audio_fixtures" / "greeting_3s.wav"
    told = shell.does(*shell.mailbox("greeting", "set", "103", "unavailable", str(sound)))
    assert told.startswith("Greeting unavailable of 103: ")
    assert "none" not in shell.does(*shell.mailbox("show", "103")).splitlines()[-1]


def test_messages_are_listed_and_their_sound_taken_out(shell: Shell) -> None:
    shell.hires()
    id = shell.leaves()
    there = ("--data", str(shell.data))
    listed = shell.does("message", "list", "103", *there).split()
    assert (listed[0], listed[1], listed[-2:]) == (id, "new", ["5145550123", "Marc"])
    file = shell.data / "sound.wav"
    assert shell.does("message", "export", id, str(file), *there) == f"{file}: 3.0 s.\n"
    assert soundfile.info(file).duration == pytest.approx(3.0)
    assert "wav or .mp3" in shell.fails("message", "export", id, "sound.ogg", *there)
    assert "no message 7" in shell.fails("message", "export", "7", str(file), *there)


def test_every_phrase_is_listed_in_both_languages(shell: Shell) -> None:
    lines = shell.does("prompts", "list", "--data", str(shell.data)).splitlines()
    french, english = ({line.split()[1] for line in lines if line[:2] == c} for c in ("fr", "en"))
    assert french == english
    assert "vm.main" in french


def test_the_flows_we_ship_load_and_their_pages_are_fresh(shell: Shell) -> None:
    count = len(flow_files(ROOT / "flows"))
    assert shell.does("flow", "check").endswith(f"{count} flows load.\n")
    assert shell.does("flow", "draw", "--check") == ""


def test_a_broken_flow_is_told_with_its_file_and_what_to_do(shell: Shell) -> None:
    shell.data.mkdir()
    flow = (ROOT / "flows" / "extension.toml").read_text(encoding="utf-8")
    broken = flow.replace('done = "over"', 'done = "ovr"')
    (shell.data / "extension.toml").write_text(broken, encoding="utf-8")
    answer = shell.types("flow", "check", "--flows", str(shell.data))
    assert answer.status == 1
    assert "extension.toml: leave_message: done leads to 'ovr'" in answer.out


def test_flows_are_drawn_where_asked_and_stale_pages_named(shell: Shell) -> None:
    drawn = shell.does("flow", "draw", "--into", str(shell.data)).split()
    page = shell.data / "extension.md"
    assert str(page) in drawn
    page.write_text("stale", encoding="utf-8")
    answer = shell.types("flow", "draw", "--check", "--into", str(shell.data))
    assert (answer.status, answer.out) == (1, f"{page} is stale; run: vestibule flow draw\n")


def test_a_scenario_is_run_on_mailboxes_that_are_thrown_away(shell: Shell) -> None:
    told = shell.does("flow", "run", "temporary greeting").splitlines()
    assert told
    assert all(line.startswith("as written") for line in told)


def test_a_call_is_made_from_the_keyboard(shell: Shell) -> None:
    printed = shell.does("call", keys="101\n#\nsay 4\n#\n1\n\n\n\n")
    assert "fr: Bonjour. Vous avez bien joint Vestibule." in printed
    assert "Camille" in printed
    assert "fr: Merci. Votre message" in printed
    assert printed.endswith("[the call is over: hung_up]\n")


def test_a_flow_is_called_by_its_name_with_what_it_needs(shell: Shell) -> None:
    words = ("call", "voicemail_leave", "--with", "mailbox=102")
    assert "en: You have reached the voice mailbox of William." in shell.does(
        *words, keys="\nhang\n"
    )
    assert "needs mailbox" in shell.fails("call", "voicemail_leave")


def test_a_call_to_a_number_that_leads_nowhere_is_told_what_there_is(shell: Shell) -> None:
    assert "5145550100, 8500" in shell.fails("call", "5145559999")


def test_the_doctor_finds_nothing_that_stops_calls(shell: Shell) -> None:
    words = ("--data", str(shell.data), "--listen", "127.0.0.1:0")
    printed = shell.does("doctor", *words)
    assert "good  flows: all load" in printed
    assert "bad" not in {line.split()[0] for line in printed.splitlines()}


def test_the_doctor_names_what_is_wrong_and_what_to_do(shell: Shell, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        config = tmp_path / "vestibule.toml"
        config.write_text(
            f'[sip]\nlisten = "127.0.0.1:{port}"\n[storage]\ndata = "{shell.data}"\n',
            encoding="utf-8",
        )
        answer = shell.types("doctor", "--config", str(config))
    bad = [line for line in answer.out.splitlines() if line.startswith("bad")]
    assert answer.status == 1
    assert any("UDP: Address already in use. Stop what listens there" in line for line in bad)
    assert any("numbers: none" in line for line in bad)


def test_a_mailbox_that_callers_would_take_for_8500_stops_the_start(shell: Shell) -> None:
    shell.hires("8500", "Nobody")
    words = ("--data", str(shell.data), "--listen", "127.0.0.1:0")
    examined = shell.types("doctor", *words)
    started = shell.types("demo", *words)
    assert (examined.status, started.status) == (1, 1)
    for said in (examined.out, started.err):
        assert "8500" in next(line for line in said.splitlines() if "main_attendant.toml" in line)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sip]\nlisen = 1\n", "sip.lisen"),
        ("[sip\n", "not TOML"),
        ('[sip]\nlisten = "nowhere"\n', "sip.listen: Value error, nowhere: not HOST:PORT"),
        ('[company]\nzone = "Mars/Base"\n', "company.zone: Value error, Mars/Base"),
        ('[storage]\ndata = "{data}"\ndatabase = "nonsense"\n', "storage.database"),
        ('[storage]\ndata = "{data}"\n[mail]\nhost = "h"\npassword_file = "absent"\n', "absent"),
        (
            '[storage]\ndata = "{data}"\n[[numbers]]\nnumber = "8500"\nflow = "voicemail"\n',
            "8500: no flow 'voicemail'",
        ),
    ],
)
def test_settings_that_cannot_be_used_stop_the_start_in_one_line(
    shell: Shell, tmp_path: Path, text: str, told: str
) -> None:
    config = tmp_path / "vestibule.toml"
    config.write_text(text.replace("{data}", str(shell.data)), encoding="utf-8")
    assert told in shell.fails("serve", "--config", str(config))


def test_an_address_that_is_taken_stops_the_start_in_one_line(shell: Shell) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = shell.types("demo", "--listen", listen, "--data", str(shell.data))
    assert answer.status == 1
    assert listen in answer.err.splitlines()[-1]
    assert "Traceback" not in answer.err


def test_a_folder_that_is_not_there_is_told_and_not_made(shell: Shell) -> None:
    assert "no such folder" in shell.fails("message", "list", "101", "--data", str(shell.data))
    assert not shell.data.exists()
