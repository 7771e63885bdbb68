"""What owners hear of their messages, and what the keys do to them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.machine import Flows
from ivr.testing import ScriptedCaller
from tests.ivr.memory_mailbox import MemoryMailbox, Message
from tests.ivr.owners import CAMILLE, OWNER, WILLIAM, comes_in

FIRST = CAMILLE.hears("vm.main").presses("1")


@pytest.fixture
def three(mailbox: MemoryMailbox, tmp_path: Path) -> list[Message]:
    """Camille's three new messages, in the order they came."""
    messages = [Message(tmp_path / f"{n}.wav") for n in (1, 2, 3)]
    mailbox.boxes["101"].messages += messages
    return messages


async def test_an_owner_goes_through_messages(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message]
) -> None:
    call = await comes_in(flows, mailbox)
    script = FIRST.hears("vm.message.header", position=1, is_new=True).hears("vm.message.received")
    script = script.hears_recording(three[0].sound).hears("vm.message.menu.again")
    script = script.hears("vm.message.menu.next").hears("vm.message.menu")
    script = script.presses("6").hears("vm.message.header", position=2)
    script = script.hears_recording(three[1].sound).hears("vm.message.menu.previous")
    script = script.presses("4").hears("vm.message.header", position=1, is_new=False)
    script = script.presses("5").hears("vm.message.header", position=1)
    script = script.presses("66").hears("vm.message.header", position=3)
    script = script.presses("6").hears("vm.message.no_more").hears("vm.message.menu")
    script = script.presses("1").hears("vm.message.header", position=1)
    script = script.presses("4").hears("vm.message.no_previous").hears("vm.message.menu")
    await script.presses("#").hears("vm.goodbye").hears_hang_up().calls(call)


async def test_the_menu_speaks_of_other_messages_only_where_there_are_some(
    flows: Flows, mailbox: MemoryMailbox, tmp_path: Path
) -> None:
    mailbox.boxes["101"].messages.append(Message(tmp_path / "only.wav"))
    call = await comes_in(flows, mailbox)
    await FIRST.hears("vm.message.menu").calls(call)
    assert "vm.message.menu.previous" not in str(call.transcript)
    assert "vm.message.menu.next" not in str(call.transcript)


async def test_urgent_messages_come_first(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message]
) -> None:
    three[2].urgent = True
    call = await comes_in(flows, mailbox)
    script = FIRST.hears("vm.message.header", position=1, is_urgent=True)
    script = script.hears_recording(three[2].sound).presses("6")
    script = script.hears("vm.message.header", position=2, is_urgent=False)
    await script.hears_recording(three[0].sound).calls(call)


async def test_only_a_message_whose_sound_was_begun_is_no_longer_new(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message]
) -> None:
    call = await comes_in(flows, mailbox)
    script = FIRST.hears("vm.message.header", position=1).presses("6")
    script = script.hears("vm.message.header", position=2).hears_recording().presses("6")
    await script.hears("vm.message.header", position=3).presses("#").hears_hang_up().calls(call)
    assert [message.heard for message in three] == [False, True, False]


async def test_a_message_hung_up_on_before_its_end_stays_new(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message]
) -> None:
    call = await comes_in(flows, mailbox)
    await FIRST.hears_recording().hangs_up().calls(call)
    assert not three[0].heard


@pytest.mark.parametrize("key", "4569")
async def test_a_key_during_a_message_acts_as_in_the_menu_after_it(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message], key: str
) -> None:
    leads = {
        "4": "vm.message.no_previous",
        "5": "vm.message.header",
        "6": "vm.message.header",
        "9": "vm.folder.where",
    }
    call = await comes_in(flows, mailbox)
    await FIRST.hears_recording().presses(key).hears(leads[key]).calls(call)


@pytest.mark.parametrize(
    ("key", "leads"),
    [
        ("2", "vm.folder.which"),
        ("3", "vm.advanced.message"),
        ("7", "vm.message.deleted"),
        ("8", "vm.send.number"),
        ("0", "vm.options"),
        ("*", "vm.message.help"),
        ("#", "vm.goodbye"),
    ],
)
async def test_before_a_message_and_after_it_a_key_means_the_same(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message], key: str, leads: str
) -> None:
    for place in ("vm.message.header", "vm.message.menu"):
        call = await comes_in(flows, mailbox)
        await FIRST.hears(place).presses(key).hears(leads).calls(call)
        three[0].deleted = False


async def test_while_a_message_plays_star_pound_0_and_2_lead_nowhere(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message]
) -> None:
    call = await comes_in(flows, mailbox)
    script = FIRST.hears("vm.message.header").presses("1").hears_recording(three[0].sound)
    script = script.waits(1).presses("*").hears_recording(three[0].sound).waits(1)
    script = script.presses("2").hears_recording(three[0].sound).presses("0").waits(30)
    await script.presses("0").waits(1).presses("#").hears("vm.message.menu").calls(call)
    for elsewhere in ("vm.message.help", "vm.options", "vm.folder", "vm.goodbye"):
        assert elsewhere not in str(call.transcript)


# ---- The envelope


async def envelope(flows: Flows, mailbox: MemoryMailbox, message: Message) -> str:
    """What is heard of a message before its sound."""
    mailbox.boxes["101"].messages.append(message)
    call = await comes_in(flows, mailbox)
    await FIRST.hears("vm.message.header").hears_recording(message.sound).calls(call)
    return str(call.transcript)


async def test_a_caller_with_a_name_is_named(flows: Flows, mailbox: MemoryMailbox) -> None:
    heard = await envelope(flows, mailbox, Message(Path("1.wav"), from_name="Émile Roy"))
    assert "vm.message.from_name (fr) name=Émile Roy" in heard
    assert "vm.message.from (" not in heard


