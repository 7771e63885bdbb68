"""What `vestibule simulate` says, is what would happen; and nothing of it does."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile

from call.clock import SystemClock
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.conference import Role
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
from directory.extension import Extension, Phone, Proofs
from routing.handling import FollowMe, Forward, ForwardRule, Handling, Outgoing, Permission
from routing.holidays import Holiday
from routing.hours import Interval, Week
from routing.restrictions import Effect, Operator
from routing.schedule import Schedule
from storage.database import Database, sqlite_url
from tests.vestibule.conftest import shell
from tests.vestibule.shell import Shell
from vestibule.arrivals import COMPANY
from vestibule.call_sounds import make_call_sounds
from vestibule.demo import MEETING, furnish, furnish_room
from vestibule.mailroom import open_mailroom
from vestibule.opening import schedule_key
from vestibule.settings import BadSettings, Settings, settings_from
from vestibule.shelves import handlings, restrictions, schedules
from vestibule.simulation.caller import GoAway, Press, Say, Wait, read_deeds
from vestibule.simulation.company_copy import rows_of, settle
from vestibule.simulation.simulation import Answer, Question, simulate
from vestibule.simulation.story import Kind
from vestibule.simulation.words import LANGUAGES

__all__ = ["shell"]

NUMBER = "5145550100"
MARC = "5145550123"
MOBILE = "5145551234"
ZONE = ZoneInfo("America/Toronto")
TUESDAY = datetime(2027, 3, 9, 10, 0, tzinfo=ZONE)
CHRISTMAS = datetime(2026, 12, 25, 10, 0, tzinfo=ZONE)

OFFICE_HOURS = Week().with_day(1, [Interval.parse("08:30-17:00")])


def company(data: Path) -> Settings:
    values: dict[str, object] = {
        "company": {"name": "Vestibule", "operator": "100"},
        "storage": {"data": data},
        "numbers": [
            {"number": NUMBER, "flow": "main_attendant", "closed": "closed"},
            {"number": "8500", "flow": "voicemail_main"},
            {"number": "8600", "flow": "conference_join"},
        ],
        "trunks": [{"name": "ici", "server": "192.0.2.9", "numbers": [NUMBER]}],
    }
    return settings_from(values, origin="test")


@dataclass(frozen=True, slots=True)
class Office:
    """A company of three; 101 and 102 have a telephone, all have a mailbox."""

    settings: Settings

    def ask(
        self, to: str = NUMBER, caller: str = MARC, press: str = "", **others: object
    ) -> Answer:
        question = Question(to, caller, TUESDAY, read_deeds(press))
        return asyncio.run(simulate(self.settings, replace(question, **others)))  # type: ignore[arg-type]  # by name

    def arrange(self, work: Callable[[Database], Awaitable[object]]) -> None:
        async def arranged() -> None:
            async with open_mailroom(self.settings, SystemClock()) as mailroom:
                await work(mailroom.database)

        asyncio.run(arranged())

    def chooses(self, extension: str, handling: Handling) -> None:
        self.arrange(lambda database: handlings(database).change(extension, lambda _: handling))

    def opens(self, schedule: Schedule) -> None:
        key = schedule_key(NUMBER)
        self.arrange(lambda database: schedules(database).change(key, lambda _: schedule))

    def refuses(self, operator: Operator, digits: str) -> None:
        self.arrange(
            lambda database: restrictions(database).change(
                COMPANY, lambda rules: rules.with_rule(Effect.BLOCK, operator, digits, "Robot")
            )
        )


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of the company as all tests begin with."""
    data = tmp_path_factory.mktemp("company") / "data"

    async def hire() -> None:
        async with open_mailroom(company(data), SystemClock()) as mailroom:
            await furnish(mailroom.mailboxes)
            listing = SqlAlchemyListing(mailroom.database)
            for number, name in (("101", "Camille"), ("102", "William")):
                phone = Phone(f"{number}-a", number, "bureau", TUESDAY)
                proofs = Proofs("x", "0" * 32, "0" * 64)
                await listing.add_extension(Extension(number, name), phone, proofs)

    asyncio.run(hire())
    make_call_sounds(data / "frames" / "calls")
    (data / "frames" / "phrases").mkdir()
    Office(company(data)).ask(press="101")
    return data


