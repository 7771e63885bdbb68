"""An administrator sets the closure message up."""

from pathlib import Path

import pytest

from tests.vestibule.shell import Shell
from tests.voicemail.sounds import voice
from voicemail.adapters.folder_sounds import wav


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    return Shell(tmp_path / "data", monkeypatch, capsys)


def closure(shell: Shell, *words: str) -> tuple[str, ...]:
    return ("closure", *words, "--data", str(shell.data))


@pytest.fixture
def made(shell: Shell) -> Shell:
    shell.hires("101")
    shell.does(*closure(shell, "add", "8511", "--toggle", "8512", "--pin", "7305"))
    return shell


def test_a_message_is_brought_dated_turned_off_and_removed(made: Shell, tmp_path: Path) -> None:
    sound = tmp_path / "fermeture.wav"
    sound.write_bytes(wav(voice(3)))
    assert "nothing is recorded" in made.fails(*closure(made, "on", "8511"))
    assert "state:         on\n" in made.does(*closure(made, "record", "8511", str(sound)))
    dated = made.does(*closure(made, "edit", "8511", "--first", "2999-12-24", "--replace"))
    assert "on, heard from 2999-12-24" in dated
    assert "in place of the usual sentence" in dated
    assert "off" in made.does(*closure(made, "off", "8511"))
    assert "8511     off" in made.does(*closure(made, "list"))
    assert "agree" in made.does("audit", "--data", str(made.data))
    made.does(*closure(made, "remove", "8511", "--yes"))
    assert made.does(*closure(made, "list")) == ""
    assert "agree" in made.does("audit", "--data", str(made.data))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "101", "--pin", "7305"), "101 is dialled for something else"),
        (("add", "8521", "--pin", "1111"), "one digit repeated"),
        (("add", "8521", "--pin", "7305", "--number", "5140000000"), "no number of the settings"),
        (("edit", "8511", "--toggle", "8511"), "the two codes must be different"),
        (("edit", "8511", "--first", "2027-02-01", "--last", "2027-01-01"), "before it begins"),
        (("pin", "8511", "--pin", "12"), "4 to 10 digits"),
        (("show", "8599"), "there is no closure message 8599"),
        (("off", "8599"), "there is no closure message 8599"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    made: Shell, words: tuple[str, ...], why: str
) -> None:
    assert why in made.fails(*closure(made, *words))


def test_a_code_is_given_to_no_extension(made: Shell) -> None:
    words = ("extension", "add", "8512", "Émile", "--data", str(made.data))
    assert "8512 is a code of a closure message" in made.fails(*words)


def test_a_company_that_never_closes_is_warned_that_nobody_will_hear_it(
    shell: Shell, tmp_path: Path
) -> None:
    settings = tmp_path / "vestibule.toml"
    settings.write_text(f'[storage]\ndata = "{shell.data}"\n')
    words = ("closure", "add", "8511", "--pin", "7305", "--config", str(settings))
    assert "nobody hears a closure message" in shell.does(*words)
