"""Forwarding, answering, writing to colleagues and calling them back."""

from pathlib import Path

import pytest

from ivr.machine import Flows
from ivr.testing import ScriptedCaller
from tests.ivr.memory_mailbox import MemoryMailbox, Message
from tests.ivr.owners import CAMILLE, OWNER, comes_in

AFTER_ONE = CAMILLE.hears("vm.main").presses("1").hears("vm.message.menu")
"""Camille has heard her first message."""

FORWARDING = AFTER_ONE.presses("8").hears("vm.send.number")
TO_WILLIAM = FORWARDING.presses("102#").hears("vm.forward.another")
INTRODUCING = (
    TO_WILLIAM.presses("#").hears("vm.forward.menu").presses("1#").hears("common.beep").says(2.0)
)

ANSWERING = AFTER_ONE.presses("3").hears("vm.advanced.message").presses("1")


@pytest.fixture
def message(mailbox: MemoryMailbox, tmp_path: Path) -> Message:
    """The one Camille has, from a caller outside."""
    message = Message(tmp_path / "1.wav", from_name="Émile Roy", urgent=True)
    mailbox.boxes["101"].messages.append(message)
    return message


def inbox(mailbox: MemoryMailbox, number: str) -> list[Message]:
    return mailbox.boxes[number].messages


# ---- Forwarding


