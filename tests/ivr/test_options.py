"""What options leave behind, also when the owner goes away: greetings, passwords, first visits."""

from datetime import date

import pytest

from call.media import KeyPressed, KeySource
from ivr.actions import OperationEnded, Perform
from ivr.machine import Flows
from ivr.operations import Outcome
from ivr.testing import ScriptedCaller
from tests.ivr.conftest import Calling, dialogue_of
from tests.ivr.memory_mailbox import MemoryMailbox

OWNER = ScriptedCaller("the owner").hears("vm.login.pin").presses("4711#").hears("vm.main")
RECORDING = OWNER.presses("011").hears("common.beep").says(3.0)
REVIEWING = RECORDING.presses("#").hears("vm.review")
TEMPORARY = OWNER.presses("041").hears("common.beep").says(3.0).presses("#").hears("vm.review")
DATING = TEMPORARY.presses("1").hears("vm.temp.last_day")

NEW = ScriptedCaller("a new owner").hears("vm.login.pin").presses("4714#").hears("vm.welcome")
CHOSEN = NEW.hears("vm.pin.new").presses("2580#").hears("vm.pin.again").presses("2580#")
NAMING = CHOSEN.hears("vm.welcome.name")
GREETING = NAMING.presses("2").hears("vm.welcome.greeting")


@pytest.mark.parametrize(
    "owner",
    [
        OWNER.presses("011").hears("vm.record.greeting"),
        RECORDING,
        REVIEWING,
        REVIEWING.presses("2").hears_recording(),
        REVIEWING.presses("*").hears("vm.record.discarded"),
    ],
    ids=["told how", "recording", "reviewing", "listening", "cancelled"],
)
async def test_an_owner_who_goes_away_before_accepting_changes_no_greeting(
    calling: Calling, mailbox: MemoryMailbox, owner: ScriptedCaller
) -> None:
    call = await calling("voicemail_main", mailbox="101")
    await owner.hangs_up().calls(call)
    assert mailbox.boxes["101"].greetings == {}
    assert mailbox.discarded == 1


async def test_a_greeting_is_kept_once_accepted(calling: Calling, mailbox: MemoryMailbox) -> None:
    call = await calling("voicemail_main", mailbox="101")
    await REVIEWING.presses("1").hears("vm.greeting.saved").hangs_up().calls(call)
    assert list(mailbox.boxes["101"].greetings) == ["unavailable"]


async def test_a_temporary_greeting_is_in_force_while_its_last_day_is_asked_for(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    call = await calling("voicemail_main", mailbox="101")
    await DATING.hangs_up().calls(call)
    assert list(mailbox.boxes["101"].greetings) == ["temporary"]
    assert mailbox.boxes["101"].temporary_until is None


async def test_the_last_day_typed_is_the_one_read_back(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    call = await calling("voicemail_main", mailbox="101")
    await DATING.presses("0814").hears("vm.temp.active").hears("vm.temp.until").calls(call)
    until = mailbox.boxes["101"].temporary_until
    assert until is not None
    assert until.date() == date(2027, 8, 14)
    assert f"until={until}" in str(call.transcript)


@pytest.mark.parametrize(
    "owner",
    [
        NEW,
        NEW.hears("vm.pin.new").presses("2580#").hears("vm.pin.again"),
        NAMING,
        NAMING.presses("1").hears("common.beep").says(2.0),
        GREETING,
        GREETING.presses("1").hears("common.beep").says(2.0).presses("#").hears("vm.review"),
    ],
    ids=["greeted", "password", "name", "recording the name", "greeting", "reviewing it"],
)
async def test_a_new_owner_who_goes_away_before_the_end_begins_again_next_time(
    calling: Calling, mailbox: MemoryMailbox, owner: ScriptedCaller
) -> None:
    call = await calling("voicemail_main", mailbox="104")
    await owner.hangs_up().calls(call)
    assert not mailbox.boxes["104"].welcomed


async def test_a_new_owner_is_welcomed_once(calling: Calling, mailbox: MemoryMailbox) -> None:
    call = await calling("voicemail_main", mailbox="104")
    await GREETING.presses("2").hears("vm.welcome.done").hears("vm.main").hangs_up().calls(call)
    assert mailbox.boxes["104"].welcomed
    again = await calling("voicemail_main", mailbox="104")
    script = ScriptedCaller("the owner").hears("vm.login.pin").presses("2580#").hears("vm.main")
    await script.calls(again)
    assert "vm.welcome" not in str(again.transcript)


@pytest.mark.parametrize(
    ("operation", "owner"),
    [
        ("voicemail.open_greeting", OWNER.presses("011")),
        ("voicemail.keep_greeting", REVIEWING.presses("1")),
        ("voicemail.discard_greeting", REVIEWING.presses("*")),
        ("voicemail.hear_greeting", OWNER.presses("013")),
        ("voicemail.erase_greeting", OWNER.presses("012")),
        ("voicemail.end_temporary", DATING.presses("0814")),
        ("voicemail.change_pin", OWNER.presses("052580#2580#")),
        ("voicemail.set_language", OWNER.presses("062")),
    ],
)
async def test_trouble_in_the_options_is_told_and_ends_the_call(
    calling: Calling, mailbox: MemoryMailbox, operation: str, owner: ScriptedCaller
) -> None:
    mailbox.failing.add(operation)
    call = await calling("voicemail_main", mailbox="101")
    await owner.hears("common.trouble").hears("vm.goodbye").hears_hang_up().calls(call)


async def test_a_new_password_is_handed_over_once_and_kept_nowhere(flows: Flows) -> None:
    dialogue = dialogue_of(flows, "voicemail_pin")
    dialogue.start(0.0)
    actions = []
    for at, key in enumerate("2580#2581#"):
        actions += dialogue.receive(KeyPressed(key, KeySource.RFC4733, at), at)
    perform = actions[-1]
    assert isinstance(perform, Perform)
    assert perform.arguments == {"pin": "2580", "again": "2581"}
    assert "258" not in repr(actions)
    assert "258" not in repr(vars(dialogue._stack.top))
    dialogue.receive(OperationEnded(perform.ticket, Outcome("different")), 20.0)
    assert dialogue.place == "voicemail_pin/ask"
