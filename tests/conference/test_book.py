"""The store of conferences: what was arranged comes back as it was put; a room has one owner."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.adapters.documents import (
    conference_text,
    mail_text,
    read_conference,
    read_mail,
)
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.codes import LAST, draw_code, draw_room, is_guessable
from conference.conference import Conference, GenericCode, Invitee, Kind, Options, Role
from conference.conferences import Conferences
from conference.errors import BadConference, RoomTaken
from conference.ports import Changed, MailDue, MailKind
from conference.wall_time import Start, start_at
from tests.conference.arranged import ONCE, TUESDAY, WEEKLY, Counted, Desk

ZONES = ("America/Toronto", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")

instants = st.datetimes(timezones=st.just(UTC))
modern = st.integers(946_684_800, 2_114_380_800).map(lambda at: datetime.fromtimestamp(at, UTC))
texts = st.text(max_size=30)
people = st.builds(Invitee, texts, texts, texts, st.sampled_from(Role), texts, texts)
conferences = st.builds(
    Conference,
    id=texts,
    room=texts,
    title=texts,
    kind=st.sampled_from(Kind),
    starts_at=st.none() | instants,
    planned=st.none() | st.timedeltas(timedelta(), timedelta(days=1)),
    options=st.builds(Options, *[st.booleans()] * 4),
    invitees=st.lists(people, max_size=3).map(tuple),
    generic_codes=st.lists(st.builds(GenericCode, st.sampled_from(Role), texts)).map(tuple),
    owner=texts,
    link=texts,
    sequence=st.integers(0, 99),
    ended_at=st.none() | instants,
)


@given(conferences)
def test_a_conference_is_read_as_it_was_written(conference: Conference) -> None:
    assert read_conference(conference_text(conference)) == conference


@given(st.builds(MailDue, texts, st.sampled_from(MailKind), conferences, people, instants, texts))
def test_an_email_is_read_as_it_was_written(due: MailDue) -> None:
    assert read_mail(mail_text(due)) == due


def test_what_an_older_program_wrote_is_read_with_what_came_since_as_usual() -> None:
    text = '{"id": "i", "room": "4321", "title": "T", "what": "a newer program wrote"}'
    assert read_conference(text) == Conference("i", "4321", "T")


@given(st.sets(st.integers(1000, LAST).map(str), max_size=500), st.binary(min_size=8, max_size=8))
def test_a_code_is_four_digits_unlike_all_others_and_unlike_a_first_try(
    taken: set[str], chance: bytes
) -> None:
    class First(Counted):
        def token(self, octets: int) -> bytes:
            return chance if next(self.drawn) == 1 else super().token(octets)

    code = draw_code(taken, First())
    assert len(code) == 4
    assert code.isdigit()
    assert code not in taken
    assert not is_guessable(code)


def test_where_every_code_is_taken_nobody_waits_for_ever() -> None:
    with pytest.raises(BadConference, match=r"^codes: "):
        draw_code({str(code) for code in range(1000, 10000)}, Counted())


def test_the_last_room_is_given_and_then_none() -> None:
    rooms = {str(room) for room in range(1000, 10000)}
    assert draw_room(rooms - {"4321"}, Counted()) == "4321"
    with pytest.raises(BadConference, match=r"^room: every room is taken"):
        draw_room(rooms, Counted())


async def test_rooms_of_those_that_are_over_are_given_once_no_others_are_left(desk: Desk) -> None:
    def there(room: str) -> Conference:
        past = None if room != "4321" else TUESDAY
        return Conference(room, room, "T", ended_at=past)

    class Full(SqlAlchemyBook):
        async def all(self) -> tuple[Conference, ...]:
            return tuple(there(str(room)) for room in range(1000, 10000))

    conferences = Conferences(Full(desk.database), desk.clock, Counted())
    assert (await conferences.arrange(WEEKLY)).conference.room == "4321"


async def test_whoever_loses_every_room_to_others_is_told_so(desk: Desk) -> None:
    class Contested(SqlAlchemyBook):
        async def change(self, *_: object) -> None:
            raise RoomTaken("4321")

    conferences = Conferences(Contested(desk.database), desk.clock, Counted())
    with pytest.raises(BadConference, match="no free one"):
        await conferences.arrange(WEEKLY)


async def test_of_many_who_want_one_room_at_once_one_gets_it(desk: Desk) -> None:
    async def take(id: str) -> None:
        await desk.book.change(id, lambda _: Changed(Conference(id, "4321", "T")), TUESDAY)

    ends = await asyncio.gather(*(take(f"{at}") for at in range(8)), return_exceptions=True)
    assert sum(isinstance(end, RoomTaken) for end in ends) == 7
    assert len(await desk.book.all()) == 1


async def test_a_change_that_fails_keeps_nothing_and_tells_nobody(desk: Desk) -> None:
    made = (await desk.arranged(WEEKLY)).conference
    due = MailDue("m", MailKind.CHANGED, made, Invitee("i", "N", "n@example.org"), TUESDAY)
    await desk.arranged(replace(WEEKLY, room="4321"))
    with pytest.raises(RoomTaken):
        await desk.book.change(
            made.id, lambda _: Changed(replace(made, room="4321"), (due,)), TUESDAY
        )
    assert await desk.book.get(made.id) == made
    assert await desk.mail() == []


async def test_one_that_is_over_does_not_take_back_a_room_it_lost(desk: Desk) -> None:
    past = (await desk.arranged(replace(ONCE, room="4321"))).conference
    desk.clock.advance(2 * 86_400)
    present = (await desk.arranged(replace(WEEKLY, room="4321"))).conference
    later = replace(past, title="Autre")
    await desk.book.change(past.id, lambda _: Changed(later), desk.clock.now())
    assert await desk.book.in_room("4321") == present
    assert await desk.book.get(past.id) == later


# ---- Starts on days when clocks are changed


def test_a_start_is_told_by_the_clock_of_its_place() -> None:
    winter = start_at("2027-01-12 10:00", "America/Toronto")
    summer = start_at("2027-07-13T10:00", "America/Toronto")
    assert winter == Start(datetime(2027, 1, 12, 15, tzinfo=UTC))
    assert summer == Start(datetime(2027, 7, 13, 14, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "demain", "2027-02-30 10:00", "2027-01-01 24:00", "10:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadConference, match=r"^start: "):
        start_at(text, "America/Toronto")


def test_a_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BadConference, match=r"^zone: "):
        start_at("2027-01-12 10:00", "America/Laval")


def test_a_time_that_is_jumped_over_is_refused_with_those_beside_it() -> None:
    with pytest.raises(BadConference, match="2027-03-14 01:59 or 2027-03-14 03:00"):
        start_at("2027-03-14 02:30", "America/Toronto")


def test_of_a_time_that_comes_twice_the_first_is_meant_and_the_second_is_told() -> None:
    start = start_at("2027-11-07 01:30", "America/Toronto")
    assert start.at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert start.comes_again == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


@given(modern, st.sampled_from(ZONES))
def test_every_time_that_a_clock_shows_can_be_a_start(instant: datetime, zone: str) -> None:
    shown = instant.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    start = start_at(f"{shown:%Y-%m-%d %H:%M}", zone)
    assert shown in (start.at, start.comes_again)
