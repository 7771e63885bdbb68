"""Whether the people who are invited to conferences learn how to join, and can."""

import re
from collections.abc import Iterator, Sequence

from call.clock import Clock
from call.errors import Fault
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.adapters.sqlalchemy_mail_queue import SqlAlchemyMailQueue
from conference.conference import Conference
from conference.conferences import Conferences
from vestibule.doctor import Finding, Verdict
from vestibule.mailroom import open_mailroom
from vestibule.numbers import find_destination
from vestibule.settings import Settings

FLOW = "conference_join"


async def examine_conferences(settings: Settings, clock: Clock) -> list[Finding]:
    """What is arranged, and what keeps people away; nothing where the storage, told apart, fails,
    or where nothing is arranged."""
    try:
        async with open_mailroom(settings, clock) as mailroom:
            book = SqlAlchemyBook(mailroom.database)
            conferences = await Conferences(book, clock, mailroom.ports.tokens).active()
            queue = SqlAlchemyMailQueue(mailroom.database)
            late = {each.room: await queue.undelivered(each.id) for each in conferences}
    except (Fault, OSError):
        return []
    if not conferences:
        return []
    given_up = [room for room, mail in late.items() if any(each.again is None for each in mail)]
    findings = [*_numbers(settings), *_streams(settings, conferences), *_mail(given_up)]
    what = f"{len(conferences)} arranged"
    return findings or [Finding(Verdict.GOOD, "conferences", what)]


def _numbers(settings: Settings) -> Iterator[Finding]:
    told = [each.number for each in settings.conferences.numbers]
    if not told:
        advice = "Write conferences.numbers, as people dial them."
        yield Finding(Verdict.NOTE, "conferences", "invitations tell no number to dial", advice)
    for number in told:
        destination = find_destination(re.sub(r"[^+0-9]", "", number), settings.numbers)
        if destination is None:
            advice = f'Write a [[numbers]] entry for it, with flow = "{FLOW}".'
            what = f"{number}, which invitations tell, leads nowhere"
            yield Finding(Verdict.NOTE, "conferences", what, advice)


def _streams(settings: Settings, conferences: Sequence[Conference]) -> Iterator[Finding]:
    rooms = [each.room for each in conferences if each.options.streamed]
    if rooms and settings.web.bound is None:
        what = f"{', '.join(rooms)} to be streamed, and no page is served"
        yield Finding(Verdict.NOTE, "conferences", what, "Set web.listen and web.address.")
    elif rooms and not settings.web.address:
        what = f"{', '.join(rooms)} to be streamed, and invitations do not tell where"
        yield Finding(Verdict.NOTE, "conferences", what, "Set web.address.")


def _mail(rooms: Sequence[str]) -> Iterator[Finding]:
    if rooms:
        what = f"e-mails about {', '.join(rooms)} were given up"
        advice = "To whom, and why: vestibule conference show."
        yield Finding(Verdict.NOTE, "conferences", what, advice)
