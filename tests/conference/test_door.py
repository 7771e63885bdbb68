"""The door of the conferences: who is let in, and what becomes of those who guess."""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from call.leg import Party
from conference.conference import Conference, Role
from conference.door import (
    CALLER_FAILURES,
    ROOM_FAILURES,
    TRIES_PER_CALL,
    Admission,
    ConferenceDoor,
    Found,
    Turned,
)
from tests.conference.doorway import (
    ANYBODY,
    AVA,
    CAMILLE,
    CLIENT,
    COLLEAGUE,
    NOBODY,
    ONCE,
    OPEN,
    TUESDAY,
    WEEKLY,
    Doorway,
)
from tests.secrets_in_logs import told

WRONG = "5555"


async def knock(door: ConferenceDoor, code: str, room: str = WEEKLY.room) -> Admission | Turned:
    """Give a room, then a code."""
    found = await door.find(room)
    if isinstance(found, Turned):
        return found
    return await door.enter(found.conference, code)


async def guess(doorway: Doorway, caller: Party) -> list[Turned]:
    """Guess until the call is ended."""
    door, answers = doorway.call(caller), list[Turned]()
    while Turned.LOCKED_OUT not in answers:
        answer = await knock(door, WRONG)
        assert isinstance(answer, Turned)
        answers.append(answer)
    return answers


def strangers() -> Iterator[Party]:
    """Callers who show another number each time."""
    return (Party(f"450{number:07}") for number in itertools.count())


# ---- Who is let in


async def test_a_personal_code_tells_who_it_is_and_what_they_may() -> None:
    doorway = Doorway()
    assert await knock(doorway.call(), CAMILLE.code) == Admission(
        WEEKLY, Role.ADMINISTRATOR, CAMILLE
    )
    assert await knock(doorway.call(), AVA.code) == Admission(WEEKLY, Role.PARTICIPANT, AVA)


async def test_a_generic_code_tells_what_somebody_may_and_not_who_they_are() -> None:
    assert await knock(Doorway().call(), ANYBODY.code) == Admission(WEEKLY, Role.PARTICIPANT)


async def test_a_colleague_needs_the_code_as_well() -> None:
    assert await knock(Doorway().call(COLLEAGUE), "") is Turned.WRONG


async def test_a_room_without_codes_is_found_and_asks_for_none() -> None:
    found = await Doorway().call().find(OPEN.room)
    assert found == Found(OPEN)
    assert not OPEN.needs_code


@pytest.mark.parametrize("code", ["", "197", "19750", "١٩٧٥", "*", "1975 "])
async def test_nothing_but_the_four_digits_opens(code: str) -> None:
    assert await knock(Doorway().call(), code) is Turned.WRONG


async def test_a_code_that_nobody_was_given_yet_opens_nothing() -> None:
    blank = replace(WEEKLY, invitees=(replace(CAMILLE, code=""),))
    assert await knock(Doorway(blank).call(), "") is Turned.WRONG


async def test_a_code_of_another_room_opens_nothing() -> None:
    other = replace(WEEKLY, id="other", room="4329", invitees=(replace(CAMILLE, code="8888"),))
    assert await knock(Doorway(WEEKLY, other).call(), "8888") is Turned.WRONG


# ---- When


@pytest.mark.parametrize(
    ("before", "turned"),
    [
        (timedelta(minutes=11), Turned.TOO_EARLY),
        (timedelta(minutes=10, seconds=1), Turned.TOO_EARLY),
        (timedelta(minutes=10), None),
        (timedelta(0), None),
        (-timedelta(hours=2, minutes=59), None),
        (-timedelta(hours=3), Turned.OVER),
    ],
)
async def test_single_use_opens_ten_minutes_before_its_start_and_closes_three_hours_after(
    before: timedelta, turned: Turned | None
) -> None:
    doorway = Doorway(replace(ONCE, starts_at=TUESDAY + before))
    assert await ConferenceDoor(CLIENT, doorway.ports).find(ONCE.room) == Found(
        doorway.book.conferences[ONCE.id], turned
    )


