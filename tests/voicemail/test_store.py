"""What every store promises, and that SQLite's tables are those the program was written for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, make_url, text

from call.leg import Party
from conference.adapters import tables as conference_tables
from directory.adapters import tables as directory_tables
from routing.adapters import tables as routing_tables
from storage.database import Database, sqlite_url
from tests.voicemail.office import CALLER, CAMILLE
from voicemail import (
    Folder,
    Greeting,
    GreetingKind,
    Mailbox,
    MailboxExists,
    Message,
    StoreUnavailable,
    Ticket,
)
from voicemail.adapters import tables
from voicemail.adapters.sqlalchemy_store import SqlAlchemyStore
from voicemail.mail import Delivery, MailTask, Reply, TaskKind
from voicemail.storage import Charge, Reservation, Store

NOON = datetime(2027, 7, 1, 16, 0, 0, 123456, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def message(id: str = "m1", minutes: int = 0, folder: Folder = Folder.NEW) -> Message:
    return Message(id, "101", CALLER, NOON + minutes * MINUTE, 3.5, f"messages/101/{id}", folder)


def task(id: str = "m1", *recipients: str) -> MailTask:
    return MailTask(id, TaskKind.MESSAGE, "101", id, recipients or ("c@example.org",), NOON)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(sqlite_url(tmp_path / "vestibule.sqlite"))
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def store(database: Database) -> Store:
    made = SqlAlchemyStore(database)
    await made.add_mailbox(CAMILLE, "hash")
    return made


async def test_a_mailbox_comes_back_as_it_was_put(store: Store) -> None:
    assert await store.mailbox("101") == CAMILLE
    assert await store.mailbox("102") is None
    assert await store.pin_hash("101") == "hash"
    await store.set_pin_hash("101", "other")
    assert await store.pin_hash("101") == "other"


async def test_a_number_is_taken_once_even_by_two_at_a_time(store: Store) -> None:
    twin = Mailbox("109", "Twin", addresses=("t@example.org",))
    ends = await asyncio.gather(
        *(store.add_mailbox(twin, "hash") for _ in range(2)), return_exceptions=True
    )
    assert [type(end) for end in ends if end is not None] == [MailboxExists]
    assert await store.mailbox("109") == twin


async def test_a_message_comes_back_to_the_microsecond(store: Store) -> None:
    await store.keep(message(), None)
    assert await store.message("m1") == message()
    assert await store.message("m2") is None


async def test_a_message_kept_twice_is_one_and_mailed_once(store: Store) -> None:
    for _ in range(2):
        await store.keep(message(), task())
    assert await store.messages("101") == (message(),)
    assert len(await store.claim("w", NOON, MINUTE, 10)) == 1


async def test_keeping_a_message_ends_its_reservation(store: Store) -> None:
    ticket = Ticket("m1", "101", CALLER, NOON)
    assert await store.reserve(ticket, "here") is Reservation.TAKEN
    assert await store.places("here") == ("m1",)
    assert await store.places("there") == ()
    await store.keep(message(), None)
    assert await store.places("here") == ()


async def test_new_messages_come_first_then_the_oldest(store: Store) -> None:
    for id, minutes, folder in (
        ("a", 0, Folder.OLD),
        ("b", 1, Folder.WORK),
        ("c", 3, Folder.NEW),
        ("d", 2, Folder.NEW),
    ):
        await store.keep(message(id, minutes, folder), None)
    assert [each.id for each in await store.messages("101")] == ["d", "c", "a", "b"]


async def test_the_trash_is_out_of_the_list_and_comes_back_whole(store: Store) -> None:
    await store.keep(message(folder=Folder.WORK), None)
    await store.delete("m1", NOON)
    assert await store.messages("101") == ()
    assert await store.message("m1") == replace(message(folder=Folder.WORK), deleted=NOON)
    assert await store.restore("m1")
    assert await store.messages("101") == (message(folder=Folder.WORK),)


async def test_only_the_trash_can_be_purged_and_only_when_nothing_waits(store: Store) -> None:
    await store.keep(message("a"), None)
    await store.keep(message("b"), task("b"))
    await store.keep(message("c"), None)
    for id in "ab":
        await store.delete(id, NOON)
    assert [each.id for each in await store.purgeable("101", NOON + MINUTE)] == ["a"]
    assert await store.purgeable("101", NOON) == ()
    await store.purge("a")
    assert await store.message("a") is None


async def test_a_greeting_replaces_the_one_of_its_kind(store: Store) -> None:
    first = Greeting("101", GreetingKind.TEMPORARY, "g/1", 2.0, NOON)
    second = replace(first, sound="g/2")
    assert await store.set_greeting(first) is None
    assert await store.set_greeting(second) == first
    assert await store.greeting("101", GreetingKind.TEMPORARY) == second
    assert await store.greeting("101", GreetingKind.NAME) is None
    assert await store.erase_greeting("101", GreetingKind.TEMPORARY) == second
    assert await store.erase_greeting("101", GreetingKind.TEMPORARY) is None


async def test_a_greeting_is_given_an_end_and_forgotten_once_it_is_there(store: Store) -> None:
    kind = GreetingKind.TEMPORARY
    assert await store.end_greeting("101", kind, NOON) is None
    endless = Greeting("101", GreetingKind.BUSY, "g/1", 2.0, NOON)
    ending = Greeting("101", kind, "g/2", 2.0, NOON, NOON + MINUTE)
    await store.set_greeting(endless)
    await store.set_greeting(replace(ending, until=None))
    assert await store.end_greeting("101", kind, NOON + MINUTE) == ending
    assert await store.forget_ended_greetings(NOON + MINUTE - timedelta(microseconds=1)) == ()
    assert await store.forget_ended_greetings(NOON + MINUTE) == (ending,)
    assert await store.greetings("101") == (endless,)


async def test_old_failures_are_forgotten(store: Store) -> None:
    charges = [Charge("mailbox:101", 1, DAY)]
    assert (await store.charge(charges, NOON)).admitted
    assert not (await store.charge(charges, NOON)).admitted
    await store.forget_failures(NOON + MINUTE)
    assert (await store.charge(charges, NOON)).admitted


async def test_what_is_locked_for_one_reason_is_not_counted_for_another(store: Store) -> None:
    assert (await store.charge([Charge("a", 1, DAY)], NOON)).admitted
    for _ in range(5):
        assert not (await store.charge([Charge("a", 1, DAY), Charge("b", 2, DAY)], NOON)).admitted
    assert (await store.charge([Charge("b", 2, DAY)], NOON)).admitted
    assert (await store.charge([Charge("b", 2, DAY)], NOON)).admitted
    assert not (await store.charge([Charge("b", 2, DAY)], NOON)).admitted


async def test_failures_further_apart_than_the_memory_do_not_add_up(store: Store) -> None:
    charges = [Charge("a", 2, MINUTE)]
    for minutes in range(0, 10, 2):
        assert (await store.charge(charges, NOON + minutes * MINUTE)).admitted
    assert (await store.charge(charges, NOON + 9 * MINUTE)).admitted
    assert not (await store.charge(charges, NOON + 9 * MINUTE)).admitted


async def test_a_task_says_when_it_can_next_be_claimed(store: Store) -> None:
    assert await store.next_due() is None
    await store.keep(message(), task())
    assert await store.next_due() == NOON
    await store.claim("w", NOON, MINUTE, 1)
    assert await store.next_due() == NOON + MINUTE
    deferred = {"c@example.org": Reply(Delivery.DEFERRED)}
    await store.settle("m1", "w", deferred, retry=NOON + 2 * MINUTE)
    assert await store.next_due() == NOON + 2 * MINUTE


async def test_a_doubt_lasts_until_the_answer_is_noted(store: Store) -> None:
    await store.keep(message(), task())
    await store.claim("w", NOON, MINUTE, 1)
    assert await store.handing_over("m1", "w")
    assert not await store.handing_over("m1", "another")
    (again,) = await store.claim("w", NOON + MINUTE, MINUTE, 1)
    assert (again.in_doubt, again.attempts) == (True, 2)
    await store.settle("m1", "w", {"c@example.org": Reply(Delivery.DEFERRED)}, retry=NOON)
    (last,) = await store.claim("w", NOON + MINUTE, MINUTE, 1)
    assert (last.in_doubt, last.attempts) == (False, 3)


async def test_the_migrations_make_the_tables_the_program_was_written_for(
    database: Database,
) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(
            compare_metadata(
                context,
                [
                    tables.metadata,
                    conference_tables.metadata,
                    directory_tables.metadata,
                    routing_tables.metadata,
                ],
            )
        )

    assert await database.transact(differences) == []


async def test_a_database_opened_again_keeps_what_it_holds(tmp_path: Path, store: Store) -> None:
    await store.keep(message(), None)
    again = Database(sqlite_url(tmp_path / "vestibule.sqlite"))
    await again.open()
    assert await SqlAlchemyStore(again).messages("101") == (message(),)
    await again.close()


async def test_a_commit_survives_a_power_cut(database: Database) -> None:
    pragmas = ("journal_mode", "synchronous")
    assert await database.transact(
        lambda connection: [connection.scalar(text(f"PRAGMA {name}")) for name in pragmas]
    ) == ["wal", 2]


async def test_an_address_that_names_a_driver_for_the_event_loop_is_understood(
    tmp_path: Path, store: Store
) -> None:
    await store.keep(message(), None)
    address = sqlite_url(tmp_path / "vestibule.sqlite").set(drivername="sqlite+aiosqlite")
    again = Database(address)
    await again.open()
    assert await SqlAlchemyStore(again).message(message().id) == message()
    await again.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "vestibule.sqlite").write_bytes(b"a letter to a friend, and not a database" * 50)
    letter = Database(sqlite_url(tmp_path / "vestibule.sqlite"))
    with pytest.raises(StoreUnavailable):
        await letter.open()
    await letter.close()


async def test_a_statement_the_database_refuses_is_unavailable(database: Database) -> None:
    with pytest.raises(StoreUnavailable):
        await database.transact(
            lambda connection: connection.execute(text("SELECT * FROM nowhere"))
        )


async def test_a_database_in_a_folder_that_is_missing_is_unavailable(tmp_path: Path) -> None:
    nowhere = Database(sqlite_url(tmp_path / "missing" / "vestibule.sqlite"))
    with pytest.raises(StoreUnavailable):
        await nowhere.open()
    await nowhere.close()


async def test_a_withheld_caller_stays_withheld(store: Store) -> None:
    await store.keep(replace(message(), caller=Party("")), None)
    found = await store.message("m1")
    assert found is not None
    assert found.caller == Party("")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql+pg8000://x@127.0.0.1/x", "needs its driver: pip install pg8000"),
        ("nosuch://x@127.0.0.1/x", "nosuch: no such database"),
    ],
)
def test_a_database_whose_driver_is_missing_is_told_in_one_line(address: str, said: str) -> None:
    with pytest.raises(StoreUnavailable, match=said):
        Database(make_url(address))
