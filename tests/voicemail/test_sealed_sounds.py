"""Recordings that nobody can listen to without the keys, and that nothing is lost of."""

import asyncio
import errno
import itertools
import os
from pathlib import Path
from threading import Thread

import pytest
import soundfile

from call.clock import VirtualClock
from tests.voicemail.office import SeededTokens
from tests.voicemail.sealing import PowerCut, key, key_file, power_cut, sealed_store
from tests.voicemail.sounds import voice
from voicemail import SoundUnavailable
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.adapters.keys import KeyFile
from voicemail.adapters.private_folder import private_folder
from voicemail.adapters.resealing import examine, reseal
from voicemail.adapters.sealed_head import keys_used
from voicemail.adapters.sound_files import names_in, remove_sound
from voicemail.errors import KeysRefused
from voicemail.ports import AudioStore

SPOKEN = voice(1)
NAME = "messages/101/a"


async def heard(store: AudioStore, name: str) -> bytes:
    pcm, _ = soundfile.read(await store.local(name), dtype="int16")
    octets: bytes = pcm.tobytes()
    return octets


def sealed(folder: Path, name: str = NAME) -> Path:
    return folder / "audio" / f"{name}.wav.sealed"


async def test_the_same_sound_sealed_twice_never_looks_alike(tmp_path: Path) -> None:
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    await store.put(NAME, SPOKEN)
    first = sealed(tmp_path).read_bytes()
    await store.put(NAME, SPOKEN)
    again = sealed(tmp_path).read_bytes()
    assert len(first) == len(again)
    assert first[-2000:] != again[-2000:]
    assert SPOKEN[:64] not in first + again


@pytest.mark.parametrize("at", [0, 8, 9, 10, 12, 20, 40, 4000, -1])
async def test_one_altered_octet_anywhere_is_found_and_the_file_left_alone(
    tmp_path: Path, at: int
) -> None:
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    await store.put(NAME, SPOKEN)
    octets = bytearray(sealed(tmp_path).read_bytes())
    octets[at] ^= 1
    sealed(tmp_path).write_bytes(octets)
    with pytest.raises(SoundUnavailable, match=NAME):
        await store.local(NAME)
    assert sealed(tmp_path).read_bytes() == octets


@pytest.mark.parametrize("length", [0, 5, 9, 11, 20, 28, 4000])
async def test_a_file_cut_short_is_told(tmp_path: Path, length: int) -> None:
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    await store.put(NAME, SPOKEN)
    sealed(tmp_path).write_bytes(sealed(tmp_path).read_bytes()[:length])
    with pytest.raises(SoundUnavailable, match=r"not a whole|cut short"):
        await store.local(NAME)


async def test_files_that_changed_places_do_not_open(tmp_path: Path) -> None:
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    await store.put(NAME, SPOKEN)
    await store.put("messages/102/b", voice(1, seed=2))
    mine, theirs = sealed(tmp_path), sealed(tmp_path, "messages/102/b")
    octets = mine.read_bytes()
    mine.write_bytes(theirs.read_bytes())
    theirs.write_bytes(octets)
    for name in (NAME, "messages/102/b"):
        with pytest.raises(SoundUnavailable, match="another's place"):
            await store.local(name)


async def test_a_key_that_is_not_in_the_file_is_named(tmp_path: Path) -> None:
    await sealed_store(tmp_path, key_file(tmp_path, "k1")).put(NAME, SPOKEN)
    other = key_file(tmp_path / "elsewhere", "k2")
    with pytest.raises(SoundUnavailable, match="under key k1, which"):
        await sealed_store(tmp_path, other).local(NAME)


async def test_another_key_of_the_same_name_does_not_open(tmp_path: Path) -> None:
    await sealed_store(tmp_path, key_file(tmp_path, "k1")).put(NAME, SPOKEN)
    impostor = tmp_path / "impostor"
    impostor.write_text(f"k1:{'A' * 43}=\n", encoding="ascii")
    impostor.chmod(0o600)
    with pytest.raises(SoundUnavailable, match="another one of that name"):
        await sealed_store(tmp_path, KeyFile(impostor)).local(NAME)


