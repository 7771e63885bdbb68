"""What remains of a closure message when the disk, the database or the power fails midway."""

import contextlib
import logging

import pytest

from routing.closure import Closure
from routing.closures import Closures
from storage.errors import StoreUnavailable
from tests.closing.company import CODE, NUMBER, PIN, ZONE
from tests.closing.test_closure_messages import record, samples
from tests.voicemail.office import Office
from tests.voicemail.sealing import PowerCut, key_file, power_cut, sealed_store
from tests.voicemail.sounds import voice
from vestibule.closures import closure_sounds, open_closures
from voicemail.errors import SoundUnavailable

FIRST, SECOND = voice(4), voice(5, seed=2)


async def heard(office: Office) -> bytes | None:
    """What clients hear once everything has started again."""
    closures = open_closures(office.database, office.ports, ZONE)
    there = await closures.heard(NUMBER)
    return None if there is None else samples(there.sound)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(6))
async def test_after_a_power_cut_clients_hear_the_old_message_or_the_new_one_whole(
    closures: Closures, office: Office, step: int, after: bool
) -> None:
    await record(closures, FIRST)
    with contextlib.suppress(PowerCut), power_cut(step, after=after):
        await record(closures, SECOND)
    assert await heard(office) in (FIRST, SECOND)


async def test_a_power_cut_before_the_new_message_is_named_leaves_the_old_and_an_orphan(
    closures: Closures, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(closures, FIRST)

    def cut(*_: object) -> None:
        raise PowerCut

    monkeypatch.setattr(Closures, "_change_there", cut)
    with pytest.raises(PowerCut):
        await record(closures, SECOND)
    assert await heard(office) == FIRST
    claimed = await closure_sounds(office.database)
    (orphan,) = await office.mailboxes.audit(claimed).examine(serving=False)
    assert orphan.name.startswith(f"closures/{CODE}/")


async def test_a_database_that_fails_says_so_and_leaves_the_old_message(
    closures: Closures, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(closures, FIRST)

    async def down(*_: object) -> None:
        raise StoreUnavailable("the database is down")

    monkeypatch.setattr(Closures, "_change_there", down)
    with pytest.raises(StoreUnavailable):
        await record(closures, SECOND)
    assert await heard(office) == FIRST


async def test_a_message_lies_sealed_where_sounds_are_sealed(office: Office) -> None:
    sealed = sealed_store(office.root, key_file(office.root, "one"))
    locked = office.on(sounds=sealed)
    closures = open_closures(locked.database, locked.ports, ZONE)
    await made(closures)
    await record(closures, FIRST)
    assert await heard(locked) == FIRST
    files = [path for path in (office.root / "audio").rglob("*") if path.is_file()]
    assert len(files) == 1
    assert FIRST[4000:4400] not in files[0].read_bytes()


async def test_a_message_whose_keys_are_away_is_passed_over_and_told_in_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    locked = office.on(sounds=sealed_store(office.root, key_file(office.root, "one")))
    closures = open_closures(locked.database, locked.ports, ZONE)
    await made(closures)
    kept = await record(closures, FIRST)
    with pytest.raises(SoundUnavailable):
        await office.ports.sounds.local(kept.sound)
    with caplog.at_level(logging.ERROR):
        assert await heard(office) is None
    assert "closure message passed over" in caplog.text


async def made(closures: Closures) -> None:
    await closures.make(CODE, Closure(), PIN, ())
