"""Owners call: the flows we ship, on mailboxes that are real but for time and chance."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import soundfile

from call.leg import Party
from ivr.dialogue import Dialogue
from ivr.machine import Flows
from ivr.testing import PureCall, ScriptedCaller
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office
from tests.voicemail.sounds import voice
from vestibule.operations import CallOperations
from vestibule.shipped import read_book, read_flows
from voicemail import Mailbox, Visit
from voicemail.adapters.folder_sounds import wav
from voicemail.message import Folder, GreetingKind, Treatment

WELCOMED = replace(CAMILLE, welcomed=True)
LUC = Mailbox("102", "Luc Gagnon")

OWNER = ScriptedCaller("the owner")
SIGNED_IN = OWNER.hears("vm.login.pin").presses(f"{PIN}#")


@pytest.fixture(scope="module")
def flows() -> Flows:
    return read_flows(read_book(), ["101", "102"])


async def nowhere(_: Treatment) -> None:
    """No key leads out of a mailbox here."""


class Home:
    """Camille's telephone, and what is said into it."""

    def __init__(self, office: Office, flows: Flows, folder: Path) -> None:
        self.office = office
        self._flows = flows
        self._folder = folder

    def saying(self, name: str, seconds: float, seed: int = 1) -> Path:
        """Something to say."""
        path = self._folder / f"{name}.wav"
        path.write_bytes(wav(voice(seconds, seed)))
        return path

    async def calls(self, script: ScriptedCaller, caller: Party = CALLER, **given: str) -> None:
        """Follow a script in one's own mailbox, then put the telephone down."""
        operations = CallOperations(self.office.mailboxes, caller, nowhere)
        dialogue = Dialogue(
            self._flows,
            "voicemail_main",
            given=given,
            language="fr",
            started_at=CAMILLE.local(self.office.clock.now()),
            extensions=["101", "102"],
        )
        call = PureCall(dialogue, operations, self.office.clock)
        await call.begin()
        await script.calls(call)
        if not dialogue.ended:
            await call.hangs_up()
        await operations.close()


@pytest.fixture
def home(office: Office, flows: Flows, tmp_path: Path) -> Home:
    return Home(office, flows, tmp_path)


async def test_the_first_visit_gives_a_pin_of_ones_own_a_name_and_a_greeting(home: Home) -> None:
    await home.office.hire()
    name, greeting = home.saying("name", 1.0), home.saying("greeting", 3.0)
    script = SIGNED_IN.hears("vm.welcome").hears("vm.pin.new").presses("9084#")
    script = script.hears("vm.pin.again").presses("9084#").hears("vm.pin.changed")
    script = script.hears("vm.welcome.name").presses("1").hears("common.beep").says(name)
    script = script.presses("#").hears("vm.review").presses("1").hears("vm.greeting.saved")
    script = script.hears("vm.welcome.greeting").presses("1").hears("common.beep").says(greeting)
    script = script.presses("#").hears("vm.review").presses("1").hears("vm.welcome.done")
    await home.calls(script.hears("vm.summary", new=0, old=0).hears("vm.main"), mailbox="101")
    visit = await home.office.mailboxes.login("101", "9084", CALLER)
    assert visit.mailbox.welcomed
    for kind in (GreetingKind.NAME, GreetingKind.UNAVAILABLE):
        assert await visit.greeting(kind) is not None


async def test_a_first_visit_that_is_broken_off_begins_again(home: Home) -> None:
    await home.office.hire()
    script = SIGNED_IN.hears("vm.pin.new").presses("9084#").hears("vm.pin.again").presses("9084#")
    await home.calls(script.hears("vm.welcome.name").hangs_up(), mailbox="101")
    again = OWNER.hears("vm.login.pin").presses("9084#").hears("vm.welcome")
    await home.calls(again, mailbox="101")


async def test_a_message_heard_is_old_and_a_filed_one_is_found_in_its_folder(home: Home) -> None:
    await home.office.hire(WELCOMED)
    await home.office.leave()
    script = SIGNED_IN.hears("vm.summary", new=1, old=0).hears("vm.main").presses("1")
    script = script.hears("vm.message.header").hears_recording().hears("vm.message.menu")
    await home.calls(script.presses("9").presses("2"), mailbox="101")
    (message,) = await home.office.mailboxes.messages("101")
    assert message.folder is Folder.WORK


