"""A call that asks for operations, as a flow does."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from call.leg import Party
from ivr.flow import Held
from ivr.operations import CATALOGUE, Outcome
from tests.voicemail.office import CALLER, PIN, Office
from vestibule.operations import CallOperations
from voicemail.message import Treatment

NOWHERE: Mapping[str, tuple[str, str]] = MappingProxyType({})


class Call:
    """One call's operations; each answer is held against what flows are promised.

    `leads` says where treatments lead, by how they are written.
    """

    def __init__(
        self,
        office: Office,
        caller: Party = CALLER,
        leads: Mapping[str, tuple[str, str]] = NOWHERE,
    ) -> None:
        self._leads = leads
        self.operations = CallOperations(office.mailboxes, caller, self._resolve)

    async def _resolve(self, treatment: Treatment) -> tuple[str, str] | None:
        return self._leads.get(str(treatment))

    async def asks(self, operation: str, **arguments: Held) -> Outcome:
        name = f"voicemail.{operation}"
        assert arguments.keys() == CATALOGUE[name].parameters
        outcome = await self.operations.perform(name, arguments)
        assert outcome.values.keys() == CATALOGUE[name].outcomes[outcome.name]
        return outcome

    async def signs_in(self, pin: str = PIN, number: str = "101") -> Outcome:
        return await self.asks("login", mailbox=number, pin=pin)


def say(opened: Outcome, sound: bytes) -> None:
    """What a leg does while it records: the sound is in the spool."""
    spool = opened.values["spool"]
    assert isinstance(spool, Path)
    spool.write_bytes(sound)
