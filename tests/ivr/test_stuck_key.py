"""A key pressed for ever ends the call, and costs nobody a message."""

from pathlib import Path

import pytest

from call.clock import VirtualClock
from ivr.machine import Flows
from ivr.testing import PureCall, ScriptedCaller
from tests.ivr.conftest import dialogue_of
from tests.ivr.memory_boxes import Message
from tests.ivr.memory_mailbox import MemoryMailbox
from tests.ivr.owners import CAMILLE, comes_in

CAMILLE_LISTENS = ScriptedCaller("Camille").hears("vm.message.header", position=100)


@pytest.mark.parametrize("key", "0123456789*#")
async def test_a_stuck_key_ends_the_call_on_a_first_visit(
    flows: Flows, tmp_path: Path, key: str
) -> None:
    mailbox = MemoryMailbox(tmp_path)
    mailbox.boxes["101"].welcomed = False
    call = await comes_in(flows, mailbox, "101")
    await CAMILLE.calls(call)
    for _ in range(201):
        if call.dialogue.ended:
            break
        await ScriptedCaller("a book on the keypad").presses(key).calls(call)
        await call.waits(2)
    assert call.dialogue.ended


async def test_a_hundred_messages_may_be_skipped_with_one_key(flows: Flows, tmp_path: Path) -> None:
    mailbox = MemoryMailbox(tmp_path)
    mailbox.boxes["101"].messages += [Message(tmp_path / f"{n}.wav") for n in range(100)]
    call = await comes_in(flows, mailbox, "101")
    await CAMILLE.presses("1").presses("6" * 99).calls(call)
    await CAMILLE_LISTENS.calls(call)


async def test_what_was_said_before_a_key_got_stuck_is_kept(flows: Flows, tmp_path: Path) -> None:
    mailbox = MemoryMailbox(tmp_path)
    call = PureCall(dialogue_of(flows, "voicemail_leave", mailbox="101"), mailbox, VirtualClock())
    await call.begin()
    caller = ScriptedCaller("a caller").presses("#").hears("common.beep").says(3)
    await caller.presses("5" * 200).hears_hang_up().calls(call)
    assert len(mailbox.boxes["101"].messages) == 1