async def test_while_the_key_file_is_away_nothing_is_kept_and_nothing_forgotten(
    tmp_path: Path,
) -> None:
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    await store.put(NAME, SPOKEN)
    (tmp_path / "keys").rename(tmp_path / "away")
    with pytest.raises(SoundUnavailable, match="is not there; put it back"):
        await store.local(NAME)
    with pytest.raises(SoundUnavailable, match="is not there; put it back"):
        await store.put("messages/101/b", SPOKEN)
    (tmp_path / "away").rename(tmp_path / "keys")
    await store.put("messages/101/b", SPOKEN)
    assert await heard(store, NAME) == await heard(store, "messages/101/b") == SPOKEN


async def test_a_sound_from_before_sealing_is_heard_and_goes_with_its_message(
    tmp_path: Path,
) -> None:
    await FolderSounds(tmp_path / "audio").put(NAME, SPOKEN)
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    assert await heard(store, NAME) == SPOKEN
    assert await store.names() == {NAME}
    await store.put(NAME, SPOKEN)
    assert not (tmp_path / "audio" / f"{NAME}.wav").exists()
    await store.delete(NAME)
    assert await store.names() == frozenset()


async def test_with_sealing_switched_off_a_sealed_sound_names_the_setting(tmp_path: Path) -> None:
    await sealed_store(tmp_path, key_file(tmp_path, "k1")).put(NAME, SPOKEN)
    plain = FolderSounds(tmp_path / "audio")
    with pytest.raises(SoundUnavailable, match=r"storage\.keys_file"):
        await plain.local(NAME)
    assert await plain.names() == {NAME}
    await plain.delete(NAME)
    assert not sealed(tmp_path).exists()


async def test_an_opened_copy_goes_with_its_sound_and_within_the_hour(tmp_path: Path) -> None:
    clock = VirtualClock()
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"), clock=clock)
    await store.put(NAME, SPOKEN)
    copy = await store.local(NAME)
    made = copy.stat().st_mtime_ns
    clock.advance(29 * 60)
    assert await store.local(NAME) == copy
    clock.advance(26 * 60)
    store.opened.forget_old()
    assert not copy.exists()
    assert (await store.local(NAME)).stat().st_mtime_ns == made
    await store.delete(NAME)
    assert not copy.exists()


async def test_a_copy_handed_out_may_be_read_for_minutes_more(tmp_path: Path) -> None:
    clock = VirtualClock()
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"), clock=clock)
    await store.put(NAME, SPOKEN)
    await store.local(NAME)
    clock.advance(31 * 60)
    copy = await store.local(NAME)
    clock.advance(25 * 60)
    store.opened.forget_old()
    assert copy.exists()


async def test_when_memory_is_full_copies_make_room_that_nobody_was_just_handed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"), clock=clock)
    names = [f"messages/101/{n}" for n in range(3)]
    for name in names:
        await store.put(name, SPOKEN)
    old = await store.local(names[0])
    clock.advance(90)
    fresh = await store.local(names[1])
    real = os.utime

    def full_while_the_old_one_is_there(path: str, ns: tuple[int, int]) -> None:
        if old.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, ns=ns)

    monkeypatch.setattr(os, "utime", full_while_the_old_one_is_there)
    assert await heard(store, names[2]) == SPOKEN
    assert (old.exists(), fresh.exists()) == (False, True)
    assert await heard(store, names[0]) == SPOKEN


async def test_when_memory_is_full_for_good_the_sound_is_unavailable_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    await store.put(NAME, SPOKEN)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "utime", full)
    with pytest.raises(SoundUnavailable, match="No space left"):
        await store.local(NAME)
    assert [path for path in (tmp_path / "opened").rglob("*") if path.is_file()] == []


