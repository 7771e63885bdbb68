"""What a flow asks for is done in the caller's or the owner's mailbox, and answered as promised."""

from pathlib import Path

import pytest

from call.errors import Misuse
from call.sound import EndOfRecording, Recording
from ivr.flow import Held
from ivr.operations import CATALOGUE, Outcome
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office
from tests.voicemail.sounds import hush, voice
from vestibule.operations import CallOperations
from voicemail.message import Folder, Treatment


async def nowhere(_: Treatment) -> None:
    """The keys lead nowhere."""


class Call:
    """One call's operations; each answer is held against what flows are promised."""

    def __init__(self, office: Office) -> None:
        self.operations = CallOperations(office.mailboxes, CALLER, nowhere)

    async def asks(self, name: str, **arguments: Held) -> Outcome:
        assert arguments.keys() == CATALOGUE[name].parameters
        outcome = await self.operations.perform(name, arguments)
        assert outcome.values.keys() == CATALOGUE[name].outcomes[outcome.name]
        return outcome

    async def speaks(self, opened: Outcome, sound: bytes) -> Recording:
        spool = opened.values["spool"]
        assert isinstance(spool, Path)
        spool.write_bytes(sound)
        return Recording(spool, 3.0, 3.0, EndOfRecording.STOPPED)

    async def signs_in(self, pin: str = PIN) -> Outcome:
        return await self.asks("voicemail.login", mailbox="101", pin=pin)


def test_every_operation_that_flows_may_name_is_bound_and_no_other(office: Office) -> None:
    assert Call(office).operations.names == CATALOGUE.keys()


async def test_the_right_pin_lets_in_and_wrong_ones_lock(office: Office) -> None:
    await office.hire()
    call = Call(office)
    welcome = await call.signs_in()
    assert welcome == Outcome("ok", {"language": "fr", "name": CAMILLE.name})
    assert [(await call.signs_in("0000")).name for _ in range(3)] == ["wrong", "wrong", "locked"]


async def test_the_owner_is_told_what_there_is_and_hears_it(office: Office) -> None:
    await office.hire()
    await office.leave()
    call = Call(office)
    await call.signs_in()
    told = await call.asks("voicemail.summary")
    assert told.values == {"new": 1, "old": 0, "has_temporary": False}
    heard = await call.asks("voicemail.select", move="first")
    assert (heard.name, heard.values["position"], heard.values["total"]) == ("message", 1, 1)
    assert heard.values["from_number"] == CALLER.number
    assert (heard.values["duration_s"], heard.values["is_new"]) == (3, True)
    assert (await call.asks("voicemail.select", move="next")).name == "no_more"
    assert (await call.asks("voicemail.mark_heard")).name == "done"
    assert (await call.asks("voicemail.summary")).values["old"] == 1


async def test_an_empty_mailbox_has_no_message_to_select(office: Office) -> None:
    await office.hire()
    call = Call(office)
    await call.signs_in()
    assert (await call.asks("voicemail.select", move="first")).name == "none"


async def test_the_owner_deletes_restores_and_saves(office: Office) -> None:
    await office.hire()
    await office.leave()
    call = Call(office)
    await call.signs_in()
    await call.asks("voicemail.select", move="first")
    assert (await call.asks("voicemail.toggle_deleted")).name == "deleted"
    assert (await call.asks("voicemail.select", move="current")).values["deleted"] is True
    assert (await call.asks("voicemail.toggle_deleted")).name == "restored"
    assert (await call.asks("voicemail.save")).name == "saved"
    (message,) = await office.mailboxes.messages("101")
    assert message.folder is Folder.SAVED


async def test_a_temporary_greeting_is_recorded_heard_by_callers_and_removed(
    office: Office,
) -> None:
    await office.hire()
    call = Call(office)
    await call.signs_in()
    opened = await call.asks("voicemail.open_greeting", kind="temporary")
    recording = await call.speaks(opened, voice(3.0))
    keep = await call.asks("voicemail.keep_greeting", kind="temporary", recording=recording)
    assert keep.name == "kept"
    heard = await Call(office).asks("voicemail.open_deposit", mailbox="101", busy=False)
    assert isinstance(heard.values["greeting"], Path)
    erased = [await call.asks("voicemail.erase_greeting", kind="temporary") for _ in range(2)]
    assert [outcome.name for outcome in erased] == ["erased", "nothing"]


async def test_a_greeting_nobody_spoke_or_confirmed_changes_nothing(office: Office) -> None:
    await office.hire()
    call = Call(office)
    await call.signs_in()
    opened = await call.asks("voicemail.open_greeting", kind="temporary")
    recording = await call.speaks(opened, hush(3.0))
    keep = await call.asks("voicemail.keep_greeting", kind="temporary", recording=recording)
    assert keep.name == "too_short"
    await call.speaks(await call.asks("voicemail.open_greeting", kind="temporary"), voice(3.0))
    assert (await call.asks("voicemail.discard_greeting")).name == "done"
    await call.speaks(await call.asks("voicemail.open_greeting", kind="temporary"), voice(3.0))
    await call.operations.close()
    assert await office.mailboxes.greeting("101") is None
    assert not list((office.root / "spool").rglob("*.raw"))


@pytest.mark.parametrize("name", sorted(n for n in CATALOGUE if n != "voicemail.open_deposit"))
async def test_nothing_is_done_in_a_mailbox_that_nobody_opened(office: Office, name: str) -> None:
    await office.hire()
    await office.leave()
    arguments: dict[str, Held] = {
        "mailbox": "102",
        "key": "zero",
        "pin": PIN,
        "move": "first",
        "kind": "temporary",
        "recording": Recording(Path("nowhere"), 1.0, 1.0, EndOfRecording.STOPPED),
    }
    call = Call(office)
    given = {key: arguments[key] for key in CATALOGUE[name].parameters}
    if name == "voicemail.login":
        assert (await call.asks(name, **given)).name == "wrong"
    else:
        with pytest.raises(Misuse):
            await call.asks(name, **given)


async def test_an_operation_of_no_name_is_a_bug_of_ours(office: Office) -> None:
    with pytest.raises(Misuse, match=r"voicemail\.burn"):
        await Call(office).operations.perform("voicemail.burn", {})
