"""The operations of a call that is over leave nothing behind that has to be looked for."""

import gc
import weakref

from tests.voicemail.office import CALLER, Office
from vestibule.operations import CallOperations
from voicemail.message import Treatment


async def nowhere(_: Treatment) -> None:
    return None


async def test_the_operations_of_a_call_are_gone_with_it(office: Office) -> None:
    await office.hire()
    call = CallOperations(office.mailboxes, CALLER, nowhere)
    await call.perform("voicemail.open_deposit", {"mailbox": "101", "busy": False})
    await call.close()
    gone = weakref.ref(call)
    gc.collect()
    gc.disable()
    try:
        del call
        assert gone() is None
    finally:
        gc.enable()
