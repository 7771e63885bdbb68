"""Wherever owners are: hanging up, silence and wrong keys do no harm and never leave them alone."""

from pathlib import Path

import pytest

from ivr.dialogue import CALLER_HUNG_UP
from ivr.flow import Ask
from ivr.machine import Flows
from ivr.testing import ScriptedCaller
from tests.ivr.memory_mailbox import MemoryMailbox, Message
from tests.ivr.owners import CAMILLE, OWNER, comes_in

MAIN = CAMILLE.hears("vm.main")
MESSAGE = MAIN.presses("1").hears("vm.message.header")
MENU = MESSAGE.hears("vm.message.menu")
ADVANCED = MENU.presses("3").hears("vm.advanced.message").hears("vm.advanced")

QUESTIONS = {
    "password": OWNER.hears("vm.login.pin"),
    "number": OWNER.hears("vm.login.pin").presses("*").hears("vm.login.mailbox"),
    "main menu": MAIN,
    "folder": MAIN.presses("2").hears("vm.folder.menu"),
    "after a message": MENU,
    "filing": MENU.presses("9").hears("vm.folder.menu"),
    "forwarding": MENU.presses("8").hears("vm.send.number"),
    "another recipient": MENU.presses("8102#").hears("vm.forward.another"),
    "introduction": MENU.presses("8102##").hears("vm.forward.menu"),
    "advanced": ADVANCED,
    "recipient": ADVANCED.presses("5").hears("vm.send.number"),
    "options": MENU.presses("0").hears("vm.options"),
}
"""Where an owner is asked something, and how they came there."""

SPOKEN = {
    "counts": CAMILLE.hears("vm.summary"),
    "help": MAIN.presses("*").hears("vm.help"),
    "header": MESSAGE,
    "sound": MESSAGE.hears_recording(),
    "paused": MESSAGE.hears_recording().presses("0").waits(5),
    "help on messages": MENU.presses("*").hears("vm.message.help"),
    "envelope": ADVANCED.presses("3").hears("vm.message.received"),
    "answering": ADVANCED.presses("1").hears("vm.send.speak"),
}
"""Where something is said to them."""


@pytest.fixture
def mailbox(tmp_path: Path) -> MemoryMailbox:
    """Camille has a message of William's."""
    mailbox = MemoryMailbox(tmp_path)
    mailbox.boxes["101"].messages.append(Message(tmp_path / "1.wav", from_number="102"))
    return mailbox


places = pytest.mark.parametrize(
    "script", [*QUESTIONS.values(), *SPOKEN.values()], ids=[*QUESTIONS, *SPOKEN]
)


@places
async def test_hanging_up_ends_the_call_and_sends_nothing(
    flows: Flows, mailbox: MemoryMailbox, script: ScriptedCaller
) -> None:
    call = await comes_in(flows, mailbox)
    await script.hangs_up().calls(call)
    assert call.dialogue.outcome == CALLER_HUNG_UP
    assert mailbox.boxes["102"].messages == []
    assert len(mailbox.boxes["101"].stored) == 1


@places
async def test_an_owner_who_has_gone_silent_is_said_goodbye_to(
    flows: Flows, mailbox: MemoryMailbox, script: ScriptedCaller
) -> None:
    call = await comes_in(flows, mailbox)
    await script.hears("vm.goodbye").hears_hang_up().calls(call)
    assert mailbox.boxes["102"].messages == []


@pytest.mark.parametrize("place", [name for name in QUESTIONS if "password" not in name])
async def test_a_wrong_answer_is_told_and_the_question_asked_again(
    flows: Flows, mailbox: MemoryMailbox, place: str
) -> None:
    call = await comes_in(flows, mailbox)
    wrong = {"number": "1#", "forwarding": "1#", "another recipient": "1#", "recipient": "1#"}
    question = QUESTIONS[place].steps[-1]
    script = QUESTIONS[place].presses(wrong.get(place, "9" if place != "after a message" else "A"))
    again = ScriptedCaller(script.name, (*script.hears("common.invalid").steps, question))
    await again.calls(call)


TROUBLE = {
    "select": MAIN.presses("1"),
    "mark_heard": MESSAGE,
    "toggle_deleted": MENU.presses("7"),
    "open_folder": MAIN.presses("22"),
    "file": MENU.presses("92"),
    "reply": ADVANCED.presses("1"),
    "compose": ADVANCED.presses("5102#"),
    "call_back": ADVANCED.presses("2"),
    "open_forward": MENU.presses("8"),
    "add_recipient": MENU.presses("8102#"),
    "open_introduction": MENU.presses("8102##1"),
    "forward": MENU.presses("8102##2"),
    "cancel_forward": MENU.presses("8*"),
}
"""What an owner was doing when an operation failed."""


@pytest.mark.parametrize("operation", TROUBLE)
async def test_trouble_is_told_and_never_silence(
    flows: Flows, mailbox: MemoryMailbox, operation: str
) -> None:
    mailbox.failing.add(f"voicemail.{operation}")
    call = await comes_in(flows, mailbox)
    await TROUBLE[operation].hears("common.trouble").calls(call)
    await OWNER.hears("vm.goodbye").hears_hang_up().calls(call)
    assert mailbox.boxes["102"].messages == []


async def test_every_operation_of_an_owner_may_fail(flows: Flows) -> None:
    asked = {
        state.step.operation.removeprefix("voicemail.")
        for name in ("messages", "folder", "forward", "advanced")
        for state in flows.graph(f"voicemail_{name}").flow.states.values()
        if isinstance(state.step, Ask)
    }
    assert asked == TROUBLE.keys()