@pytest.fixture
def office(furnished: Path, tmp_path: Path) -> Office:
    shutil.copytree(furnished, tmp_path / "data")
    return Office(company(tmp_path / "data"))


def said(answer: Answer) -> list[str]:
    return [moment.id for moment in answer.moments if moment.kind is Kind.SAYS]


def whys(answer: Answer) -> list[str]:
    return [moment.text for moment in answer.moments if moment.kind is Kind.WHY]


def rung(answer: Answer) -> list[tuple[str, float]]:
    return [(each.id, each.seconds) for each in answer.moments if each.kind is Kind.RINGS]


def ending(answer: Answer) -> str:
    return [moment for moment in answer.moments if moment.kind is Kind.ENDS][-1].id


# ---- Hours and restrictions


def test_a_number_that_is_closed_for_a_holiday_says_so_and_why(office: Office) -> None:
    office.opens(Schedule(week=OFFICE_HOURS, holidays=(Holiday.CHRISTMAS,)))
    answer = office.ask(at=CHRISTMAS)
    assert whys(answer)[0].startswith(f"{NUMBER} is closed: public holiday")
    assert whys(answer)[1] == "leads to the flow closed"
    assert said(answer)[0] == "aa.closed"


def test_the_same_number_is_open_on_a_tuesday_and_leads_who_presses_nothing_to_a_person(
    office: Office,
) -> None:
    office.opens(Schedule(week=OFFICE_HOURS))
    answer = office.ask()
    assert whys(answer)[0] == f"{NUMBER} is open: hours of Tuesday, 08:30-17:00"
    assert said(answer)[0] == "aa.welcome"
    assert any(moment.kind is Kind.SILENT for moment in answer.moments)
    assert "aa.to_operator" in said(answer)
    assert "100 is not rung: it has no telephone" in whys(answer)


def test_the_explanations_are_given_in_french_to_whoever_wants_them(office: Office) -> None:
    office.opens(Schedule(week=OFFICE_HOURS))
    answer = office.ask(language="fr", at=CHRISTMAS)
    assert whys(answer)[0].startswith(f"{NUMBER} est fermé : ")


def test_a_refused_caller_is_told_by_which_rule(office: Office) -> None:
    office.refuses(Operator.STARTS_WITH, "514555")
    answer = office.ask()
    assert whys(answer)[0] == "refused by restriction 1 (Robot): the number starts with 514555"
    assert said(answer)
    assert rung(answer) == []


def test_a_number_nobody_has_leads_nowhere(office: Office) -> None:
    answer = office.ask(to="5145559999")
    assert whys(answer) == ["no such number here"]
    assert ending(answer) == "not_found"


# ---- Conferences


def test_a_caller_is_told_to_be_let_into_a_conference_and_their_code_is_not_shown(
    office: Office,
) -> None:
    office.arrange(lambda database: furnish_room(SqlAlchemyBook(database), SystemClock()))
    codes = {each.role: each.code for each in MEETING.generic_codes}
    answer = office.ask(to="8600", press=f"4321#,5555,{codes[Role.PARTICIPANT]},say2")
    assert whys(answer)[-3:] == [
        "not a code of this conference",
        "a code of this conference",
        "the caller is let into the conference",
    ]
    pressed = [moment.text for moment in answer.moments if moment.kind is Kind.PRESSES]
    assert pressed == ["4321#", "••••", "••••"]
    assert ending(answer) == "not_simulated"


# ---- What a caller presses


def test_a_caller_is_led_to_an_extension_whose_telephone_rings_and_then_to_its_voicemail(
    office: Office,
) -> None:
    answer = office.ask(press="101")
    assert rung(answer) == [("101", 20)]
    assert "nobody took the call: the voicemail of 101" in whys(answer)
    assert whys(answer)[-1] == "the message would be kept, and mailed if so set"
    assert ending(answer) == "caller"
    spoken = [moment.text for moment in answer.moments if moment.kind is Kind.SPEAKS]
    assert spoken == ["says something for 3 s"]


def test_who_hangs_up_without_a_word_leaves_no_message(office: Office) -> None:
    answer = office.ask(press="101,hang")
    assert whys(answer)[-1] == "too little was said: nothing would be kept"


