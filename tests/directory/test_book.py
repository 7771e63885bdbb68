"""Extensions and telephones as administrators keep them."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from call.clock import VirtualClock
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing, SqlAlchemyRegistrations
from directory.book import MOST_PHONES, Directory
from directory.errors import (
    ExtensionExists,
    ExtensionRefused,
    ExtensionUnknown,
    PhoneRefused,
    PhoneUnknown,
)
from directory.extension import Extension, Registration, proofs_of
from storage.database import Database, sqlite_url

CAMILLE = Extension("101", "Camille Côté")


class Dice:
    """Chance that a test can foresee: each draw differs from the one before."""

    def __init__(self) -> None:
        self._next = 0

    def token(self, octets: int) -> bytes:
        self._next += 1
        return bytes((self._next * 37 + at * 11) % 256 for at in range(octets))


class Office:
    """A directory in a database of its own."""

    def __init__(self, database: Database) -> None:
        self.clock = VirtualClock()
        self.listing = SqlAlchemyListing(database)
        self.registrations = SqlAlchemyRegistrations(database)
        self.directory = Directory(self.listing, self.clock, Dice(), "vestibule")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    database = Database(sqlite_url(tmp_path / "vestibule.db"))
    await database.open()
    yield Office(database)
    await database.close()


async def test_an_extension_comes_with_a_telephone_and_a_password_that_is_kept_nowhere(
    office: Office,
) -> None:
    made = await office.directory.add(CAMILLE, "bureau")
    assert made is not None
    assert re.fullmatch(r"101-[a-z2-9]{4}", made.phone.user)
    assert re.fullmatch(r"(?:[a-z2-9]{5}-){3}[a-z2-9]{5}", made.password)
    assert made.password not in repr(made)
    ((phone, proofs),) = await office.listing.phones()
    assert phone == made.phone
    assert proofs == proofs_of(phone.user, "vestibule", made.password)
    assert made.password not in repr(proofs)


async def test_an_extension_may_have_no_telephone_and_several(office: Office) -> None:
    assert await office.directory.add(CAMILLE, None) is None
    assert await office.directory.phones("101") == []
    one = await office.directory.add_phone("101", "portable")
    other = await office.directory.add_phone("101", "maison")
    assert one.phone.user != other.phone.user
    assert len(await office.directory.phones("101")) == 2


async def test_there_is_a_most_of_telephones(office: Office) -> None:
    await office.directory.add(CAMILLE, None)
    for _ in range(MOST_PHONES):
        await office.directory.add_phone("101", "encore un")
    with pytest.raises(PhoneRefused, match="the most"):
        await office.directory.add_phone("101", "de trop")


@pytest.mark.parametrize(
    "number", ["1", "1234567", "abc", "", "١٢٣", "011", "311", "511", "911", "700", "709", "8500"]
)
async def test_reserved_and_impossible_numbers_are_refused(office: Office, number: str) -> None:
    with pytest.raises(ExtensionRefused, match="invalid extension"):
        await office.directory.add(Extension(number, "Quelqu'un"), None)


@pytest.mark.parametrize("number", ["10", "101", "4500", "710", "999999", "112"])
async def test_other_numbers_are_taken(office: Office, number: str) -> None:
    await office.directory.add(Extension(number, "Quelqu'un"), None)
    assert (await office.directory.extension(number)).name == "Quelqu'un"


async def test_everything_wrong_with_an_extension_is_told_at_once(office: Office) -> None:
    with pytest.raises(ExtensionRefused) as refusal:
        await office.directory.add(Extension("911", " ", "de"), None)
    assert len(str(refusal.value).splitlines()) == 3


async def test_a_number_is_given_once(office: Office) -> None:
    await office.directory.add(CAMILLE, None)
    with pytest.raises(ExtensionExists):
        await office.directory.add(Extension("101", "Roger"), "bureau")
    assert await office.directory.phones() == []


async def test_what_is_not_named_stays_when_an_extension_changes(office: Office) -> None:
    await office.directory.add(CAMILLE, None)
    await office.directory.change("101", name="Camille Côté-Roy")
    changed = await office.directory.change("101", language="en", listed=False)
    assert changed == Extension("101", "Camille Côté-Roy", "en", False)
    assert await office.directory.extensions() == [changed]
    with pytest.raises(ExtensionRefused):
        await office.directory.change("101", name="")


async def test_an_extension_that_goes_takes_its_telephones_and_their_places_along(
    office: Office,
) -> None:
    made = await office.directory.add(CAMILLE, "bureau")
    assert made is not None
    here = registration(made.phone.user, office)
    await office.registrations.write_registrations([here], [])
    assert await office.directory.remove("101") == [made.phone]
    assert await office.directory.extensions() == []
    assert await office.directory.phones() == []
    assert await office.registrations.registrations() == []


async def test_a_new_password_makes_the_old_one_worthless(office: Office) -> None:
    made = await office.directory.add(CAMILLE, "bureau")
    assert made is not None
    renewed = await office.directory.new_password(made.phone.user)
    assert renewed.password != made.password
    ((_, proofs),) = await office.listing.phones()
    assert proofs == proofs_of(made.phone.user, "vestibule", renewed.password)


async def test_who_is_not_there_cannot_be_changed(office: Office) -> None:
    directory = office.directory
    for asked in (
        directory.extension("101"),
        directory.change("101", name="x"),
        directory.remove("101"),
        directory.phones("101"),
        directory.add_phone("101", "bureau"),
    ):
        with pytest.raises(ExtensionUnknown):
            await asked
    for asked_phone in (directory.new_password("101-abcd"), directory.remove_phone("101-abcd")):
        with pytest.raises(PhoneUnknown):
            await asked_phone


async def test_a_telephone_that_goes_leaves_the_others(office: Office) -> None:
    made = await office.directory.add(CAMILLE, "bureau")
    other = await office.directory.add_phone("101", "portable")
    assert made is not None
    await office.directory.remove_phone(made.phone.user)
    assert await office.directory.phones() == [other.phone]


def registration(user: str, office: Office, contact: str = "sip:a@10.0.0.7") -> Registration:
    return Registration(
        user=user,
        contact=contact,
        source="UDP 203.0.113.9 40123",
        instance="<urn:uuid:1>",
        call_id="call",
        cseq=7,
        preference=0.5,
        agent="phone/1",
        expires=office.clock.now() + timedelta(hours=1),
    )


async def test_where_telephones_are_is_written_anew_and_struck_out(office: Office) -> None:
    here = registration("101-abcd", office)
    there = registration("101-abcd", office, "sip:a@10.0.0.8")
    await office.registrations.write_registrations([here, there], [])
    assert sorted(await office.registrations.registrations(), key=str) == [here, there]
    await office.registrations.write_registrations([here], [("101-abcd", there.contact)])
    assert await office.registrations.registrations() == [here]
