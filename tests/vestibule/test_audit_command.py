"""`vestibule audit`, with and without a server, and what it makes of what a crash left."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from call.clock import SystemClock
from call.leg import Party
from tests.vestibule.shell import Answer, Shell
from tests.voicemail.office import speak
from tests.voicemail.sounds import voice
from vestibule.mailroom import open_mailroom
from vestibule.settings import settings_from
from voicemail.adapters.folder_sounds import wav
from voicemail.adapters.serving_lock import only_server


def audited(shell: Shell, *words: str) -> Answer:
    return shell.types("audit", *words, "--data", str(shell.data))


def crashes_while_somebody_speaks(shell: Shell) -> str:
    """A call that ends with the program; the id of its recording."""
    settings = settings_from({"storage": {"data": shell.data}}, origin="test")

    async def call() -> str:
        async with open_mailroom(settings, SystemClock()) as mailroom:
            deposit = await mailroom.mailboxes.open_deposit("103", Party("5145550123"))
            speak(deposit, voice(2))
            return deposit.id

    return asyncio.run(call())


def put(path: Path, octets: bytes, age: timedelta = timedelta(0)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    at = (datetime.now(UTC) - age).timestamp()
    os.utime(path, (at, at))
    return path


def test_a_folder_in_order_is_told_to_be(shell: Shell) -> None:
    shell.hires()
    shell.leaves()
    assert audited(shell) == Answer(0, "The database and the disk agree.\n", "")


def test_what_can_be_mended_is_told_then_mended_and_the_rest_stays_wrong(shell: Shell) -> None:
    shell.hires()
    lost = shell.leaves()
    (shell.data / "sounds" / "messages" / "103" / f"{lost}.wav").unlink()
    put(shell.data / "sounds" / "messages" / "103" / "01nobody.wav", wav(voice(1)))
    waiting = crashes_while_somebody_speaks(shell)
    frames = put(shell.data / "frames" / "recorded" / "abc.ulaw", bytes(160))
    old = put(shell.data / "deleted" / "104-20200101T120000000000Z.zip", b"PK")
    told = audited(shell)
    assert told.status == 1
    lines = sorted(told.out.splitlines())
    assert [line.partition(";")[0] for line in lines] == [
        f"wrong   archive of a deleted mailbox, kept too long: {old.name}",
        "wrong   copies of recordings for playing, no longer needed: 1",
        f"wrong   message without sound in 103: {lost}",
        f"wrong   recording that waits: {waiting}",
        "wrong   sound of nothing: messages/103/01nobody",
    ]
    assert sorted(audited(shell).out.splitlines()) == lines
    mended = audited(shell, "--mend")
    assert mended.status == 1
    assert sorted(line.split()[0] for line in mended.out.splitlines()) == ["mended"] * 4 + ["wrong"]
    assert not frames.exists()
    assert not old.exists()
    assert waiting in shell.does("message", "list", "103", "--data", str(shell.data))
    shell.does("message", "delete", lost, "--data", str(shell.data))
    after = audited(shell)
    assert (after.status, after.out.splitlines()) == (
        0,
        ["note    set aside: messages/103/01nobody; hear it, then remove it by hand"],
    )


def test_what_a_running_server_is_busy_with_is_left_to_it(shell: Shell) -> None:
    shell.hires()
    waiting = crashes_while_somebody_speaks(shell)
    young = put(shell.data / "sounds" / "messages" / "103" / "01young.wav", wav(voice(1)))
    played = put(shell.data / "frames" / "recorded" / "abc.ulaw", bytes(160))
    forgotten = put(shell.data / "frames" / "recorded" / "def.ulaw", bytes(160), timedelta(hours=3))
    with only_server(shell.data):
        mended = audited(shell, "--mend")
    assert mended == Answer(
        0, "mended  copies of recordings for playing, no longer needed: 1\n", ""
    )
    assert (shell.data / "spool" / f"{waiting}.raw").exists()
    assert young.exists()
    assert played.exists()
    assert not forgotten.exists()


def test_archives_whose_time_is_not_over_and_other_files_stay(shell: Shell) -> None:
    shell.hires()
    shell.does(*shell.mailbox("delete", "103", "--yes"))
    put(shell.data / "deleted" / "notes.zip", b"ours")
    assert audited(shell, "--mend").status == 0
    assert len(list((shell.data / "deleted").iterdir())) == 2
