"""The synthetic voice has a process of its own, and calls do not feel what happens to it."""

import asyncio
import gc
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from call.sound import RATE
from ivr.voices import espeak as espeak_module
from ivr.voices.espeak import Espeak, SyntheticVoice, VoiceUnavailable

REPOSITORY = Path(__file__).parents[2]
FRENCH = SyntheticVoice("roa/fr")


async def test_a_voice_killed_in_the_middle_of_a_sentence_says_it_all_the_same():
    async with Espeak() as espeak:
        await espeak.say("Bonjour.", FRENCH)
        os.kill(espeak.pid, signal.SIGSTOP)
        speaking = asyncio.create_task(espeak.say("Vous avez deux nouveaux messages.", FRENCH))
        await asyncio.sleep(0)
        first = espeak.pid
        os.kill(first, signal.SIGKILL)
        assert len(await speaking) > RATE
        assert espeak.pid != first


async def test_a_voice_that_hangs_is_replaced():
    async with Espeak(timeout_s=1.0) as espeak:
        await espeak.say("Bonjour.", FRENCH)
        first = espeak.pid
        os.kill(first, signal.SIGSTOP)
        assert len(await espeak.say("Au revoir.", FRENCH)) > RATE / 4
        assert espeak.pid != first


async def test_a_caller_who_leaves_while_the_voice_works_disturbs_nobody():
    async with Espeak() as espeak:
        await espeak.say("Bonjour.", FRENCH)
        os.kill(espeak.pid, signal.SIGSTOP)
        speaking = asyncio.create_task(espeak.say("Une phrase que nul n'attend.", FRENCH))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking
        assert len(await espeak.say("Au revoir.", FRENCH)) > RATE / 4


def test_a_voice_that_died_is_over_when_it_is_closed_however_late_its_pipe_ends(
    monkeypatch, tmp_path
):
    dies = tmp_path / "dies.py"
    dies.write_text(
        "import os, time\n"
        'print(\'{"error": "nothing to say"}\', flush=True)\n'
        "if os.fork() == 0:\n"
        "    time.sleep(0.3)\n"
    )
    monkeypatch.setattr(espeak_module, "WORKER", dies)
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)

    async def speaks():
        async with Espeak() as espeak:
            with pytest.raises(VoiceUnavailable, match="nothing to say"):
                await espeak.say("Bonjour.", FRENCH)
            while is_there(espeak.pid):  # noqa: ASYNC110 - its end tells nobody
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.01)

    asyncio.run(speaks())
    gc.collect()
    assert complaints == []


def test_nothing_remains_of_a_voice_that_was_cut_in_a_long_sentence(monkeypatch, tmp_path):
    goes_on, spoke = tmp_path / "goes_on.py", tmp_path / "spoke"
    goes_on.write_text(
        "import pathlib, sys\n"
        'print(\'{"rate": 8000, "octets": 1000000000}\', flush=True)\n'
        "for number in range(1 << 20):\n"
        '    sys.stdout.write("0" * 4096)\n'
        "    if number == 256:\n"
        f"        pathlib.Path({str(spoke)!r}).touch()\n"
    )
    monkeypatch.setattr(espeak_module, "WORKER", goes_on)
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)

    async def speaks():
        async with Espeak() as espeak:
            for _ in range(2):
                speaking = asyncio.create_task(espeak.say("Une longue phrase.", FRENCH))
                while not spoke.exists():  # noqa: ASYNC110 - its beginning tells nobody
                    await asyncio.sleep(0.01)
                first = espeak.pid
                speaking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await speaking
                spoke.unlink()
                while is_there(first):  # noqa: ASYNC110 - nor does its end
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.01)

    asyncio.run(speaks())
    gc.collect()
    assert complaints == []


def is_there(pid):
    return Path(f"/proc/{pid}").exists()


async def test_an_unknown_voice_is_refused_and_the_next_sentence_is_said():
    async with Espeak() as espeak:
        with pytest.raises(VoiceUnavailable, match="klingon"):
            await espeak.say("nuqneH", SyntheticVoice("klingon-of-nowhere"))
        with pytest.raises(VoiceUnavailable, match="nothing"):
            await espeak.say(" ", FRENCH)
        assert len(await espeak.say("Au revoir.", FRENCH)) > RATE / 4


PARENT = """
import asyncio
from ivr.voices import espeak as espeak_module
from ivr.voices.espeak import Espeak, SyntheticVoice

async def main():
    espeak = Espeak()
    await espeak.say("Bonjour.", SyntheticVoice("roa/fr"))
    print(espeak.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_the_voice_ends_with_the_program_even_when_that_is_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=REPOSITORY, text=True
    )
    with parent:
        assert parent.stdout is not None
        worker = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    try:
        ended, _, _ = select.select([worker], [], [], 10)
    finally:
        os.close(worker)
    assert ended


def test_the_process_that_speaks_shares_nothing_with_the_program():
    source = (REPOSITORY / "ivr" / "voices" / "espeak_worker.py").read_text(encoding="utf-8")
    imported = {line.split()[1].partition(".")[0] for line in source.splitlines()
                if line.startswith(("import ", "from "))}  # fmt: skip
    assert not imported & {"call", "ivr", "voicemail", "telephony", "vestibule", "numpy"}
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, ivr.voices.voice; print(*sys.modules)"],
        capture_output=True, check=True, cwd=REPOSITORY, text=True,
    ).stdout.split()  # fmt: skip
    assert "espeakng_loader" not in loaded
