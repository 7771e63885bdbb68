"""Calls that come from trunks: who is let in, what was dialled, who calls."""

from collections.abc import Sequence

import pytest

from telephony.access import AccessPolicy
from tests.trunks.providers import (
    FIRST,
    SECOND,
    THIRD,
    Provider,
    World,
    in_a_world,
    later,
    settled,
    trunk,
)

REGISTERED = (trunk("first", FIRST, username="client7", password="x", register=True),)
CLOSED = AccessPolicy(allowed=("127.0.0.1/32",))


@pytest.mark.parametrize("dialed", ["+15145550100", "15145550100", "5145550100"])
def test_a_call_from_a_trunk_is_known_by_its_address_and_its_numbers_are_ours(dialed: str) -> None:
    async def play(world: World) -> None:
        world.provider(FIRST).calls(dialed)
        await settled()
        (leg,) = world.legs
        assert leg.dialed == "5145550100"
        assert (leg.caller.number, leg.caller.internal) == ("4185550111", False)
        assert leg.trunk == "first"
        assert world.line.calls_on("first") == 1

    in_a_world(play, access=CLOSED)


def test_a_stranger_is_no_trunk() -> None:
    async def play(world: World) -> None:
        world.provider("203.0.113.9").calls("5145550100")
        await settled()
        assert world.legs == []
        assert [answer.status for answer in world.network.responses("INVITE")] == [403]

    in_a_world(play, access=CLOSED)


def test_a_trunk_in_the_network_of_telephones_is_none_of_ours() -> None:
    async def play(world: World) -> None:
        world.provider(FIRST).calls("5145550100")
        await settled()
        assert not world.legs[0].caller.internal

    in_a_world(play, access=AccessPolicy(allowed=("0.0.0.0/0",), phones=("198.51.100.0/24",)))


def test_a_trunk_may_call_from_more_addresses_than_it_is_called_at() -> None:
    async def play(world: World) -> None:
        world.provider("203.0.113.77").calls("5145550100")
        await settled()
        assert world.legs[0].trunk == "first"

    in_a_world(
        play, trunks=(trunk("first", FIRST, calls_from=("203.0.113.64/26",)),), access=CLOSED
    )


def test_a_call_to_the_registered_contact_is_for_the_number_in_its_to() -> None:
    async def play(world: World) -> None:
        await later(1)
        assert world.trunks.registered("first")
        (*_, register) = world.network.requests("REGISTER")
        contact = (register.header("Contact") or "").partition(":")[2].partition("@")[0]
        elsewhere: Provider = world.provider("203.0.113.8")
        elsewhere.calls(contact, to="+15145550101")
        await settled()
        (leg,) = world.legs
        assert (leg.trunk, leg.dialed) == ("first", "5145550101")

    def there(world: World) -> None:
        world.provider(FIRST, challenges=True)

    in_a_world(play, trunks=REGISTERED, access=CLOSED, setup=there)


def test_a_contact_of_our_last_run_is_read_by_its_to_as_well() -> None:
    async def play(world: World) -> None:
        world.provider(FIRST).calls("t0ldc0ntact", to="+15145550101")
        await settled()
        assert world.legs[0].dialed == "5145550101"

    in_a_world(play, trunks=REGISTERED, access=CLOSED)


def test_a_diverted_call_is_told_by_numbers_of_our_form() -> None:
    async def play(world: World) -> None:
        world.provider(FIRST).calls(
            "+15145550100", "Diversion: <sip:+14505550123@example.net>;reason=no-answer"
        )
        await settled()
        assert [each.number for each in world.legs[0].diversions] == ["4505550123"]

    in_a_world(play, access=CLOSED)


# ---- Names, and registrations in the life of the program


def test_a_server_known_by_name_is_found_and_followed_when_it_moves() -> None:
    places = {"sip.example.net": [FIRST]}

    async def look_up(name: str) -> Sequence[str]:
        return places[name]

    async def play(world: World) -> None:
        assert world.trunks.alive("first")
        assert len(world.network.requests("REGISTER")) == 2
        moved = world.provider(SECOND, challenges=True)
        places["sip.example.net"] = [SECOND]
        await later(130)
        assert len(moved.registers) >= 1
        peer = world.trunks.peer("first")
        assert peer is not None
        assert peer.host == SECOND

    def there(world: World) -> None:
        world.provider(FIRST, challenges=True)

    by_name = trunk("first", "sip.example.net", username="c", password="x", register=True)
    in_a_world(play, trunks=(by_name,), look_up=look_up, setup=there)


def test_a_name_that_leads_nowhere_for_a_moment_stops_no_call() -> None:
    places = {"sip.example.net": [FIRST]}

    async def look_up(name: str) -> Sequence[str]:
        return places[name]

    async def play(world: World) -> None:
        places["sip.example.net"] = []
        await later(130)
        assert world.trunks.alive("first")

    in_a_world(play, trunks=(trunk("first", "sip.example.net"),), look_up=look_up)


def test_a_name_that_was_never_found_is_no_trunk() -> None:
    async def play(world: World) -> None:
        assert not world.trunks.alive("first")
        assert world.trunks.peer("first") is None

    in_a_world(play, trunks=(trunk("first", "sip.example.net"),))


def test_the_registration_is_given_back_when_the_program_stops() -> None:
    worlds: list[World] = []

    async def play(world: World) -> None:
        worlds.append(world)
        await later(1)

    def there(world: World) -> None:
        world.provider(FIRST, challenges=True)

    in_a_world(play, trunks=REGISTERED, setup=there)
    assert worlds[0].network.requests("REGISTER")[-1].header("Expires") == "0"


# ---- When there is too much to do

FULL = AccessPolicy(
    allowed=("0.0.0.0/0",),
    phones=("198.51.100.2/32",),
    always=frozenset({"911", "9911"}),
    max_calls=0,
)


@pytest.mark.parametrize("dialed", ["911", "9911"])
def test_a_telephone_that_calls_for_help_is_let_in_however_full_it_is(dialed: str) -> None:
    async def play(world: World) -> None:
        phone = world.provider(SECOND)
        phone.calls("5145550199")
        phone.calls(dialed)
        await settled()
        statuses = [answer.status for answer in world.network.responses("INVITE")]
        assert statuses == [503, 100, 180]
        assert [leg.dialed for leg in world.legs] == [dialed]

    in_a_world(play, trunks=(trunk("first", FIRST),), access=FULL)


def test_whoever_is_none_of_our_telephones_gets_no_place_by_dialling_911() -> None:
    async def play(world: World) -> None:
        world.provider(THIRD).calls("911")
        await settled()
        assert world.legs == []

    in_a_world(play, trunks=(trunk("first", FIRST),), access=FULL)
