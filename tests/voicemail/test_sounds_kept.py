"""What every audio store promises."""

from pathlib import Path

import pytest
import soundfile

from tests.voicemail.sealing import key_file, sealed_store
from tests.voicemail.sounds import voice
from voicemail import SoundUnavailable
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.ports import AudioStore


@pytest.fixture(params=["plain", "sealed"])
def sounds(request: pytest.FixtureRequest, tmp_path: Path) -> AudioStore:
    if request.param == "sealed":
        return sealed_store(tmp_path, key_file(tmp_path, "k1"))
    return FolderSounds(tmp_path / "audio")


async def test_a_sound_comes_back_sample_for_sample(sounds: AudioStore) -> None:
    await sounds.put("messages/101/a", voice(1))
    pcm, rate = soundfile.read(await sounds.local("messages/101/a"), dtype="int16")
    assert rate == 8000
    assert pcm.tobytes() == voice(1)


async def test_a_sound_put_twice_is_there(sounds: AudioStore) -> None:
    for _ in range(2):
        await sounds.put("a", voice(1))
    assert (await sounds.local("a")).stat().st_size == 44 + len(voice(1))


async def test_every_sound_is_named(sounds: AudioStore) -> None:
    for name in ("messages/101/a", "greetings/101/busy-1"):
        await sounds.put(name, voice(1))
    assert await sounds.names() == {"messages/101/a", "greetings/101/busy-1"}


async def test_a_sound_that_is_not_there_is_unavailable(sounds: AudioStore) -> None:
    with pytest.raises(SoundUnavailable):
        await sounds.local("a")


async def test_a_deleted_sound_is_gone_and_may_be_deleted_again(sounds: AudioStore) -> None:
    await sounds.put("a", voice(1))
    for _ in range(2):
        await sounds.delete("a")
    with pytest.raises(SoundUnavailable):
        await sounds.local("a")


async def test_sweeping_takes_only_what_was_never_finished(
    sounds: AudioStore, tmp_path: Path
) -> None:
    await sounds.put("messages/101/a", voice(1))
    half = tmp_path / "audio" / "messages" / "101" / "b.wav.part"
    half.write_bytes(b"RIFF")
    await sounds.sweep()
    assert not half.exists()
    assert (await sounds.local("messages/101/a")).exists()


async def test_a_disk_that_refuses_is_unavailable(sounds: AudioStore, tmp_path: Path) -> None:
    (tmp_path / "audio").write_bytes(b"a file where a folder should be")
    with pytest.raises(SoundUnavailable):
        await sounds.put("a", voice(1))
