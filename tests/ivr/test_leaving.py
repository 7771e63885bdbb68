"""Hanging up, trouble and second takes while a message is left: what is in the mailbox then."""

import pytest

from ivr.testing import ScriptedCaller
from tests.ivr.conftest import Calling
from tests.ivr.memory_mailbox import MemoryMailbox

CALLER = ScriptedCaller("the caller")
SPOKEN = CALLER.hears("common.beep").says(3.0)
REVIEWING = SPOKEN.presses("#").hears("vm.leave.review")
AGAIN = REVIEWING.presses("3").hears("common.beep").says(2.0)
TOO_SHORT = CALLER.hears("common.beep").says(0.3).presses("#").hears("vm.leave.speak_again")

OCTETS_A_SECOND = 16000


def seconds_kept(mailbox: MemoryMailbox) -> list[float]:
    """How long the messages in Camille's mailbox are, to the half second."""
    sizes = [message.sound.stat().st_size for message in mailbox.boxes["101"].messages]
    return [round(2 * size / OCTETS_A_SECOND) / 2 for size in sizes]


@pytest.mark.parametrize(
    ("caller", "kept"),
    [
        (CALLER.hears("vm.leave.instructions"), []),
        (CALLER.hears("common.beep"), []),
        (SPOKEN, [3.0]),
        (REVIEWING, [3.0]),
        (REVIEWING.presses("2").hears_recording(), [3.0]),
        (REVIEWING.presses("4").hears("vm.leave.urgent"), [3.0]),
        (REVIEWING.presses("9").hears("common.invalid"), [3.0]),
        (REVIEWING.presses("3").hears("vm.leave.again"), [3.0]),
        (AGAIN, [3.0]),
        (AGAIN.presses("#").hears("vm.leave.review"), [2.0]),
        (AGAIN.presses("0").hears("vm.leave.keep_or_lose"), [2.0]),
        (SPOKEN.presses("0").hears("vm.leave.keep_or_lose"), [3.0]),
        (SPOKEN.presses("*").hears("vm.leave.keep_or_lose"), [3.0]),
        (SPOKEN.presses("0").hears("vm.leave.keep_or_lose").presses("1"), [3.0]),
        (SPOKEN.presses("0").hears("vm.leave.keep_or_lose").presses("2"), []),
        (REVIEWING.presses("1").hears("vm.leave.kept"), [3.0]),
        (TOO_SHORT, []),
        (TOO_SHORT.hears("common.beep").says(4.0), [4.5]),  # with what little there was
    ],
    ids=lambda value: ", ".join(map(str, getattr(value, "steps", ["kept"]))),
)
async def test_a_caller_who_hangs_up_is_kept_with_the_last_whole_take(
    calling: Calling, mailbox: MemoryMailbox, caller: ScriptedCaller, kept: list[float]
) -> None:
    call = await calling("voicemail_leave", mailbox="101")
    await caller.hangs_up().calls(call)
    assert seconds_kept(mailbox) == kept


async def test_an_urgent_message_is_urgent_when_the_caller_just_hangs_up(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    call = await calling("voicemail_leave", mailbox="101")
    await REVIEWING.presses("4").hears("vm.leave.urgent").hangs_up().calls(call)
    assert [message.urgent for message in mailbox.boxes["101"].messages] == [True]


async def test_a_message_is_kept_once_when_the_caller_hangs_up_as_it_is_kept(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    call = await calling("voicemail_leave", mailbox="101")
    await REVIEWING.presses("1").hears("common.goodbye").hangs_up().calls(call)
    assert mailbox.performed.count("voicemail.keep_deposit") == 1


@pytest.mark.parametrize(
    ("operation", "caller"),
    [
        ("voicemail.check_deposit", SPOKEN.presses("#")),
        ("voicemail.check_deposit", SPOKEN.presses("0")),
        ("voicemail.open_retake", REVIEWING.presses("3")),
        ("voicemail.accept_retake", AGAIN.presses("#")),
        ("voicemail.toggle_urgent", REVIEWING.presses("4")),
        ("voicemail.keep_deposit", REVIEWING.presses("1")),
        ("voicemail.discard_deposit", CALLER.hears("vm.leave.instructions").presses("0")),
        ("voicemail.treatment", CALLER.hears("vm.leave.instructions").presses("0")),
    ],
)
async def test_trouble_at_any_step_is_told_and_ends_the_call(
    calling: Calling, mailbox: MemoryMailbox, operation: str, caller: ScriptedCaller
) -> None:
    mailbox.failing.add(operation)
    call = await calling("voicemail_leave", mailbox="101")
    await caller.hears("common.trouble").hears_hang_up().calls(call)
