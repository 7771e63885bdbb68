"""Whether the hours that administrators keep can do what they are meant to."""

from collections.abc import Iterator, Mapping

from call.clock import Clock
from call.errors import Fault
from routing.hour_words import behaviour_words, until_words
from routing.schedule import Schedule
from vestibule.doctor import Finding, Verdict
from vestibule.mailroom import open_mailroom
from vestibule.opening import schedule_key
from vestibule.settings import Number, Settings
from vestibule.shelves import schedules


async def examine_hours(settings: Settings, clock: Clock) -> list[Finding]:
    """One line for each number that has hours; none where the storage, told apart, fails."""
    try:
        async with open_mailroom(settings, clock) as mailroom:
            kept = await schedules(mailroom.database).all()
    except (Fault, OSError):
        return []
    return [*_strangers(settings, kept), *_numbers(settings, kept, clock)]


def _numbers(settings: Settings, kept: Mapping[str, Schedule], clock: Clock) -> Iterator[Finding]:
    for entry in settings.numbers:
        schedule = kept.get(schedule_key(entry.number))
        if schedule is not None and schedule.decides:
            yield _number(entry, schedule, clock)


def _number(entry: Number, schedule: Schedule, clock: Clock) -> Finding:
    about = f"hours of {entry.number}"
    if entry.closed is None:
        advice = 'Write closed = "closed" beside the number in the settings.'
        return Finding(Verdict.NOTE, about, "change nothing: no flow for when it is closed", advice)
    state = schedule.state_at(clock.now())
    does = behaviour_words(state.decision.behaviour, "en")
    return Finding(Verdict.GOOD, about, f"{does}, {until_words(state.until, schedule.zone, 'en')}")


def _strangers(settings: Settings, kept: Mapping[str, Schedule]) -> Iterator[Finding]:
    there = {schedule_key(entry.number) for entry in settings.numbers}
    for number in sorted(kept.keys() - there):
        if kept[number].decides:
            advice = "It is called no more, or is written otherwise in the settings."
            yield Finding(Verdict.NOTE, f"hours of {number}", "no such number", advice)
