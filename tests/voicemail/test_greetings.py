"""What callers hear before the tone."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.voicemail.office import CALLER, PIN, Office, recording
from tests.voicemail.sounds import hush, voice
from voicemail import (
    Greeting,
    GreetingKind,
    MailboxUnknown,
    SoundRefused,
    TooShort,
    Visit,
    WrongSpool,
)

TEMPORARY, UNAVAILABLE = GreetingKind.TEMPORARY, GreetingKind.UNAVAILABLE


async def owner(office: Office) -> Visit:
    await office.hire()
    return await office.mailboxes.login("101", PIN, CALLER)


async def record(visit: Visit, kind: GreetingKind, pcm: bytes) -> Greeting | TooShort:
    opened = await visit.open_greeting(kind)
    opened.spool.write_bytes(pcm)
    return await visit.keep_greeting(kind, recording(opened.spool, pcm))


async def played(office: Office) -> bytes | None:
    """The greeting the next caller hears."""
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    await office.mailboxes.discard(deposit)
    return None if deposit.greeting is None else _pcm(deposit.greeting)


def _pcm(path: Path) -> bytes:
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == 8000
    octets: bytes = samples.tobytes()
    return octets


async def test_without_a_greeting_the_caller_hears_the_houses(office: Office) -> None:
    await office.hire()
    assert await played(office) is None


async def test_a_temporary_greeting_wins_over_the_usual_one_and_gives_way_when_erased(
    office: Office,
) -> None:
    visit = await owner(office)
    usual, away = voice(3, seed=3), voice(2, seed=4)
    await record(visit, UNAVAILABLE, usual)
    await record(visit, TEMPORARY, away)
    assert await played(office) == away
    assert (await visit.summary()).has_temporary
    assert await visit.erase_greeting(TEMPORARY)
    assert await played(office) == usual
    assert not await visit.erase_greeting(TEMPORARY)


async def test_a_greeting_recorded_again_has_another_name_and_the_first_is_gone(
    office: Office,
) -> None:
    visit = await owner(office)
    await record(visit, TEMPORARY, voice(2, seed=3))
    first = await visit.greeting(TEMPORARY)
    office.clock.advance(1)
    await record(visit, TEMPORARY, voice(2, seed=4))
    second = await visit.greeting(TEMPORARY)
    assert first is not None
    assert second is not None
    assert first != second
    assert not first.exists()
    assert await played(office) == voice(2, seed=4)


async def test_saying_nothing_keeps_the_greeting_there_was(office: Office) -> None:
    visit = await owner(office)
    await record(visit, TEMPORARY, voice(2))
    assert isinstance(await record(visit, TEMPORARY, hush(5)), TooShort)
    assert await played(office) == voice(2)


async def test_a_greeting_not_kept_changes_nothing_and_leaves_nothing(office: Office) -> None:
    visit = await owner(office)
    opened = await visit.open_greeting(TEMPORARY)
    opened.spool.write_bytes(voice(2))
    await visit.discard_greeting()
    assert not opened.spool.exists()
    assert await played(office) is None


async def test_a_crash_while_a_greeting_is_recorded_cancels_it(office: Office) -> None:
    visit = await owner(office)
    opened = await visit.open_greeting(TEMPORARY)
    opened.spool.write_bytes(voice(2))
    assert await office.mailboxes.recover() == 0
    assert not opened.spool.exists()
    assert await played(office) is None


async def test_a_greeting_is_kept_under_the_kind_it_was_recorded_for(office: Office) -> None:
    visit = await owner(office)
    opened = await visit.open_greeting(TEMPORARY)
    opened.spool.write_bytes(voice(2))
    with pytest.raises(WrongSpool):
        await visit.keep_greeting(UNAVAILABLE, recording(opened.spool, voice(2)))


@pytest.mark.parametrize("name", ["accueil.wav", "accueil.flac", "accueil.ogg", "accueil.mp3"])
async def test_a_quiet_studio_file_becomes_a_greeting_at_telephone_level(
    office: Office, tmp_path: Path, name: str
) -> None:
    await office.hire()
    at = np.arange(2 * 44100) / 44100
    tone = 0.05 * np.sin(2 * np.pi * 440 * at)
    soundfile.write(tmp_path / name, np.stack([tone, tone], axis=1), 44100)
    kept = await office.mailboxes.import_greeting("101", UNAVAILABLE, tmp_path / name)
    heard = np.frombuffer(await played(office) or b"", dtype=np.int16).astype(float)
    assert kept.duration_s == pytest.approx(2.0, abs=0.1)
    assert 20000 < np.abs(heard).max() < 26000
    assert np.abs(heard[:20]).max() < 3000


@pytest.mark.parametrize("octets", [b"", b"not a sound", b"RIFF\x00\x00\x00\x00WAVE"])
async def test_what_is_not_a_sound_is_refused(
    office: Office, tmp_path: Path, octets: bytes
) -> None:
    await office.hire()
    (tmp_path / "x.wav").write_bytes(octets)
    with pytest.raises(SoundRefused):
        await office.mailboxes.import_greeting("101", UNAVAILABLE, tmp_path / "x.wav")


async def test_a_greeting_for_nobody_is_refused(office: Office, tmp_path: Path) -> None:
    with pytest.raises(MailboxUnknown):
        await office.mailboxes.import_greeting("999", UNAVAILABLE, tmp_path / "x.wav")
