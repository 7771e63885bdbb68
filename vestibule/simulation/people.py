"""Who is who in the copy of a company, and how each extension stands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from call.leg import Party
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
from directory.extension import Extension
from routing.handling import Handling
from routing.plan import Standing
from vestibule.shelves import handlings, local_calls
from vestibule.simulation.company_copy import Copy


@dataclass(frozen=True, slots=True)
class People:
    """Everybody. Whoever has an account has a telephone that can be rung."""

    extensions: Mapping[str, Extension]
    mailboxes: frozenset[str]
    with_telephone: frozenset[str]
    handlings: Mapping[str, Handling]
    busy: frozenset[str]
    local: frozenset[str]
    """The beginnings of the numbers that are local calls."""
    has_trunk: bool
    """Whether any line leads outside."""

    @property
    def inside(self) -> frozenset[str]:
        """Everybody who calls from the inside."""
        return self.mailboxes.union(self.extensions)

    def party(self, number: str) -> Party:
        """Somebody who calls."""
        known = self.extensions.get(number)
        return Party(number, known.name if known else "", internal=number in self.inside)

    def handling(self, number: str) -> Handling:
        """What an extension does with its calls."""
        return self.handlings.get(number, Handling())

    def standing(self, number: str) -> Standing | None:
        """How an extension stands; None for a number outside."""
        if number not in self.inside:
            return None
        return Standing(
            self.handling(number),
            registered=number in self.with_telephone,
            busy=number in self.busy,
            mailbox=number in self.mailboxes,
        )


async def look_at(copy: Copy, busy: Collection[str]) -> People:
    """Everybody in a copy; `busy` are on the telephone."""
    database, listing = copy.mailroom.database, SqlAlchemyListing(copy.mailroom.database)
    return People(
        extensions={each.number: each for each in await listing.extensions()},
        mailboxes=frozenset(each.number for each in await copy.mailroom.mailboxes.all()),
        with_telephone=frozenset(phone.extension for phone, _ in await listing.phones()),
        handlings=await handlings(database).all(),
        busy=frozenset(busy),
        local=local_calls(copy.settings),
        has_trunk=bool(copy.settings.trunks),
    )
