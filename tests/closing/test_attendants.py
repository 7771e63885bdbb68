"""An administrator makes an attendant from a form, and callers meet it."""

from pathlib import Path

import pytest

from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.ports import Changed
from ivr.machine import Flows
from ivr.phrases import Book
from ivr.testing import ScriptedCaller as Script
from tests.closing.company import CLIENT, Closed
from tests.conference.doorway import WEEKLY
from tests.vestibule.shell import Shell
from tests.voicemail.sounds import voice
from vestibule.attendant_form import (
    AttendantForm,
    AttendantRefused,
    Greeting,
    form_faults,
    read_keys,
)
from vestibule.attendants import FlowsFollowed, OwnFlows
from vestibule.shipped import FLOWS, read_book, read_flows
from voicemail.adapters.folder_sounds import wav

WORDS = "Bonjour. Pour les ventes, appuyez sur le 1."
FRENCH = Greeting("fr", WORDS)
ENGLISH = Greeting("en", "Hello. For sales, press 1.")
KEYS = read_keys(["1=extension:102", "2=flow:closed", "3=voicemail", "4=hangup", "5=repeat"])
MEETING = read_keys(["7=conference", "8=conference:4321"])
BOTH = AttendantForm("ventes", (FRENCH, ENGLISH), KEYS)
MEETINGS = AttendantForm("reunions", (FRENCH, ENGLISH), MEETING)
BARE = AttendantForm("garde", (FRENCH,), direct_dial=False, names=False, operator="102")
RECORDED = AttendantForm("accueil", (Greeting("fr", WORDS, recorded=True),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "own"


@pytest.fixture(scope="module")
def book() -> Book:
    return read_book()


@pytest.fixture
def own(folder: Path, book: Book) -> OwnFlows:
    return OwnFlows(folder, FLOWS, book, ["101", "102"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, book: Book) -> tuple[Path, Flows]:
    """The folder of four attendants, and all flows."""
    folder = tmp_path_factory.mktemp("own")
    own = OwnFlows(folder, FLOWS, book, ["101", "102"])
    own.make(BOTH, {}, again=False)
    own.make(BARE, {}, again=False)
    own.make(MEETINGS, {}, again=False)
    own.make(RECORDED, {"fr": voice(2)}, again=False)
    return folder, read_flows(book, ["101", "102"], own=folder)


async def calls(company: Closed, made: tuple[Path, Flows], form: str, script: Script) -> None:
    company.own, company.flows = made
    await company.calls(form, script)


@pytest.mark.parametrize(
    "script",
    [
        CLIENT.hears("aa.said", "fr", words=WORDS).hears("aa.english_offer", "en"),
        CLIENT.presses("1").waits(3).hears("vm.leave.unavailable_name", "fr"),
        CLIENT.presses("2").hears("aa.closed", company="Vestibule"),
        CLIENT.presses("3").hears("vm.login.mailbox"),
        CLIENT.presses("4").hears("common.goodbye").hears_hang_up(),
        CLIENT.presses("5").hears("aa.said", "fr").presses("5").hears("aa.said", "fr"),
        CLIENT.presses("9").hears("aa.said", "en").presses("*").hears("aa.said", "fr"),
        CLIENT.presses("9").hears("aa.directory", "en").presses("#").hears("dir.letters", "en"),
        CLIENT.presses("#").hears("dir.letters", "fr").presses("*").hears("aa.said", "fr"),
        CLIENT.presses("0").hears("aa.to_operator").hears("vm.leave.unavailable_name"),
        CLIENT.hears("common.still_there").hears("aa.said").hears("aa.to_operator"),
        CLIENT.presses("8500").hears("vm.login.mailbox"),
        CLIENT.presses("8511").hears("closure.pin"),
        CLIENT.presses("102").hears("vm.leave.unavailable_name", name="Émile Côté-Roy"),
    ],
    ids=lambda script: " ".join(map(str, script.steps)),
)
async def test_a_caller_meets_what_the_form_says(
    company: Closed, made: tuple[Path, Flows], script: Script
) -> None:
    await calls(company, made, "ventes", script)


@pytest.mark.parametrize(
    "script",
    [
        CLIENT.presses("7").hears("conf.enter_room").presses("4321#").hears("conf.enter_code"),
        CLIENT.presses("8").hears("conf.enter_code", "fr").presses("*").hears("conf.enter_room"),
        CLIENT.presses("9").presses("7").hears("conf.enter_room", "en"),
        CLIENT.presses("9").presses("8").hears("conf.enter_code", "en"),
        CLIENT.presses("70#").hears("aa.to_operator").hears("vm.leave.unavailable_name"),
    ],
    ids=lambda script: " ".join(map(str, script.steps)),
)
async def test_a_key_leads_to_the_conferences_or_straight_to_one(
    company: Closed, made: tuple[Path, Flows], script: Script
) -> None:
    book, now = SqlAlchemyBook(company.office.database), company.office.clock.now()
    await book.change(WEEKLY.id, lambda _: Changed(WEEKLY), now)
    await calls(company, made, "reunions", script)


async def test_extensions_are_not_dialled_and_names_not_looked_for_where_the_form_says_no(
    company: Closed, made: tuple[Path, Flows]
) -> None:
    await calls(company, made, "garde", CLIENT.presses("101").hears("common.invalid"))
    await calls(company, made, "garde", CLIENT.presses("#").hears("common.invalid"))
    script = CLIENT.presses("0").hears("vm.leave.unavailable_name", name="Émile Côté-Roy")
    await calls(company, made, "garde", script)


async def test_a_greeting_brought_as_a_sound_is_heard_and_its_words_where_it_is_gone(
    company: Closed, made: tuple[Path, Flows]
) -> None:
    sound = made[0] / "accueil.fr.wav"
    await calls(company, made, "accueil", CLIENT.hears_recording(sound).hears("aa.directory"))
    sound.rename(sound.with_suffix(".gone"))
    await calls(company, made, "accueil", CLIENT.hears("aa.said", words=WORDS))


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (AttendantForm("Ventes!", (FRENCH,)), "lower-case letters"),
        (AttendantForm("../x", (FRENCH,)), "lower-case letters"),
        (AttendantForm("a", ()), "one greeting"),
        (AttendantForm("a", (FRENCH, FRENCH)), "one greeting"),
        (AttendantForm("a", (Greeting("de", "Hallo"),)), "no language de"),
        (AttendantForm("a", (Greeting("fr", " "),)), "says nothing"),
        (AttendantForm("a", (Greeting("fr", "$5 de rabais"),)), "may not begin with \\$"),
        (AttendantForm("a", (FRENCH,), read_keys(["1=extension:199"])), "no extension 199"),
        (AttendantForm("a", (FRENCH,), read_keys(["1=flow:nowhere"])), "no flow nowhere"),
        (AttendantForm("a", (FRENCH,), read_keys(["12=repeat"])), "key 12"),
        (AttendantForm("a", (FRENCH, ENGLISH), read_keys(["9=repeat"])), "the other language"),
        (AttendantForm("a", (FRENCH,), read_keys(["#=repeat"])), "directory by name"),
        (AttendantForm("a", (FRENCH,), operator="199"), "operator: there is no extension"),
        (AttendantForm("closed", (FRENCH,)), "comes with the program"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(
    own: OwnFlows, folder: Path, form: AttendantForm, why: str
) -> None:
    with pytest.raises(AttendantRefused, match=why):
        own.make(form, {}, again=False)
    assert not folder.exists()


def test_what_a_caller_could_not_press_is_taken_by_nothing() -> None:
    form = AttendantForm("a", (FRENCH,), read_keys(["9=repeat", "*=repeat"]), names=False)
    assert form_faults(form, (), ()) == ()


async def test_a_running_server_takes_a_new_attendant_and_leaves_a_broken_one(
    own: OwnFlows, folder: Path, book: Book
) -> None:
    taken: list[Flows] = []

    async def read() -> Flows:
        return read_flows(book, own=folder)

    followed = FlowsFollowed(folder, read, taken.append)
    await followed.look()
    assert taken == []
    own.make(BOTH, {}, again=False)
    await followed.look()
    await followed.look()
    (flows,) = taken
    assert "ventes" in flows
    (folder / "ventes.toml").write_text("flow = broken")
    await followed.look()
    assert taken == [flows]


# ---- The command


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    made = Shell(tmp_path / "data", monkeypatch, capsys)
    made.hires("203")
    return made


def test_the_command_makes_lists_replaces_and_removes(shell: Shell, tmp_path: Path) -> None:
    sound = tmp_path / "accueil.wav"
    sound.write_bytes(wav(voice(2)))
    data = ("--data", str(shell.data))
    greeting = ("--greeting", WORDS, "--greeting", "en=Hello.")
    shell.does("attendant", "add", "ventes", *greeting, "--key", "1=extension:203", *data)
    shell.does(
        "attendant", "add", "nuit", "--sound", f"fr={sound}", "--key", "1=flow:ventes", *data
    )
    listed = shell.does("attendant", "list", *data)
    assert [line.split()[0] for line in listed.splitlines()] == ["nuit", "ventes"]
    assert "--again" in shell.fails("attendant", "add", "ventes", "--greeting", WORDS, *data)
    refused = shell.fails("attendant", "remove", "ventes", "--yes", *data)
    assert "nuit.toml: flow_ventes: no flow 'ventes'" in refused
    shell.does("attendant", "remove", "nuit", "--yes", *data)
    shell.does("attendant", "remove", "ventes", "--yes", *data)
    assert list((shell.data / "flows").iterdir()) == []
    assert "no attendant" in shell.fails("attendant", "remove", "ventes", "--yes", *data)


def test_keys_that_are_mistyped_are_all_named(shell: Shell) -> None:
    data = ("--data", str(shell.data))
    words = ("--greeting", WORDS, "--key", "1=extension", "--key", "2=moon", "--key", "2=repeat")
    refused = shell.fails("attendant", "add", "ventes", *words, *data)
    assert all(part in refused for part in ("1=extension: write", "2=moon: write", "stands twice"))
