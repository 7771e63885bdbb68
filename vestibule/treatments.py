"""Whether the keys of a mailbox lead anywhere: to an extension or a flow that is there."""

from collections.abc import Iterator, Sequence

from call.clock import Clock
from vestibule.attendants import own_flows
from vestibule.numbers import Destination
from vestibule.settings import Settings
from vestibule.shipped import read_book, read_flows
from vestibule.switchboard import Switchboard
from voicemail.administration import Examine
from voicemail.mailboxes import Mailboxes
from voicemail.message import Mailbox, Treatment, TreatmentKind


def treatment_examiner(settings: Settings, mailboxes: Mailboxes, clock: Clock) -> Examine:
    """Finds the keys of a mailbox that lead nowhere. The flows are read when a key names one.

    It raises FlowsRefused where the flows themselves cannot be used.
    """

    async def examine(mailbox: Mailbox) -> Sequence[str]:
        extensions = [box.number for box in await mailboxes.all()]
        keys = (("key 0", mailbox.zero), ("key *", mailbox.star))
        faults = [f for key, to in keys for f in _extension_faults(key, to, mailbox, extensions)]
        if any(to.kind is TreatmentKind.FLOW for _, to in keys):
            switchboard = Switchboard(
                company=settings.company,
                numbers=(),
                flows=read_flows(read_book(), extensions, own=own_flows(settings.storage.data)),
                mailboxes=mailboxes,
                clock=clock,
            )
            faults += [f for key, to in keys for f in _flow_faults(key, to, switchboard)]
        return faults

    return examine


def _extension_faults(
    key: str, treatment: Treatment, mailbox: Mailbox, extensions: Sequence[str]
) -> Iterator[str]:
    if treatment.kind is not TreatmentKind.EXTENSION:
        return
    if treatment.target == mailbox.number:
        yield f"{key} would lead back to mailbox {mailbox.number} itself"
    elif treatment.target not in extensions:
        yield f"{key}: there is no extension {treatment.target}"


def _flow_faults(key: str, treatment: Treatment, switchboard: Switchboard) -> Iterator[str]:
    if treatment.kind is TreatmentKind.FLOW:
        for fault in switchboard.faults(Destination(treatment.target)):
            yield f"{key}: {fault}"
