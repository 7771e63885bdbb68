"""The sessions that were, as an administrator asks for them, and as a crash leaves them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from call.clock import VirtualClock
from conference.adapters.sqlalchemy_journal import SqlAlchemyJournal
from conference.errors import SessionUnknown
from conference.happening import Happening, Over
from conference.ports import Entry, Spoke
from conference.sessions import Sessions
from storage.database import Database, sqlite_url
from tests.conference.sessions import BUDGET, CHANTAL, MORNING, TEN, at

WEEK, YEAR = timedelta(days=7), timedelta(days=400)


class Kept:
    """Sessions of a database, and a clock."""

    def __init__(self, database: Database) -> None:
        self.clock = VirtualClock(TEN)
        self.journal = SqlAlchemyJournal(database)
        self.sessions = Sessions(self.journal, self.clock, recordings_kept=WEEK, kept=YEAR)

    async def hold(
        self,
        session: str = "s1",
        start: float = 0,
        told: tuple[tuple[float, Happening | Spoke], ...] = MORNING,
        **changed: object,
    ) -> None:
        conference = replace(BUDGET, **changed)  # type: ignore[arg-type]  # any field
        await self.journal.begin(session, conference, at(start))
        entries = [Entry(at(start + minutes), what) for minutes, what in told]
        await self.journal.note(session, entries)


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    database = Database(sqlite_url(tmp_path / "vestibule.db"))
    await database.open()
    yield Kept(database)
    await database.close()


async def test_sessions_are_listed_newest_first_with_who_was_there(kept: Kept) -> None:
    await kept.hold("s1", 0)
    await kept.hold("s2", 100, room="1234", id="c2")
    assert [each.id for each in await kept.sessions.over()] == ["s2", "s1"]
    (of_room,) = await kept.sessions.over(room="4821")
    assert [each.name for each in of_room.people] == ["Bob O’Neill", CHANTAL.name]
    assert [each.id for each in await kept.sessions.over(conference="c2")] == ["s2"]


async def test_a_session_that_nobody_joined_is_not_listed(kept: Kept) -> None:
    over = MORNING[-1][1]
    assert isinstance(over, Over)
    await kept.hold(told=((1, over),))
    assert await kept.sessions.over() == []


async def test_a_session_is_found_by_its_id_and_the_newest_of_a_room_by_its_digits(
    kept: Kept,
) -> None:
    await kept.hold("s1", 0)
    await kept.hold("s2", 100)
    assert (await kept.sessions.find("s1")).id == "s1"
    newest = await kept.sessions.find("4821")
    assert newest.id == "s2"
    assert newest.people[0].spoke_s == 30


@pytest.mark.parametrize("named", ["s9", "0000", "’; drop table"])
async def test_whoever_asks_for_a_session_that_is_not_there_is_told(kept: Kept, named: str) -> None:
    await kept.hold()
    with pytest.raises(SessionUnknown):
        await kept.sessions.find(named)


async def test_after_a_crash_a_session_ends_with_its_recording(kept: Kept) -> None:
    await kept.hold(told=MORNING[:6])
    assert await kept.sessions.recover({"s1": at(12.5), "s0": at(99)}) == 1
    session = await kept.sessions.get("s1")
    assert session.cut_off
    assert session.there.end == session.recorded[0].end == at(12.5)
    assert await kept.sessions.recover({}) == 0


async def test_after_a_crash_without_a_recording_a_session_ends_with_what_was_noted_last(
    kept: Kept,
) -> None:
    await kept.hold(told=MORNING[:6])
    await kept.sessions.recover({"s1": at(3)})
    assert (await kept.sessions.get("s1")).there.end == at(10)


async def test_a_session_of_which_only_the_beginning_was_noted_is_closed_and_not_listed(
    kept: Kept,
) -> None:
    await kept.hold(told=())
    await kept.sessions.recover({})
    assert await kept.sessions.over() == []
    assert (await kept.sessions.get("s1")).there.seconds == 0


async def test_a_recording_is_promised_for_a_week_from_its_beginning(kept: Kept) -> None:
    await kept.hold()
    session = await kept.sessions.get("s1")
    assert kept.sessions.recording_kept_until(session) == at(5) + WEEK
    kept.clock.advance(WEEK.total_seconds() + 5 * 60)
    assert kept.sessions.recording_kept_until(session) is None


async def test_who_was_in_a_conference_is_forgotten_in_time(kept: Kept) -> None:
    await kept.hold("s1", 0)
    await kept.hold("s2", 100)
    kept.clock.advance(YEAR.total_seconds() + 31 * 60)
    assert await kept.sessions.forget() == 1
    assert [each.id for each in await kept.sessions.over()] == ["s2"]
