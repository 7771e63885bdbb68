"""What callers may ask of a company beside its mailboxes and its people's telephones: its closure
message, the directory, its own attendants."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from call.clock import Clock
from call.leg import Party
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
from ivr.flow import Held
from ivr.operations import Outcome
from routing.hours import BehaviourKind
from vestibule.attendants import Attending, own_flows
from vestibule.closing import Closing, ClosureDesk
from vestibule.closures import open_closures
from vestibule.looking_up import LookingUp, People
from vestibule.mailroom import Mailroom
from vestibule.opening import Opening
from vestibule.settings import Number, Settings
from vestibule.shelves import outside_numbers, schedules


@dataclass(frozen=True, slots=True)
class Front:
    """What the front of the company has for all calls."""

    closing: ClosureDesk
    people: People
    flows: Path
    """The folder of the company's own flows."""


class FrontOperations:
    """The operations of the front for one call. `close` it when the call is over."""

    def __init__(self, front: Front | None, caller: Party, dialed: str) -> None:
        self._closing = Closing(None if front is None else front.closing, caller, dialed)
        self._looking_up = LookingUp(None if front is None else front.people)
        self._attending = Attending(None if front is None else front.flows)

    @property
    def bound(self) -> Mapping[str, Callable[[Mapping[str, Held]], Awaitable[Outcome]]]:
        """The operations by their names."""
        return {**self._closing.bound, **self._looking_up.bound, **self._attending.bound}

    async def close(self) -> None:
        """Forget what nobody confirmed."""
        await self._closing.close()


def with_hours(numbers: Sequence[Number]) -> Sequence[str]:
    """The numbers that the hours can close; all that the world can call where no settings say
    what a closed number does."""
    closed = [entry.number for entry in numbers if entry.closed is not None]
    return closed or outside_numbers(numbers)


def open_front(
    settings: Settings,
    mailroom: Mailroom,
    clock: Clock,
) -> Front:
    """The front of a company, by the choices in the database of the mailroom."""
    company = settings.company
    opening = Opening(schedules(mailroom.database), clock, company.zone)
    listing = SqlAlchemyListing(mailroom.database)

    async def is_open(number: str) -> bool:
        return (await opening.decision(number)).behaviour.kind is BehaviourKind.OPEN

    async def spoken_name(number: str) -> Path | None:
        return (await mailroom.mailboxes.heard(number, busy=False))[1]

    return Front(
        closing=ClosureDesk(
            open_closures(mailroom.database, mailroom.ports, company.zone),
            tuple(with_hours(settings.numbers)),
            company.zone,
            is_open,
        ),
        people=People(listing.extensions, spoken_name),
        flows=own_flows(settings.storage.data),
    )
