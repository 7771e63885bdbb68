"""People who are called into a conference: only who presses 1 is there."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from itertools import count
from pathlib import Path

import pytest

from call.clock import VirtualClock
from call.leg import HangUpCause, Party
from conference.conference import Conference, Role
from conference.errors import NotGranted, NotHeld
from conference.happening import Finish
from ivr.dialogue import Dialogue
from ivr.flow import Held
from ivr.loader import load_flows
from ivr.machine import Flows
from ivr.operations import CATALOGUE
from ivr.phrase_file import load_book
from ivr.testing import run_in_virtual_time
from routing.handling import Handling, Outgoing, Permission
from routing.numbers import national
from routing.outgoing import Route
from telephony.trunks import Trunks
from tests.conference.doorway import MemoryBook
from tests.exchange.house import Caller, Habit, House
from tests.line.scripted import SerialTokens
from tests.meetings.gathering import (
    CHIMES,
    WEEKLY,
    FolderTakes,
    MemoryJournal,
    SilentPlane,
    Telephone,
)
from vestibule.exchange.calling_out import CallingOut
from vestibule.exchange.outside import Outside
from vestibule.exchange.screening import Screening
from vestibule.meetings.calling_in import CallingIn
from vestibule.meetings.hall import Hall
from vestibule.meetings.means import Means
from vestibule.meetings.ports import Entrant

ROOT = Path(__file__).parents[2]
COMES = Habit(answers=5.0, presses=((1.0, "1"),))
CLIENT = "5145550177"
FAR_AWAY = "0113312345678"


class CodesOfNobody:
    """No access code opens anything here."""

    async def matches(self, pin: str, hashed: str | None) -> bool:
        return False

    async def charge(self, subject: str, caller: str) -> bool:
        return True

    async def acquit(self, subject: str, caller: str) -> None:
        """No try is ever right."""


async def no_names(host: str) -> tuple[str, ...]:
    """No name leads to an address."""
    return ()


class RoomCaller(Caller):
    """A caller of the house who can be in a room."""

    room: int | None = None
    slot = 0
    held = False

    def enter(self, room: int, *, muted: bool = False) -> None:
        self.room = room

    def quit_room(self) -> None:
        self.room = None

    def mute(self, on: bool) -> None:
        """Nobody speaks here."""

    def set_volume(self, *, spoken_db: float, heard_db: float) -> None:
        """Nor is anybody turned."""


class Company(House):
    """The house, with a hall in it and an administrator in its conference."""

    def __init__(self, flows: Flows, clock: VirtualClock, folder: Path) -> None:
        super().__init__(flows, clock, folder)
        self.plane = SilentPlane(self.voice)
        numbers = count(1)
        sounds = self.exchange.sounds
        means = Means(
            plane=self.plane,
            voice=self.voice,
            sounds=type(sounds)(sounds.signals, sounds.hold_music, CHIMES),
            clock=clock,
            journal=MemoryJournal(),
            takes=FolderTakes(folder),
            spawn=self.exchange.spawn,
            music=self.exchange.music,
        )
        screening = Screening(self.exchange, self._begin_in, self.voice, clock)
        calling_in = CallingIn(self.connecting, screening)
        self.hall = Hall(
            means, self.exchange, MemoryBook(), calling_in, lambda: f"session-{next(numbers)}"
        )

    async def _begin_in(self, flow: str, given: Mapping[str, Held], language: str) -> Dialogue:
        assert language in ("fr", "en")
        return await self._begin(flow, given, "")

    def _leg(self, caller: Party, dialed: str = "", *, rung: bool = False) -> RoomCaller:
        leg = RoomCaller(self, f"leg-{len(self.legs) + 1}", caller, dialed, rung=rung)
        self.legs.append(leg)
        return leg

    def has_a_trunk(self, chosen: Outgoing) -> None:
        """Numbers outside can be called, as far as this allows."""

        async def of(_: str) -> Outgoing:
            return chosen

        trunks = Trunks((), no_names, SerialTokens(), national)
        outside = Outside((Route("trunk"),), trunks, self.clock)
        nobody = CodesOfNobody()
        self.connecting.calling_out = CallingOut(outside, of, nobody, nobody, self.exchange.rung)

    async def holds(self, conference: Conference = WEEKLY) -> Telephone:  # type: ignore[override]
        """Its administrator comes."""
        chair = Telephone(self.plane, self.voice, "chair", 1)
        self.plane.telephones.append(chair)
        self.exchange.rung(chair, chair.caller)
        self.hall.join(chair, Entrant(conference, Role.ADMINISTRATOR, "fr", "chair"))
        await asyncio.sleep(10)
        return chair

    async def enters(self, party: Party, role: Role = Role.PARTICIPANT) -> RoomCaller:
        """Somebody who called comes in."""
        leg = self._leg(party)
        leg.answered = True
        self.exchange.rung(leg, party)
        self.hall.join(leg, Entrant(WEEKLY, role, "fr", party.name))
        await asyncio.sleep(10)
        return leg

    async def calls_in(self, number: str, name: str = "") -> bool:
        return await self.hall.call_in("4321", number, name, Role.PARTICIPANT, "fr")

    @property
    def people(self) -> list[str]:
        return [each.name for room in self.hall.live() for each in room.people]


Story = Callable[[Company], Coroutine[None, None, None]]


@pytest.fixture(scope="module")
def flows() -> Flows:
    book = load_book(ROOT / "prompts")
    return load_flows(ROOT / "flows", book=book, operations=CATALOGUE, extensions=("101", "102"))


@pytest.fixture
def play(flows: Flows, tmp_path: Path) -> Callable[[Story], None]:
    """Play a story in virtual time; nothing remains of it."""

    async def main(clock: VirtualClock, story: Story) -> None:
        company = Company(flows, clock, tmp_path)
        await story(company)
        for telephone in company.plane.telephones:
            telephone.caller_hangs_up()
        await asyncio.sleep(30)
        await company.comes_to_rest()
        await company.exchange.close()

    return lambda story: run_in_virtual_time(lambda clock: main(clock, story))


def test_a_colleague_who_presses_1_is_in_the_conference(play: Callable[[Story], None]) -> None:
    async def story(company: Company) -> None:
        chair = await company.holds()
        company.habits["102"] = [COMES]
        assert await company.calls_in("102", "Luc Roy")
        (rung,) = company.at("102")
        assert rung.shown is not None
        assert rung.shown.caller == Party("4321", "La réunion du lundi", internal=True)
        assert "conf.call_for" in rung.heard
        await asyncio.sleep(10)
        assert company.people == ["chair", "Luc Roy"]
        assert "came_by_name Luc Roy" in chair.heard
        assert company.exchange.busy("102")

    play(story)


@pytest.mark.parametrize(
    "habit",
    [
        Habit(answers=5.0, presses=((1.0, "2"),)),
        Habit(answers=5.0),
        Habit(refuses=3.0),
        Habit(),
        Habit(answers=5.0, hangs_up=1.0),
    ],
    ids=["refuses", "says nothing", "is busy", "does not answer", "hangs up"],
)
def test_who_does_not_press_1_is_not(play: Callable[[Story], None], habit: Habit) -> None:
    async def story(company: Company) -> None:
        await company.holds()
        company.habits["102"] = [habit]
        assert not await company.calls_in("102")
        await asyncio.sleep(10)
        assert company.people == ["chair"]
        assert company.up() == []

    play(story)


def test_who_is_called_in_comes_through_a_locked_door(play: Callable[[Story], None]) -> None:
    async def story(company: Company) -> None:
        chair = await company.holds()
        chair.types("*2")
        company.habits["102"] = [COMES]
        assert await company.calls_in("102")

    play(story)


def test_a_conference_that_ends_rings_nobody_any_more(play: Callable[[Story], None]) -> None:
    async def story(company: Company) -> None:
        await company.holds()
        calling = asyncio.ensure_future(company.calls_in("102"))
        await asyncio.sleep(3)
        company.hall.wish("4321", Finish())
        assert not await calling
        await asyncio.sleep(5)
        (rung,) = company.at("102")
        assert rung.farewell is not None

    play(story)


def test_a_client_outside_is_called_by_leave_of_who_arranged_it(
    play: Callable[[Story], None],
) -> None:
    theirs = Conference("weekly", "4321", "Lundi", owner="101", generic_codes=WEEKLY.generic_codes)

    async def story(company: Company) -> None:
        await company.holds(theirs)
        company.habits[CLIENT] = [COMES]
        with pytest.raises(NotGranted, match="no trunk"):
            await company.calls_in(CLIENT)
        company.has_a_trunk(Outgoing(long_distance=Permission.UNLIMITED))
        assert await company.calls_in(CLIENT, "Une cliente")
        (rung,) = company.at(CLIENT)
        assert rung.shown is not None
        assert (rung.shown.behalf, rung.shown.caller.number) == ("101", "101")
        with pytest.raises(NotGranted, match="extension 101 may not call"):
            await company.calls_in(FAR_AWAY)
        company.has_a_trunk(Outgoing(international=Permission.UNLIMITED))
        company.habits[FAR_AWAY] = [COMES]
        assert await company.calls_in(FAR_AWAY)

    play(story)


@pytest.mark.parametrize("number", ["911", "9005551234", "rien"])
def test_some_numbers_are_called_into_no_conference(
    play: Callable[[Story], None], number: str
) -> None:
    async def story(company: Company) -> None:
        await company.holds()
        company.has_a_trunk(Outgoing(Permission.UNLIMITED, Permission.UNLIMITED))
        with pytest.raises(NotGranted):
            await company.calls_in(number)

    play(story)


def test_nobody_is_called_who_is_not_to_be_disturbed_or_has_no_telephone(
    play: Callable[[Story], None],
) -> None:
    async def story(company: Company) -> None:
        await company.holds()
        company.handlings["102"] = Handling(do_not_disturb=True)
        with pytest.raises(NotGranted, match="disturbed"):
            await company.calls_in("102")
        with pytest.raises(NotGranted, match="registered"):
            await company.calls_in("103")

    play(story)


@pytest.mark.parametrize(
    ("there", "called"),
    [
        (Party("102", "Luc Roy", internal=True), "102"),
        (Party("+15145550177", "Luc Roy"), CLIENT),
        (Party(CLIENT, "Luc Roy"), f"1{CLIENT}"),
    ],
    ids=["colleague", "client whose network writes E.164", "client dialled with a 1"],
)
def test_nobody_is_rung_who_is_in_the_conference_already(
    play: Callable[[Story], None], there: Party, called: str
) -> None:
    async def story(company: Company) -> None:
        await company.holds()
        company.has_a_trunk(Outgoing(long_distance=Permission.UNLIMITED))
        company.habits[called] = [COMES]
        luc = await company.enters(there)
        with pytest.raises(NotGranted, match=r"^Luc Roy is in the conference already$"):
            await company.calls_in(called)
        assert company.at(called) == []
        luc.caller_hangs_up()
        await asyncio.sleep(10)
        assert await company.calls_in(called)

    play(story)


def test_who_shows_the_number_of_a_colleague_from_outside_is_not_that_colleague(
    play: Callable[[Story], None],
) -> None:
    async def story(company: Company) -> None:
        await company.holds()
        await company.enters(Party("102", "Luc Roy"))
        company.habits["102"] = [COMES]
        assert await company.calls_in("102")

    play(story)


def test_nobody_is_called_into_an_empty_room(play: Callable[[Story], None]) -> None:
    async def story(company: Company) -> None:
        with pytest.raises(NotHeld):
            await company.calls_in("102")

    play(story)


def test_somebody_moves_their_place_to_another_telephone_of_theirs(
    play: Callable[[Story], None],
) -> None:
    async def story(company: Company) -> None:
        await company.holds()
        second = await company.enters(Party("102", "Luc Roy", internal=True), Role.ADMINISTRATOR)
        mobile = company._leg(Party("102", internal=True), "102")
        mobile.replaces = second.call_id
        company.exchange.spawn(company.reception.attend(mobile), "mobile")
        await asyncio.sleep(10)
        assert company.people == ["chair", "Luc Roy"]
        (_, moved) = company.hall.live()[0].people
        assert (moved.id, moved.role) == (mobile.call_id, Role.ADMINISTRATOR)
        assert not second.up

    play(story)


def test_a_colleague_who_takes_somebodys_place_is_a_participant(
    play: Callable[[Story], None],
) -> None:
    async def story(company: Company) -> None:
        chair = await company.holds()
        colleague = company._leg(Party("104", "Eve", internal=True), "102")
        colleague.replaces = chair.call_id
        company.exchange.spawn(company.reception.attend(colleague), "colleague")
        await asyncio.sleep(10)
        (only,) = company.hall.live()[0].people
        assert (only.name, only.role, only.inside) == ("Eve", Role.PARTICIPANT, False)

    play(story)


def test_the_place_of_somebody_in_a_conference_that_is_over_is_nobodys(
    play: Callable[[Story], None],
) -> None:
    async def story(company: Company) -> None:
        chair = await company.holds()
        company.hall.wish("4321", Finish())
        colleague = company._leg(Party("104", "Eve", internal=True), "102")
        colleague.replaces = chair.call_id
        company.exchange.spawn(company.reception.attend(colleague), "colleague")
        await asyncio.sleep(10)
        assert colleague.farewell is not None
        assert colleague.farewell.cause is HangUpCause.NOT_FOUND

    play(story)


def test_who_was_called_in_and_hangs_up_has_left(play: Callable[[Story], None]) -> None:
    async def story(company: Company) -> None:
        await company.holds()
        company.habits["102"] = [Habit(answers=2.0, presses=((1.0, "1"),), hangs_up=30.0)]
        assert await company.calls_in("102")
        await asyncio.sleep(40)
        assert company.people == ["chair"]
        (rung,) = company.at("102")
        assert rung.farewell is not None
        assert rung.farewell.cause is HangUpCause.NORMAL

    play(story)
