"""What callers and owners experience, in their words; nothing but the dialogue and time."""

from pathlib import Path

import pytest

from call.leg import HangUpCause, HungUp
from call.media import KeyPressed, KeySource, PlayEnded
from ivr.actions import Activity, Hush, OperationEnded, Perform, Speak, StartRecording
from ivr.dialogue import CALLER_HUNG_UP
from ivr.machine import Flows
from ivr.operations import Outcome
from ivr.testing import ScriptedCaller
from tests.ivr.conftest import Calling, dialogue_of
from tests.ivr.memory_mailbox import MemoryMailbox

CALLER = ScriptedCaller("the caller")
OWNER = ScriptedCaller("the owner")
LOGIN = OWNER.hears("vm.login.pin").presses("4711#")


async def test_hanging_up_keeps_the_message(calling: Calling, mailbox: MemoryMailbox) -> None:
    call = await calling("voicemail_leave", mailbox="101")
    await CALLER.hears("common.beep").says(10.0).hangs_up().calls(call)
    (message,) = mailbox.boxes["101"].messages
    assert message.sound.stat().st_size == 10 * 8000 * 2
    assert call.dialogue.outcome == CALLER_HUNG_UP


async def test_a_caller_who_falls_silent_is_kept_and_told(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    call = await calling("voicemail_leave", mailbox="101")
    await CALLER.hears("common.beep").says(5.0).hears("vm.leave.kept").hears_hang_up().calls(call)
    assert len(mailbox.boxes["101"].messages) == 1


async def test_keys_that_mean_nothing_do_not_end_a_message(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    call = await calling("voicemail_leave", mailbox="101")
    script = CALLER.hears("common.beep").says(2.0).presses("58").says(2.0).presses("#")
    await script.hears("vm.leave.kept").calls(call)
    (message,) = mailbox.boxes["101"].messages
    assert message.sound.stat().st_size > 4 * 8000 * 2


async def test_whoever_presses_the_pound_key_twice_still_hears_it_was_kept(
    calling: Calling,
) -> None:
    call = await calling("voicemail_leave", mailbox="101")
    script = CALLER.hears("common.beep").says(3.0).presses("##")
    await script.hears("vm.leave.kept").hears("common.goodbye").hears_hang_up().calls(call)


async def test_hanging_up_while_asked_whether_to_keep_keeps(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    call = await calling("voicemail_leave", mailbox="101")
    script = CALLER.hears("common.beep").says(4.0).presses("0").hears("vm.leave.keep_or_lose")
    await script.hangs_up().calls(call)
    assert len(mailbox.boxes["101"].messages) == 1


async def test_hanging_up_during_the_greeting_leaves_nothing(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    call = await calling("voicemail_leave", mailbox="101")
    await CALLER.hears("vm.leave.instructions").hangs_up().calls(call)
    assert mailbox.performed == ["voicemail.open_deposit"]


async def test_the_recorded_greeting_is_heard_in_place_of_the_sentence(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    mailbox.boxes["101"].greetings["temporary"] = Path("bonjour.wav")
    call = await calling("voicemail_leave", mailbox="101")
    await CALLER.hears_recording(Path("bonjour.wav")).hears("common.beep").calls(call)
    assert "vm.leave.unavailable" not in str(call.transcript)


async def test_a_full_mailbox_says_so_and_records_nothing(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    mailbox.boxes["102"].most = 0
    call = await calling("voicemail_leave", mailbox="102")
    await CALLER.hears("vm.leave.full", "en").hears_hang_up().calls(call)
    assert "beep" not in str(call.transcript)


@pytest.mark.parametrize("operation", ["voicemail.open_deposit", "voicemail.keep_deposit"])
async def test_trouble_is_told_and_never_silence(
    calling: Calling, mailbox: MemoryMailbox, operation: str
) -> None:
    mailbox.failing.add(operation)
    call = await calling("voicemail_leave", mailbox="101")
    script = CALLER.presses("#").says(3.0).presses("#") if "keep" in operation else CALLER
    await script.hears("common.trouble").hears_hang_up().calls(call)


async def test_an_extension_followed_by_the_pound_key_still_gives_the_greeting(
    calling: Calling,
) -> None:
    call = await calling()
    script = CALLER.hears("aa.welcome").presses("102#").hears("vm.leave.unavailable_name")
    await script.waits(1).calls(call)
    assert "beep" not in str(call.transcript)


async def test_8500_may_be_typed_slowly(calling: Calling) -> None:
    call = await calling()
    script = CALLER.hears("aa.welcome").presses("8").waits(2).presses("5").waits(2).presses("0")
    await script.waits(2).presses("0").hears("vm.login.mailbox").calls(call)


async def test_a_number_begun_and_given_up_is_not_an_extension(calling: Calling) -> None:
    call = await calling()
    await CALLER.presses("85").hears("aa.unknown_extension").hears("aa.menu").calls(call)


async def test_three_wrong_keys_lead_to_a_person(calling: Calling) -> None:
    call = await calling()
    script = CALLER.presses("4").hears("aa.unknown_extension").presses("4")
    script = script.hears("aa.unknown_extension").presses("4").hears("aa.to_operator")
    await script.calls(call)


async def test_silence_is_counted_from_the_end_of_the_prompt(calling: Calling) -> None:
    call = await calling()
    await CALLER.hears("aa.menu").waits(2 + 6.9).calls(call)
    assert "still_there" not in str(call.transcript)
    await CALLER.waits(0.2).hears("common.still_there").calls(call)


async def test_hanging_up_on_a_greeting_being_recorded_changes_nothing(
    calling: Calling, mailbox: MemoryMailbox
) -> None:
    call = await calling("voicemail_main", mailbox="101")
    script = LOGIN.hears("vm.main").presses("041").hears("common.beep").says(3.0)
    await script.hangs_up().calls(call)
    assert mailbox.boxes["101"].greetings == {}
    assert mailbox.discarded == 1


async def test_removing_a_greeting_that_is_not_there_is_told(calling: Calling) -> None:
    call = await calling("voicemail_main", mailbox="101")
    await LOGIN.hears("vm.main").presses("042").hears("vm.temp.none").calls(call)


async def test_the_password_is_handed_over_once_and_kept_nowhere(flows: Flows) -> None:
    dialogue = dialogue_of(flows, "voicemail_main", mailbox="101")
    (spoken,) = dialogue.start(0.0)
    assert isinstance(spoken, Speak)
    actions = []
    for at, key in enumerate("4711#"):
        actions += dialogue.receive(KeyPressed(key, KeySource.INBAND, at), at)
    perform = actions[-1]
    assert isinstance(perform, Perform)
    assert perform.arguments["pin"] == "4711"
    assert "4711" not in repr(actions)
    assert "4711" not in repr(vars(dialogue._stack.top))
    assert "4711" not in repr(vars(dialogue._keypad))


async def test_the_late_end_of_an_older_prompt_changes_nothing(flows: Flows) -> None:
    dialogue = dialogue_of(flows)
    (first,) = dialogue.start(0.0)
    hush, second = dialogue.receive(KeyPressed("9", KeySource.RFC4733, 1.0), 1.0)
    assert isinstance(first, Speak)
    assert isinstance(hush, Hush)
    assert isinstance(second, Speak)
    assert dialogue.receive(PlayEnded(first.ticket), 1.1) == []
    assert dialogue.activity is Activity.SPEAKING
    dialogue.receive(PlayEnded(second.ticket), 3.0)
    assert dialogue.deadline == 3.0 + 7.0


async def test_a_hang_up_waits_for_the_saving_under_way(flows: Flows, tmp_path: Path) -> None:
    dialogue = dialogue_of(flows, "voicemail_leave", mailbox="101")
    (opening,) = dialogue.start(0.0)
    assert isinstance(opening, Perform)
    dialogue.receive(HungUp(HangUpCause.NORMAL, by_caller=True), 1.0)
    assert dialogue.activity is Activity.WORKING
    assert dialogue.receive(KeyPressed("1", KeySource.RFC4733, 1.0), 1.0) == []
    told = {
        "greeting": None,
        "mailbox_name": "",
        "language": "fr",
        "max_s": 9,
        "spool": tmp_path / "1",
    }
    actions = dialogue.receive(OperationEnded(opening.ticket, Outcome("ready", told)), 2.0)
    assert not any(isinstance(action, Speak | StartRecording) for action in actions)
    assert dialogue.ended
