"""How owners come to their messages: from their own telephone, another one, or outside."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.machine import Flows
from ivr.operations import CATALOGUE
from tests.ivr.memory_mailbox import MemoryMailbox, Message
from tests.ivr.owners import CAMILLE, OWNER, WILLIAM, comes_in, from_house


async def test_from_outside_the_number_is_asked_and_the_password(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    call = await comes_in(flows, mailbox, "")
    script = OWNER.hears("vm.login.mailbox").presses("101#").hears("vm.login.pin")
    await script.presses("4711#").hears("vm.summary").hears("vm.main").calls(call)


async def test_at_ones_own_telephone_only_the_password_is_asked(
    flows: Flows, tmp_path: Path
) -> None:
    call = await comes_in(flows, from_house(tmp_path, "101"), "")
    await CAMILLE.hears("vm.summary").calls(call)
    assert "vm.login.mailbox" not in str(call.transcript)


async def test_a_slip_at_ones_own_telephone_asks_the_password_again_and_not_the_number(
    flows: Flows, tmp_path: Path
) -> None:
    call = await comes_in(flows, from_house(tmp_path, "101"), "")
    script = OWNER.hears("vm.login.pin").presses("1111#").hears("vm.login.incorrect")
    await script.hears("vm.login.pin").presses("4711#").hears("vm.summary").calls(call)
    assert "vm.login.mailbox" not in str(call.transcript)


async def test_three_slips_at_ones_own_telephone_end_the_call(flows: Flows, tmp_path: Path) -> None:
    call = await comes_in(flows, from_house(tmp_path, "101"), "")
    script = OWNER.hears("vm.login.pin").presses("1111#1112#1113#").hears("vm.login.locked")
    await script.hears_hang_up().calls(call)


async def test_at_a_colleagues_telephone_the_star_asks_for_ones_own_number(
    flows: Flows, tmp_path: Path
) -> None:
    call = await comes_in(flows, from_house(tmp_path, "101"), "")
    script = OWNER.hears("vm.login.pin").presses("*").hears("vm.login.mailbox").presses("102#")
    await script.hears("vm.login.pin").presses("4712#").hears("vm.summary", "en").calls(call)


async def test_a_telephone_its_mailbox_trusts_opens_it_at_once(
    flows: Flows, tmp_path: Path
) -> None:
    mailbox = from_house(tmp_path, "102")
    mailbox.boxes["102"].trusts_own_phone = True
    call = await comes_in(flows, mailbox, "")
    await OWNER.hears("vm.summary", "en").hears("vm.main", "en").calls(call)
    assert "vm.login" not in str(call.transcript)


async def test_the_star_during_a_greeting_asks_the_password_even_of_a_trusted_telephone(
    flows: Flows, tmp_path: Path
) -> None:
    mailbox = from_house(tmp_path, "102")
    mailbox.boxes["102"].trusts_own_phone = True
    call = await comes_in(flows, mailbox, "101")
    await OWNER.hears("vm.login.pin").presses("4712#").hears("vm.login.incorrect").calls(call)


async def test_a_first_visit_is_walked_through_before_the_messages(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    mailbox.boxes["102"].welcomed = False
    call = await comes_in(flows, mailbox, "102")
    script = WILLIAM.hears("vm.welcome", "en").hears("vm.pin.new", "en").presses("2580#")
    script = script.hears("vm.pin.again").presses("2580#").hears("vm.welcome.name").presses("2")
    script = script.hears("vm.welcome.greeting").presses("2").hears("vm.welcome.done", "en")
    await script.hears("vm.summary", "en").hears("vm.main", "en").calls(call)
    assert mailbox.boxes["102"].welcomed
    assert mailbox.boxes["102"].pin == "2580"


async def test_a_first_visit_given_up_ends_the_call_and_begins_again_next_time(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    mailbox.boxes["101"].welcomed = False
    call = await comes_in(flows, mailbox)
    script = CAMILLE.hears("vm.pin.new").presses("2580#2580#").hears("vm.welcome.name")
    await script.presses("#").hears("vm.goodbye").hears_hang_up().calls(call)
    assert not mailbox.boxes["101"].welcomed


async def test_urgent_new_and_old_messages_are_counted(
    flows: Flows, mailbox: MemoryMailbox, tmp_path: Path
) -> None:
    sound = tmp_path / "a.wav"
    mailbox.boxes["101"].messages += [
        Message(sound),
        Message(sound, urgent=True),
        Message(sound, folder="old", urgent=True),
        Message(sound, folder="work"),
        Message(sound, deleted=True),
    ]
    call = await comes_in(flows, mailbox)
    await CAMILLE.hears("vm.summary", new=2, old=2, urgent=1).calls(call)


async def test_a_temporary_greeting_in_use_is_recalled_with_its_last_day(
    flows: Flows, mailbox: MemoryMailbox, tmp_path: Path
) -> None:
    mailbox.boxes["101"].greetings["temporary"] = tmp_path / "away.raw"
    mailbox.boxes["101"].temporary_until = datetime(2027, 7, 16, 3, 59, 59, tzinfo=UTC)
    call = await comes_in(flows, mailbox)
    script = CAMILLE.hears("vm.temp.active").hears("vm.temp.until").hears("vm.summary")
    await script.calls(call)


async def test_a_temporary_greeting_without_an_end_is_recalled_without_one(
    flows: Flows, mailbox: MemoryMailbox, tmp_path: Path
) -> None:
    mailbox.boxes["101"].greetings["temporary"] = tmp_path / "away.raw"
    call = await comes_in(flows, mailbox)
    await CAMILLE.hears("vm.temp.active").hears("vm.summary").calls(call)
    assert "vm.temp.until" not in str(call.transcript)


async def test_the_first_key_of_the_menu_may_be_pressed_while_messages_are_counted(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    call = await comes_in(flows, mailbox)
    await CAMILLE.hears("vm.summary").presses("1").hears("vm.message.none").calls(call)


async def test_the_main_menu_helps_and_comes_back(flows: Flows, mailbox: MemoryMailbox) -> None:
    call = await comes_in(flows, mailbox)
    script = CAMILLE.hears("vm.main").presses("*").hears("vm.help").hears("vm.main")
    await script.presses("0").hears("vm.options").presses("*").hears("vm.main").calls(call)


@pytest.mark.parametrize("operation", ["recognise", "login", "summary"])
async def test_trouble_on_the_way_in_is_told_and_ends_the_call(
    flows: Flows, mailbox: MemoryMailbox, operation: str
) -> None:
    assert f"voicemail.{operation}" in CATALOGUE
    mailbox.failing.add(f"voicemail.{operation}")
    call = await comes_in(flows, mailbox, "")
    script = OWNER.hears("common.trouble") if operation == "recognise" else OWNER
    if operation != "recognise":
        script = script.hears("vm.login.mailbox").presses("101#4711#").hears("common.trouble")
    await script.hears_hang_up().calls(call)
