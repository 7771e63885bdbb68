"""Wrong tries in the database, and those in memory that tests of the door count with, are alike."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from call.clock import VirtualClock
from call.leg import Party
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.door import Count
from conference.ports import Changed
from ivr.operations import Outcome
from tests.conference.doorway import AVA, TUESDAY, WEEKLY, MemoryAttempts
from tests.voicemail.office import Office
from vestibule.meetings.desk import DoorAttempts, open_desk
from vestibule.meetings.entering import Entering

CALLER, ROOM = Count("conf:caller:4505550000:2027-08-03", 12), Count("conf:room:x:2027-08-03", 30)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    opened = await Office.open(tmp_path / "data", VirtualClock(TUESDAY))
    yield opened
    await opened.close()


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_tried_and_forgiven_both_answer_alike(office: Office, seed: int) -> None:
    kept, remembered = DoorAttempts(office.ports.store, office.clock), MemoryAttempts(office.clock)
    chance, refused = Random(seed), 0
    for _ in range(150):
        counts = chance.choice([[CALLER], [ROOM], [CALLER, ROOM], []])
        office.clock.advance(chance.choice([1, 60, 600]))
        admitted = await kept.charge(counts)
        assert admitted == await remembered.charge(counts)
        refused += not admitted
        if admitted and chance.random() < 0.2:
            await kept.acquit(counts)
            await remembered.acquit(counts)
    assert refused


async def test_what_is_arranged_in_the_database_opens_the_door(
    office: Office, tmp_path: Path
) -> None:
    now = office.clock.now()
    await SqlAlchemyBook(office.database).change(WEEKLY.id, lambda _: Changed(WEEKLY), now)
    desk = open_desk(office.database, office.ports, tmp_path / "names")
    bound = Entering(desk, None, Party("4505550000")).bound
    found = await bound["conference.find"]({"room": WEEKLY.room, "chosen": ""})
    assert found == Outcome("code", {"language": "fr"})
    admitted = await bound["conference.enter"]({"code": AVA.code})
    assert admitted == Outcome("admitted", {"language": "en", "names": True})


async def test_a_name_that_a_crash_left_is_removed(office: Office, tmp_path: Path) -> None:
    left = tmp_path / "names" / "left.raw"
    left.parent.mkdir()
    left.write_bytes(b"somebody")
    open_desk(office.database, office.ports, left.parent)
    assert not left.exists()
