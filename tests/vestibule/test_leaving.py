"""What a caller who leaves a message may do with it, and where keys 0 and * lead meanwhile."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from call.errors import Misuse
from call.leg import Party
from ivr.flow import Held
from ivr.operations import CATALOGUE, Outcome
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office, speak
from tests.voicemail.sounds import hush, voice
from vestibule.leaving import Leaving
from voicemail.errors import MailboxFull, MailboxUnknown
from voicemail.message import GreetingKind, Message, Treatment, TreatmentKind

OPERATOR = Treatment(TreatmentKind.OPERATOR)
CLOSED = Treatment(TreatmentKind.CLOSED)
GREETING = Path(__file__).parents[2] / "audio_fixtures" / "greeting_3s.wav"

GREETED = {
    "greeting": None,
    "spoken_name": None,
    "mailbox_name": CAMILLE.name,
    "language": "fr",
    "zero_open": True,
    "star_open": True,
}


class Caller:
    """Somebody on the line; each answer is held against what flows are promised."""

    def __init__(self, office: Office, leads: Mapping[Treatment, tuple[str, str]]) -> None:
        self.office = office
        self._leads = leads
        self.leaving = Leaving(office.mailboxes, CALLER, self._resolve)

    async def _resolve(self, treatment: Treatment) -> tuple[str, str] | None:
        return self._leads.get(treatment)

    async def asks(self, operation: str, **arguments: Held) -> Outcome:
        name = f"voicemail.{operation}"
        assert arguments.keys() == CATALOGUE[name].parameters
        outcome = await self.leaving.bound[name](arguments)
        assert outcome.values.keys() == CATALOGUE[name].outcomes[outcome.name]
        return outcome

    async def reaches(self, number: str = "101", *, busy: bool = False) -> Outcome:
        return await self.asks("open_deposit", mailbox=number, busy=busy)

    async def speaks(self, sound: bytes, number: str = "101") -> None:
        """Reach a mailbox and leave a first take."""
        say(await self.reaches(number), sound)

    async def presses(self, key: str) -> Outcome:
        return await self.asks("treatment", key=key)

    async def left(self, number: str = "101") -> tuple[Message, ...]:
        return await self.office.mailboxes.messages(number)


def say(opened: Outcome, sound: bytes) -> None:
    """What a leg does while it records: the sound is in the spool."""
    spool = opened.values["spool"]
    assert isinstance(spool, Path)
    spool.write_bytes(sound)


@pytest.fixture
def caller(office: Office) -> Caller:
    return Caller(office, {OPERATOR: ("extension", "100")})


async def test_a_caller_is_given_a_place_and_the_message_is_kept(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    opened = await caller.reaches()
    spool = opened.values["spool"]
    assert opened == Outcome("ready", {**GREETED, "max_s": 180, "spool": spool})
    say(opened, voice(3.0))
    assert await caller.asks("keep_deposit") == Outcome("kept")
    (message,) = await caller.left()
    assert (message.caller, message.duration_s, message.urgent) == (CALLER, 3.0, False)


async def test_a_caller_who_says_nothing_leaves_nothing(office: Office, caller: Caller) -> None:
    await office.hire()
    await caller.speaks(hush(3.0))
    assert await caller.asks("keep_deposit") == Outcome("too_short")
    assert await caller.left() == ()


async def test_a_caller_who_thinks_better_of_it_leaves_nothing(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    await caller.speaks(voice(3.0))
    assert await caller.asks("discard_deposit") == Outcome("done")
    await caller.leaving.close()
    assert await caller.left() == ()


async def test_nobody_is_reached_where_there_is_no_mailbox(caller: Caller) -> None:
    assert await caller.reaches("999") == Outcome("unknown")


async def test_a_full_mailbox_greets_and_its_keys_still_lead_elsewhere(
    office: Office, caller: Caller
) -> None:
    await office.hire(replace(CAMILLE, language="en", max_messages=1))
    await office.leave()
    assert await caller.reaches() == Outcome("full", {**GREETED, "language": "en"})
    assert (await caller.presses("zero")).name == "redirect"
    assert (await caller.presses("star")).name == "login"


async def test_a_busy_owner_is_said_to_be_busy_and_named_in_their_own_voice(
    office: Office, caller: Caller
) -> None:
    await office.hire(replace(CAMILLE, max_messages=1))
    for kind in (GreetingKind.BUSY, GreetingKind.UNAVAILABLE, GreetingKind.NAME):
        await office.mailboxes.administration("test").set_greeting("101", kind, GREETING)
    heard = {busy: await caller.reaches(busy=busy) for busy in (True, False)}
    assert "busy" in str(heard[True].values["greeting"])
    assert "unavailable" in str(heard[False].values["greeting"])
    assert "name" in str(heard[False].values["spoken_name"])
    await caller.asks("discard_deposit")
    await office.leave()
    full = await caller.reaches(busy=True)
    assert full.name == "full"
    assert "busy" in str(full.values["greeting"])
    assert "name" in str(full.values["spoken_name"])


async def test_a_message_nobody_decided_about_is_kept_when_the_call_ends(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    await caller.speaks(voice(3.0))
    await caller.leaving.close()
    assert len(await caller.left()) == 1


async def test_a_caller_who_goes_on_to_another_mailbox_leaves_both_their_message(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    await office.hire(replace(CAMILLE, number="102"))
    for number in ("101", "102"):
        await caller.speaks(voice(3.0), number)
    await caller.leaving.close()
    assert [len(await caller.left(number)) for number in ("101", "102")] == [1, 1]


async def test_the_second_take_is_the_message_once_it_is_accepted(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    await caller.speaks(voice(3.0))
    say(await caller.asks("open_retake"), voice(2.0))
    assert await caller.asks("accept_retake") == Outcome("taken")
    await caller.asks("keep_deposit")
    (message,) = await caller.left()
    assert message.duration_s == 2.0


async def test_a_second_take_with_nothing_in_it_leaves_the_first(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    await caller.speaks(voice(3.0))
    say(await caller.asks("open_retake"), hush(2.0))
    assert await caller.asks("accept_retake") == Outcome("too_short")
    await caller.asks("keep_deposit")
    (message,) = await caller.left()
    assert message.duration_s == 3.0


async def test_what_was_said_so_far_is_enough_for_a_message_or_is_not(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    await caller.speaks(hush(2.0))
    assert await caller.asks("check_deposit") == Outcome("too_short")
    await caller.asks("discard_deposit")
    await caller.speaks(voice(3.0))
    assert await caller.asks("check_deposit") == Outcome("enough")
    assert await caller.asks("keep_deposit") == Outcome("kept")


async def test_whoever_hangs_up_during_the_second_take_leaves_the_first(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    await caller.speaks(voice(3.0))
    say(await caller.asks("open_retake"), voice(2.0))
    await caller.leaving.close()
    (message,) = await caller.left()
    assert message.duration_s == 3.0
    assert not any(path.is_file() for path in (office.root / "spool").rglob("*"))


async def test_a_message_is_urgent_as_often_as_the_caller_changes_their_mind(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    await caller.speaks(voice(3.0))
    toggled = [(await caller.asks("toggle_urgent")).name for _ in range(3)]
    assert toggled == ["urgent", "ordinary", "urgent"]
    await caller.asks("keep_deposit")
    assert [message.urgent for message in await caller.left()] == [True]


@pytest.mark.parametrize(
    ("chosen", "outcome"),
    [
        (OPERATOR, Outcome("redirect", {"redirect_flow": "extension", "redirect_mailbox": "100"})),
        (Treatment(TreatmentKind.LOGIN), Outcome("login")),
        (CLOSED, Outcome("closed")),
        (Treatment(TreatmentKind.EXTENSION, "999"), Outcome("closed")),
    ],
)
async def test_a_key_leads_where_the_mailbox_says(
    office: Office, caller: Caller, chosen: Treatment, outcome: Outcome
) -> None:
    await office.hire(replace(CAMILLE, star=chosen))
    opened = await caller.reaches()
    assert opened.values["star_open"] is (outcome != Outcome("closed"))
    assert await caller.presses("star") == outcome


async def test_zero_leads_nowhere_from_the_operators_own_mailbox(
    office: Office, caller: Caller
) -> None:
    await office.hire(replace(CAMILLE, number="100"))
    opened = await caller.reaches("100")
    assert opened.values["zero_open"] is False
    assert await caller.presses("zero") == Outcome("closed")


async def test_a_key_pressed_before_any_mailbox_was_reached_is_a_bug_of_ours(
    caller: Caller,
) -> None:
    with pytest.raises(Misuse):
        await caller.presses("zero")


async def test_an_owner_leaves_a_message_in_their_own_name(office: Office, caller: Caller) -> None:
    await office.hire()
    await office.hire(replace(CAMILLE, number="102"))
    sender = Party("102", "William")
    deposit = await caller.leaving.begin("101", sender)
    speak(deposit, voice(3.0))
    assert await caller.asks("toggle_urgent") == Outcome("urgent")
    assert await caller.asks("keep_deposit") == Outcome("kept")
    (message,) = await caller.left()
    assert (message.caller, message.urgent) == (sender, True)


async def test_what_an_owner_cannot_begin_leaves_nothing_open(
    office: Office, caller: Caller
) -> None:
    await office.hire(replace(CAMILLE, max_messages=1))
    await office.leave()
    with pytest.raises(MailboxUnknown):
        await caller.leaving.begin("999", CALLER)
    with pytest.raises(MailboxFull):
        await caller.leaving.begin("101", CALLER)
    with pytest.raises(Misuse):
        await caller.asks("keep_deposit")


async def test_a_mailbox_removed_during_the_message_costs_the_call_nothing(
    office: Office, caller: Caller
) -> None:
    await office.hire()
    spoken = voice(3.0)
    await caller.speaks(spoken)
    await office.ports.store.delete_mailbox("101")
    await caller.leaving.close()
    (aside,) = (office.root / "spool" / "unclaimed").glob("*.raw")
    assert aside.read_bytes() == spoken


async def test_an_owner_who_comes_in_by_star_holds_no_place_of_a_message_discarded(
    office: Office, caller: Caller
) -> None:
    await office.hire(replace(CAMILLE, max_messages=1))
    await caller.reaches()
    await caller.asks("discard_deposit")
    assert (await caller.presses("star")).name == "login"
    assert await office.mailboxes.login("101", PIN, CALLER)
    assert await office.ports.store.places("local") == ()