def test_keys_are_pressed_each_group_when_it_is_its_turn_and_a_password_is_not_shown(
    office: Office,
) -> None:
    answer = office.ask(press="8500,101#,4711#,hang")
    states = [moment.id for moment in answer.moments if moment.kind is Kind.STATE]
    assert states.index("voicemail_main/login.mailbox") < states.index("voicemail_main/login.pin")
    pressed = [moment.text for moment in answer.moments if moment.kind is Kind.PRESSES]
    assert pressed == ["8500", "101#", "••••#"]
    assert ending(answer) == "caller"


def test_nothing_more_is_done_before_what_was_pressed_is_understood(office: Office) -> None:
    answer = office.ask(press="10,101,hang")  # 10 is the beginning of every extension
    pressed = [moment.at_s for moment in answer.moments if moment.kind is Kind.PRESSES]
    assert "aa.unknown_extension" in said(answer)
    assert pressed[1] - pressed[0] > 3
    assert rung(answer) == [("101", 20)]


def test_deeds_are_read_as_they_are_written() -> None:
    assert read_deeds("8500, 101#,wait2.5,say,say4,hang") == (
        Press("8500"),
        Press("101#"),
        Wait(2.5),
        Say(3.0),
        Say(4.0),
        GoAway(),
    )
    for wrong in ("12a", "wait", "say.", "jump"):
        with pytest.raises(BadSettings, match="write keys"):
            read_deeds(wrong)


# ---- What extensions do


def test_whoever_takes_the_call_ends_the_simulation(office: Office) -> None:
    answer = office.ask(press="101", answering=("101",))
    (taken,) = [moment for moment in answer.moments if moment.kind is Kind.ANSWERS]
    assert taken.id == "101"
    assert rung(answer) == [("101", 6)]


def test_a_call_is_offered_to_be_sent_on_and_is_when_the_caller_presses_1(office: Office) -> None:
    forward = Forward(MOBILE, ForwardRule.PRESS_1, enabled=True, ring_s=12)
    office.chooses("101", Handling(forward=forward))
    answer = office.ask(press="101,1", answering=(MOBILE,))
    assert "fw.offer" in said(answer)
    assert rung(answer) == [("101", 12), (MOBILE, 6)]
    assert "101 forwards calls when the caller presses 1" in whys(answer)


def test_followed_the_caller_says_a_name_and_whoever_answers_must_press_1(office: Office) -> None:
    follow = FollowMe((MOBILE,), enabled=True)
    office.chooses("101", Handling(follow_me=follow))
    answer = office.ask(press="101,say2", answering=(MOBILE,))
    assert "fm.say_name" in said(answer)
    assert rung(answer) == [("101", 20), (MOBILE, 6)]
    assert "whoever answers hears who calls, and must press 1" in whys(answer)
    sounds = [moment.id for moment in answer.moments if moment.kind is Kind.SOUNDS]
    assert sounds == ["ringback", "music"]


def test_somebody_on_do_not_disturb_or_on_the_telephone_is_not_rung_and_that_is_told(
    office: Office,
) -> None:
    office.chooses("101", Handling(do_not_disturb=True))
    answer = office.ask(press="101")
    assert rung(answer) == []
    assert "101 is not rung: do not disturb" in whys(answer)
    assert any("busy greeting" in why for why in whys(answer))


def test_a_call_is_not_sent_on_to_where_the_extension_may_not_call(office: Office) -> None:
    far = "4185551234"
    office.chooses("101", Handling(forward=Forward(far, ForwardRule.ALWAYS, enabled=True)))
    answer = office.ask(press="101")
    assert rung(answer) == []
    assert f"101 may not call {far}: a long-distance call" in whys(answer)


def test_one_of_our_own_telephones_calls_outside_as_far_as_it_may(office: Office) -> None:
    denied = office.ask(to="4185551234", caller="101")
    assert "out.not_allowed" in said(denied)
    outgoing = Outgoing(long_distance=Permission.WITH_CODE, code_hash="x")
    office.chooses("101", Handling(outgoing=outgoing))
    asked = office.ask(to="4185551234", caller="101", press="8264#", answering=("4185551234",))
    assert "out.code" in said(asked)
    assert rung(asked) == [("4185551234", 6)]
    assert denied.internal


