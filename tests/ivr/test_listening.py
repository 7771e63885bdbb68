"""How states wait for keys, on small flows that say so."""

from call.leg import HangUpCause
from call.media import KeyPressed, KeySource
from ivr.actions import End, Hush
from ivr.testing import ScriptedCaller
from tests.ivr.conftest import Small

CALLER = ScriptedCaller("the caller")


def menu(more: str = "", keys: str = '1 = "one"', name: str = "first") -> str:
    return f"""
[states.{name}]
kind   = "menu"
prompt = "vm.main"
keys   = {{ {keys} }}
on     = {{ max_no_input = "out", max_no_match = "out" }}
{more}
"""


async def test_without_barge_in_a_key_acts_when_the_prompt_has_ended(small: Small) -> None:
    call = await small(menu("barge_in = false"))
    await CALLER.hears("vm.main").presses("1").waits(1.7).calls(call)
    assert "vm.goodbye" not in str(call.transcript)
    await CALLER.waits(0.2).hears("vm.goodbye").hears_hang_up().calls(call)


LECTURE = """
[states.first]
kind = "play"
prompt = "vm.help"
barge_in = false
on = { done = "second" }
"""


async def test_without_type_ahead_keys_pressed_before_are_dropped(small: Small) -> None:
    call = await small(LECTURE + menu("type_ahead = false", name="second"))
    script = CALLER.hears("vm.help").presses("1").hears("vm.main").waits(1)
    await script.presses("1").hears("vm.goodbye").calls(call)


async def test_without_type_ahead_a_key_pressed_before_cuts_nothing(small: Small) -> None:
    notice = LECTURE.replace("first", "second").replace('= "second" }', '= "third" }')
    notice = notice.replace("barge_in = false", "type_ahead = false").replace("vm.help", "vm.main")
    call = await small(LECTURE + notice + menu(name="third", keys='1 = "one", 2 = "out"'))
    script = CALLER.hears("vm.help").presses("2").hears("vm.main").waits(1).presses("1")
    await script.hears("vm.goodbye").calls(call)


async def test_keys_pressed_ahead_are_kept_for_the_next_menu(small: Small) -> None:
    call = await small(LECTURE + menu(name="second"))
    await CALLER.hears("vm.help").presses("1").hears("vm.goodbye").calls(call)
    assert "vm.main" not in str(call.transcript)


async def test_a_repeated_prompt_may_be_shorter(small: Small) -> None:
    call = await small(menu('prompt_short = "vm.help"\nnoinput = []'))
    script = CALLER.hears("vm.main").hears("vm.help").hears("vm.help").hears("common.goodbye")
    await script.calls(call)
    assert str(call.transcript).count("vm.main") == 1
    assert "still_there" not in str(call.transcript)


async def test_silence_and_wrong_keys_are_counted_apart_and_anew_in_each_state(
    small: Small,
) -> None:
    limits = "max_no_input = 2\nmax_no_match = 2"
    states = menu(limits, '1 = "second"') + menu(limits, '1 = "first", 2 = "one"', "second")
    call = await small(states)
    script = CALLER.presses("7").hears("common.invalid").hears("common.still_there")
    script = script.presses("1").hears("vm.main").presses("7").hears("common.invalid")
    script = script.presses("1").hears("vm.main").presses("7").hears("common.invalid")
    await script.hears("vm.main").presses("7").hears("common.goodbye").calls(call)


async def test_keys_of_a_group_act_in_all_its_menus(small: Small) -> None:
    states = '[states.first]\ninitial = "a"\nkeys = { "#" = "one", 2 = "out" }\n'
    states += menu(name='"first.a"', keys='2 = "first.b"') + menu(
        name='"first.b"', keys='2 = "first.a"'
    )
    call = await small(states)
    await CALLER.presses("2").presses("2").presses("2#").hears("vm.goodbye").calls(call)


async def test_digits_of_a_fixed_number_need_no_terminator_and_forgive_one(small: Small) -> None:
    states = """
[states.first]
kind   = "collect"
prompt = "vm.login.pin"
into   = "code"
digits = { exact = 4 }
on     = { filled = "second", max_no_input = "out", max_no_match = "out" }
"""
    states += menu(name="second", keys='"#" = "out", 1 = "one"')
    call = await small(states)
    await CALLER.presses("1234#").hears("vm.main").presses("1").hears("vm.goodbye").calls(call)


RECORD = """
[states.first]
kind = "action"
do   = "voicemail.open_greeting"
with = { kind = "temporary" }
on   = { ready = "take", failed = "out" }
[states.take]
kind = "record"
into = "recording"
max  = "5s"
final_silence = "2s"
on   = { done = "out", limit = { say = "vm.leave.full", to = "out" }, silence = "one" }
"""


async def test_a_recording_at_its_limit_may_lead_elsewhere(small: Small) -> None:
    call = await small(RECORD)
    await CALLER.hears("common.beep").says(6.0).hears("vm.leave.full").calls(call)


async def test_a_recording_ended_by_silence_may_lead_elsewhere(small: Small) -> None:
    call = await small(RECORD)
    await CALLER.hears("common.beep").says(1.0).hears("vm.goodbye").calls(call)


async def test_a_flow_hangs_up_with_the_cause_it_names(small: Small) -> None:
    busy = '[states.busy]\nkind = "hangup"\ncause = "busy"\n'
    call = await small(menu(keys='1 = "busy", 2 = "one"') + busy)
    actions = call.dialogue.receive(KeyPressed("1", KeySource.SIP_INFO, 1.0), 1.0)
    assert actions == [Hush(), End(HangUpCause.BUSY)]