async def test_callers_who_open_one_sound_together_all_hear_it(tmp_path: Path) -> None:
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    await store.put(NAME, SPOKEN)
    assert set(await asyncio.gather(*(heard(store, NAME) for _ in range(20)))) == {SPOKEN}


@pytest.mark.parametrize("in_memory", [True, False])
def test_the_folder_of_opened_sounds_is_ours_alone_and_goes_at_the_end(
    tmp_path: Path, in_memory: bool
) -> None:
    memory = Path("/dev/shm") if in_memory else tmp_path / "no memory here"
    with private_folder(tmp_path / "opened", memory) as folder:
        assert folder.parent == (memory if in_memory else tmp_path / "opened")
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "copy.wav").write_bytes(SPOKEN)
    assert not folder.exists()


def test_what_a_crash_left_open_goes_at_the_next_start_and_what_is_in_use_stays(
    tmp_path: Path,
) -> None:
    memory = tmp_path / "no memory here"
    left = tmp_path / "opened" / "vestibule-opened-left"
    left.mkdir(parents=True)
    (left / "copy.wav").write_bytes(SPOKEN)
    with private_folder(tmp_path / "opened", memory) as mine:
        (mine / "copy.wav").write_bytes(SPOKEN)
        assert not left.exists()
        with private_folder(tmp_path / "opened", memory) as theirs:
            assert theirs != mine
            assert (mine / "copy.wav").exists()


async def test_a_rotation_brings_old_and_plain_sounds_under_the_newest_key(tmp_path: Path) -> None:
    await FolderSounds(tmp_path / "audio").put("greetings/101/g", SPOKEN)
    await sealed_store(tmp_path, key_file(tmp_path, "k1")).put(NAME, SPOKEN)
    keys = key_file(tmp_path, "k2")
    store = sealed_store(tmp_path, keys, tokens=99)
    await store.put("messages/101/b", SPOKEN)
    done = reseal(tmp_path / "audio", keys, SeededTokens())
    assert (done.key, done.were_plain, done.were_old, done.already) == ("k2", 1, 1, 1)
    assert (done.unused, done.faults) == (("k1",), ())
    assert keys_used(tmp_path / "audio") == {"k2": 3}
    again = reseal(tmp_path / "audio", keys, SeededTokens())
    assert (again.were_plain, again.were_old, again.already) == (0, 0, 3)
    for name in ("greetings/101/g", NAME, "messages/101/b"):
        assert await heard(store, name) == SPOKEN


async def test_whoever_listens_while_keys_are_rotated_hears_the_sound_to_its_end(
    tmp_path: Path,
) -> None:
    await FolderSounds(tmp_path / "audio").put(NAME, SPOKEN)
    keys = key_file(tmp_path, "k1")
    listening = await sealed_store(tmp_path, keys).local(NAME)
    assert reseal(tmp_path / "audio", keys, SeededTokens()).were_plain == 1
    pcm, _ = soundfile.read(listening, dtype="int16")
    assert pcm.tobytes() == SPOKEN


async def test_a_rotation_tells_what_it_cannot_open_and_leaves_it_and_its_key(
    tmp_path: Path,
) -> None:
    store = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    for name in (NAME, "messages/101/b"):
        await store.put(name, SPOKEN)
    octets = sealed(tmp_path).read_bytes()[:-1]
    sealed(tmp_path).write_bytes(octets)
    keys = key_file(tmp_path, "k2")
    done = reseal(tmp_path / "audio", keys, SeededTokens())
    assert (done.were_old, done.unused) == (1, ())
    (fault,) = done.faults
    assert fault.startswith(NAME)
    assert sealed(tmp_path).read_bytes() == octets
    found = examine(tmp_path / "audio", keys)
    assert (dict(found.opened), found.plain, found.faults) == ({"k2": 1}, 0, (fault,))


