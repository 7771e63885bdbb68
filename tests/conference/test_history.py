"""What is told of a session afterwards."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from conference.conference import Role
from conference.happening import (
    AllMuted,
    Began,
    Came,
    Departure,
    Ending,
    Happening,
    Interrupted,
    Member,
    Muted,
    Over,
    Recording,
    Resumed,
    Went,
)
from conference.history import Attendee, Session, retell
from conference.ports import Entry, Notes, Spoke
from conference.spans import Span, seconds, union, within
from tests.conference.sessions import BOB, BUDGET, CHANTAL, MORNING, TEN, at, member, notes


def span(begin: float, end: float) -> Span:
    return Span(at(begin), at(end))


def person(session: Session, name: str) -> Attendee:
    return next(each for each in session.people if each.name == name)


def test_who_comes_back_after_being_cut_off_is_one_person_with_two_stays() -> None:
    session = retell(notes(*MORNING, ended=30))
    chantal = person(session, CHANTAL.name)
    assert [each.name for each in session.people] == [BOB.name, CHANTAL.name]
    assert [stay.there for stay in chantal.stays] == [span(5, 20), span(25, 30)]
    assert [stay.how for stay in chantal.stays] == [Departure.CUT_OFF, Departure.ENDED]
    assert (chantal.came, chantal.went, chantal.inside_s) == (at(5), at(30), 20 * 60)


def test_who_waits_for_an_administrator_is_there_and_not_inside() -> None:
    bob = person(retell(notes(*MORNING, ended=30)), BOB.name)
    assert bob.inside == (span(5, 20), span(25, 30))
    assert bob.waited == (span(0, 5), span(20, 25))


def test_the_session_tells_when_people_met_and_when_they_were_recorded() -> None:
    session = retell(notes(*MORNING, ended=30))
    assert session.there == span(0, 30)
    assert session.met == session.recorded == (span(5, 20), span(25, 30))
    assert session.ending is Ending.FINISHED
    assert session.took_place
    assert not session.cut_off


def test_what_somebody_says_counts_as_long_as_they_said_it_by_both_telephones() -> None:
    session = retell(notes(*MORNING, ended=30))
    chantal = person(session, CHANTAL.name)
    assert chantal.spoke == (span(7, 8), span(26.5, 28))
    assert chantal.spoke_s == 150
    assert person(session, BOB.name).spoke_s == 30


def test_what_is_said_to_the_music_of_the_waiting_room_is_not_talk_time() -> None:
    told = notes(
        (0, Came(member(BOB), inside=False)),
        (5, Came(member(CHANTAL), inside=True)),
        (5, Began("i1")),
        (6, Spoke("i2", 120.0)),
    )
    assert person(retell(told), BOB.name).spoke == (span(5, 6),)


def test_the_same_invitee_on_two_telephones_at_once_is_there_once() -> None:
    told = notes(
        (0, Came(member(CHANTAL, "desk"), inside=True)),
        (0, Began("desk")),
        (5, Came(member(CHANTAL, "mobile"), inside=True)),
        (6, Spoke("desk", 60.0)),
        (6, Spoke("mobile", 60.0)),
        (10, Went(member(CHANTAL, "desk"), Departure.HUNG_UP)),
        (15, Went(member(CHANTAL, "mobile"), Departure.HUNG_UP)),
        (15, Over(Ending.EMPTY)),
        ended=15,
    )
    (chantal,) = retell(told).people
    assert (chantal.inside_s, chantal.spoke_s, len(chantal.stays)) == (15 * 60, 60, 2)


def test_guests_of_a_generic_code_are_one_by_number_and_strangers_without_one() -> None:
    told = notes(
        (0, Came(Member("a", number="5145550188"), inside=True)),
        (1, Came(Member("b"), inside=True)),
        (2, Went(Member("a", number="5145550188"), Departure.HUNG_UP)),
        (3, Came(Member("c", number="5145550188"), inside=True)),
        (4, Came(Member("d"), inside=True)),
        (5, Came(Member("e", "Réception", number="5145550188"), inside=True)),
    )
    people = [(each.name, each.number) for each in retell(told).people]
    assert people == [("", "5145550188"), ("", ""), ("", ""), ("Réception", "5145550188")]


def test_who_is_once_an_administrator_is_told_as_one() -> None:
    told = notes(
        (0, Came(Member("a", "Guy"), inside=True)),
        (1, Came(Member("b", "Guy", Role.ADMINISTRATOR), inside=True)),
    )
    (guy,) = retell(told).people
    assert guy.role is Role.ADMINISTRATOR


def test_a_session_that_a_crash_cut_off_ends_with_the_last_thing_known_of_it() -> None:
    session = retell(notes(*MORNING[:6], ended=12))
    assert session.cut_off
    assert session.ending is None
    assert session.there == span(0, 12)
    assert session.recorded == session.met == (span(5, 12),)
    assert [stay.how for each in session.people for stay in each.stays] == [None, None]


def test_where_an_entry_is_later_than_the_end_the_entry_is_believed() -> None:
    assert retell(notes(*MORNING[:6], ended=1)).there == span(0, 10)


def test_people_who_only_waited_make_a_session_that_did_not_begin() -> None:
    session = retell(
        notes(
            (0, Came(member(BOB), inside=False)),
            (9, Went(member(BOB), Departure.HUNG_UP)),
            (9, Over(Ending.EMPTY)),
            ended=9,
        )
    )
    assert not session.took_place
    assert not session.cut_off
    assert session.people[0].waited == (span(0, 9),)


def test_people_coming_and_going_are_no_events_of_the_session() -> None:
    session = retell(notes(*MORNING, ended=30))
    told = [type(each.what) for each in session.events]
    assert told == [
        Began,
        Recording,
        Recording,
        Interrupted,
        Resumed,
        Recording,
        Recording,
        Over,
    ]


def test_who_comes_after_all_were_muted_is_not_told_of_one_by_one() -> None:
    session = retell(
        notes(
            (0, Came(member(CHANTAL), inside=True)),
            (1, AllMuted(True, "i1")),
            (2, Came(member(BOB), inside=True)),
            (2, Muted("i2", True, "")),
            (3, Muted("i2", False, "i1")),
            (4, Muted("i2", True, "")),
        )
    )
    told = [(type(each.what), each.at) for each in session.events]
    assert told == [(AllMuted, at(1)), (Muted, at(3)), (Muted, at(4))]


def test_a_clock_set_back_makes_nobody_leave_before_they_came() -> None:
    told = notes(
        (10, Came(member(CHANTAL), inside=True)),
        (10, Began("i1")),
        (5, Went(member(CHANTAL), Departure.HUNG_UP)),
    )
    (chantal,) = retell(told).people
    assert chantal.stays[0].there == span(10, 10)


# ---- Of any journal whatever


LEGS = [Member(id, name) for id, name in (("a", "Anne"), ("b", "Bob"), ("c", "Anne"), ("d", ""))]

happenings: some.SearchStrategy[Happening | Spoke] = some.one_of(
    some.builds(Came, some.sampled_from(LEGS), some.booleans()),
    some.builds(Went, some.sampled_from(LEGS), some.sampled_from(Departure)),
    some.builds(Spoke, some.sampled_from("abcde"), some.floats(0, 900)),
    some.builds(Recording, some.booleans()),
    some.sampled_from([Began("a"), Interrupted(), Resumed("a"), Over(Ending.EMPTY)]),
)

entries_of_a_day = some.builds(
    lambda minute, what: Entry(at(minute), what), some.integers(-60, 600), happenings
)


@given(some.lists(entries_of_a_day, max_size=30))
def test_whatever_was_noted_nobody_speaks_longer_than_they_are_inside_nor_is_inside_unless_there(
    entries: list[Entry],
) -> None:
    session = retell(Notes("s", BUDGET, TEN, None, tuple(entries)))
    for each in session.people:
        there = union(stay.there for stay in each.stays)
        assert within(each.inside, there) == each.inside
        assert within(each.spoke, each.inside) == each.spoke
        assert seconds(each.inside) + seconds(each.waited) == seconds(there)
        assert within(there, [session.there]) == there


spans = some.lists(
    some.builds(
        lambda begin, length: Span(at(begin), at(begin) + timedelta(minutes=length)),
        some.integers(0, 30),
        some.integers(0, 30),
    ),
    max_size=8,
)


def minutes(covered: list[Span] | tuple[Span, ...]) -> set[int]:
    """The minutes after ten that some span covers."""
    return {
        minute
        for minute in range(70)
        if any(each.begin <= at(minute) and at(minute + 1) <= each.end for each in covered)
    }


@given(spans, spans)
def test_spans_cover_what_they_cover(first: list[Span], second: list[Span]) -> None:
    assert minutes(union(first)) == minutes(first)
    assert minutes(within(first, second)) == minutes(first) & minutes(second)
    assert seconds(first) == 60 * len(minutes(first))
