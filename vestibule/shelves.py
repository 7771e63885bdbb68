"""The shelves that choices of administrators stand on, over the one database."""

from collections.abc import Iterable, Sequence

from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
from routing.adapters.sqlalchemy_documents import SqlAlchemyDocuments
from routing.choosing import Choosing
from routing.handling import Handling
from routing.numbers import national, parse_number
from routing.restrictions import NO_RESTRICTIONS, Restrictions
from routing.schedule import Schedule
from routing.shelf import Shelf
from storage.database import Database
from vestibule.settings import Number, Settings
from voicemail.adapters.argon2_pins import Argon2Pins

AREA = 3
TEN = 10
"""Digits of an area code, and of a number with it."""


def handlings(database: Database) -> Shelf[Handling]:
    """What each extension does with its calls, by its number."""
    return Shelf(SqlAlchemyDocuments(database), "handling", Handling, Handling())


def schedules(database: Database) -> Shelf[Schedule]:
    """When each number is open, by the number as `vestibule.opening` writes it."""
    return Shelf(SqlAlchemyDocuments(database), "schedule", Schedule, Schedule())


def restrictions(database: Database) -> Shelf[Restrictions]:
    """Who may call the company: one document, under the key of `vestibule.arrivals`."""
    return Shelf(SqlAlchemyDocuments(database), "restrictions", Restrictions, NO_RESTRICTIONS)


def choosing(database: Database, settings: Settings) -> Choosing:
    """Who may change what extensions do with their calls."""
    listing = SqlAlchemyListing(database)

    async def everybody() -> Sequence[str]:
        return [extension.number for extension in await listing.extensions()]

    return Choosing(
        handlings(database),
        everybody,
        company_numbers(settings),
        local_calls(settings),
        Argon2Pins(),
        settings.media.pieces,
    )


def company_numbers(settings: Settings) -> tuple[str, ...]:
    """Every number of the company that the world can dial, as it is dialled."""
    trunks = (number for trunk in settings.trunks for number in trunk.numbers)
    numbers = (*outside_numbers(settings.numbers), *trunks)
    return tuple(dict.fromkeys(national(number) for number in numbers))


def local_calls(settings: Settings) -> frozenset[str]:
    """The beginnings of the numbers that are local calls: by default our own area codes."""
    own = {number[:AREA] for number in company_numbers(settings) if len(number) == TEN}
    return frozenset(settings.outgoing.local or own)


def outside_numbers(numbers: Iterable[Number]) -> tuple[str, ...]:
    """Those of the company's numbers that people dial from outside."""
    return tuple(each.number for each in numbers if parse_number(each.number) is not None)