@pytest.mark.parametrize("after", [False, True])
async def test_a_rotation_that_dies_at_any_step_loses_nothing_and_the_next_one_ends_it(
    tmp_path: Path, after: bool
) -> None:
    names = (NAME, "greetings/101/g")
    for step in itertools.count():
        folder = tmp_path / str(step)
        await FolderSounds(folder / "audio").put(names[0], SPOKEN)
        await sealed_store(folder, key_file(folder, "k1")).put(names[1], SPOKEN)
        keys = key_file(folder, "k2")
        try:
            with power_cut(step, after=after):
                reseal(folder / "audio", keys, SeededTokens())
        except PowerCut:
            survivor = sealed_store(folder, keys)
            for name in names:
                assert await heard(survivor, name) == SPOKEN
            assert reseal(folder / "audio", keys, SeededTokens()).faults == ()
            await survivor.sweep()
            assert keys_used(folder / "audio") == {"k2": 2}
            files = [path for path in (folder / "audio").rglob("*") if path.is_file()]
            assert len(files) == 2
        else:
            break
    assert step > 6


class DeletesMeanwhile(SeededTokens):
    """Has another thread delete a sound while it is being sealed anew."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.deletion = Thread(target=remove_sound, args=(folder, NAME))

    def token(self, octets: int) -> bytes:
        self.deletion.start()
        self.deletion.join(0.2)
        return super().token(octets)


async def test_a_sound_deleted_while_it_is_sealed_anew_does_not_come_back(tmp_path: Path) -> None:
    await sealed_store(tmp_path, key_file(tmp_path, "k1")).put(NAME, SPOKEN)
    tokens = DeletesMeanwhile(tmp_path / "audio")
    assert reseal(tmp_path / "audio", key_file(tmp_path, "k2"), tokens).faults == ()
    tokens.deletion.join()
    assert names_in(tmp_path / "audio") == frozenset()


def test_a_new_key_goes_on_top_and_the_file_is_ours_alone(tmp_path: Path) -> None:
    keys = key_file(tmp_path / "etc", "k1")
    path = tmp_path / "etc" / "keys"
    path.write_text("# of the office\n\n" + path.read_text("ascii"), encoding="ascii")
    keys.add(key("k2"))
    assert [each.id for each in keys.read().keys] == ["k2", "k1"]
    assert "# of the office" in path.read_text("ascii")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeysRefused, match="k1 already"):
        keys.add(key("k1"))


@pytest.mark.parametrize("after", [False, True])
def test_a_key_being_added_when_the_power_goes_costs_no_other_key(
    tmp_path: Path, after: bool
) -> None:
    for step in itertools.count():
        keys = key_file(tmp_path / str(step), "k1")
        try:
            with power_cut(step, after=after):
                keys.add(key("k2"))
        except PowerCut:
            assert keys.read().keys[-1] == key("k1")
            keys.add(key("k3"))
            assert keys.read().newest == key("k3")
        else:
            break
    assert step > 2


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        ("", 0o600, "holds no key"),
        (f"k1:{'A' * 43}=\n", 0o640, "chmod 600"),
        (f"k1:{'A' * 43}=\n", 0o604, "chmod 600"),
        ("# a key\nk1:c2hvcnQ=\n", 0o600, "line 2: not ID:KEY"),
        ("c2VjcmV0\n", 0o600, "line 1: not ID:KEY"),
        (f"k 1:{'A' * 43}=\n", 0o600, "line 1: not ID:KEY"),
        (f"k1:{'A' * 42}é=\n", 0o600, "not a file of keys"),
        (f"k1:{'A' * 43}=\nk1:{'B' * 42}A=\n", 0o600, "two keys are called k1"),
    ],
)
def test_a_key_file_that_cannot_be_used_says_what_to_do_and_shows_no_key(
    tmp_path: Path, text: str, mode: int, told: str
) -> None:
    path = tmp_path / "keys"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(KeysRefused, match=told) as refused:
        KeyFile(path).read()
    assert "AAAA" not in str(refused.value)
    assert "c2" not in str(refused.value)


def test_a_key_never_shows_itself() -> None:
    assert "secret" not in repr(key("secret")).replace("'secret'", "")
