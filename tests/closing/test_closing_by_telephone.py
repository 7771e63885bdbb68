"""The closure message from the telephone of whoever closes, and from that of a client."""

from dataclasses import replace

import pytest

from ivr.testing import ScriptedCaller, ScriptFailed
from tests.closing.company import (
    CLIENT,
    CODE,
    INSIDE,
    NUMBER,
    OUTSIDE,
    OWNER,
    PIN,
    TOGGLE,
    Closed,
)

CLIENT_HEARS_IT = CLIENT.hears_recording().hears("aa.closed").hears("aa.closed_menu", "fr")
CLIENT_HEARS_THE_USUAL = CLIENT.hears("aa.closed", company="Vestibule").hears("aa.closed_menu")


def recording(company: Closed) -> ScriptedCaller:
    """A message recorded and accepted."""
    script = OWNER.hears("closure.menu").presses("1").hears("common.beep").says(company.speech)
    return script.presses("#").hears("vm.review").presses("1").hears("closure.kept")


async def is_heard(company: Closed) -> bool:
    return await company.closures.heard(NUMBER) is not None


async def test_a_message_recorded_by_telephone_is_heard_before_the_usual_sentence(
    company: Closed,
) -> None:
    await company.calls("closed", CLIENT_HEARS_THE_USUAL)
    await company.manages(OWNER.hears("closure.state", state="silent"))
    await company.manages(recording(company).hears("closure.menu").presses("*"))
    await company.calls("closed", CLIENT_HEARS_IT)


async def test_it_replaces_the_usual_sentence_where_that_was_set(company: Closed) -> None:
    await company.closures.edit(CODE, lambda closure: replace(closure, replaces=True), ())
    await company.manages(recording(company))
    script = CLIENT.hears_recording().hears("aa.english_offer", "en").hears("aa.closed_menu", "fr")
    await company.calls("closed", script)
    with pytest.raises(ScriptFailed):
        await company.calls("closed", CLIENT.hears("aa.closed").hangs_up())


async def test_a_short_silence_turns_it_off_and_whoever_recorded_it_is_told(
    company: Closed,
) -> None:
    await company.manages(recording(company))
    script = OWNER.hears("closure.state", state="on").hears("closure.menu").presses("1")
    script = script.hears("closure.record").hears("common.beep").says(company.silence).presses("#")
    await company.manages(script.hears("closure.silence").hears("closure.menu"))
    await company.calls("closed", CLIENT_HEARS_THE_USUAL)


async def test_keys_3_and_4_turn_on_and_off_what_was_recorded_before(company: Closed) -> None:
    await company.manages(recording(company))
    await company.manages(OWNER.presses("4").hears("closure.state", state="off"))
    assert not await is_heard(company)
    await company.manages(OWNER.presses("3").hears("closure.state", state="on"))
    assert await is_heard(company)


@pytest.mark.parametrize("key", ["2", "3", "4"])
async def test_nothing_to_listen_to_or_to_turn_on_is_said(company: Closed, key: str) -> None:
    script = OWNER.hears("closure.menu").presses(key).hears("closure.none").hears("closure.menu")
    await company.manages(script)


async def test_key_2_plays_what_clients_hear(company: Closed) -> None:
    await company.manages(recording(company))
    heard = await company.closures.heard(NUMBER)
    assert heard is not None
    await company.manages(OWNER.hears("closure.menu").presses("2").hears_recording(heard.sound))


@pytest.mark.parametrize("leaving", ["*", "hangs up", "hangs up speaking", "is silent"])
async def test_nothing_changes_before_the_review_is_accepted(company: Closed, leaving: str) -> None:
    script = OWNER.hears("closure.menu").presses("1").hears("common.beep").says(company.speech)
    if leaving == "hangs up speaking":
        await company.manages(script.hangs_up())
    else:
        script = script.presses("#").hears("vm.review")
        await company.manages(
            {
                "*": script.presses("*").hears("vm.record.discarded").hears("closure.menu"),
                "hangs up": script.hangs_up(),
                "is silent": script.hears("vm.record.discarded"),
            }[leaving]
        )
    assert not await is_heard(company)
    spool = company.office.root / "spool" / "greetings"
    assert list(spool.glob("*")) == []


async def test_whoever_records_while_the_company_is_open_is_warned(company: Closed) -> None:
    company.opened.add(NUMBER)
    await company.manages(recording(company).hears("closure.open_now"))
    await company.manages(OWNER.presses("4").hears("closure.state", state="off"))
    await company.manages(OWNER.presses("3").hears("closure.state").hears("closure.open_now"))


