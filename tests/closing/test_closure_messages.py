"""What is recorded, switched and dated by those who close, and heard by those who call."""

import asyncio
import wave
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from call.clock import VirtualClock
from call.recent import LOOK_EVERY_S
from routing.closure import Closure, Code
from routing.closures import Closures
from routing.errors import ClosureLocked, ClosureRefused, ClosureUnknown, WrongClosurePin
from tests.closing.company import CODE, NUMBER, PIN, TOGGLE, ZONE
from tests.voicemail.office import Office
from tests.voicemail.sounds import hush, voice
from vestibule.closures import closure_sounds, open_closures


async def record(closures: Closures, pcm: bytes, code: str = CODE) -> Closure:
    take = await closures.open_take()
    await asyncio.to_thread(take.write_bytes, pcm)
    return await closures.keep(code, take)


def samples(path: Path) -> bytes:
    with wave.open(str(path)) as sound:
        octets: bytes = sound.readframes(sound.getnframes())
    return octets


async def test_nobody_hears_a_message_that_was_never_recorded(closures: Closures) -> None:
    assert await closures.heard(NUMBER) is None
    assert await closures.switch(CODE, True) is None
    assert await closures.toggle(CODE) is None


async def test_what_is_recorded_is_heard_at_once(closures: Closures) -> None:
    said = voice(4)
    await record(closures, said)
    heard = await closures.heard(NUMBER)
    assert heard is not None
    assert not heard.replaces
    assert samples(heard.sound) == said


async def test_a_second_recording_replaces_the_first_and_leaves_nothing_of_it(
    closures: Closures, office: Office
) -> None:
    await record(closures, voice(4))
    await record(closures, voice(5, seed=2))
    heard = await closures.heard(NUMBER)
    assert heard is not None
    assert samples(heard.sound) == voice(5, seed=2)
    assert await office.ports.sounds.names() == await closure_sounds(office.database)


async def test_a_recording_nobody_kept_changes_nothing(closures: Closures) -> None:
    await record(closures, voice(4))
    take = await closures.open_take()
    await asyncio.to_thread(take.write_bytes, voice(6, seed=3))
    await closures.discard(take)
    heard = await closures.heard(NUMBER)
    assert heard is not None
    assert samples(heard.sound) == voice(4)
    assert not await asyncio.to_thread(take.exists)


@pytest.mark.parametrize(
    ("said", "spoken"),
    [(b"", False), (hush(3), False), (voice(0.5) + hush(2), False), (hush(1) + voice(2), True)],
    ids=["nothing", "a short silence", "half a word", "a sentence"],
)
async def test_a_short_silence_is_told_from_a_message(
    closures: Closures, said: bytes, spoken: bool
) -> None:
    take = await closures.open_take()
    await asyncio.to_thread(take.write_bytes, said)
    assert await closures.was_spoken(take) is spoken


async def test_the_toggle_turns_it_off_and_on_and_keeps_what_was_recorded(
    closures: Closures,
) -> None:
    await record(closures, voice(4))
    off = await closures.toggle(CODE)
    assert off is not None
    assert not off.on
    assert await closures.heard(NUMBER) is None
    on = await closures.toggle(CODE)
    assert on is not None
    assert on.on
    assert await closures.heard(NUMBER) is not None


async def test_it_is_heard_from_its_first_day_to_the_end_of_its_last(
    closures: Closures, clock: VirtualClock
) -> None:
    await record(closures, voice(4))
    await closures.date(CODE, date(2027, 7, 2), date(2027, 7, 3))
    heard = []
    for _ in range(4):
        heard.append(await closures.heard(NUMBER) is not None)
        clock.advance(24 * 3600)
    assert heard == [False, True, True, False]


async def test_its_last_day_ends_at_midnight_where_the_company_is(
    closures: Closures, clock: VirtualClock
) -> None:
    await record(closures, voice(4))
    await closures.date(CODE, None, date(2027, 7, 1))
    clock.advance(14 * 3600 - 1)
    assert await closures.heard(NUMBER) is not None
    clock.advance(2)
    assert await closures.heard(NUMBER) is None


@pytest.mark.parametrize("again", ["recorded", "turned on"])
async def test_dates_that_have_passed_do_not_silence_what_is_turned_on_anew(
    closures: Closures, clock: VirtualClock, again: str
) -> None:
    await record(closures, voice(4))
    await closures.date(CODE, None, date(2027, 7, 1))
    clock.advance(3 * 24 * 3600)
    if again == "recorded":
        await record(closures, voice(5))
    else:
        await closures.switch(CODE, True)
    assert await closures.heard(NUMBER) is not None


async def test_days_that_are_crossed_are_refused(closures: Closures) -> None:
    with pytest.raises(ClosureRefused, match="end before it begins"):
        await closures.date(CODE, date(2027, 12, 27), date(2027, 12, 24))


async def test_a_number_of_its_own_closure_hears_that_one_and_no_other(closures: Closures) -> None:
    await closures.make("8521", Closure(numbers=("5145550199",), replaces=True), "5820", ())
    await record(closures, voice(4))
    assert await closures.heard("5145550199") is None
    await record(closures, voice(5), "8521")
    heard = await closures.heard("5145550199")
    assert heard is not None
    assert heard.replaces
    assert samples(heard.sound) == voice(5)


