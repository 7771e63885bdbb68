"""The closure messages, plugged to the database, the sounds and the locks of the mailboxes."""

from dataclasses import dataclass

from call.clock import Clock
from routing.adapters.sqlalchemy_documents import SqlAlchemyDocuments
from routing.closure import NO_CLOSURE, Closure
from routing.closures import KIND, ClosurePorts, Closures
from routing.shelf import Shelf
from storage.database import Database
from voicemail.ids import new_id
from voicemail.mailboxes import Ports
from voicemail.policy import (
    CALLER_FAILURES,
    CALLER_FAILURES_KEPT,
    FAILURES_KEPT,
    MAILBOX_FAILURES,
)
from voicemail.storage import Charge, Store


def closure_shelf(database: Database) -> Shelf[Closure]:
    """The closure messages, by the code that records them."""
    return Shelf(SqlAlchemyDocuments(database), KIND, Closure, NO_CLOSURE)


def open_closures(database: Database, ports: Ports, zone: str) -> Closures:
    """The closure messages of a company in a time zone, on what its mailboxes stand on."""
    return Closures(
        ClosurePorts(
            shelf=closure_shelf(database),
            sounds=ports.sounds,
            takes=ports.spool,
            ear=ports.ear,
            hasher=ports.hasher,
            attempts=SharedAttempts(ports.store, ports.clock),
            clock=ports.clock,
            new_id=lambda: new_id(ports.clock.now(), ports.tokens),
            zone=zone,
        )
    )


async def closure_sounds(database: Database) -> frozenset[str]:
    """The name of every sound that a closure message has."""
    closures = (await closure_shelf(database).all()).values()
    return frozenset(closure.sound for closure in closures if closure.sound)


@dataclass(frozen=True, slots=True)
class SharedAttempts:
    """Wrong PINs, counted where those of mailboxes are: who locks themselves out of one is locked
    out of the other by their own number."""

    store: Store
    clock: Clock

    async def charge(self, subject: str, caller: str) -> bool:
        charges = [Charge(subject, MAILBOX_FAILURES, FAILURES_KEPT)]
        charges += [Charge(each, CALLER_FAILURES, CALLER_FAILURES_KEPT) for each in _of(caller)]
        charged = await self.store.charge(charges, self.clock.now())
        return charged.admitted

    async def acquit(self, subject: str, caller: str) -> None:
        await self.store.acquit(subject, _of(caller))


def _of(caller: str) -> list[str]:
    return [f"caller:{caller[:40]}"] if caller else []