async def test_a_conference_that_was_ended_is_over() -> None:
    ended = replace(ONCE, starts_at=TUESDAY, ended_at=TUESDAY)
    assert await Doorway(ended).call().find(ONCE.room) == Found(ended, Turned.OVER)


@pytest.mark.parametrize("after", [None, replace(WEEKLY, ended_at=TUESDAY)])
async def test_a_conference_taken_away_while_its_code_is_typed_is_over(
    after: Conference | None,
) -> None:
    doorway = Doorway(WEEKLY)
    door = doorway.call()
    await door.find(WEEKLY.room)
    doorway.book.conferences = {} if after is None else {after.id: after}
    assert await door.enter(WEEKLY, CAMILLE.code) is Turned.OVER


async def test_a_code_that_was_taken_back_a_moment_ago_opens_nothing() -> None:
    doorway = Doorway(WEEKLY)
    door = doorway.call()
    await door.find(WEEKLY.room)
    doorway.book.conferences = {WEEKLY.id: replace(WEEKLY, invitees=(AVA,))}
    assert await door.enter(WEEKLY, CAMILLE.code) is Turned.WRONG


# ---- Guesses


async def test_three_wrong_codes_end_the_call_and_each_answer_takes_longer() -> None:
    doorway = Doorway()
    assert await guess(doorway, CLIENT) == [Turned.WRONG, Turned.WRONG, Turned.LOCKED_OUT]
    assert doorway.waited == [1.0, 2.0, 4.0]


async def test_after_three_wrong_codes_the_call_is_heard_no_more() -> None:
    doorway = Doorway()
    door = doorway.call()
    for _ in range(TRIES_PER_CALL):
        await knock(door, WRONG)
    assert await knock(door, CAMILLE.code) is Turned.LOCKED_OUT


async def test_slips_are_forgiven_to_whoever_has_the_code() -> None:
    doorway = Doorway()
    for _ in range(3 * CALLER_FAILURES):
        assert isinstance(await knock(doorway.call(), CAMILLE.code), Admission)


async def test_a_thousand_wrong_codes_from_one_number_lock_that_number_and_nobody_else() -> None:
    doorway = Doorway()
    looked_at = 0
    for _ in range(1000):
        door = doorway.call(CLIENT)
        looked_at += await knock(door, WRONG) is Turned.WRONG
    assert looked_at == CALLER_FAILURES + TRIES_PER_CALL * 2  # at 0, 15 and 45 minutes
    assert await knock(doorway.call(CLIENT), CAMILLE.code) is Turned.LOCKED_OUT
    assert isinstance(await knock(doorway.call(Party("5145551111")), AVA.code), Admission)


async def test_nobody_gets_through_a_day_of_guessing_from_ever_new_numbers() -> None:
    doorway = Doorway()
    looked_at = 0
    for caller in itertools.islice(strangers(), 1000):
        looked_at += (await guess(doorway, caller)).count(Turned.WRONG)
    assert looked_at < 2 * ROOM_FAILURES, "of ten thousand codes"


async def test_a_room_that_strangers_are_shut_out_of_is_open_to_colleagues() -> None:
    doorway = Doorway()
    for caller in itertools.islice(strangers(), ROOM_FAILURES):
        await guess(doorway, caller)
    assert await knock(doorway.call(CLIENT), CAMILLE.code) is Turned.LOCKED_OUT
    assert isinstance(await knock(doorway.call(COLLEAGUE), CAMILLE.code), Admission)


async def test_a_colleague_who_guesses_shuts_no_room() -> None:
    doorway = Doorway()
    for _ in range(1000):
        await guess(doorway, COLLEAGUE)
    assert await knock(doorway.call(COLLEAGUE), AVA.code) is Turned.LOCKED_OUT
    assert isinstance(await knock(doorway.call(Party("102", internal=True)), AVA.code), Admission)
    assert isinstance(await knock(doorway.call(CLIENT), AVA.code), Admission)


