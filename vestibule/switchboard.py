"""What each number leads to, and the dialogue that begins there."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from zoneinfo import ZoneInfo

from call.clock import Clock
from ivr.dialogue import Dialogue
from ivr.flow import Held
from ivr.machine import Flows
from ivr.prompts import Value
from vestibule.dial_plan import OUTGOING
from vestibule.extensions import Extensions
from vestibule.numbers import Destination, find_destination
from vestibule.settings import BadSettings, Company, Number
from voicemail.mailboxes import Mailboxes
from voicemail.message import Treatment, TreatmentKind

NOTHING: Mapping[str, Held] = MappingProxyType({})

EXTENSION = "extension"
"""The flow of an extension that is called: it needs the extension's `mailbox`."""


Codes = Callable[[], Awaitable[Collection[str]]]
"""The codes that the company's own people may dial in a menu, and on their telephones."""


async def no_codes() -> Collection[str]:
    """Nobody was given any."""
    return ()


class Switchboard:
    """Begins dialogues. Raises BadSettings, every fault at once, when a number leads nowhere."""

    def __init__(
        self,
        *,
        company: Company,
        numbers: Sequence[Number],
        flows: Flows,
        mailboxes: Mailboxes,
        clock: Clock,
        language: str = "fr",
        codes: Codes = no_codes,
        extensions: Extensions | None = None,
    ) -> None:
        self._codes = codes
        self._company = company
        self._numbers = tuple(numbers)
        self._flows = flows
        self._extensions = extensions or Extensions(mailboxes, clock)
        self._clock = clock
        self._language = language
        if faults := [fault for entry in self._numbers for fault in self._entry_faults(entry)]:
            raise BadSettings("\n".join(faults))

    def take(self, flows: Flows) -> None:
        """Begin dialogues on other flows from now on; those under way end on theirs.

        Raises BadSettings, and keeps those it has, when a number would lead nowhere.
        """
        before, self._flows = self._flows, flows
        if faults := [fault for entry in self._numbers for fault in self._entry_faults(entry)]:
            self._flows = before
            raise BadSettings("\n".join(faults))

    def accepts(self, dialed: str) -> bool:
        """Whether a dialled number leads anywhere."""
        return self.destination(dialed) is not None

    def destination(self, dialed: str) -> Destination | None:
        """Where a dialled number leads."""
        return find_destination(dialed, self._numbers)

    async def extensions(self) -> Collection[str]:
        """The extensions in service. Raises StoreUnavailable."""
        return await self._extensions.in_service()

    async def codes(self) -> Collection[str]:
        """The codes that the company's own people may dial. Raises StoreUnavailable."""
        return await self._codes()

    async def dialogue(
        self, destination: Destination, given: Mapping[str, Held] = NOTHING, language: str = ""
    ) -> Dialogue:
        """A dialogue at its beginning, in the company's zone; and language, unless one is given.

        `given` holds what no settings could write beside a number.
        """
        written = self._given(destination.flow, dict(destination.parameters))
        # A call for help is not to wait for a database, and nobody dials extensions on its way.
        dials = destination.flow != OUTGOING
        return Dialogue(
            self._flows,
            destination.flow,
            given={**written, **given},
            language=language or self._language,
            started_at=self._clock.now().astimezone(ZoneInfo(self._company.zone)),
            extensions=await self._extensions.in_service() if dials else (),
            codes=await self._codes() if dials else (),
            offered=self._offered,
        )

    async def redirect(self, treatment: Treatment) -> tuple[str, str] | None:
        """Where a caller who pressed the key of a treatment goes: a flow and its mailbox.

        None when that leads nowhere just now: no operator, an extension without mailbox, a flow
        that is not there or cannot begin.
        """
        match treatment.kind:
            case TreatmentKind.OPERATOR:
                return await self._extension(self._company.operator or "")
            case TreatmentKind.EXTENSION:
                return await self._extension(treatment.target)
            case TreatmentKind.FLOW:
                faults = list(self.faults(Destination(treatment.target)))
                return None if faults else (treatment.target, "")
            case _:
                return None

    async def _extension(self, number: str) -> tuple[str, str] | None:
        destination = Destination(EXTENSION, (("mailbox", number),))
        if number not in await self._extensions.in_service() or any(self.faults(destination)):
            return None
        return EXTENSION, number

    def _given(self, flow: str, own: Mapping[str, str]) -> dict[str, Value]:
        """What the flow starts with: what the company is, under what stands beside the number."""
        kinds = {each.name: each.type for each in self._flows.graph(flow).flow.parameters}
        written = {name: _value(kinds.get(name, ""), text) for name, text in own.items()}
        return {name: value for name, value in self._offered.items() if name in kinds} | {
            name: value for name, value in written.items() if value is not None
        }

    @property
    def _offered(self) -> dict[str, Value]:
        """What the company is, to any flow that takes it."""
        offered: dict[str, Value] = {"company": self._company.name}
        if self._company.operator is not None:
            offered["operator"] = self._company.operator
        return offered

    def _entry_faults(self, entry: Number) -> Iterator[str]:
        own = entry.parameters | ({"mailbox": ""} if entry.number.endswith("X") else {})
        for fault in self.faults(Destination(entry.flow, tuple(own.items()))):
            yield f"numbers: {entry.number}: {fault}"
        if entry.closed is not None:
            closed = Destination(entry.closed, tuple(entry.closed_parameters.items()))
            for fault in self.faults(closed):
                yield f"numbers: {entry.number}, closed: {fault}"

    def faults(self, destination: Destination) -> Iterator[str]:
        """Why no dialogue can begin there: no such flow, parameters missing or unknown."""
        flow, own = destination.flow, dict(destination.parameters)
        if flow not in self._flows:
            known = ", ".join(sorted(flow.name for flow in self._flows))
            yield f"no flow {flow!r}; there are {known}"
            return
        parameters = self._flows.graph(flow).flow.parameters
        given = self._given(flow, own)
        for parameter in parameters:
            if not parameter.optional and parameter.name not in {*given, *own}:
                where = "company.operator" if parameter.name == "operator" else "with"
                yield f"{flow} needs {parameter.name}; set {where}"
            elif parameter.name in own and _value(parameter.type, own[parameter.name]) is None:
                wanted = "true or false" if parameter.type == "bool" else "a whole number"
                yield f"{flow} takes {parameter.name} as {wanted}"
        for name in own.keys() - {parameter.name for parameter in parameters}:
            yield f"{flow} takes no {name}"


def _value(kind: str, text: str) -> Value | None:
    """What is written beside a number, as a flow takes it; None for what it cannot take."""
    if kind == "bool":
        return {"true": True, "false": False}.get(text)
    if kind == "int":
        return int(text) if text.isdecimal() else None
    return text
