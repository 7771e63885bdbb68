"""Attends to one call: finds the flow its number leads to, and lets it talk to the caller."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from call.clock import Clock
from call.leg import HangUpCause, Leg
from ivr.dialogue import Dialogue
from ivr.machine import Flows
from ivr.prompts import Value, Voice
from ivr.session import Session
from vestibule.logs import bound_call
from vestibule.numbers import Destination, find_destination
from vestibule.operations import CallOperations
from vestibule.settings import BadSettings, Company, Number
from voicemail.mailboxes import Mailboxes


class Reception:
    """Every call's first stop. Refuses to be made when a number leads nowhere."""

    def __init__(
        self,
        *,
        company: Company,
        numbers: Sequence[Number],
        flows: Flows,
        voice: Voice,
        mailboxes: Mailboxes,
        clock: Clock,
        language: str = "fr",
    ) -> None:
        self._company = company
        self._numbers = tuple(numbers)
        self._flows = flows
        self._voice = voice
        self._mailboxes = mailboxes
        self._clock = clock
        self._language = language
        if faults := list(self._faults()):
            raise BadSettings("\n".join(faults))

    def accepts(self, dialed: str) -> bool:
        """Whether a dialled number leads anywhere."""
        return find_destination(dialed, self._numbers) is not None

    async def attend(self, leg: Leg) -> None:
        """Talk with a caller until it is over. Nothing of the call is lost, however it ends."""
        destination = find_destination(leg.dialed, self._numbers)
        if destination is None:
            await leg.hang_up(HangUpCause.NOT_FOUND)
            return
        with bound_call(leg.call_id):
            operations = CallOperations(self._mailboxes, leg.caller)
            try:
                dialogue = await self._dialogue(destination)
                await Session(dialogue, leg, self._voice, operations, self._clock).run()
            finally:
                await operations.close()

    async def _dialogue(self, destination: Destination) -> Dialogue:
        return Dialogue(
            self._flows,
            destination.flow,
            given=self._given(destination.flow, dict(destination.parameters)),
            language=self._language,
            started_at=self._clock.now().astimezone(ZoneInfo(self._company.zone)),
            extensions=[mailbox.number for mailbox in await self._mailboxes.all()],
        )

    def _given(self, flow: str, own: Mapping[str, str]) -> dict[str, Value]:
        """What the flow starts with: what stands beside the number, then what the company is."""
        offered: dict[str, Value] = {"company": self._company.name}
        if self._company.operator is not None:
            offered["operator"] = self._company.operator
        wanted = {parameter.name for parameter in self._flows.graph(flow).flow.parameters}
        return {name: value for name, value in offered.items() if name in wanted} | dict(own)

    def _faults(self) -> list[str]:
        return [fault for entry in self._numbers for fault in self._faults_of(entry)]

    def _faults_of(self, entry: Number) -> list[str]:
        if entry.flow not in self._flows:
            known = ", ".join(sorted(flow.name for flow in self._flows))
            return [f"numbers: {entry.number}: no flow {entry.flow!r}; there are {known}"]
        own = dict(entry.parameters)
        if entry.number.endswith("X"):
            own["mailbox"] = ""
        given = self._given(entry.flow, own)
        parameters = self._flows.graph(entry.flow).flow.parameters
        missing = [p.name for p in parameters if not p.optional and p.name not in given]
        unknown = own.keys() - {parameter.name for parameter in parameters}
        return [
            f"numbers: {entry.number}: {entry.flow} needs {name}; put it under with"
            + (", or set company.operator" if name == "operator" else "")
            for name in missing
        ] + [f"numbers: {entry.number}: {entry.flow} takes no {name}" for name in sorted(unknown)]