async def test_a_colleague_hears_the_last_introduction_and_then_the_message(home: Home) -> None:
    await home.office.hire(WELCOMED)
    await home.office.hire(LUC)
    await home.office.leave()
    first, second = home.saying("first", 3.0, seed=5), home.saying("second", 1.0, seed=6)
    script = SIGNED_IN.hears("vm.main").presses("1").hears("vm.message.menu").presses("8")
    script = script.hears("vm.send.number").presses("102#").hears("vm.forward.another").presses("#")
    script = script.hears("vm.forward.menu").presses("1").hears("common.beep").says(first)
    script = script.presses("#").hears("vm.forward.review").presses("3")
    script = script.hears("common.beep").says(second).presses("#").hears("vm.forward.review")
    await home.calls(script.presses("1").hears("vm.forward.sent", recipients=1), mailbox="101")
    (copy,) = await home.office.mailboxes.messages("102")
    assert (copy.caller, copy.forwarded_by) == (CALLER, "101")
    assert 4.3 <= copy.duration_s < 5.5
    sound = await home.office.ports.sounds.local(copy.sound)
    heard, _ = soundfile.read(sound, dtype="int16")
    assert np.array_equal(heard[-24000:], np.frombuffer(voice(3.0), dtype=np.int16))


async def test_a_temporary_greeting_is_given_its_last_day_on_the_keypad(home: Home) -> None:
    await home.office.hire(WELCOMED)
    away = home.saying("away", 3.0)
    script = SIGNED_IN.hears("vm.main").presses("0").hears("vm.options").presses("41")
    script = script.hears("common.beep").says(away).presses("#").hears("vm.review").presses("1")
    script = script.hears("vm.temp.last_day").presses("0230").hears("vm.temp.bad_day")
    script = script.hears("vm.temp.last_day").presses("0715").hears("vm.temp.until")
    await home.calls(script, mailbox="101")
    greeting = await home.office.ports.store.greeting("101", GreetingKind.TEMPORARY)
    assert greeting is not None
    assert greeting.until is not None
    assert CAMILLE.local(greeting.until).date() == date(2027, 7, 16)
    await home.calls(SIGNED_IN.hears("vm.temp.until").hears("vm.main"), mailbox="101")


async def test_a_pin_that_anybody_would_try_first_is_refused_and_the_next_is_taken(
    home: Home,
) -> None:
    await home.office.hire(WELCOMED)
    script = SIGNED_IN.hears("vm.main").presses("0").hears("vm.options").presses("5")
    script = script.hears("vm.pin.new").presses("1234#").hears("vm.pin.again").presses("1234#")
    script = script.hears("vm.pin.refused").hears("vm.pin.new").presses("9084#")
    script = script.hears("vm.pin.again").presses("9084#").hears("vm.pin.changed")
    await home.calls(script, mailbox="101")
    assert isinstance(await home.office.mailboxes.login("101", "9084", CALLER), Visit)


async def test_a_trusted_telephone_of_ones_own_is_asked_for_nothing(home: Home) -> None:
    await home.office.hire(replace(WELCOMED, trust_own_phone=True))
    at_home = Party("101", "Camille", internal=True)
    await home.calls(OWNER.hears("vm.summary").hears("vm.main"), at_home)
    await home.calls(SIGNED_IN.hears("vm.summary"), Party("101", "Camille"))


async def test_a_reply_goes_to_the_colleague_who_had_left_the_message(home: Home) -> None:
    await home.office.hire(WELCOMED)
    await home.office.hire(LUC)
    await home.office.leave(caller=Party("102", "Luc Gagnon"))
    answer = home.saying("answer", 2.0, seed=7)
    script = SIGNED_IN.hears("vm.main").presses("1").hears("vm.message.menu").presses("31")
    script = script.hears("vm.send.speak").hears("common.beep").says(answer).presses("#")
    script = script.hears("vm.leave.review").presses("4").hears("vm.leave.urgent").presses("1")
    await home.calls(script.hears("vm.leave.kept"), mailbox="101")
    (message,) = await home.office.mailboxes.messages("102")
    assert (message.caller, message.urgent) == (Party("101", CAMILLE.name), True)
