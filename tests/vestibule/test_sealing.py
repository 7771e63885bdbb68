"""An administrator has recordings sealed, changes keys, and reads what is wrong with them."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from call.clock import SystemClock, VirtualClock
from call.g711 import encode
from call.leg import Party
from call.sound import Law
from ivr.prompts import Recorded
from ivr.voices.voice import open_voice
from tests.vestibule.shell import Shell
from tests.voicemail.office import CALLER, speak
from tests.voicemail.sounds import voice
from vestibule.housekeeping import chores
from vestibule.mailroom import Mailroom, open_mailroom
from vestibule.program import private_frames
from vestibule.settings import Settings, settings_from
from vestibule.shipped import PROMPTS, read_book
from voicemail import GreetingKind, Mailbox, Move, Selected, SoundUnavailable

KEYS = "VESTIBULE__STORAGE__KEYS_FILE"
SAID = voice(3.0, seed=7)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the keys are, or will be."""
    path = tmp_path / "etc" / "keys"
    monkeypatch.setenv(KEYS, str(path))
    return path


def typed(shell: Shell, *words: str) -> str:
    return shell.does(*words, "--data", str(shell.data))


def new_key(shell: Shell) -> str:
    return typed(shell, "keys", "new").split()[1]


def sealed_files(data: Path) -> list[Path]:
    return sorted((data / "sounds").rglob("*.sealed"))


def plain_copies(data: Path, pcm: bytes) -> Iterator[str]:
    """Files in which some of the samples stand, as a WAV file or as frames would hold them."""
    samples = np.frombuffer(pcm, dtype=np.int16)
    forms = [pcm, *(encode(samples, law).tobytes() for law in Law)]
    pieces = [form[at : at + 48] for form in forms for at in range(4000, len(form) - 48, 4000)]
    for path in data.rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            if any(piece in octets for piece in pieces):
                yield path.relative_to(data).as_posix()


async def a_day(settings: Settings) -> None:
    """A message is left, a greeting recorded, and both are heard by telephone."""
    async with open_mailroom(settings, SystemClock()) as mailroom:
        boxes = mailroom.mailboxes
        await boxes.create(Mailbox("101", "Camille"), "4711")
        deposit = await boxes.open_deposit("101", Party("5145550123", "Marc"))
        speak(deposit, SAID)
        await boxes.keep(deposit)
        visit = await boxes.login("101", "4711", CALLER)
        opened = await visit.open_greeting(GreetingKind.TEMPORARY)
        speak(opened, SAID)
        await visit.keep_greeting(GreetingKind.TEMPORARY)
        greeting, selected = await boxes.greeting("101"), await visit.select(Move.FIRST)
        assert greeting is not None
        assert isinstance(selected, Selected)
        await play(mailroom, settings, greeting, selected.sound)


