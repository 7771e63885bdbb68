"""What people hear of what happens in a conference."""

from collections.abc import Collection
from pathlib import Path

import pytest

from conference.conference import Role
from conference.happening import (
    Announce,
    Come,
    Departure,
    Expel,
    Finish,
    Go,
    Lock,
    Member,
    Mute,
    MuteAll,
    Record,
    RoomEvent,
)
from conference.keys import Ask
from conference.room import Room, Rules
from conference.telling import (
    CROWD,
    EVERYBODY_INSIDE,
    NO_FURTHER,
    Chime,
    Saying,
    answered,
    stopping,
    told,
)
from ivr.phrase_file import load_book
from ivr.prompts import Phrase

ANNE = Member("anne", "Anne", Role.ADMINISTRATOR)
PAUL = Member("paul", "Paul")
PIA = Member("pia", "Pia")
UNKNOWN = Member("unknown")

PROMPTS = Path(__file__).parents[2] / "prompts"


class Session:
    """A room of which we listen to what is said."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.room = Room(rules or Rules())
        self.now = 0.0
        self.recorded: Collection[str] = ()

    def __call__(self, *events: RoomEvent) -> list[Saying]:
        """What is said of the last of these."""
        said: list[Saying] = []
        for event in events:
            happened = self.room.receive(event, self.now)
            said = list(told(happened, self.room, self.recorded))
        return said

    def come(self, *members: Member) -> list[Saying]:
        return self(*(Come(each) for each in members))

    def wait(self) -> list[Saying]:
        """What is said of what is due next."""
        assert self.room.deadline is not None
        self.now = self.room.deadline
        return list(told(self.room.tick(self.now), self.room, self.recorded))


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def held() -> Session:
    """Anne leads Paul and Pia."""
    session = Session()
    session.come(ANNE, PAUL, PIA)
    return session


def words(said: list[Saying]) -> list[tuple[tuple[str, ...], str]]:
    return [(each.to, each.phrase.removeprefix("conf.room.")) for each in said]


HINT = "hint"


# ---- Who comes


def test_who_waits_hears_for_whom_and_how_to_be_helped(session: Session) -> None:
    assert words(session.come(PAUL)) == [(("paul",), "waiting"), (("paul",), HINT)]


def test_nobody_else_hears_who_comes_to_wait(session: Session) -> None:
    assert {each.to for each in session.come(PAUL, PIA)} == {("pia",)}


def test_an_administrator_who_comes_first_is_told_that_nobody_else_is_there(
    session: Session,
) -> None:
    first, hint = session.come(ANNE)
    assert first == Saying(("anne",), "conf.room.others", (("others", 0),))
    assert hint == Saying(("anne",), "conf.room.hint")


def test_everybody_hears_that_it_begins_once_they_know_who_came(session: Session) -> None:
    assert words(session.come(PAUL, ANNE)) == [
        (EVERYBODY_INSIDE, "came_by_name"),
        (EVERYBODY_INSIDE, "begins"),
        (("anne",), "others"),
        (("anne",), HINT),
    ]


def test_a_name_is_heard_as_its_owner_said_it(session: Session) -> None:
    session.recorded = {"pia"}
    arrival = session.come(ANNE, PIA)[0]
    expected = Saying(
        EVERYBODY_INSIDE, "conf.room.came", name_of="pia", chime=Chime.ARRIVAL, about="pia"
    )
    assert arrival == expected


def test_a_name_that_nobody_recorded_is_said_as_it_is_written(session: Session) -> None:
    arrival = session.come(ANNE, PIA)[0]
    assert (arrival.phrase, arrival.name_of) == ("conf.room.came_by_name", "")
    assert arrival.arguments == (("name", "Pia"),)


def test_somebody_unknown_is_somebody(session: Session) -> None:
    assert session.come(ANNE, UNKNOWN)[0].phrase == "conf.room.came_unnamed"


def test_without_announcements_a_chime_alone_tells_who_comes_and_goes() -> None:
    session = Session(Rules(announced=False))
    session.recorded = {"pia"}
    arrival = session.come(ANNE, PAUL, PIA)[0]
    assert arrival == Saying(EVERYBODY_INSIDE, chime=Chime.ARRIVAL, about="pia")
    assert session(Go("pia")) == [Saying(EVERYBODY_INSIDE, chime=Chime.DEPARTURE, about="pia")]


def test_announcements_are_turned_on_while_it_goes_on(held: Session) -> None:
    assert words(held(Announce(False))) == [(("anne",), "not_announcing")]
    assert words(held(Announce(True))) == [(("anne",), "announcing")]


def test_in_a_crowd_arrivals_are_chimes(session: Session) -> None:
    session.come(ANNE, *(Member(f"leg {number}", "Guy") for number in range(CROWD - 2)))
    assert session.come(PAUL)[0].phrase == "conf.room.came_by_name"
    assert session.come(PIA)[0].phrase == ""


def test_who_comes_later_hears_how_many_others_there_are(held: Session) -> None:
    said = held.come(UNKNOWN)
    assert Saying(("unknown",), "conf.room.others", (("others", 3),)) in said


# ---- Who goes


@pytest.mark.parametrize(
    ("how", "phrase"), [(Departure.HUNG_UP, "left"), (Departure.CUT_OFF, "cut_off")]
)
def test_everybody_hears_who_left_and_who_was_cut_off(
    held: Session, how: Departure, phrase: str
) -> None:
    (departure,) = held(Go("pia", how))
    assert departure.to == EVERYBODY_INSIDE
    assert departure.phrase == f"conf.room.{phrase}_by_name"
    assert departure.chime is Chime.DEPARTURE


def test_the_last_one_left_is_told(held: Session) -> None:
    held(Go("pia"))
    assert words(held(Go("paul")))[-1] == (("anne",), "alone_again")


def test_nobody_hears_who_leaves_a_waiting_room(session: Session) -> None:
    session.come(PAUL, PIA)
    assert session(Go("paul")) == []


def test_who_is_put_out_hears_it_and_the_others_that_they_left(held: Session) -> None:
    assert words(held(Expel("pia", "anne"))) == [
        (("pia",), "expelled"),
        (EVERYBODY_INSIDE, "left_by_name"),
    ]


def test_who_waits_and_is_put_out_hears_it(session: Session) -> None:
    session.come(PAUL)
    assert words(session(Expel("paul"))) == [(("paul",), "expelled")]


def test_everybody_who_must_wait_again_hears_why_and_that_it_resumes(held: Session) -> None:
    assert words(held(Go("anne"))) == [(("paul", "pia"), "interrupted")]
    said = words(held.come(ANNE))
    assert said[:2] == [(EVERYBODY_INSIDE, "came_by_name"), (EVERYBODY_INSIDE, "resumes")]


# ---- Mutes


def test_who_mutes_themself_hears_it(held: Session) -> None:
    assert words(held(Mute("pia", True, "pia"))) == [(("pia",), "muted")]
    assert words(held(Mute("pia", False, "pia"))) == [(("pia",), "unmuted")]


@pytest.mark.parametrize("by", ["anne", ""])
def test_whom_an_administrator_mutes_hears_by_whom(held: Session, by: str) -> None:
    assert words(held(Mute("pia", True, by))) == [(("pia",), "silenced")]
    assert words(held(Mute("pia", False, by))) == [(("pia",), "may_speak")]


def test_who_may_speak_again_but_muted_themself_hears_how(held: Session) -> None:
    said = held(Mute("pia", True, "pia"), Mute("pia", True, "anne"), Mute("pia", False, "anne"))
    assert words(said) == [(("pia",), "may_unmute")]


def test_everybody_hears_that_all_are_muted(held: Session) -> None:
    assert words(held(MuteAll(True, "anne"))) == [(EVERYBODY_INSIDE, "all_muted")]
    assert words(held(MuteAll(False, "anne"))) == [(EVERYBODY_INSIDE, "all_unmuted")]


def test_people_who_wait_hear_it_each_by_themself(session: Session) -> None:
    session.come(PAUL, PIA)
    assert words(session(MuteAll(True))) == [(("paul", "pia"), "all_muted")]


def test_who_comes_while_all_are_muted_is_told(held: Session) -> None:
    held(MuteAll(True, "anne"))
    assert (("unknown",), "listening") in words(held.come(UNKNOWN))


# ---- The lock, the recording, the time


def test_administrators_hear_that_it_is_locked(held: Session) -> None:
    assert words(held(Lock(True, "anne"))) == [(("anne",), "locked")]
    assert words(held(Lock(False))) == [(("anne",), "unlocked")]


def test_everybody_hears_that_they_are_recorded(held: Session) -> None:
    assert words(held(Record(True, "anne"))) == [(EVERYBODY_INSIDE, "recording")]
    assert words(held(Record(False, "anne"))) == [(EVERYBODY_INSIDE, "not_recording")]


def test_who_comes_later_hears_that_it_is_recorded(held: Session) -> None:
    held(Record(True, "anne"))
    assert (("unknown",), "is_recorded") in words(held.come(UNKNOWN))


def test_whose_coming_begins_the_recording_hears_it_once() -> None:
    session = Session(Rules(recorded=True))
    heard = [phrase for _, phrase in words(session.come(ANNE))]
    assert heard == ["recording", "others", HINT]


def test_the_end_of_a_recording_is_not_told_with_an_interruption_or_the_end(held: Session) -> None:
    held(Record(True, "anne"))
    assert words(held(Go("anne"))) == [(("paul", "pia"), "interrupted")]
    held.come(ANNE)
    assert words(held(Finish("anne"))) == [(("paul", "pia", "anne"), "finished")]


def test_everybody_hears_how_many_minutes_are_left(held: Session) -> None:
    assert held.wait() == [Saying(EVERYBODY_INSIDE, "conf.room.minutes", (("minutes", 10),))]
    held(Go("anne"))
    (warned,) = held.wait()
    assert warned == Saying(("paul", "pia"), "conf.room.minutes", (("minutes", 1),))


def test_at_the_end_everybody_hears_why(held: Session) -> None:
    held.wait()
    held.wait()
    assert words(held.wait()) == [(("anne", "paul", "pia"), "too_long")]


def test_people_for_whom_nobody_came_hear_it(session: Session) -> None:
    session.come(PAUL)
    assert words(session.wait()) == [(("paul",), "nobody_came")]


def test_nobody_hears_of_the_end_of_an_empty_room(session: Session) -> None:
    session.come(ANNE)
    assert session(Go("anne")) == []


# ---- Refusals and answers


def test_who_is_refused_hears_why_and_nobody_else(held: Session) -> None:
    assert words(held(Lock(True, "pia"))) == [(("pia",), "administrators_only")]


def test_a_refusal_to_who_steers_from_outside_is_heard_by_nobody(held: Session) -> None:
    assert held(Lock(False)) == []


def test_people_hear_how_many_others_there_are(held: Session) -> None:
    assert answered(Ask.COUNT, "pia", held.room).arguments == (("others", 2),)


def test_people_who_wait_hear_how_many_wait_with_them(session: Session) -> None:
    session.come(PAUL, PIA)
    expected = Saying(("pia",), "conf.room.others_waiting", (("others", 1),))
    assert answered(Ask.COUNT, "pia", session.room) == expected


def test_help_is_of_ones_role(held: Session) -> None:
    assert answered(Ask.HELP, "pia", held.room).phrase == "conf.room.help"
    assert answered(Ask.HELP, "anne", held.room).phrase == "conf.room.help_administrator"


def test_an_administrator_who_would_interrupt_it_by_leaving_is_warned(held: Session) -> None:
    alone = answered(Ask.HOW_TO_LEAVE, "anne", held.room)
    assert alone == Saying(("anne",), "conf.room.how_to_leave_alone")
    held.come(Member("alain", "Alain", Role.ADMINISTRATOR))
    assert answered(Ask.HOW_TO_LEAVE, "anne", held.room).phrase == "conf.room.how_to_leave"


def test_an_administrator_with_nobody_else_there_is_not_warned(session: Session) -> None:
    session.come(ANNE)
    assert answered(Ask.HOW_TO_LEAVE, "anne", session.room).phrase == "conf.room.how_to_leave"


# ---- The words


def whole_session(how: Departure) -> list[RoomEvent]:
    """Everything that may happen before the end, `how` being how people leave."""
    return [
        *(Come(each) for each in (PAUL, PIA, ANNE, UNKNOWN)),
        *(Lock(True), Lock(True, "anne"), Lock(False), Lock(True, "pia")),
        *(Record(False), Announce(False), Announce(True)),
        *(Mute("pia", True, "pia"), Mute("pia", False, "anne"), Mute("pia", False, "pia")),
        *(Mute("pia", True, "anne"), Mute("pia", False, "pia"), Mute("pia", False, "anne")),
        *(Mute("pia", True, "pia"), Mute("pia", True, "anne"), Mute("pia", False, "anne")),
        *(MuteAll(True), Go("pia", how), Go("unknown", how), Come(PIA), MuteAll(False)),
        *(Record(True, "anne"), Come(UNKNOWN), Expel("unknown", "anne"), Expel("x", "anne")),
        *(Go("anne"), Record(True), Come(ANNE), Go("pia", how), Go("paul", how), Come(PAUL)),
    ]


def everything_said() -> list[Saying]:
    """Each sentence once at least."""
    said: list[Saying] = []
    for how in (Departure.HUNG_UP, Departure.CUT_OFF):
        for recorded in ((), ("pia", "unknown")):
            session = Session(Rules(recorded=True))
            session.recorded = recorded
            for event in whole_session(how):
                said += session(event)
            said += [answered(ask, id, session.room) for ask in Ask for id in ("anne", "paul")]
            said += [answered(Ask.HOW_TO_LEAVE, "anne", Room(Rules()))]
            said += session.wait()
            said += session(Finish()) if recorded else [*session.wait(), *session.wait()]
    waiting = Session()
    said += [*waiting.come(PAUL), answered(Ask.COUNT, "paul", waiting.room), *waiting.wait()]
    return [*said, Saying(("paul",), NO_FURTHER), stopping(Session().room)]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_sentence_exists_with_its_arguments(language: str) -> None:
    book = load_book(PROMPTS)
    for each in everything_said():
        if each.phrase:
            assert book.text(Phrase(each.phrase, language, tuple(sorted(each.arguments))))


def test_every_sentence_of_the_room_is_said_some_time() -> None:
    book = load_book(PROMPTS)
    sentences = {each for each in book.ids if each.startswith("conf.room.")}
    # Who hears a refusal is in the conference and leads it: then it is running.
    assert sentences - {each.phrase for each in everything_said()} == {"conf.room.not_running"}