async def test_the_codes_mean_what_they_do(closures: Closures) -> None:
    assert await closures.codes() == (CODE, TOGGLE)
    assert await closures.meaning(CODE) == (CODE, Code.RECORD)
    assert await closures.meaning(TOGGLE) == (CODE, Code.TOGGLE)
    assert await closures.meaning("8599") is None
    assert await closures.meaning("") is None


async def test_what_another_program_changed_is_heard_within_a_second(
    closures: Closures, office: Office, clock: VirtualClock
) -> None:
    await record(closures, voice(4))
    assert await closures.heard(NUMBER) is not None
    await open_closures(office.database, office.ports, ZONE).toggle(CODE)
    clock.advance(LOOK_EVERY_S)
    assert await closures.heard(NUMBER) is None


async def test_a_closure_that_lost_its_sound_lets_callers_hear_the_usual_sentence(
    closures: Closures, office: Office
) -> None:
    kept = await record(closures, voice(4))
    await office.ports.sounds.delete(kept.sound)
    assert await closures.heard(NUMBER) is None


async def test_a_removed_closure_leaves_no_sound_and_no_code(
    closures: Closures, office: Office
) -> None:
    await record(closures, voice(4))
    await closures.remove(CODE)
    assert await closures.codes() == ()
    assert await office.ports.sounds.names() == frozenset()
    with pytest.raises(ClosureUnknown):
        await closures.remove(CODE)


# ---- Coming in


async def test_the_right_pin_lets_in_and_a_wrong_one_does_not(closures: Closures) -> None:
    door = closures.door("5145550123")
    with pytest.raises(WrongClosurePin):
        await door.open(CODE, "1111")
    await door.open(CODE, PIN)


async def test_the_third_wrong_pin_of_a_call_ends_it(closures: Closures) -> None:
    door = closures.door("5145550123")
    for refusal in (WrongClosurePin, WrongClosurePin, ClosureLocked, ClosureLocked):
        with pytest.raises(refusal):
            await door.open(CODE, "1111")


@pytest.mark.parametrize("code", [CODE, "8599"], ids=["a code", "a code nobody has"])
async def test_wrong_pins_lock_over_all_calls_whether_there_is_such_a_code_or_not(
    closures: Closures, code: str
) -> None:
    for caller in range(6):
        with pytest.raises(WrongClosurePin):
            await closures.door(f"514555012{caller}").open(code, "1111")
    with pytest.raises(ClosureLocked):
        await closures.door("5145550190").open(code, PIN)


async def test_the_lock_ends_by_itself_and_an_administrator_can_end_it(
    closures: Closures, clock: VirtualClock
) -> None:
    async def lock() -> None:
        for caller in range(6):
            with pytest.raises(WrongClosurePin):
                await closures.door(f"514555012{caller}").open(CODE, "1111")
        with pytest.raises(ClosureLocked):
            await closures.door("5145550190").open(CODE, PIN)

    await lock()
    clock.advance(15 * 60 + 1)
    await closures.door("5145550190").open(CODE, PIN)
    await lock()
    await closures.unlock(CODE)
    await closures.door("5145550190").open(CODE, PIN)


async def test_another_pin_replaces_the_old_one(closures: Closures) -> None:
    await closures.set_pin(CODE, "7305")
    await closures.door("").open(CODE, "7305")
    with pytest.raises(WrongClosurePin):
        await closures.door("").open(CODE, PIN)


# ---- What administrators are refused


@pytest.mark.parametrize(
    ("code", "closure", "pin", "why"),
    [
        ("85", Closure(), PIN, "3 to 8 digits"),
        ("8500", Closure(), PIN, "8500 is dialled for something else"),
        ("101", Closure(), PIN, "101 is dialled for something else"),
        (TOGGLE, Closure(numbers=("1",)), PIN, f"{TOGGLE} is a code of another"),
        ("8521", Closure(toggle_code=CODE), PIN, f"{CODE} is a code of another"),
        ("8521", Closure(toggle_code="8521"), PIN, "must be different"),
        ("8521", Closure(), PIN, f"closure {CODE} is for all numbers already"),
        ("8521", Closure(), "1111", "one digit repeated"),
        ("8521", Closure(), "5678", "sequence"),
        ("8521", Closure(), "85210", "the closure's own code"),
        ("8521", Closure(), "12", "4 to 10 digits"),
        ("8521", Closure(first=date(2027, 2, 1), last=date(2027, 1, 1)), PIN, "before it begins"),
        (CODE, Closure(), PIN, "there is a closure 8511 already"),
    ],
)
async def test_a_closure_that_makes_no_sense_is_refused(
    closures: Closures, code: str, closure: Closure, pin: str, why: str
) -> None:
    with pytest.raises(ClosureRefused, match=why):
        await closures.make(code, closure, pin, ("101", "102"))
    assert list(await closures.all()) == [CODE]


async def test_two_closures_cannot_share_a_number(closures: Closures) -> None:
    await closures.make("8521", Closure(numbers=(NUMBER,)), "5820", ())
    with pytest.raises(ClosureRefused, match=f"closure 8521 is for {NUMBER} already"):
        await closures.edit(CODE, lambda before: replace(before, numbers=(NUMBER,)), ())
    assert (await closures.show(CODE)).numbers == ()


async def test_a_pin_is_kept_as_no_pin(closures: Closures) -> None:
    closure = await closures.show(CODE)
    assert PIN not in closure.pin_hash
    assert PIN not in repr(closure)