async def play(mailroom: Mailroom, settings: Settings, *paths: Path) -> None:
    """Make recordings ready for playing, as the running program does."""
    async with open_voice(
        read_book(), PROMPTS, settings.storage.data / "frames", recorded=private_frames(mailroom)
    ) as saying:
        clips = await saying.clips([Recorded(path) for path in paths])
    assert [clip.frames for clip in clips] == [len(SAID) // 320] * len(paths)


@pytest.mark.parametrize("sealing", [True, False])
def test_nothing_that_was_said_can_be_found_in_the_data_folder(
    shell: Shell, keys: Path, monkeypatch: pytest.MonkeyPatch, sealing: bool
) -> None:
    if sealing:
        new_key(shell)
    else:
        monkeypatch.delenv(KEYS)
    asyncio.run(a_day(settings_from({"storage": {"data": shell.data}}, origin="test")))
    found = list(plain_copies(shell.data, SAID))
    assert len(found) == (0 if sealing else 6)
    assert len(sealed_files(shell.data)) == (2 if sealing else 0)


def test_sealing_is_switched_on_where_recordings_lie_plain_already(
    shell: Shell, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.delenv(KEYS)
        asyncio.run(a_day(settings_from({"storage": {"data": shell.data}}, origin="test")))
    key = new_key(shell)
    assert "2 are not sealed; run: vestibule keys rotate" in typed(shell, "keys", "check")
    assert f"Sealed under {key} now: 0 that were under older keys, 2 that were plain." in typed(
        shell, "keys", "rotate"
    )
    assert typed(shell, "keys", "check") == f"2 recordings open.\n  under key {key}: 2\n"
    settings = settings_from({"storage": {"data": shell.data}}, origin="test")
    asyncio.run(start(settings))
    assert list(plain_copies(shell.data, SAID)) == []


async def start(settings: Settings) -> None:
    """Start and stop, as far as recordings know of it."""
    async with (
        open_mailroom(settings, SystemClock()) as mailroom,
        open_voice(
            read_book(),
            PROMPTS,
            settings.storage.data / "frames",
            recorded=private_frames(mailroom),
        ),
    ):
        await mailroom.mailboxes.recover()


def test_a_key_is_changed_and_the_old_one_told_to_be_of_no_more_use(
    shell: Shell, keys: Path
) -> None:
    old = new_key(shell)
    shell.hires()
    id = shell.leaves()
    new = new_key(shell)
    assert keys.stat().st_mode & 0o777 == 0o600
    told = typed(shell, "keys", "rotate")
    assert f"Sealed under {new} now: 1 that were under older keys" in told
    assert f"No recording here needs these keys any more: {old}. Older backups may." in told
    keys.write_text(keys.read_text("ascii").splitlines()[0] + "\n", encoding="ascii")
    file = shell.data / "sound.wav"
    assert "3.0 s" in typed(shell, "message", "export", id, str(file))


def test_what_cannot_be_opened_is_listed_and_the_rest_is_done(shell: Shell, keys: Path) -> None:
    new_key(shell)
    shell.hires()
    broken, whole = shell.leaves(), shell.leaves()
    (path,) = (each for each in sealed_files(shell.data) if broken in each.name)
    path.write_bytes(path.read_bytes()[:-100])
    new_key(shell)
    for command in ("rotate", "check"):
        answer = shell.types("keys", command, "--data", str(shell.data))
        (line,) = answer.err.splitlines()
        assert answer.status == 1
        assert broken in line
        assert "cut short" in line
        assert "No recording here needs" not in answer.out
    assert "1 recordings open" in answer.out
    assert "3.0 s" in typed(shell, "message", "export", whole, str(shell.data / "sound.wav"))


def test_without_its_keys_the_program_says_so_in_one_line_and_touches_nothing(
    shell: Shell, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_key(shell)
    shell.hires()
    id = shell.leaves()
    before = [path.read_bytes() for path in sealed_files(shell.data)]
    keys.rename(keys.with_name("away"))
    words = ("--data", str(shell.data))
    for command in (("message", "list", "103"), ("keys", "check"), ("keys", "rotate")):
        assert "is not there; put it back" in shell.fails(*command, *words)
    monkeypatch.delenv(KEYS)
    sound = shell.data / "sound.wav"
    assert "storage.keys_file" in shell.fails("message", "export", id, str(sound), *words)
    assert "storage.keys_file is not set" in shell.fails("keys", "check", *words)
    assert [path.read_bytes() for path in sealed_files(shell.data)] == before


def test_without_the_extra_the_program_runs_and_sealing_says_what_to_install(
    shell: Shell, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    monkeypatch.delitem(sys.modules, "voicemail.adapters.sealing", raising=False)
    assert "pip install 'vestibule[sealed]'" in shell.fails(
        "keys", "new", "--data", str(shell.data)
    )
    monkeypatch.delenv(KEYS)
    shell.hires()


def test_what_is_said_while_the_keys_are_away_is_kept_once_they_are_back(
    shell: Shell, keys: Path
) -> None:
    new_key(shell)
    shell.hires()
    settings = settings_from({"storage": {"data": shell.data}}, origin="test")

    def away() -> None:
        keys.rename(keys.with_name("away"))

    async def call() -> None:
        async with open_mailroom(settings, SystemClock()) as mailroom:
            boxes = mailroom.mailboxes
            deposit = await boxes.open_deposit("103", Party("5145550123", "Marc"))
            speak(deposit, SAID)
            away()
            with pytest.raises(SoundUnavailable, match="put it back"):
                await boxes.keep(deposit)

    async def next_start() -> int:
        async with open_mailroom(settings, SystemClock()) as mailroom:
            return await mailroom.mailboxes.recover()

    asyncio.run(call())
    keys.with_name("away").rename(keys)
    assert asyncio.run(next_start()) == 1


def finding(shell: Shell, about: str) -> list[str]:
    """What the doctor says of sealing."""
    printed = shell.types("doctor", "--data", str(shell.data), "--listen", "127.0.0.1:0").out
    return [line for line in printed.splitlines() if about in line]


def test_the_doctor_follows_the_keys(
    shell: Shell, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (line,) = finding(shell, "keys_file")
    assert line.startswith("bad")
    assert "make one: vestibule keys new" in line
    old = new_key(shell)
    shell.hires()
    shell.leaves()
    (line,) = finding(shell, "keys_file")
    assert line.endswith(f"new recordings are sealed under {old}")
    new = new_key(shell)
    assert (
        f"1 recordings are not under {new}. Run: vestibule keys rotate."
        in finding(shell, "keys_file")[-1]
    )
    keys.chmod(0o644)
    assert "open to other users; run: chmod 600" in finding(shell, "keys_file")[0]
    keys.chmod(0o600)
    keys.write_text(keys.read_text("ascii").splitlines()[0], encoding="ascii")
    assert (
        f"bad   storage.keys_file {keys}: 1 recordings are under key {old}"
        in finding(shell, "keys_file")[1]
    )
    monkeypatch.setenv(KEYS, str(shell.data / "keys"))
    new_key(shell)
    assert "lies beside what it seals" in finding(shell, "keys_file")[-1]
    monkeypatch.delenv(KEYS)
    assert "unset, and 1 recordings are sealed" in finding(shell, "keys_file")[0]


async def test_opened_recordings_and_their_frames_are_gone_after_an_hour_and_at_the_end(
    tmp_path: Path, shell: Shell, keys: Path
) -> None:
    new_key(shell)
    settings, clock = settings_from({"storage": {"data": tmp_path}}, origin="test"), VirtualClock()
    async with open_mailroom(settings, clock) as mailroom:
        boxes = mailroom.mailboxes
        await boxes.create(Mailbox("101", "Camille"), "4711")
        path = ROOT / "audio_fixtures" / "greeting_3s.wav"
        await boxes.administration("test").set_greeting("101", GreetingKind.TEMPORARY, path)
        greeting = await boxes.greeting("101")
        assert greeting is not None
        async with open_voice(
            read_book(), PROMPTS, tmp_path / "frames", recorded=private_frames(mailroom)
        ) as saying:
            (clip,) = await saying.clips([Recorded(greeting)])
            files = [greeting, *(clip.file(law) for law in Law)]
            for file in files[1:]:
                os.utime(file, times=(clock.now().timestamp(),) * 2)
            forget = next(
                chore
                for chore in chores(mailroom, saying, clock, "Tremblay")
                if chore.name == "opened sounds"
            )
            await forget.do()
            assert all(file.exists() for file in files)
            clock.advance(3601 - (forget.again_s or 0))
            await forget.do()
            assert not any(file.exists() for file in files)
        again = await boxes.greeting("101")
        assert again is not None
    assert not again.exists()


def test_recordings_under_way_lie_where_the_settings_say(tmp_path: Path) -> None:
    elsewhere = tmp_path / "memory"
    settings = settings_from(
        {"storage": {"data": tmp_path / "data", "spool": elsewhere}}, origin="test"
    )

    async def begin() -> Path:
        async with open_mailroom(settings, SystemClock()) as mailroom:
            await mailroom.mailboxes.create(Mailbox("101", "Camille"), "4711")
            deposit = await mailroom.mailboxes.open_deposit("101", Party("5145550123", "Marc"))
            return deposit.spool

    assert asyncio.run(begin()).parent == elsewhere
    assert not (tmp_path / "data" / "spool").exists()
