"""Once a week, whoever keeps the hours reads what every number will do."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from call.clock import VirtualClock
from routing.adapters.sqlalchemy_documents import SqlAlchemyDocuments
from routing.holidays import PRESETS
from routing.hours import Interval
from routing.schedule import Schedule, with_days, with_holidays
from routing.shelf import Shelf
from storage.database import Database, sqlite_url
from vestibule.hours_desk import open_timetables
from vestibule.hours_mail import NEVER_MAILED, HoursMail, Mailed, last_due
from vestibule.settings import Settings, settings_from
from voicemail.errors import MailUnavailable
from voicemail.mail import Delivery, Envelope, MailConnection, Reply

SUNDAY = datetime(2026, 12, 20, 17, tzinfo=UTC)

OFFICE = with_holidays(
    with_days(Schedule(), range(5), [Interval.parse("08:30-17:00")]), PRESETS["quebec"]
)


@dataclass
class PostOffice:
    """Takes e-mail, or defers it for some, or is closed."""

    deferring: set[str] = field(default_factory=set)
    closed: bool = False
    taken: list[Envelope] = field(default_factory=list)
    largest: int | None = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[MailConnection]:
        if self.closed:
            raise MailUnavailable("closed")
        yield self

    async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
        self.taken.append(envelope)
        return {
            to: Reply(Delivery.DEFERRED if to in self.deferring else Delivery.ACCEPTED)
            for to in envelope.recipients
        }


@dataclass
class Week:
    """A company whose hours are mailed on Mondays."""

    post: PostOffice
    clock: VirtualClock
    hours: HoursMail

    def after(self, hours: float) -> None:
        self.clock.advance(hours * 3600)


def _settings(language: str) -> Settings:
    values: dict[str, object] = {
        "company": {"name": "Quincaillerie Tremblay"},
        "hours": {
            "preview_to": ["a@example.org", "b@example.org"],
            "preview_days": 7,
            "preview_language": language,
        },
        "numbers": [{"number": "5145550100", "flow": "main_attendant", "closed": "closed"}],
    }
    return settings_from(values, origin="test")


@pytest.fixture(params=["fr"])
async def week(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Week]:
    database = Database(sqlite_url(tmp_path / "vestibule.db"))
    await database.open()
    settings, clock, post = _settings(request.param), VirtualClock(SUNDAY), PostOffice()
    tables = open_timetables(settings, database, lambda _: (), clock)
    await tables.change(settings.numbers[0], lambda _: OFFICE)
    hours = HoursMail(
        settings=settings.hours,
        company=settings.company,
        sender=settings.mail.sender,
        timetables=tables,
        mailed=Shelf(SqlAlchemyDocuments(database), "hours_mail", Mailed, NEVER_MAILED),
        transport=post,
        clock=clock,
    )
    yield Week(post, clock, hours)
    await database.close()


async def test_it_comes_once_a_week_and_tells_the_days_ahead(week: Week) -> None:
    assert await week.hours.mail() == 2
    for _ in range(17):
        week.after(1)
        assert await week.hours.mail() == 0
    week.after(2)
    assert await week.hours.mail() == 2
    assert [each.id for each in week.post.taken] == ["hours-2026-12-14", "hours-2026-12-21"]
    mail = week.post.taken[1].mail
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert mail["Subject"] == ("Heures d’ouverture des 7 prochains jours : Quincaillerie Tremblay")
    assert "5145550100  (heure de l’Est, America/Toronto)" in text
    assert "ven. 25 déc. 2026  toute la journée  fermé   jour férié : Noël" in text


@pytest.mark.parametrize("week", ["en"], indirect=True)
async def test_it_is_in_the_language_that_is_set(week: Week) -> None:
    await week.hours.mail()
    mail = week.post.taken[0].mail
    body = mail.get_body(("html",))
    assert body is not None
    assert mail["Subject"] == "Opening hours of the next 7 days: Quincaillerie Tremblay"
    assert "public holiday: Christmas Day" in body.get_content()


async def test_who_could_not_be_served_gets_it_later_and_nobody_twice(week: Week) -> None:
    week.post.deferring = {"b@example.org"}
    assert await week.hours.mail() == 1
    week.post.deferring = set()
    assert await week.hours.mail() == 1
    assert await week.hours.mail() == 0
    assert [each.recipients for each in week.post.taken] == [
        ("a@example.org", "b@example.org"),
        ("b@example.org",),
    ]


async def test_while_the_mail_server_is_down_it_waits(week: Week) -> None:
    week.post.closed = True
    with pytest.raises(MailUnavailable):
        await week.hours.mail()
    week.post.closed = False
    assert await week.hours.mail() == 2


def test_it_is_due_on_monday_at_six_on_the_companys_wall() -> None:
    zone = ZoneInfo("America/Toronto")
    at_six = datetime(2026, 12, 21, 11, tzinfo=UTC)
    assert str(last_due(at_six, zone, 0)) == "2026-12-21"
    assert str(last_due(at_six - timedelta(seconds=1), zone, 0)) == "2026-12-14"
    assert str(last_due(at_six + timedelta(days=6), zone, 0)) == "2026-12-21"