async def test_a_caller_without_a_name_is_told_by_number(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    heard = await envelope(flows, mailbox, Message(Path("1.wav")))
    assert "vm.message.from (fr) number=5145550123" in heard


async def test_a_caller_who_hid_is_told_to_be_unknown(flows: Flows, mailbox: MemoryMailbox) -> None:
    heard = await envelope(flows, mailbox, Message(Path("1.wav"), from_number=""))
    assert "vm.message.from_unknown" in heard


async def test_the_hour_is_that_of_the_owners_clock(flows: Flows, mailbox: MemoryMailbox) -> None:
    received = datetime(2027, 6, 30, 3, 30, tzinfo=UTC)
    heard = await envelope(flows, mailbox, Message(Path("1.wav"), received=received))
    assert "at=2027-06-29 23:30:00-04:00" in heard


@pytest.mark.parametrize(("seconds", "told"), [(119, False), (120, True), (185, True)])
async def test_the_length_is_told_from_two_minutes_up(
    flows: Flows, mailbox: MemoryMailbox, seconds: int, told: bool
) -> None:
    heard = await envelope(flows, mailbox, Message(Path("1.wav"), duration_s=seconds))
    assert (f"vm.message.duration (fr) length={seconds}" in heard) is told


async def test_a_forwarded_message_tells_who_forwarded_it_and_who_left_it(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    heard = await envelope(flows, mailbox, Message(Path("1.wav"), forwarded_by="102"))
    assert "vm.message.forwarded (fr) number=102" in heard
    assert "vm.message.from (fr) number=5145550123" in heard


async def test_a_mailbox_without_envelopes_says_only_which_message_it_is(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    mailbox.boxes["101"].envelope = False
    message = Message(Path("1.wav"), from_name="Émile", duration_s=300)
    heard = await envelope(flows, mailbox, message)
    for told in ("vm.message.from", "vm.message.received", "vm.message.duration"):
        assert told not in heard


async def test_3_and_3_tell_the_envelope_also_where_it_is_not_told_by_itself(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    mailbox.boxes["101"].envelope = False
    mailbox.boxes["101"].messages.append(
        Message(Path("1.wav"), from_name="Émile", forwarded_by="102", duration_s=300)
    )
    call = await comes_in(flows, mailbox)
    script = FIRST.hears("vm.message.menu").presses("33").hears("vm.message.forwarded")
    script = script.hears("vm.message.from_name").hears("vm.message.received")
    script = script.hears("vm.message.duration").hears("vm.advanced").presses("*")
    await script.hears("vm.message.menu").calls(call)


async def test_everything_of_a_message_is_heard_in_the_owners_language(
    flows: Flows, mailbox: MemoryMailbox
) -> None:
    sound = Path("1.wav")
    mailbox.boxes["102"].messages.append(
        Message(sound, urgent=True, forwarded_by="101", from_number="", duration_s=130)
    )
    call = await comes_in(flows, mailbox, "102")
    script = WILLIAM.hears("vm.summary", "en", urgent=1).hears("vm.main", "en").presses("1")
    for phrase in ("header", "forwarded", "from_unknown", "received", "duration"):
        script = script.hears(f"vm.message.{phrase}", "en")
    await script.hears_recording(sound).hears("vm.message.menu", "en").calls(call)


# ---- Folders, and the trash


async def test_a_full_mailbox_cannot_take_a_message_out_of_the_trash(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message]
) -> None:
    call = await comes_in(flows, mailbox)
    await FIRST.hears("vm.message.menu").presses("7").hears("vm.message.deleted").calls(call)
    mailbox.boxes["101"].most = 2
    script = OWNER.presses("7").hears("vm.message.no_room").hears("vm.message.menu.restore")
    await script.presses("92").hears("vm.message.no_room").hears("vm.message.menu").calls(call)
    assert three[0].deleted


async def test_a_folder_opened_is_gone_through_from_its_first_message(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message]
) -> None:
    three[1].folder = three[2].folder = "family"
    call = await comes_in(flows, mailbox)
    script = FIRST.hears("vm.message.menu").presses("2").hears("vm.folder.which").presses("3")
    script = script.hears("vm.folder.opened", folder="family", total=2).hears("vm.main")
    script = script.presses("1").hears("vm.message.header", position=1)
    script = script.hears_recording(three[1].sound).presses("6").hears_recording(three[2].sound)
    await script.presses("6").hears("vm.message.no_more").calls(call)


async def test_a_message_filed_keeps_its_place_until_another_folder_is_opened(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message]
) -> None:
    call = await comes_in(flows, mailbox)
    script = FIRST.hears("vm.message.menu").presses("94").hears("vm.folder.filed", folder="friends")
    script = script.presses("6").hears("vm.message.header", position=2).presses("4")
    await script.hears("vm.message.header", position=1, is_new=False).calls(call)
    assert three[0].folder == "friends"


@pytest.mark.parametrize("keys", ["#", "*", "789", ""])
async def test_whoever_names_no_folder_files_nothing(
    flows: Flows, mailbox: MemoryMailbox, three: list[Message], keys: str
) -> None:
    call = await comes_in(flows, mailbox)
    script = FIRST.hears("vm.message.menu").presses("9").hears("vm.folder.menu")
    await tried(script, keys).hears("vm.message.menu").calls(call)
    assert {message.folder for message in three} == {"old", "new"}


def tried(script: ScriptedCaller, keys: str) -> ScriptedCaller:
    """Each key, waiting until the question is heard again."""
    for key in keys[:-1]:
        script = script.presses(key).hears("vm.folder.menu")
    return script.presses(keys[-1]) if keys else script
