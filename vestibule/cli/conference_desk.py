"""How commands reach the conferences: by the settings of the server, whether it runs or not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vestibule.cli.opening import with_mailroom

if TYPE_CHECKING:
    from call.clock import Clock
    from conference.arranging import Guest
    from conference.conference import Role
    from conference.conferences import Conferences
    from vestibule.mailroom import Mailroom
    from vestibule.settings import Settings

T = TypeVar("T")

Room = Annotated[
    str, typer.Argument(metavar="ROOM", help="The four digits of its room, or its id.")
]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command on conferences works with."""

    conferences: "Conferences"
    mailroom: "Mailroom"
    settings: "Settings"
    clock: "Clock"

    async def owner(self, number: str) -> "Guest":
        """An extension as somebody who is invited, an administrator. Raises ExtensionUnknown."""
        from conference.arranging import Guest
        from conference.conference import Role
        from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
        from directory.errors import ExtensionUnknown

        listing = SqlAlchemyListing(self.mailroom.database)
        people = {each.number: each for each in await listing.extensions()}
        box = await self.mailroom.ports.store.mailbox(number)
        known = people.get(number) or box
        if known is None:
            raise ExtensionUnknown(number)
        email = next(iter(box.addresses), "") if box is not None else ""
        return Guest(known.name, email, Role.ADMINISTRATOR, known.language)


def at_desk(
    config: Path | None,
    data: Path | None,
    work: Callable[[Desk], Awaitable[T]],
    *,
    make: bool = False,
) -> T:
    """Open what conferences stand on, do the work, close it.

    Raises BadSettings for a folder that is not there, unless the work may `make` it.
    """
    from conference.adapters.sqlalchemy_book import SqlAlchemyBook
    from conference.conferences import Conferences

    async def worked(mailroom: "Mailroom", settings: "Settings", clock: "Clock") -> T:
        book = SqlAlchemyBook(mailroom.database)
        conferences = Conferences(book, clock, mailroom.ports.tokens)
        return await work(Desk(conferences, mailroom, settings, clock))

    return with_mailroom(config, data, worked, make=make)


def role_typed(typed: str | None) -> "Role":
    """A role as it was typed; participant unless it was. Raises BadConference."""
    from conference.conference import Role
    from conference.errors import BadConference

    if typed is None:
        return Role.PARTICIPANT
    if typed not in {role.value for role in Role}:
        raise BadConference(f"role: {typed}: administrator or participant")
    return Role(typed)