async def test_its_days_are_typed_and_told(company: Closed) -> None:
    await company.manages(recording(company))
    script = OWNER.hears("closure.menu").presses("5").hears("closure.first_day").presses("1224")
    script = script.hears("closure.last_day").presses("0103").hears("closure.dated")
    script = script.hears("closure.begins").hears("closure.ends").hears("closure.menu")
    await company.manages(script)
    closure = await company.closures.show(CODE)
    assert (str(closure.first), str(closure.last)) == ("2027-12-24", "2028-01-03")


@pytest.mark.parametrize(
    ("keys", "days"),
    [
        ("0702 #", ("2027-07-02", "None")),
        ("# 0702", ("None", "2027-07-02")),
        ("# #", ("None", "None")),
    ],
)
async def test_the_pound_key_leaves_a_day_open(
    company: Closed, keys: str, days: tuple[str, str]
) -> None:
    await company.manages(recording(company))
    first, last = keys.split()
    script = OWNER.hears("closure.menu").presses("5").hears("closure.first_day").presses(first)
    script = script.hears("closure.last_day").waits(3).presses(last)
    await company.manages(script.hears("closure.dated"))
    closure = await company.closures.show(CODE)
    assert (str(closure.first), str(closure.last)) == days


@pytest.mark.parametrize("keys", ["13010101", "01010230"])
async def test_a_day_that_no_calendar_has_is_asked_again(company: Closed, keys: str) -> None:
    script = OWNER.hears("closure.menu").presses("5").hears("closure.first_day").presses(keys)
    await company.manages(script.hears("vm.temp.bad_day").hears("closure.first_day"))


# ---- Coming in


async def test_code_and_password_are_asked_for_by_a_number_that_names_no_closure(
    company: Closed,
) -> None:
    script = OWNER.hears("closure.code").presses(f"{CODE}#").hears("closure.pin").presses(f"{PIN}#")
    await company.calls("closure_record", script.hears("closure.menu"))


async def test_a_wrong_password_is_asked_again_and_the_third_ends_the_call(company: Closed) -> None:
    script = OWNER.hears("closure.pin").presses("1111#").hears("closure.incorrect")
    script = script.hears("closure.code").presses(f"{CODE}#1111#").hears("closure.incorrect")
    script = script.presses(f"{CODE}#1111#").hears("closure.locked").hears_hang_up()
    await company.calls("closure_record", script, closure=CODE)


@pytest.mark.parametrize("flow", ["main_attendant", "closed"])
async def test_the_code_is_dialled_in_the_attendant(company: Closed, flow: str) -> None:
    script = OWNER.presses(CODE).hears("closure.pin").presses(f"{PIN}#").hears("closure.menu")
    await company.calls(flow, script)


# ---- The second code


async def test_a_telephone_of_the_company_toggles_without_a_password_and_hears_the_new_state(
    company: Closed,
) -> None:
    await company.manages(recording(company))
    company.opened.add(NUMBER)
    script = OWNER.hears("closure.state", state="off").hears("common.goodbye").hears_hang_up()
    await company.calls("closure_code", script, INSIDE, code=TOGGLE)
    script = OWNER.hears("closure.state", state="on").hears("closure.open_now").hears_hang_up()
    await company.calls("closure_code", script, INSIDE, code=TOGGLE)


async def test_anybody_else_needs_the_password_to_toggle(company: Closed) -> None:
    await company.manages(recording(company))
    refused = OWNER.presses(TOGGLE).hears("closure.pin").presses("1111#")
    await company.calls("closed", refused.hears("closure.incorrect"), OUTSIDE)
    assert await is_heard(company)
    script = OWNER.presses(TOGGLE).hears("closure.pin").presses(f"{PIN}#")
    await company.calls("closed", script.hears("closure.state", state="off"), OUTSIDE)
    assert not await is_heard(company)


async def test_there_is_nothing_to_toggle_before_a_message_was_recorded(company: Closed) -> None:
    script = OWNER.hears("closure.none").hears("common.goodbye").hears_hang_up()
    await company.calls("closure_code", script, INSIDE, code=TOGGLE)


async def test_a_code_that_was_withdrawn_meanwhile_says_so(company: Closed) -> None:
    script = OWNER.hears("closure.unknown").hears_hang_up()
    await company.calls("closure_code", script, INSIDE, code="8599")


# ---- What clients do while it is closed


@pytest.mark.parametrize(
    ("keys", "heard"),
    [
        ("8500", "vm.login.mailbox"),
        ("0", "aa.to_operator"),
        ("9", "aa.closed"),
        ("#", "dir.letters"),
    ],
)
async def test_keys_are_as_when_the_company_is_open(company: Closed, keys: str, heard: str) -> None:
    await company.manages(recording(company))
    await company.calls("closed", CLIENT.hears_recording().presses(keys).hears(heard))


async def test_silence_leads_to_the_general_mailbox(company: Closed) -> None:
    await company.calls("closed", CLIENT.hears("aa.closed_menu").hears("aa.to_operator"))
