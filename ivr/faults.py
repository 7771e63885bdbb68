"""What is wrong with a flow, said so that its author can mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from call.errors import Misuse, PeerFault


class Severity(StrEnum):
    """An error stops the start; a warning is only told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class FlowFault:
    """One fault: where it is, what is wrong, and what to do about it."""

    file: str
    state: str
    """The state's name, or "" when the fault is the flow's own."""
    what: str
    advice: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.file}: {self.state}" if self.state else self.file
        return f"{self.severity.value}: {place}: {self.what}. {self.advice}"


class FlowsRefused(PeerFault):
    """Flows that cannot be run; `faults` holds every reason at once."""

    def __init__(self, faults: Sequence[FlowFault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class DialogueMisuse(Misuse):
    """A dialogue was started or fed in a way that cannot be: a bug of ours."""