async def test_a_stranger_who_shows_the_number_of_a_colleague_locks_no_colleague() -> None:
    doorway = Doorway()
    for _ in range(10):
        await guess(doorway, Party(COLLEAGUE.number))
    assert isinstance(await knock(doorway.call(COLLEAGUE), AVA.code), Admission)


@pytest.mark.parametrize("written", ["+14505550000", "14505550000"])
async def test_another_way_of_writing_the_same_number_is_no_other_caller(written: str) -> None:
    doorway = Doorway()
    for _ in range(CALLER_FAILURES):
        await guess(doorway, CLIENT)
    assert await knock(doorway.call(Party(written)), CAMILLE.code) is Turned.LOCKED_OUT


async def test_callers_without_a_number_are_one_caller() -> None:
    doorway = Doorway()
    for _ in range(CALLER_FAILURES):
        await guess(doorway, NOBODY)
    assert await knock(doorway.call(NOBODY), CAMILLE.code) is Turned.LOCKED_OUT
    assert isinstance(await knock(doorway.call(CLIENT), CAMILLE.code), Admission)


async def test_a_locked_number_is_let_in_again_later() -> None:
    doorway = Doorway()
    while await knock(doorway.call(), WRONG) is Turned.WRONG:
        pass
    doorway.clock.advance(15 * 60)
    assert isinstance(await knock(doorway.call(), CAMILLE.code), Admission)


async def test_all_is_forgiven_the_next_day() -> None:
    doorway = Doorway()
    for caller in itertools.islice(strangers(), ROOM_FAILURES):
        await guess(doorway, caller)
    doorway.clock.advance(24 * 3600)
    assert isinstance(await knock(doorway.call(), CAMILLE.code), Admission)


async def test_neither_a_guess_nor_a_code_nor_a_room_nobody_has_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    doorway = Doorway()
    for _ in range(5):
        await guess(doorway, CLIENT)
    await knock(doorway.call(COLLEAGUE), CAMILLE.code)
    await knock(doorway.call(COLLEAGUE), CAMILLE.code, room=AVA.code)  # typed too early
    lines = [told(record) for record in caplog.records]
    assert any(WEEKLY.room in line for line in lines)
    secret = {WRONG, CAMILLE.code, AVA.code, CLIENT.number}
    assert [line for line in lines if any(each in line for each in secret)] == []


# ---- Rooms that do not exist


async def test_three_rooms_that_do_not_exist_end_the_call() -> None:
    door = Doorway().call()
    answers = [await door.find(room) for room in ("9991", "9992", "9993", WEEKLY.room)]
    assert answers == [Turned.UNKNOWN, Turned.UNKNOWN, Turned.LOCKED_OUT, Turned.LOCKED_OUT]


async def test_a_scan_of_every_room_finds_next_to_none() -> None:
    doorway = Doorway()
    found = tried = 0
    for first in range(0, 10_000, TRIES_PER_CALL):
        door = doorway.call(CLIENT)
        for room in range(first, min(first + TRIES_PER_CALL, 10_000)):
            answer = await door.find(f"{room:04}")
            tried += answer is not Turned.LOCKED_OUT
            found += isinstance(answer, Found)
    assert found == 0
    assert tried < CALLER_FAILURES + 30, "of ten thousand, in five hours"
    assert await knock(doorway.call(CLIENT), CAMILLE.code) is Turned.LOCKED_OUT
    assert isinstance(await knock(doorway.call(Party("5145551111")), AVA.code), Admission)


@pytest.mark.parametrize("typed", ["", "432", "43210", "٤٣٢١"])
async def test_what_can_be_no_room_is_unknown_and_locks_nobody_out_of_the_next_call(
    typed: str,
) -> None:
    doorway = Doorway()
    for _ in range(CALLER_FAILURES):
        assert await doorway.call().find(typed) is Turned.UNKNOWN
    assert isinstance(await knock(doorway.call(), CAMILLE.code), Admission)