def test_what_takes_other_telephones_ends_a_simulation_and_that_is_told(office: Office) -> None:
    answer = office.ask(to="700", caller="101")
    assert ending(answer) == "not_simulated"
    assert said(answer) == []


# ---- Nothing happens


def test_nothing_is_kept_of_a_simulation(office: Office) -> None:
    data = office.settings.storage.data

    def trace() -> dict[str, int]:
        """Every file but the database, and the sentences that are made once for all callers."""
        ready = data / "frames" / "phrases"
        files = [file for file in data.rglob("*") if file.is_file() and ready not in file.parents]
        return {str(file): file.stat().st_size for file in files if "vestibule.db" not in file.name}

    async def rows(database: Database) -> None:
        counts.append(await database.view(lambda connection: connection.exec_driver_sql(
            "select (select count(*) from message), (select count(*) from outbox),"
            " (select count(*) from failure), (select count(*) from deposit)"
        ).one()))  # fmt: skip

    counts: list[object] = []
    before = trace()
    office.arrange(rows)
    office.ask(press="101,say5,#,1")
    office.ask(press="8500,101#,0000#,hang")
    office.arrange(rows)
    assert trace() == before
    assert counts[0] == counts[1]


async def test_what_a_database_server_has_is_copied_row_by_row(
    furnished: Path, tmp_path: Path
) -> None:
    rows = await rows_of(sqlite_url(furnished / "vestibule.db"))
    assert [row["number"] for row in rows["extension"]] == ["101", "102"]
    assert "failure" not in rows
    copy = Database(sqlite_url(tmp_path / "copy.db"))
    await copy.open()
    await settle(copy, rows)
    await copy.close()
    assert await rows_of(sqlite_url(tmp_path / "copy.db")) == rows


# ---- How it is told


def test_every_sentence_is_there_in_both_languages() -> None:
    french, english = LANGUAGES["fr"], LANGUAGES["en"]
    for name in ("said", "rings", "left_out", "ends", "refused", "operators", "kinds", "outcomes"):
        assert getattr(french, name).keys() == getattr(english, name).keys(), name
    for kind in Kind:
        assert kind is Kind.SAYS or f"mark_{kind}" in french.said


def simulated(shell: Shell, *words: str) -> tuple[str, ...]:
    return ("simulate", "--to", NUMBER, "--data", str(shell.data), *words)


def test_the_command_tells_people_in_words_programs_in_json_and_ears_in_sound(
    shell: Shell, tmp_path: Path
) -> None:
    shell.hires("101", "Camille")
    at = ("--from", MARC, "--at", "2027-03-09 10:00", "--press", "101")
    told = shell.does(*simulated(shell, *at)).splitlines()
    assert told[0] == f"A call to {NUMBER} from {MARC}, Tuesday 9 March 2027, 10:00"
    assert "0:00  why    5145550100 is open: no hours are set" in told
    assert any("« Vous avez joint la boîte vocale de Camille. »" in line for line in told)
    assert told[-1] == "A simulation: nobody was rung, nothing was kept, no e-mail was sent."
    assert all(line == line.rstrip() for line in told)

    file = tmp_path / "heard.wav"
    words = (*at, "--json", "--sound", str(file))
    as_json = json.loads(shell.does(*simulated(shell, *words)))
    assert as_json["at"] == "2027-03-09T10:00:00-05:00"
    first = as_json["moments"][0]
    assert (first["kind"], first["id"], first["at_s"]) == ("why", "hours.always", 0.0)
    phrases = [each["id"] for each in as_json["moments"] if each["kind"] == "says"]
    assert phrases[:2] == ["aa.welcome", "aa.english_offer"]

    sound, rate = soundfile.read(file, dtype="int16")
    assert rate == 8000
    assert np.abs(sound[: 2 * rate]).max() > 1000
    last = max(each["at_s"] for each in as_json["moments"])
    assert len(sound) / rate == pytest.approx(last, abs=5)


def test_what_cannot_be_simulated_is_refused_in_one_line(shell: Shell) -> None:
    shell.hires("101", "Camille")
    assert shell.types(*simulated(shell, "--at", "Christmas")).status == 2
    assert shell.types(*simulated(shell, "--language", "de")).status == 2
    assert "write keys" in shell.fails(*simulated(shell, "--press", "12a"))
