"""What callers hear before the tone."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile

from call.clock import VirtualClock
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office
from tests.voicemail.sounds import hush, voice
from voicemail import (
    Greeting,
    GreetingKind,
    Mailbox,
    MailboxUnknown,
    NotEnded,
    SoundRefused,
    TooShort,
    Visit,
    WrongSpool,
)
from voicemail.policy import end_of

TEMPORARY, UNAVAILABLE = GreetingKind.TEMPORARY, GreetingKind.UNAVAILABLE
BUSY, NAME = GreetingKind.BUSY, GreetingKind.NAME
TORONTO = ZoneInfo("America/Toronto")


async def owner(office: Office, mailbox: Mailbox = CAMILLE) -> Visit:
    await office.hire(mailbox)
    return await office.mailboxes.login("101", PIN, CALLER)


async def record(visit: Visit, kind: GreetingKind, pcm: bytes) -> Greeting | TooShort:
    opened = await visit.open_greeting(kind)
    opened.spool.write_bytes(pcm)
    return await visit.keep_greeting(kind)


async def played(office: Office, *, busy: bool = False) -> bytes | None:
    """The greeting the next caller hears."""
    deposit = await office.mailboxes.open_deposit("101", CALLER, busy=busy)
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
        await visit.keep_greeting(UNAVAILABLE)


async def test_a_caller_hears_the_busy_greeting_only_while_the_owner_is_speaking(
    office: Office,
) -> None:
    visit = await owner(office)
    usual, speaking, away = (voice(2, seed=seed) for seed in (3, 4, 5))
    await record(visit, UNAVAILABLE, usual)
    assert await played(office, busy=True) == usual
    await record(visit, BUSY, speaking)
    assert (await played(office, busy=True), await played(office)) == (speaking, usual)
    await record(visit, TEMPORARY, away)
    assert (await played(office, busy=True), await played(office)) == (away, away)


@pytest.mark.parametrize("kind", list(GreetingKind))
async def test_every_greeting_can_be_heard_and_erased_by_its_owner(
    office: Office, kind: GreetingKind
) -> None:
    visit = await owner(office)
    assert await visit.greeting(kind) is None
    await record(visit, kind, voice(2, seed=6))
    sound = await visit.greeting(kind)
    assert sound is not None
    assert _pcm(sound) == voice(2, seed=6)
    assert await visit.erase_greeting(kind)
    assert await visit.greeting(kind) is None
    assert not sound.exists()


async def test_a_name_may_be_short_and_is_never_long(office: Office) -> None:
    visit = await owner(office)
    opened = await visit.open_greeting(NAME)
    assert opened.max_s < (await visit.open_greeting(UNAVAILABLE)).max_s
    assert isinstance(await record(visit, NAME, voice(0.6)), Greeting)
    assert isinstance(await record(visit, UNAVAILABLE, voice(0.6)), TooShort)


async def test_keeping_and_erasing_a_greeting_is_written_down(office: Office) -> None:
    visit = await owner(office)
    await record(visit, BUSY, voice(2))
    await visit.erase_greeting(BUSY)
    await visit.erase_greeting(BUSY)
    deeds = await office.ports.store.history("101", 20)
    assert [(d.action, d.detail) for d in deeds if d.actor == "owner"] == [
        ("greeting kept", "busy"),
        ("greeting erased", "busy"),
    ]


def at(*local: int) -> VirtualClock:
    """A clock that begins at an hour of Toronto."""
    return VirtualClock(datetime(*local, tzinfo=TORONTO).astimezone(UTC))  # type: ignore[arg-type,misc]


async def away(tmp_path: Path, clock: VirtualClock, mailbox: Mailbox = CAMILLE) -> Office:
    """An office whose owner recorded both greetings."""
    office = await Office.open(tmp_path / "away", clock)
    visit = await owner(office, mailbox)
    await record(visit, UNAVAILABLE, voice(2, seed=3))
    await record(visit, TEMPORARY, voice(2, seed=4))
    return office


async def last_day(office: Office, typed: str) -> datetime | NotEnded | None:
    visit = await office.mailboxes.login("101", PIN, CALLER)
    return await visit.end_temporary(typed)


@pytest.mark.parametrize(
    ("typed", "ends", "hours"),
    [
        ("0313", (2027, 3, 14, 0, 0), 24),  # the day before the clocks go forward
        ("0314", (2027, 3, 15, 0, 0), 47),  # that day has 23 hours
        ("0315", (2027, 3, 16, 0, 0), 71),
    ],
)
async def test_a_temporary_greeting_ends_at_local_midnight_when_the_clocks_go_forward(
    tmp_path: Path, typed: str, ends: tuple[int, ...], hours: int
) -> None:
    await _ends(tmp_path, at(2027, 3, 13, 0, 0), typed, ends, hours)


@pytest.mark.parametrize(
    ("typed", "ends", "hours"),
    [
        ("1106", (2027, 11, 7, 0, 0), 24),  # the day before the clocks go back
        ("1107", (2027, 11, 8, 0, 0), 49),  # that day has 25 hours
        ("1108", (2027, 11, 9, 0, 0), 73),
    ],
)
async def test_a_temporary_greeting_ends_at_local_midnight_when_the_clocks_go_back(
    tmp_path: Path, typed: str, ends: tuple[int, ...], hours: int
) -> None:
    await _ends(tmp_path, at(2027, 11, 6, 0, 0), typed, ends, hours)


@pytest.mark.parametrize(
    ("start", "typed", "ends", "hours"),
    [
        ((2026, 3, 8, 0, 0), "0308", (2026, 3, 9, 0, 0), 23),
        ((2026, 11, 1, 0, 0), "1101", (2026, 11, 2, 0, 0), 25),
        ((2026, 3, 14, 0, 0), "0314", (2026, 3, 15, 0, 0), 24),
        ((2026, 11, 7, 0, 0), "1107", (2026, 11, 8, 0, 0), 24),
    ],
)
async def test_a_temporary_greeting_ends_at_local_midnight_in_another_year(
    tmp_path: Path,
    start: tuple[int, ...],
    typed: str,
    ends: tuple[int, ...],
    hours: int,
) -> None:
    await _ends(tmp_path, at(*start), typed, ends, hours)


async def _ends(
    tmp_path: Path, clock: VirtualClock, typed: str, ends: tuple[int, ...], hours: int
) -> None:
    """The greeting is played to the last second of the day, and so many hours in all."""
    office = await away(tmp_path, clock)
    moment = await last_day(office, typed)
    until = datetime(*ends, tzinfo=TORONTO)  # type: ignore[arg-type,misc]
    assert isinstance(moment, datetime)
    assert f"{moment:%m%d %H:%M:%S}" == f"{typed} 23:59:59"
    clock.advance(hours * 3600 - 1)
    assert await played(office) == voice(2, seed=4)
    clock.advance(1)
    assert clock.now() == until
    assert await played(office) == voice(2, seed=3)
    await office.close()


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("0701", (2027, 7, 1)),  # today
        ("0702", (2027, 7, 2)),
        ("1231", (2027, 12, 31)),
        ("0101", (2028, 1, 1)),
        ("0630", (2028, 6, 30)),  # yesterday's date is next year's
        ("0229", (2028, 2, 29)),
    ],
)
async def test_a_month_and_a_day_mean_the_next_such_day(
    tmp_path: Path, typed: str, day: tuple[int, int, int]
) -> None:
    office = await away(tmp_path, at(2027, 7, 1, 23, 30))
    moment = await last_day(office, typed)
    assert isinstance(moment, datetime)
    assert moment.date() == date(*day)
    await office.close()


@pytest.mark.parametrize(
    "typed", ["0230", "1301", "0001", "0100", "123", "12345", "", "12*1", "٠١٠١"]
)
async def test_a_day_the_calendar_does_not_have_changes_nothing(tmp_path: Path, typed: str) -> None:
    office = await away(tmp_path, at(2027, 7, 1, 12, 0))
    assert await last_day(office, typed) is NotEnded.INVALID
    greeting = await office.ports.store.greeting("101", TEMPORARY)
    assert greeting is not None
    assert greeting.until is None
    await office.close()


async def test_today_is_the_owners_today(tmp_path: Path) -> None:
    paris = replace(CAMILLE, zone="Europe/Paris")
    office = await away(tmp_path, at(2027, 7, 1, 20, 0), paris)
    moment = await last_day(office, "0702")
    assert isinstance(moment, datetime)
    office.clock.advance(22 * 3600 - 1)
    assert await played(office) == voice(2, seed=4)
    office.clock.advance(1)
    assert await played(office) == voice(2, seed=3)
    await office.close()


def test_where_midnight_does_not_exist_the_day_ends_when_the_clocks_jump() -> None:
    assert end_of(date(2027, 4, 29), "Africa/Cairo") == datetime(2027, 4, 29, 22, 0, tzinfo=UTC)


async def test_without_a_temporary_greeting_there_is_none_to_end(office: Office) -> None:
    visit = await owner(office)
    await record(visit, UNAVAILABLE, voice(2))
    assert await visit.end_temporary("0702") is NotEnded.NOTHING


async def test_a_greeting_that_has_ended_cannot_be_made_to_play_again(tmp_path: Path) -> None:
    office = await away(tmp_path, at(2027, 7, 1, 12, 0))
    await last_day(office, "0701")
    office.clock.advance(12 * 3600)
    assert await last_day(office, "0703") is NotEnded.NOTHING
    assert await played(office) == voice(2, seed=3)
    await office.close()


async def test_the_owner_is_reminded_of_a_temporary_greeting_and_of_its_end_on_entering(
    tmp_path: Path,
) -> None:
    office = await away(tmp_path, at(2027, 7, 1, 12, 0))
    before = await (await office.mailboxes.login("101", PIN, CALLER)).summary()
    assert (before.has_temporary, before.temporary_until) == (True, None)
    await last_day(office, "0702")
    told = await (await office.mailboxes.login("101", PIN, CALLER)).summary()
    assert told.has_temporary
    assert told.temporary_until is not None
    assert told.temporary_until.date() == date(2027, 7, 2)
    deeds = await office.ports.store.history("101", 20)
    assert ("temporary greeting ends", "2027-07-02") in [(d.action, d.detail) for d in deeds]
    office.clock.advance(36 * 3600)
    after = await (await office.mailboxes.login("101", PIN, CALLER)).summary()
    assert (after.has_temporary, after.temporary_until) == (False, None)
    await office.close()


async def test_a_greeting_recorded_anew_has_no_end(tmp_path: Path) -> None:
    office = await away(tmp_path, at(2027, 7, 1, 12, 0))
    await last_day(office, "0701")
    visit = await office.mailboxes.login("101", PIN, CALLER)
    await record(visit, TEMPORARY, voice(2, seed=9))
    office.clock.advance(30 * 86400)
    assert await played(office) == voice(2, seed=9)
    await office.close()


async def test_what_is_played_no_more_is_erased_by_the_next_sweep_and_nothing_else(
    tmp_path: Path,
) -> None:
    office = await away(tmp_path, at(2027, 7, 1, 12, 0))
    await last_day(office, "0701")
    visit = await office.mailboxes.login("101", PIN, CALLER)
    sound = await visit.greeting(TEMPORARY)
    assert sound is not None
    office.clock.advance(12 * 3600 - 1)
    await office.mailboxes.sweep()
    assert sound.exists()
    office.clock.advance(1)
    await office.mailboxes.sweep()
    assert not sound.exists()
    assert await visit.greeting(TEMPORARY) is None
    assert await played(office) == voice(2, seed=3)
    (deed,) = [
        d for d in await office.ports.store.history("101", 20) if d.action == "greeting ended"
    ]
    assert (deed.actor, deed.detail) == ("program", "temporary")
    await office.close()


@pytest.mark.parametrize("name", ["accueil.wav", "accueil.flac", "accueil.ogg", "accueil.mp3"])
async def test_a_quiet_studio_file_becomes_a_greeting_at_telephone_level(
    office: Office, tmp_path: Path, name: str
) -> None:
    await office.hire()
    at = np.arange(2 * 44100) / 44100
    tone = 0.05 * np.sin(2 * np.pi * 440 * at)
    soundfile.write(tmp_path / name, np.stack([tone, tone], axis=1), 44100)
    kept = await office.mailboxes.administration("test").set_greeting(
        "101", UNAVAILABLE, tmp_path / name
    )
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
        await office.mailboxes.administration("test").set_greeting(
            "101", UNAVAILABLE, tmp_path / "x.wav"
        )


async def test_a_greeting_for_nobody_is_refused(office: Office, tmp_path: Path) -> None:
    with pytest.raises(MailboxUnknown):
        await office.mailboxes.administration("test").set_greeting(
            "999", UNAVAILABLE, tmp_path / "x.wav"
        )
