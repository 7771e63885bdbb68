"""What administrators choose is kept, and changed by one of them at a time."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from routing.adapters.sqlalchemy_documents import SqlAlchemyDocuments
from routing.handling import Forward, ForwardRule, Handling
from routing.shelf import Shelf
from storage.database import Database, sqlite_url


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf[Handling]]:
    database = Database(sqlite_url(tmp_path / "vestibule.db"))
    await database.open()
    yield Shelf(SqlAlchemyDocuments(database), "handling", Handling, Handling())
    await database.close()


async def test_what_was_chosen_is_read_again_as_it_was(shelf: Shelf[Handling]) -> None:
    chosen = Handling(
        ring_s=0,
        forward=Forward(target="5145551234", rule=ForwardRule.PRESS_1, enabled=True),
    )
    assert await shelf.get("101") == Handling()
    assert await shelf.change("101", lambda _: chosen) == chosen
    assert await shelf.get("101") == chosen
    assert await shelf.all() == {"101": chosen}
    await shelf.forget("101")
    assert await shelf.all() == {}


async def test_a_change_that_is_refused_leaves_all_as_it_was(shelf: Shelf[Handling]) -> None:
    await shelf.change("101", lambda before: replace(before, ring_s=35))

    def refuse(_: Handling) -> Handling:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await shelf.change("101", refuse)
    assert (await shelf.get("101")).ring_s == 35
