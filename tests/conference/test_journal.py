"""What a journal keeps of sessions, and when it makes reports due."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some

from conference.adapters.entries import entry_kind, entry_text, read_entry
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.adapters.sqlalchemy_journal import SqlAlchemyJournal
from conference.adapters.sqlalchemy_mail_queue import SqlAlchemyMailQueue
from conference.conference import Options, Role
from conference.happening import Began, Came, Happening
from conference.ports import Changed, Entry, MailDue, MailKind, Spoke
from storage.database import Database, sqlite_url
from tests.conference.sessions import ANNE, BOB, BUDGET, CHANTAL, MORNING, at, member, notes


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(sqlite_url(tmp_path / "vestibule.db"))
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def journal(database: Database) -> SqlAlchemyJournal:
    return SqlAlchemyJournal(database)


async def mails(database: Database) -> list[MailDue]:
    """Every e-mail that is due."""
    queue, due = SqlAlchemyMailQueue(database), []
    while (mail := await queue.next(at(10_000), at(20_000))) is not None:
        due.append(mail)
    return due


def entries(*told: tuple[float, Happening | Spoke]) -> list[Entry]:
    return [Entry(at(minutes), what) for minutes, what in told]


async def hold(
    journal: SqlAlchemyJournal, session: str = "s1", start: float = 0, **changed: object
) -> None:
    """A whole session, noted piece by piece."""
    await journal.begin(session, replace(BUDGET, **changed), at(start))  # type: ignore[arg-type]  # any field
    told = entries(*((start + minutes, what) for minutes, what in MORNING))
    await journal.note(session, told[:3])
    await journal.note(session, [])
    await journal.note(session, told[3:])


@pytest.mark.parametrize("form", [*get_args(Happening), Spoke])
@given(data=some.data())
def test_whatever_happens_is_read_as_it_was_written(
    form: type[Happening | Spoke], data: some.DataObject
) -> None:
    told = data.draw(
        some.builds(Spoke, some.text(), some.floats(0, 10_800))
        if form is Spoke
        else some.from_type(form)
    )
    assert read_entry(entry_kind(told), entry_text(told)) == told


def test_what_a_newer_program_noted_is_passed_over() -> None:
    assert read_entry("sang", '{"id": "a"}') is None


async def test_a_session_is_read_as_it_was_noted_but_for_the_codes_and_the_link(
    journal: SqlAlchemyJournal,
) -> None:
    await hold(journal)
    held = await journal.held("s1")
    assert held is not None
    assert held.entries == notes(*MORNING).entries
    assert (held.began, held.ended) == (at(0), at(30))
    assert [each.name for each in held.conference.invitees] == [
        each.name for each in BUDGET.invitees
    ]
    codes = [each.code for each in (*held.conference.invitees, *held.conference.generic_codes)]
    assert [*codes, held.conference.link] == [""] * 5


async def test_a_beginning_that_is_told_twice_is_kept_once(journal: SqlAlchemyJournal) -> None:
    await hold(journal)
    await journal.begin("s1", BUDGET, at(50))
    held = await journal.held("s1")
    assert held is not None
    assert held.began == at(0)
    assert len(held.entries) == len(MORNING)


async def test_those_who_note_at_the_same_time_lose_nothing(journal: SqlAlchemyJournal) -> None:
    await journal.begin("s1", BUDGET, at(0))
    told = entries(*MORNING[:12])
    await asyncio.gather(*(journal.note("s1", [entry]) for entry in told))
    held = await journal.held("s1")
    assert held is not None
    assert sorted(map(repr, held.entries)) == sorted(map(repr, told))


async def test_a_session_nobody_knows_is_none(journal: SqlAlchemyJournal) -> None:
    assert await journal.held("s9") is None


async def test_sessions_that_are_over_are_listed_newest_first_and_of_one_conference(
    journal: SqlAlchemyJournal,
) -> None:
    await hold(journal, "s1", 0)
    await hold(journal, "s2", 100, id="c2")
    await hold(journal, "s3", 200)
    await journal.begin("s4", BUDGET, at(300))
    assert [each.id for each in await journal.over()] == ["s3", "s2", "s1"]
    assert [each.id for each in await journal.over(conference="c1")] == ["s3", "s1"]
    assert [each.id for each in await journal.over(conference="c1", most=1)] == ["s3"]
    assert [each.id for each in await journal.over(room="4821")] == ["s3", "s2", "s1"]
    assert await journal.over(room="4822") == ()
    assert [each.id for each in await journal.left_open()] == ["s4"]


async def test_a_list_holds_what_happened_and_not_each_time_somebody_spoke(
    journal: SqlAlchemyJournal,
) -> None:
    await hold(journal)
    (listed,) = await journal.over()
    quiet = [each for each in notes(*MORNING).entries if not isinstance(each.what, Spoke)]
    assert list(listed.entries) == quiet


async def test_each_administrator_with_an_address_gets_one_report(
    database: Database, journal: SqlAlchemyJournal
) -> None:
    again = replace(CHANTAL, id="i9", email="Chantal@Example.org")
    await hold(journal, invitees=(CHANTAL, BOB, ANNE, again))
    await journal.cut_off("s1", at(31))
    (due,) = await mails(database)
    assert (due.kind, due.session, due.created) == (MailKind.REPORT, "s1", at(30))
    assert due.invitee == replace(CHANTAL, code="")


async def test_no_report_is_due_where_none_was_wanted(
    database: Database, journal: SqlAlchemyJournal
) -> None:
    await hold(journal, options=Options(reported=False))
    assert await mails(database) == []


async def test_no_report_is_due_where_people_only_waited(
    database: Database, journal: SqlAlchemyJournal
) -> None:
    await journal.begin("s1", BUDGET, at(0))
    told = [MORNING[0], (4, MORNING[14][1]), (4, MORNING[16][1])]
    await journal.note("s1", entries(*told))
    assert await mails(database) == []
    assert [each.id for each in await journal.over()] == ["s1"]


async def test_a_session_cut_off_by_a_crash_is_reported_too_and_once(
    database: Database, journal: SqlAlchemyJournal
) -> None:
    await journal.begin("s1", BUDGET, at(0))
    told = [(0, Came(member(CHANTAL), True)), (0, Began("i1"))]
    await journal.note("s1", entries(*told))
    await journal.cut_off("s1", at(7))
    await journal.cut_off("s1", at(8))
    held = await journal.held("s1")
    assert held is not None
    assert held.ended == at(7)
    assert len(await mails(database)) == 1


async def test_old_sessions_are_forgotten_and_those_still_held_are_not(
    journal: SqlAlchemyJournal,
) -> None:
    await hold(journal, "s1", 0)
    await hold(journal, "s2", 100)
    await journal.begin("s3", BUDGET, at(0))
    assert await journal.forget(at(120)) == 1
    assert await journal.held("s1") is None
    assert [each.id for each in await journal.over()] == ["s2"]
    assert [each.id for each in await journal.left_open()] == ["s3"]


async def test_who_was_made_an_administrator_meanwhile_gets_a_report(
    database: Database, journal: SqlAlchemyJournal
) -> None:
    promoted = replace(BUDGET, invitees=(CHANTAL, replace(BOB, role=Role.ADMINISTRATOR)))
    await SqlAlchemyBook(database).change("c1", lambda _: Changed(promoted), at(0))
    await hold(journal)
    assert [each.invitee.name for each in await mails(database)] == [CHANTAL.name, BOB.name]
