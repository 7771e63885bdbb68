"""What flows may ask for on behalf of an owner, and how each is answered."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from call.leg import Party
from ivr.operations import Outcome
from tests.vestibule.asking import Call, say
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office
from tests.voicemail.sounds import hush, voice
from voicemail import Kept, Mailbox, Visit
from voicemail.message import Folder

LUC = Mailbox("102", "Luc Gagnon")
FROM_LUC = Party("102", "Luc Gagnon")
AT_HOME = Party("101", "Camille", internal=True)

EXTENSION = {"extension:102": ("extension", "102")}


async def signed_in(
    office: Office, mailbox: Mailbox = CAMILLE, leads: dict[str, tuple[str, str]] | None = None
) -> Call:
    await office.hire(mailbox)
    call = Call(office, leads=leads or {})
    await call.signs_in()
    return call


# ---- Coming in


async def test_the_right_pin_lets_in_and_wrong_ones_lock(office: Office) -> None:
    await office.hire()
    call = Call(office)
    welcome = await call.signs_in()
    assert welcome == Outcome("ok", {"language": "fr", "name": CAMILLE.name, "welcomed": False})
    assert [(await call.signs_in("0000")).name for _ in range(3)] == ["wrong", "wrong", "locked"]


async def test_a_stranger_an_owner_at_home_and_a_trusted_telephone_are_told_apart(
    office: Office,
) -> None:
    await office.hire()
    await office.hire(replace(LUC, trust_own_phone=True, language="en", welcomed=True))
    assert await Call(office, Party("")).asks("recognise") == Outcome("stranger")
    assert await Call(office, AT_HOME).asks("recognise") == Outcome("own", {"mailbox": "101"})
    trusted = Call(office, replace(FROM_LUC, internal=True))
    assert await trusted.asks("recognise") == Outcome(
        "open", {"mailbox": "102", "language": "en", "name": LUC.name, "welcomed": True}
    )
    assert (await trusted.asks("summary")).name == "done"


async def test_after_the_first_login_the_owner_is_an_old_acquaintance(office: Office) -> None:
    call = await signed_in(office)
    assert await call.asks("welcome") == Outcome("done")
    assert (await Call(office).signs_in()).values["welcomed"] is True


async def test_who_signs_in_to_another_mailbox_is_in_that_one_alone(office: Office) -> None:
    await office.hire(LUC)
    await office.leave("102")
    call = await signed_in(office)
    opened = await call.asks("open_greeting", kind="temporary")
    say(opened, voice(2.0))
    await call.signs_in(number="102")
    assert (await call.asks("summary")).values["new"] == 1
    spool = opened.values["spool"]
    assert isinstance(spool, Path)
    assert not spool.exists()


async def test_the_owner_is_told_what_there_is(office: Office) -> None:
    call = await signed_in(office)
    await office.leave()
    assert (await call.asks("summary")).values == {
        "new": 1,
        "old": 0,
        "urgent": 0,
        "has_temporary": False,
        "temporary_until": None,
        "folder": "new",
    }


# ---- Listening


async def test_the_owner_hears_a_message_with_its_envelope(office: Office) -> None:
    call = await signed_in(office)
    received = CAMILLE.local(office.clock.now())
    kept = await office.leave(caller=FROM_LUC)
    assert isinstance(kept, Kept)
    heard = await call.asks("select", move="first")
    assert heard == Outcome(
        "message",
        {
            "sound": await office.ports.sounds.local(kept.message.sound),
            "position": 1,
            "total": 1,
            "is_new": True,
            "is_urgent": False,
            "envelope": True,
            "from_number": "102",
            "from_name": "Luc Gagnon",
            "forwarded_by": "",
            "received": received,
            "duration_s": 3,
            "deleted": False,
        },
    )
    assert (await call.asks("select", move="next")).name == "no_more"
    assert (await call.asks("mark_heard")).name == "done"
    assert (await call.asks("summary")).values["old"] == 1


async def test_a_box_may_do_without_envelopes(office: Office) -> None:
    call = await signed_in(office, replace(CAMILLE, envelope=False))
    await office.leave()
    assert (await call.asks("select", move="first")).values["envelope"] is False


async def test_an_empty_folder_has_no_message_to_select(office: Office) -> None:
    call = await signed_in(office)
    opened = await call.asks("open_folder", folder="work")
    assert opened == Outcome("done", {"folder": "work", "total": 0})
    assert (await call.asks("select", move="first")).name == "none"


async def test_the_owner_deletes_restores_and_files(office: Office) -> None:
    call = await signed_in(office)
    await office.leave()
    await call.asks("select", move="first")
    assert (await call.asks("toggle_deleted")).name == "deleted"
    assert (await call.asks("select", move="current")).values["deleted"] is True
    assert (await call.asks("toggle_deleted")).name == "restored"
    assert await call.asks("file", folder="family") == Outcome("filed", {"folder": "family"})
    (message,) = await office.mailboxes.messages("101")
    assert message.folder is Folder.FAMILY


async def test_a_full_box_takes_no_message_back_from_the_trash(office: Office) -> None:
    call = await signed_in(office, replace(CAMILLE, max_messages=1))
    await office.leave()
    await call.asks("select", move="first")
    await call.asks("toggle_deleted")
    await office.leave()
    assert (await call.asks("toggle_deleted")).name == "full"
    assert (await call.asks("file", folder="work")).name == "full"


# ---- Sending


async def test_a_reply_is_a_message_in_the_owners_name_with_all_that_a_caller_may_do(
    office: Office,
) -> None:
    await office.hire(LUC)
    call = await signed_in(office)
    await office.leave(caller=FROM_LUC)
    await call.asks("select", move="first")
    opened = await call.asks("reply")
    assert (opened.name, opened.values["mailbox_name"]) == ("ready", LUC.name)
    say(opened, voice(2.0))
    assert (await call.asks("toggle_urgent")).name == "urgent"
    assert (await call.asks("keep_deposit")).name == "kept"
    (message,) = await office.mailboxes.messages("102")
    assert (message.caller, message.urgent) == (Party("101", CAMILLE.name), True)


@pytest.mark.parametrize("caller", [CALLER, Party("")])
async def test_who_has_no_mailbox_here_cannot_be_answered_there(
    office: Office, caller: Party
) -> None:
    call = await signed_in(office)
    await office.leave(caller=caller)
    await call.asks("select", move="first")
    assert (await call.asks("reply")).name == "unknown"
    assert (await call.asks("compose", mailbox="999")).name == "unknown"


async def test_a_colleague_whose_box_is_full_is_told_of(office: Office) -> None:
    await office.hire(replace(LUC, max_messages=1))
    await office.leave("102")
    call = await signed_in(office)
    assert (await call.asks("compose", mailbox="102")).name == "full"


async def test_a_box_that_may_not_send_sends_nothing_and_may_still_pass_on(office: Office) -> None:
    await office.hire(LUC)
    call = await signed_in(office, replace(CAMILLE, can_send=False))
    await office.leave(caller=FROM_LUC)
    await call.asks("select", move="first")
    assert (await call.asks("reply")).name == "refused"
    assert (await call.asks("compose", mailbox="102")).name == "refused"
    assert (await call.asks("open_forward")).name == "ready"


async def test_a_colleague_is_called_back_where_the_box_allows_it(office: Office) -> None:
    call = await signed_in(office, replace(CAMILLE, can_call_back=True), EXTENSION)
    await office.leave(caller=FROM_LUC)
    await office.leave(caller=CALLER)
    await call.asks("select", move="first")
    told = {"redirect_flow": "extension", "redirect_mailbox": "102"}
    assert await call.asks("call_back") == Outcome("redirect", told)
    await call.asks("select", move="next")
    assert (await call.asks("call_back")).name == "unknown"


async def test_nobody_is_called_back_where_the_box_does_not_allow_it(office: Office) -> None:
    call = await signed_in(office, CAMILLE, EXTENSION)
    await office.leave(caller=FROM_LUC)
    await call.asks("select", move="first")
    assert (await call.asks("call_back")).name == "refused"


async def test_a_message_is_passed_on_to_those_who_were_added(office: Office) -> None:
    await office.hire(LUC)
    await office.hire(Mailbox("103", "Anne Roy"))
    call = await signed_in(office)
    await office.leave()
    await call.asks("select", move="first")
    assert await call.asks("open_forward") == Outcome("ready")
    added = await call.asks("add_recipient", mailbox="102")
    assert added == Outcome("added", {"mailbox_name": LUC.name, "recipients": 1})
    assert (await call.asks("add_recipient", mailbox="103")).values["recipients"] == 2
    refused = [(await call.asks("add_recipient", mailbox=n)).name for n in ("101", "999")]
    assert refused == ["own", "unknown"]
    introduction = await call.asks("open_introduction")
    assert introduction.values["max_s"] == CAMILLE.max_message_s
    say(introduction, voice(1.0))
    assert await call.asks("forward") == Outcome("sent", {"recipients": 2})
    (copy,) = await office.mailboxes.messages("103")
    assert (copy.forwarded_by, round(copy.duration_s, 1)) == ("101", 4.3)


async def test_the_owner_is_told_when_some_or_none_got_the_message(office: Office) -> None:
    await office.hire(LUC)
    await office.hire(Mailbox("103", "Anne Roy", max_messages=1))
    call = await signed_in(office)
    await office.leave()
    await call.asks("select", move="first")
    await call.asks("open_forward")
    await call.asks("add_recipient", mailbox="102")
    await call.asks("add_recipient", mailbox="103")
    await office.leave("103")
    assert await call.asks("forward") == Outcome("some", {"recipients": 1})
    await call.asks("open_forward")
    assert (await call.asks("add_recipient", mailbox="103")).name == "full"
    assert (await call.asks("forward")).name == "none"


async def test_a_forward_can_be_thought_better_of_and_begun_anew(office: Office) -> None:
    await office.hire(LUC)
    call = await signed_in(office)
    await office.leave()
    await call.asks("select", move="first")
    await call.asks("open_forward")
    await call.asks("add_recipient", mailbox="102")
    assert await call.asks("cancel_forward") == Outcome("done")
    assert await call.asks("cancel_forward") == Outcome("done")
    await call.asks("open_forward")
    assert (await call.asks("forward")).name == "none"
    assert await office.mailboxes.messages("102") == ()


# ---- Options


async def test_a_temporary_greeting_is_recorded_heard_by_callers_and_removed(
    office: Office,
) -> None:
    call = await signed_in(office)
    assert await call.asks("hear_greeting", kind="temporary") == Outcome("nothing")
    say(await call.asks("open_greeting", kind="temporary"), voice(3.0))
    assert (await call.asks("keep_greeting", kind="temporary")).name == "kept"
    reached = await Call(office).asks("open_deposit", mailbox="101", busy=False)
    heard = await call.asks("hear_greeting", kind="temporary")
    assert heard == Outcome("there", {"sound": reached.values["greeting"]})
    erased = [await call.asks("erase_greeting", kind="temporary") for _ in range(2)]
    assert [outcome.name for outcome in erased] == ["erased", "nothing"]


async def test_a_greeting_nobody_spoke_or_confirmed_changes_nothing(office: Office) -> None:
    call = await signed_in(office)
    say(await call.asks("open_greeting", kind="busy"), hush(3.0))
    assert (await call.asks("keep_greeting", kind="busy")).name == "too_short"
    say(await call.asks("open_greeting", kind="busy"), voice(3.0))
    assert (await call.asks("discard_greeting")).name == "done"
    assert (await call.asks("hear_greeting", kind="busy")).name == "nothing"
    assert not list((office.root / "spool").rglob("*.raw"))


async def test_a_temporary_greeting_is_given_its_last_day(office: Office) -> None:
    call = await signed_in(office)
    assert (await call.asks("end_temporary", date="0702")).name == "nothing"
    say(await call.asks("open_greeting", kind="temporary"), voice(3.0))
    await call.asks("keep_greeting", kind="temporary")
    assert (await call.asks("end_temporary", date="0230")).name == "invalid"
    ended = await call.asks("end_temporary", date="0702")
    until = ended.values["temporary_until"]
    assert ended.name == "set"
    assert isinstance(until, datetime)
    assert f"{until:%Y-%m-%d}" == "2027-07-02"
    told = (await call.asks("summary")).values
    assert (told["has_temporary"], told["temporary_until"]) == (True, until)


async def test_the_pin_is_changed_when_it_is_typed_twice_and_good(office: Office) -> None:
    call = await signed_in(office)
    assert (await call.asks("change_pin", pin="9084", again="9048")).name == "different"
    assert (await call.asks("change_pin", pin="1234", again="1234")).name == "refused"
    assert (await call.asks("change_pin", pin="9084", again="9084")).name == "changed"
    assert isinstance(await office.mailboxes.login("101", "9084", CALLER), Visit)


async def test_the_owner_chooses_their_language(office: Office) -> None:
    call = await signed_in(office)
    assert await call.asks("set_language", language="en") == Outcome("done", {"language": "en"})
    assert (await Call(office).signs_in(PIN)).values["language"] == "en"
