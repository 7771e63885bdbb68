"""A telephone of the house dials a number outside: what it hears, what the provider sees."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from call.leg import Party
from call.sound import Clip
from ivr.operations import Outcome
from ivr.voices.signals import Signal
from routing.handling import Outgoing, Permission
from routing.plan import Lookup
from storage.errors import StoreUnavailable
from telephony.access import AccessPolicy
from telephony.leg import SipLeg
from tests.trunks.providers import (
    FIRST,
    SECOND,
    Provider,
    World,
    in_a_world,
    later,
    settled,
)
from vestibule.call_sounds import CallSounds
from vestibule.exchange.calling_out import CallingOut
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.dialling import Dialling
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.guest import Visit
from vestibule.exchange.lines import LineBells
from vestibule.exchange.ports import NotReached, Shown

HOUSE = "203.0.113.50"
"""Where our telephones are."""

CLIP = Clip(Path("sound"), 50)
LOCAL, FAR = "4185550111", "01133140205050"


@dataclass
class Lock:
    """Counts wrong codes; closes after three."""

    failures: int = 0

    async def charge(self, subject: str, caller: str) -> bool:
        assert (subject, caller) == ("code:101", "101")
        self.failures += 1
        return self.failures <= 3

    async def acquit(self, subject: str, caller: str) -> None:
        self.failures = 0


class Codes:
    """Access codes, kept as they are."""

    async def matches(self, pin: str, hashed: str | None) -> bool:
        return hashed == pin


FREE = Outgoing(long_distance=Permission.UNLIMITED)


@dataclass
class House:
    """Extension 101 with its telephone, and all it takes to call outside."""

    world: World
    allowed: Outgoing = FREE
    lock: Lock = field(default_factory=Lock)
    outcomes: list[str] = field(default_factory=list)
    codes: Sequence[str] = ()
    store_is_down: bool = False
    store_hangs: bool = False
    sent_by: Party | None = None

    def __post_init__(self) -> None:
        self.exchange = Exchange(CallSounds(dict.fromkeys(Signal, CLIP), CLIP, {}))
        self.calling = CallingOut(
            self.world.outside, self.chosen, Codes(), self.lock, self.exchange.rung
        )
        self.bells = LineBells(self.exchange, self, "192.0.2.1", self.calling.bell)
        self.connecting = Connecting(
            self.exchange, self.bells, self, self, lambda: Path("spool"), None, self.calling
        )
        self.world.attend = self.attend
        self.phone = self.world.provider(HOUSE)

    def users_of(self, extension: str) -> Sequence[str]:
        return ()

    def name(self, extension: str) -> str:
        return ""

    async def lookup(self) -> Lookup:
        return lambda number: None

    async def chosen(self, extension: str) -> Outgoing:
        if self.store_hangs:
            await later(3600)
        if self.store_is_down:
            raise StoreUnavailable("down")
        return self.allowed if extension == "101" else Outgoing()

    async def attend(self, leg: SipLeg) -> None:
        """What the flow does, without its sentences."""
        guest = self.exchange.welcome(leg, Visit(leg.dialed, leg.caller, sent_by=self.sent_by))
        dialling = Dialling(self.connecting, leg, leg.caller, self.sent_by)
        outcome = await self._ask(dialling, "routing.dial", number=leg.dialed)
        for code in self.codes:
            if outcome.name not in ("code", "wrong"):
                break
            outcome = await self._ask(dialling, "routing.unlock", code=code)
            if outcome.name == "ok":
                outcome = await self._ask(dialling, "routing.dial", number=leg.dialed)
        self.outcomes.append(outcome.name)
        self.exchange.see_off(guest)

    async def _ask(self, dialling: Dialling, name: str, **arguments: str) -> Outcome:
        return await dialling.bound[name](arguments)

    def dials(self, number: str, sender: str = "101") -> None:
        self.phone.calls(number, sender=sender)

    @property
    def heard(self) -> Mapping[str, list[str]]:
        """What was asked of the sound of the telephone and of the one called."""
        names = ("telephone", "outside")
        return dict(zip(names, (slot.asked for slot in self.world.plane.slots), strict=False))


OURS = AccessPolicy(allowed=(f"{HOUSE}/32",), phones=(f"{HOUSE}/32",))


def at_home(
    play: Callable[[House], Awaitable[None]], setup: Callable[[House], None] = lambda house: None
) -> None:
    async def main(world: World) -> None:
        house = House(world)
        setup(house)
        await play(house)
        for leg in world.legs:
            await leg.hang_up()
        await settled()

    in_a_world(main, access=OURS)


def first(house: House, *script: tuple[float, int]) -> Provider:
    return house.world.provider(FIRST, *script)


def test_a_call_is_connected_when_the_one_called_takes_it_and_not_before() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 100), (1, 180), (5, 200))
        house.dials(LOCAL)
        await later(3)
        assert not house.world.legs[0].up
        await later(4)
        assert house.world.legs[0].up
        assert house.heard["telephone"] == ["bridge 1 with keys"]
        house.phone.hangs_up()
        await settled()
        assert house.outcomes == ["talked"]
        assert far.invites[0].uri == "sip:+14185550111@example.net"
        assert len(house.world.network.requests("BYE", to=far.peer)) == 1

    at_home(play)


def test_what_the_network_says_before_the_answer_is_heard_for_nothing() -> None:
    async def play(house: House) -> None:
        first(house, (0, 100), (1, 183), (8, 404))
        house.dials(LOCAL)
        await later(3)
        statuses = [each.status for each in house.world.network.responses("INVITE")]
        assert statuses[-1] == 183
        assert "bridge 1 with keys" in house.heard["telephone"]
        assert not house.world.legs[0].up
        await later(10)
        assert house.outcomes == ["announced"]

    at_home(play)


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (((0, 180), (9, 486)), "busy"),
        (((0, 180), (60, 480)), "no_answer"),
        (((0, 180),), "no_answer"),
        (((0, 100), (1, 603)), "refused"),
        (((0, 100), (1, 404)), "unknown"),
        ((), "no_trunk"),
    ],
)
def test_whoever_dialled_is_told_what_became_of_the_call(
    script: tuple[tuple[float, int], ...], outcome: str
) -> None:
    async def play(house: House) -> None:
        first(house, *script)
        house.dials(LOCAL)
        await later(200)
        assert house.outcomes == [outcome]
        assert house.world.line.active == 0

    at_home(play)


def test_who_hangs_up_while_it_rings_leaves_nothing_ringing() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 180))
        house.dials(LOCAL)
        await later(5)
        await house.world.legs[0].hang_up()
        await later(1)
        assert len(house.world.network.requests("CANCEL", to=far.peer)) == 1
        assert house.outcomes == ["talked"]

    at_home(play)


def test_a_stranger_calls_nobody_through_us() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 200))
        house.world.provider(SECOND).calls("15145550100")
        await later(1)
        assert house.outcomes == ["not_allowed"]
        assert far.invites == []

    at_home(play)


def test_a_call_abroad_is_denied_unless_it_is_allowed() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 200))
        house.dials(FAR)
        await later(1)
        assert house.outcomes == ["not_allowed"]
        assert far.invites == []

    at_home(play)


CODE = Outgoing(long_distance=Permission.WITH_CODE, code_hash="7391")


def with_codes(*codes: str) -> Callable[[House], None]:
    def setup(house: House) -> None:
        house.allowed, house.codes = CODE, codes

    return setup


def test_the_access_code_opens_this_call() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 180), (1, 486))
        house.dials(LOCAL)
        await later(3)
        assert house.outcomes == ["busy"]
        assert len(far.invites) == 1
        assert house.lock.failures == 0

    at_home(play, with_codes("1111", "7391"))


def test_the_third_wrong_code_ends_the_call_and_the_next_call_finds_the_lock() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 200))
        house.dials(LOCAL)
        await later(1)
        house.codes = ["7391"]
        house.dials(LOCAL)
        await later(1)
        assert house.outcomes == ["locked", "locked"]
        assert far.invites == []

    at_home(play, with_codes("1", "2", "3", "7391"))


@pytest.mark.parametrize("dialed", ["911", "9911"])
def test_a_call_for_help_goes_out_though_the_database_is_down(dialed: str) -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 404))
        second = house.world.provider(SECOND, (0, 180), (1, 200))
        house.store_is_down = True
        house.dials(dialed)
        await later(2)
        assert house.world.legs[0].up
        assert [far.invites[0].uri, second.invites[0].uri] == ["sip:911@example.net"] * 2

    at_home(play)


def test_who_calls_for_help_is_shown_by_their_own_number_though_they_hide_it() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 200))
        house.allowed = Outgoing(caller_name="Zoé", caller_number="5145550101", anonymous=True)
        house.dials("911")
        await later(1)
        said = dict(reversed(far.invites[0].headers))
        assert said["From"].startswith('"Zoe" <sip:+15145550101@')
        assert "Privacy" not in said

    at_home(play)


def test_a_call_for_help_does_not_wait_for_a_database_that_hangs() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 200))
        house.store_hangs = True
        house.dials("911")
        await later(2)
        assert '"Vestibule" <sip:+15145550100@' in (far.invites[0].header("From") or "")

    at_home(play)


# ---- Calls that are sent on


def test_somebody_who_is_transferred_outside_goes_there_by_leave_of_the_colleague() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 180), (1, 200))
        house.sent_by = Party("101", internal=True)
        house.world.provider(SECOND).calls(LOCAL)
        await later(3)
        said = dict(reversed(far.invites[0].headers))
        assert said["Diversion"] == "<sip:+15145550100@example.net>;reason=unconditional"

    at_home(play)


@pytest.mark.parametrize("sent_by", [Party("101", internal=True), Party("101"), Party("102")])
def test_nobody_is_transferred_where_the_colleague_may_not_call(sent_by: Party) -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 200))
        house.sent_by, house.allowed = sent_by, CODE
        house.world.provider(SECOND).calls(LOCAL)
        await later(3)
        assert house.outcomes == ["not_allowed"]
        assert far.invites == []

    at_home(play)


def test_a_call_is_sent_on_as_its_caller_where_the_extension_may_call_there() -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 180), (1, 200))
        shown = Shown(Party("4505550123", "Zoé"), behalf="101", diversions=("101",))
        leg = await house.bells.outside(LOCAL, shown).ring(lambda leg, early: None)
        said = dict(reversed(far.invites[0].headers))
        assert said["Diversion"] == "<sip:+15145550100@example.net>;reason=unconditional"
        assert said["From"].startswith(
            '"Vestibule" <sip:+15145550100@'
        )  # the trunk takes ours only
        await leg.hang_up()

    at_home(play)


@pytest.mark.parametrize("permission", [Permission.DISABLED, Permission.WITH_CODE])
def test_a_call_is_sent_on_to_no_number_that_the_extension_may_not_call(
    permission: Permission,
) -> None:
    async def play(house: House) -> None:
        far = first(house, (0, 200))
        house.allowed = replace(CODE, long_distance=permission)
        shown = Shown(Party("4505550123"), behalf="101")
        with pytest.raises(NotReached):
            await house.bells.outside(LOCAL, shown).ring(lambda leg, early: None)
        assert far.invites == []

    at_home(play)


def test_an_extension_that_calls_for_itself_is_shown_as_it_is_set() -> None:
    async def play(house: House) -> None:
        house.allowed = replace(house.allowed, caller_name="Émile Côté", caller_number="5145550101")
        far = first(house, (0, 200))
        house.dials(LOCAL)
        await later(1)
        assert '"Emile Cote" <sip:+15145550101@' in (far.invites[0].header("From") or "")

    at_home(play)
