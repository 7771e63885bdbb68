"""Where callers are led: by who they are, and by the hours of the number they call."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from call.clock import VirtualClock
from call.leg import HangUpCause, Party
from call.recent import Recent
from routing.exceptions import ScheduleException
from routing.hours import CLOSED, OPEN, Behaviour, Interval
from routing.restrictions import Answer, Effect, Operator, Refused, Restrictions
from routing.schedule import Override, Rule, Schedule, with_days, with_exception
from storage.database import Database, sqlite_url
from storage.errors import StoreUnavailable
from vestibule.arrivals import COMPANY, Arrivals, Rejection
from vestibule.numbers import Destination
from vestibule.opening import Opening, schedule_key
from vestibule.settings import Number
from vestibule.shelves import restrictions, schedules

TUESDAY_MORNING = datetime(2027, 3, 2, 15, tzinfo=UTC)
TUESDAY_NIGHT = datetime(2027, 3, 3, 3, tzinfo=UTC)

OFFICE = "5145550100"
OPEN_FLOW = Destination("main_attendant")
CLOSED_FLOW = Destination("closed", (("closure", "8600"),))
REFUSED = Destination("call_refused", (("anonymous", "false"),))

NUMBERS = (
    Number(number=OFFICE, flow="main_attendant", closed="closed", closed_with={"closure": "8600"}),
    Number(number="5145550199", flow="main_attendant"),
    Number(number="*XXX", flow="extension"),
)

CALLER = Party("+15145551234", "Marc")
COLLEAGUE = Party("101", "Camille", internal=True)

NINE_TO_FIVE = with_days(Schedule(), range(5), [Interval.parse("09:00-17:00")])


class Company:
    """A company with a database, a clock, and administrators in another program."""

    def __init__(self, database: Database) -> None:
        self.clock = VirtualClock(TUESDAY_MORNING)
        self.schedules = schedules(database)
        self.restrictions = restrictions(database)
        self.missing: set[str] = set()
        self.arrivals = Arrivals(
            numbers=NUMBERS,
            opening=Opening(schedules(database), self.clock, "America/Toronto"),
            restrictions=restrictions(database),
            extensions=self._extensions,
            faults=self._faults,
            clock=self.clock,
        )

    async def keeps(self, schedule: Schedule, number: str = OFFICE) -> None:
        await self.schedules.change(schedule_key(number), lambda _: schedule)

    async def restricts(self, chosen: Restrictions) -> None:
        await self.restrictions.change(COMPANY, lambda _: chosen)

    async def leads(self, dialed: str = OFFICE, who: Party = CALLER) -> Destination | Rejection:
        return await self.arrivals.arrive(dialed, who)

    async def _extensions(self) -> frozenset[str]:
        return frozenset({"101", "102"})

    def _faults(self, destination: Destination) -> Iterable[str]:
        return [f"no flow {destination.flow!r}"] if destination.flow in self.missing else []


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    database = Database(sqlite_url(tmp_path / "vestibule.db"))
    await database.open()
    yield Company(database)
    await database.close()


async def test_without_hours_a_number_does_what_the_settings_say(company: Company) -> None:
    for who in (CALLER, COLLEAGUE):
        for dialed in (OFFICE, f"+1{OFFICE}", "5145550199"):
            assert await company.leads(dialed, who) == OPEN_FLOW
    assert await company.leads("5145550111") == Rejection(HangUpCause.NOT_FOUND)


@pytest.mark.parametrize("dialed", [OFFICE, f"1{OFFICE}", f"+1{OFFICE}"])
@pytest.mark.parametrize("who", [CALLER, COLLEAGUE])
async def test_at_night_callers_meet_the_closed_flow(
    company: Company, dialed: str, who: Party
) -> None:
    await company.keeps(NINE_TO_FIVE)
    assert await company.leads(dialed, who) == OPEN_FLOW
    company.clock.advance(12 * 3600)
    assert await company.leads(dialed, who) == CLOSED_FLOW


async def test_hours_of_one_number_are_not_those_of_another(company: Company) -> None:
    await company.keeps(NINE_TO_FIVE)
    company.clock.advance(12 * 3600)
    assert await company.leads("5145550199") == OPEN_FLOW


async def test_a_number_without_a_closed_flow_stays_as_it_is(company: Company) -> None:
    await company.keeps(replace(NINE_TO_FIVE, override=Override(CLOSED)), "5145550199")
    assert await company.leads("5145550199") == OPEN_FLOW


async def test_an_exception_may_lead_to_a_flow_of_its_own(company: Company) -> None:
    summer = Behaviour.parse("flow:summer")
    day = date(2027, 3, 2)
    schedule = with_exception(
        NINE_TO_FIVE, lambda number: ScheduleException(number, day, day, summer)
    )
    await company.keeps(schedule)
    assert await company.leads() == Destination("summer")


async def test_where_that_flow_is_gone_callers_hear_that_it_is_closed(company: Company) -> None:
    await company.keeps(replace(NINE_TO_FIVE, override=Override(Behaviour.parse("flow:summer"))))
    company.missing = {"summer"}
    assert await company.leads() == CLOSED_FLOW
    company.missing = {"summer", "closed"}
    assert await company.leads() == OPEN_FLOW


async def test_what_an_administrator_changes_is_met_a_second_later(company: Company) -> None:
    assert await company.leads() == OPEN_FLOW
    await company.keeps(replace(Schedule(), override=Override(CLOSED)))
    await company.restricts(Restrictions())
    company.clock.advance(1)
    assert await company.leads() == CLOSED_FLOW
    await company.keeps(replace(NINE_TO_FIVE, override=Override(OPEN)))
    company.clock.advance(1)
    assert await company.leads() == OPEN_FLOW


async def test_who_is_blocked_hears_so_or_is_refused_as_it_is_set(company: Company) -> None:
    rules = Restrictions().with_rule(Effect.BLOCK, Operator.EQUALS, "5145551234")
    await company.restricts(rules)
    assert await company.leads() == REFUSED
    assert await company.leads(who=Party("5145559999")) == OPEN_FLOW
    await company.restricts(replace(rules, answer=Answer.REFUSAL))
    company.clock.advance(1)
    assert await company.leads() == Rejection(HangUpCause.REJECTED)
    assert await company.leads("*101") == Rejection(HangUpCause.REJECTED)


async def test_who_hides_the_number_is_asked_to_show_it(company: Company) -> None:
    await company.restricts(Restrictions(refuse_anonymous=True))
    assert await company.leads(who=Party("")) == Destination(
        "call_refused", (("anonymous", "true"),)
    )


async def test_our_own_telephones_reach_what_the_dial_plan_says(company: Company) -> None:
    await company.restricts(Restrictions(refuse_anonymous=True))
    assert await company.leads("102", COLLEAGUE) == Destination("extension", (("mailbox", "102"),))
    assert await company.leads("8500", COLLEAGUE) == Destination("voicemail_main")
    assert await company.leads("102") == Rejection(HangUpCause.NOT_FOUND)


async def test_why_a_call_goes_where_it_goes_can_be_asked_for_any_instant(
    company: Company,
) -> None:
    await company.keeps(NINE_TO_FIVE)
    open_ = await company.arrivals.explain(OFFICE, CALLER, TUESDAY_MORNING)
    night = await company.arrivals.explain(OFFICE, CALLER, TUESDAY_NIGHT)
    assert open_.decision is not None
    assert night.decision is not None
    assert (open_.number, open_.decision.hours) == (OFFICE, (1, Interval(540, 1020)))
    assert (night.to, night.decision.rule) == (CLOSED_FLOW, Rule.WEEKLY)
    await company.restricts(Restrictions(refuse_anonymous=True))
    company.clock.advance(1)
    hidden = await company.arrivals.explain(OFFICE, Party(""), TUESDAY_MORNING)
    assert hidden.refusal is not None
    assert hidden.refusal.why is Refused.ANONYMOUS


@pytest.mark.parametrize(
    ("dialed", "accepted"),
    [(OFFICE, True), ("101", True), ("12", True), ("*97", True), ("*101", True),
     ("+33140205050", True), ("alice", False), ("", False), ("1", False), ("#", False)],
)  # fmt: skip
async def test_what_nobody_can_dial_is_not_let_in(
    company: Company, dialed: str, accepted: bool
) -> None:
    assert company.arrivals.accepts(dialed) is accepted


async def test_while_the_database_is_away_the_hours_last_known_hold() -> None:
    clock, away, known = VirtualClock(), [False], [1]

    async def read() -> int:
        if away[0]:
            raise StoreUnavailable("away")
        return known[0]

    recent = Recent(read, clock, holds_on=True)
    assert await recent.get() == 1
    away[0], known[0] = True, 2
    clock.advance(1)
    assert await recent.get() == 1
    away[0] = False
    clock.advance(1)
    assert await recent.get() == 2
