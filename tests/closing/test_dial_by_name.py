"""A client who knows a name and no number."""

import pytest

from directory.extension import Extension
from tests.closing.company import CLIENT, Closed
from tests.voicemail.office import CALLER, PIN
from tests.voicemail.sounds import voice
from voicemail.message import GreetingKind

PEOPLE = (
    Extension("101", "Camille Tremblay"),
    Extension("102", "Émile Côté-Roy"),
    Extension("103", "Emma Roy", "en"),
    Extension("104", "Émilie Roy", listed=False),
)
ASKED = CLIENT.hears("aa.directory").presses("#").hears("dir.letters")


@pytest.fixture
def named(company: Closed) -> Closed:
    company.people = PEOPLE
    return company


@pytest.mark.parametrize("letters", ["364", "268", "3645", "2683364", "36453268#"])
async def test_somebody_is_found_by_the_letters_of_their_name_and_called(
    named: Closed, letters: str
) -> None:
    script = ASKED.presses(letters).hears("dir.found", total=1)
    script = script.hears("dir.person", name="Émile Côté-Roy", extension="102").hears("dir.choose")
    await named.calls("main_attendant", script.presses("1").hears("vm.leave.unavailable_name"))


async def test_several_are_offered_one_by_one_and_hidden_ones_never(named: Closed) -> None:
    script = ASKED.presses("769").hears("dir.found", total=2)
    script = script.hears("dir.person", extension="102").presses("2")
    script = script.hears("dir.person", extension="103").presses("2").hears("dir.no_more")
    await named.calls("main_attendant", script.hears("dir.letters_again"))


async def test_a_name_is_heard_in_its_owners_own_voice(named: Closed) -> None:
    visit = await named.office.mailboxes.login("101", PIN, CALLER)
    opened = await visit.open_greeting(GreetingKind.NAME)
    opened.spool.write_bytes(voice(1))
    await visit.keep_greeting(GreetingKind.NAME)
    script = ASKED.presses("226").hears("dir.found", total=1).hears_recording()
    await named.calls("main_attendant", script.hears("dir.at_extension", extension="101"))


async def test_letters_of_nobody_are_said_and_asked_again(named: Closed) -> None:
    script = ASKED.presses("999").hears("dir.nobody").hears("dir.letters_again").presses("226")
    await named.calls("main_attendant", script.hears("dir.person", extension="101"))


async def test_two_letters_are_too_few(named: Closed) -> None:
    script = ASKED.presses("22").waits(5).hears("dir.nobody").hears("dir.letters_again")
    await named.calls("main_attendant", script)


async def test_the_star_and_silence_lead_back_to_the_menu(named: Closed) -> None:
    await named.calls("main_attendant", ASKED.presses("*").hears("aa.menu").presses("0"))
    await named.calls("main_attendant", ASKED.hears("dir.letters_again").hears("aa.menu"))


async def test_english_stays_english(named: Closed) -> None:
    script = CLIENT.presses("9").hears("aa.directory", "en").presses("#").hears("dir.letters", "en")
    script = script.presses("366").hears("dir.person", "en")
    await named.calls("main_attendant", script.hears("dir.choose", "en"))
