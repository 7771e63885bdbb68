"""What tests of an owner's side share: who comes in, and the messages that wait for them."""

from pathlib import Path

from call.clock import VirtualClock
from ivr.machine import Flows
from ivr.testing import PureCall, ScriptedCaller
from tests.ivr.conftest import dialogue_of
from tests.ivr.memory_mailbox import MemoryMailbox

OWNER = ScriptedCaller("the owner")
CAMILLE = OWNER.hears("vm.login.pin").presses("4711#")
WILLIAM = OWNER.hears("vm.login.pin").presses("4712#")


async def comes_in(
    flows: Flows, mailbox: MemoryMailbox, number: str = "101", flow: str = "voicemail_main"
) -> PureCall:
    """Begin a call of the owner of a box; "" comes without saying whose it is."""
    given = {"mailbox": number} if number else {}
    call = PureCall(dialogue_of(flows, flow, **given), mailbox, VirtualClock())
    await call.begin()
    return call


def from_house(spool: Path, number: str) -> MemoryMailbox:
    """The mailboxes, seen from one of the company's own telephones."""
    return MemoryMailbox(spool, own_phone=number)