async def test_a_forwarded_message_keeps_its_caller_and_its_hour(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    call = await comes_in(flows, mailbox)
    script = TO_WILLIAM.presses("#").hears("vm.forward.menu").presses("2")
    await script.hears("vm.forward.sent", recipients=1).hears("vm.message.menu").calls(call)
    (copy,) = inbox(mailbox, "102")
    assert (copy.from_name, copy.received, copy.urgent) == ("Émile Roy", message.received, True)
    assert copy.forwarded_by == "101"
    assert not copy.introduced
    assert inbox(mailbox, "101") == [message]


async def test_an_introduction_goes_before_it(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    call = await comes_in(flows, mailbox)
    script = INTRODUCING.presses("#").hears("vm.forward.review").presses("1")
    await script.hears("vm.forward.sent").calls(call)
    (copy,) = inbox(mailbox, "102")
    assert copy.introduced


async def test_an_introduction_ended_by_silence_is_reviewed_too(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    call = await comes_in(flows, mailbox)
    await INTRODUCING.hears("vm.forward.review").presses("1").hears("vm.forward.sent").calls(call)


async def test_the_same_colleague_named_twice_receives_it_once(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    call = await comes_in(flows, mailbox)
    script = TO_WILLIAM.presses("102#").hears("vm.forward.another").presses("#2")
    await script.hears("vm.forward.sent", recipients=1).calls(call)
    assert len(inbox(mailbox, "102")) == 1


async def test_a_full_mailbox_is_refused_as_a_recipient(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    mailbox.boxes["102"].most = 0
    call = await comes_in(flows, mailbox)
    script = FORWARDING.presses("102#").hears("vm.send.full").hears("vm.send.number")
    await script.presses("100#").hears("vm.forward.another").calls(call)


@pytest.mark.parametrize(("full", "told"), [(["102"], "some"), (["100", "102"], "none")])
async def test_mailboxes_that_fill_up_meanwhile_are_told_of(
    flows: Flows, mailbox: MemoryMailbox, message: Message, full: list[str], told: str
) -> None:
    call = await comes_in(flows, mailbox)
    await TO_WILLIAM.presses("100#").hears("vm.forward.another").presses("#").calls(call)
    for number in full:
        mailbox.boxes[number].most = 0
    script = OWNER.hears("vm.forward.menu").presses("2").hears(f"vm.forward.{told}")
    await script.hears("vm.message.menu").calls(call)


@pytest.mark.parametrize(
    "script",
    [
        FORWARDING,
        TO_WILLIAM,
        TO_WILLIAM.presses("#").hears("vm.forward.menu"),
        INTRODUCING,
        INTRODUCING.presses("#").hears("vm.forward.review"),
        INTRODUCING.presses("#").hears("vm.forward.review").presses("2").hears_recording(),
    ],
    ids=["number", "another", "menu", "introduction", "review", "listening"],
)
async def test_whoever_hangs_up_has_forwarded_nothing(
    flows: Flows, mailbox: MemoryMailbox, message: Message, script: ScriptedCaller
) -> None:
    call = await comes_in(flows, mailbox)
    await script.hangs_up().calls(call)
    assert inbox(mailbox, "102") == []
    assert mailbox.performed[-1] == "voicemail.cancel_forward"


# ---- Answering, and writing


async def test_an_answer_reaches_the_colleague_who_left_the_message(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    message.from_number, message.from_name = "102", "William"
    call = await comes_in(flows, mailbox)
    script = ANSWERING.hears("vm.send.speak", name="William").hears("common.beep").says(3.0)
    script = script.presses("#").hears("vm.leave.review").presses("4").hears("vm.leave.urgent")
    script = script.presses("1").hears("vm.leave.kept").hears("vm.advanced.message")
    await script.presses("*").hears("vm.message.menu").calls(call)
    (answer,) = inbox(mailbox, "102")
    assert (answer.from_number, answer.from_name, answer.urgent) == ("101", "Camille", True)


async def test_hanging_up_on_an_answer_sends_it(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    message.from_number = "102"
    call = await comes_in(flows, mailbox)
    await ANSWERING.hears("common.beep").says(3.0).hangs_up().calls(call)
    assert len(inbox(mailbox, "102")) == 1


async def test_hanging_up_before_the_tone_sends_nothing(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    message.from_number = "102"
    call = await comes_in(flows, mailbox)
    await ANSWERING.hears("vm.send.speak").hangs_up().calls(call)
    assert inbox(mailbox, "102") == []
    assert mailbox.discarded == 1


async def test_an_answer_of_a_word_too_few_is_not_sent(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    message.from_number = "102"
    call = await comes_in(flows, mailbox)
    script = ANSWERING.hears("common.beep").says(0.3).hears("vm.leave.too_short")
    await script.hears("vm.advanced").calls(call)
    assert inbox(mailbox, "102") == []


async def test_the_star_gives_an_answer_up(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    message.from_number = "102"
    call = await comes_in(flows, mailbox)
    script = ANSWERING.hears("common.beep").says(3.0).presses("*").hears("vm.leave.keep_or_lose")
    script = script.presses("*").hears("vm.leave.discarded").hears("vm.advanced.message")
    await script.calls(call)
    assert inbox(mailbox, "102") == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [("unknown", "vm.reply.unknown"), ("full", "vm.send.full"), ("refused", "vm.send.refused")],
)
async def test_an_answer_that_cannot_be_left_is_told_why(
    flows: Flows, mailbox: MemoryMailbox, message: Message, spoil: str, told: str
) -> None:
    message.from_number = "102" if spoil != "unknown" else "5145550123"
    mailbox.boxes["102"].most = 0 if spoil == "full" else 100
    mailbox.boxes["101"].can_send = spoil != "refused"
    call = await comes_in(flows, mailbox)
    await ANSWERING.hears(told).hears("vm.advanced.message").hears("vm.advanced").calls(call)


@pytest.mark.parametrize(
    ("spoil", "told"), [("full", "vm.send.full"), ("refused", "vm.send.refused")]
)
async def test_a_message_that_cannot_be_left_is_told_why(
    flows: Flows, mailbox: MemoryMailbox, spoil: str, told: str
) -> None:
    mailbox.boxes["102"].most = 0 if spoil == "full" else 100
    mailbox.boxes["101"].can_send = spoil != "refused"
    call = await comes_in(flows, mailbox)
    script = CAMILLE.hears("vm.main").presses("35").hears("vm.send.number").presses("102#")
    await script.hears(told).hears("vm.advanced").calls(call)


async def test_without_a_message_there_is_nobody_to_answer_or_to_call(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    call = await comes_in(flows, mailbox)
    script = CAMILLE.hears("vm.main").presses("3").hears("vm.advanced")
    for key in "12":
        script = script.presses(key).hears("common.invalid").hears("vm.advanced")
    await script.presses("3").hears("vm.main").calls(call)
    assert "vm.advanced.message" not in str(call.transcript)


# ---- Calling back

CALLING_BACK = AFTER_ONE.presses("3").hears("vm.advanced.message").presses("2")


async def test_calling_back_reaches_the_colleagues_extension(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    message.from_number = "102"
    mailbox.boxes["101"].can_call_back = True
    call = await comes_in(flows, mailbox)
    script = CALLING_BACK.hears("vm.call_back.calling").hears("vm.leave.unavailable_name")
    await script.hears("common.beep").says(3.0).hangs_up().calls(call)
    assert len(inbox(mailbox, "102")) == 1


async def test_a_caller_outside_cannot_be_called_back(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    mailbox.boxes["101"].can_call_back = True
    call = await comes_in(flows, mailbox)
    await CALLING_BACK.hears("vm.call_back.unknown").hears("vm.advanced.message").calls(call)


async def test_a_mailbox_that_may_not_call_back_is_told_so(
    flows: Flows, mailbox: MemoryMailbox, message: Message
) -> None:
    message.from_number = "102"
    call = await comes_in(flows, mailbox)
    await CALLING_BACK.hears("vm.call_back.refused").hears("vm.advanced.message").calls(call)
