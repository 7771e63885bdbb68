"""A running server knows of accounts a second after they change, and else leaves them unread."""

from collections.abc import Sequence
from pathlib import Path

from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
from directory.extension import Extension
from storage.database import Database, sqlite_url
from vestibule.accounts import Accounts


class Counted(SqlAlchemyListing):
    """A directory that counts how often it is read."""

    reads = 0

    async def extensions(self) -> Sequence[Extension]:
        self.reads += 1
        return await super().extensions()


async def test_a_directory_that_nobody_changes_is_hardly_read_and_a_change_is_known_at_once(
    tmp_path: Path,
) -> None:
    ours, theirs = (Database(sqlite_url(tmp_path / "vestibule.db")) for _ in range(2))
    await ours.open()
    await theirs.open()
    listing = Counted(ours)
    accounts = Accounts(listing, "vestibule")
    for _ in range(50):
        await accounts.look()
    assert listing.reads <= 2 + 5
    await SqlAlchemyListing(theirs).add_extension(Extension("101", "Camille"), None, None)
    await accounts.look()
    assert list(accounts.extensions) == ["101"]
    await ours.close()
    await theirs.close()


async def test_what_is_written_while_the_directory_is_read_is_known_at_the_next_look(
    tmp_path: Path,
) -> None:
    database = Database(sqlite_url(tmp_path / "vestibule.db"))
    await database.open()

    class Stale(SqlAlchemyListing):
        """Reads what stood there before a change whose first octets are in the file already."""

        stale = False

        async def extensions(self) -> Sequence[Extension]:
            there = await super().extensions()
            return () if self.stale else there

    listing = Stale(database)
    accounts = Accounts(listing, "vestibule")
    for _ in range(3):
        await accounts.look()
    await listing.add_extension(Extension("101", "Camille"), None, None)
    listing.stale = True
    await accounts.look()
    assert not accounts.extensions
    listing.stale = False
    await accounts.look()
    assert list(accounts.extensions) == ["101"]
    await database.close()
