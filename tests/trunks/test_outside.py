"""Calls to the outside: what providers see, and what becomes of the call."""

import asyncio

import pytest

from call.leg import HangUpCause
from routing.numbers import NumberForm
from routing.outgoing import Identity, Route, Trouble
from telephony.leg import SipLeg
from tests.trunks.providers import FIRST, SECOND, THIRD, World, in_a_world, later, settled, trunk
from vestibule.exchange.outside import NotCarried
from vestibule.exchange.ports import SwitchedLeg

NOBODY = Identity("")


def test_the_first_trunk_carries_the_call_and_the_second_hears_nothing_of_it() -> None:
    async def play(world: World) -> None:
        first = world.provider(FIRST, (0.1, 100), (1, 180), (5, 200))
        second = world.provider(SECOND)
        leg = await world.outside.call("418-555-0111", NOBODY)
        assert leg.up
        assert [invite.uri for invite in first.invites] == ["sip:+14185550111@example.net"]
        assert second.invites == []
        assert world.line.calls_on("first") == 1
        await leg.hang_up()
        assert world.line.calls_on("first") == 0

    in_a_world(play)


@pytest.mark.parametrize("status", [403, 408, 488, 500, 503])
def test_a_trunk_that_cannot_gives_way_at_once(status: int) -> None:
    async def play(world: World) -> None:
        world.provider(FIRST, (0, 100), (0.2, status))
        second = world.provider(SECOND, (0, 100), (0.1, 180), (1, 200))
        began = world.clock.monotonic()
        leg = await world.outside.call("4185550111", NOBODY)
        assert leg.up
        assert world.clock.monotonic() - began < 2
        assert len(second.invites) == 1
        await leg.hang_up()

    in_a_world(play)


def test_a_silent_trunk_gives_way_after_four_seconds_and_is_then_tried_last() -> None:
    async def play(world: World) -> None:
        first = world.provider(FIRST)
        world.provider(SECOND, (0, 100), (0, 200))
        began = world.clock.monotonic()
        leg = await world.outside.call("4185550111", NOBODY)
        assert 4 <= world.clock.monotonic() - began < 5
        await leg.hang_up()
        again = await world.outside.call("4185550111", NOBODY)
        assert len(first.invites) == 1
        await again.hang_up()
        await later(60)
        third = await world.outside.call("4185550111", NOBODY)
        assert len(first.invites) == 2
        await third.hang_up()

    in_a_world(play)


def test_a_trunk_that_tries_for_ever_is_cancelled_and_the_next_is_tried() -> None:
    async def play(world: World) -> None:
        world.provider(FIRST, (0, 100))
        world.provider(SECOND, (0, 180), (1, 200))
        leg = await world.outside.call("4185550111", NOBODY)
        assert leg.up
        assert len(world.network.requests("CANCEL")) == 1
        await leg.hang_up()

    in_a_world(play)


@pytest.mark.parametrize(
    ("script", "came_to"),
    [
        (((0, 100), (1, 486)), Trouble.BUSY),
        (((0, 100), (1, 603)), Trouble.REFUSED),
        (((0, 100), (1, 404)), Trouble.NOT_A_NUMBER),
        (((0, 180), (9, 486)), Trouble.BUSY),
        (((0, 180), (30, 480)), Trouble.NO_ANSWER),
        (((0, 180), (9, 503)), Trouble.NO_ANSWER),
        (((0, 183), (9, 500)), Trouble.NO_ANSWER),
    ],
)
def test_what_the_one_called_says_is_final(
    script: tuple[tuple[float, int], ...], came_to: Trouble
) -> None:
    async def play(world: World) -> None:
        world.provider(FIRST, *script)
        second = world.provider(SECOND, (0, 200))
        with pytest.raises(NotCarried) as told:
            await world.outside.call("4185550111", NOBODY)
        assert told.value.trouble is came_to
        assert second.invites == []

    in_a_world(play)


def test_when_every_trunk_is_down_the_caller_is_told_within_seconds() -> None:
    async def play(world: World) -> None:
        began = world.clock.monotonic()
        with pytest.raises(NotCarried) as told:
            await world.outside.call("4185550111", NOBODY)
        assert told.value.trouble is Trouble.TRUNK
        assert told.value.cause is HangUpCause.UNAVAILABLE
        assert world.clock.monotonic() - began < 13

    in_a_world(play)


def test_an_emergency_goes_on_past_a_trunk_that_does_not_know_it() -> None:
    async def play(world: World) -> None:
        first = world.provider(FIRST, (0, 404))
        second = world.provider(SECOND, (0, 603))
        third = world.provider(THIRD, (0, 100), (0, 200))
        leg = await world.outside.call("9911", Identity("5145550101", "Zoe", anonymous=True))
        assert [p.invites[0].uri for p in (first, second, third)] == ["sip:911@example.net"] * 3
        assert "5145550101" in first.invites[0].sender.uri  # who calls for help is not hidden
        await leg.hang_up()

    in_a_world(play)


def test_an_emergency_takes_a_trunk_that_is_full() -> None:
    async def play(world: World) -> None:
        world.provider(FIRST, (0, 200))
        held = await world.outside.call("4185550111", NOBODY)
        with pytest.raises(NotCarried):
            await world.outside.call("4185550112", NOBODY)
        rescue = await world.outside.call("911", NOBODY)
        await asyncio.gather(held.hang_up(), rescue.hang_up())

    in_a_world(
        play,
        trunks=(trunk("first", FIRST),),
        routes=(Route("first", ("5145550100",), max_calls=1),),
    )


@pytest.mark.parametrize("number", ["8500", "abc", "", "555"])
def test_what_is_no_number_troubles_no_trunk(number: str) -> None:
    async def play(world: World) -> None:
        first = world.provider(FIRST, (0, 200))
        with pytest.raises(NotCarried) as told:
            await world.outside.call(number, NOBODY)
        assert told.value.trouble is Trouble.NOT_A_NUMBER
        assert first.invites == []

    in_a_world(play)


def test_who_gives_up_leaves_nothing_ringing() -> None:
    async def play(world: World) -> None:
        world.provider(FIRST, (0, 100), (0, 180))
        calling = asyncio.ensure_future(world.outside.call("4185550111", NOBODY))
        await later(5)
        calling.cancel()
        await later(1)
        assert len(world.network.requests("CANCEL")) == 1
        assert world.line.active == 0

    in_a_world(play)


def test_ringing_and_early_sound_are_told() -> None:
    async def play(world: World) -> None:
        world.provider(FIRST, (0, 180), (1, 183), (1, 200))
        told: list[tuple[str, bool]] = []

        def rings(leg: SwitchedLeg, early: bool) -> None:
            assert isinstance(leg, SipLeg)
            told.append((leg.trunk, early))

        leg = await world.outside.call("4185550111", NOBODY, rings=rings)
        assert told == [("first", False), ("first", True)]
        await leg.hang_up()

    in_a_world(play)


# ---- As whom


async def invite_of(world: World, caller: Identity, **more: object) -> dict[str, str]:
    """The headers of the INVITE that the first provider receives, by their names."""
    first = world.provider(FIRST, (0, 200))
    leg = await world.outside.call("4185550111", caller, **more)  # type: ignore[arg-type]
    await leg.hang_up()
    return dict(reversed(first.invites[-1].headers))


def test_the_network_is_told_name_and_number_of_the_extension() -> None:
    async def play(world: World) -> None:
        said = await invite_of(world, Identity("5145550101", "Émile Côté"))
        assert said["From"].startswith('"Emile Cote" <sip:+15145550101@example.net>')
        assert said["P-Asserted-Identity"] == '"Emile Cote" <sip:+15145550101@example.net>'
        assert "Privacy" not in said

    in_a_world(play)


def test_who_hides_is_nobody_to_the_one_called() -> None:
    async def play(world: World) -> None:
        said = await invite_of(world, Identity("5145550101", "Émile", anonymous=True))
        assert said["From"].startswith('"Anonymous" <sip:anonymous@anonymous.invalid>')
        assert said["Privacy"] == "id"
        assert said["P-Asserted-Identity"] == '"Emile" <sip:+15145550101@example.net>'
        assert "Emile" not in said["From"] + said["Contact"]

    in_a_world(play)


def test_a_provider_that_wants_its_username_in_from_gets_the_number_beside() -> None:
    async def play(world: World) -> None:
        said = await invite_of(world, Identity("5145550100", "Zoe"))
        assert said["From"].startswith('"Zoe" <sip:client7@example.net>')
        assert said["P-Asserted-Identity"] == '"Zoe" <sip:15145550100@example.net>'

    in_a_world(
        play,
        trunks=(trunk("first", FIRST, username="client7", username_in_from=True),),
        routes=(Route("first", ("5145550100",), form=NumberForm.ELEVEN),),
    )


def test_a_call_sent_on_says_by_whom_in_numbers_that_mean_something_outside() -> None:
    async def play(world: World) -> None:
        said = await invite_of(world, Identity("5145550100"), diversions=("4505550123", "101"))
        assert said["Diversion"] == "<sip:+15145550100@example.net>;reason=unconditional"
        assert said["History-Info"].startswith("<sip:+14505550123@example.net>;index=1,")
        assert "101@" not in said["History-Info"]

    in_a_world(play)


# ---- Providers that challenge


def test_a_provider_that_challenges_every_call_is_answered() -> None:
    async def play(world: World) -> None:
        first = world.provider(FIRST, (0, 100), (0, 200), challenges=True)
        leg = await world.outside.call("4185550111", NOBODY)
        assert leg.up
        assert 'username="client7"' in (first.invites[1].header("Authorization") or "")
        assert all(b"hunter" not in bytes(message) for _, message in world.network.sent)
        await leg.hang_up()

    in_a_world(
        play,
        trunks=(trunk("first", FIRST, username="client7", password="hunter"),),
        routes=(Route("first", ("5145550100",)),),
    )


def test_a_dead_registration_is_not_even_tried() -> None:
    async def play(world: World) -> None:
        second = world.provider(SECOND, (0, 200))
        await later(40)
        assert not world.trunks.alive("first")
        leg = await world.outside.call("4185550111", NOBODY)
        assert world.network.requests("INVITE", to=second.peer)
        assert len(world.network.requests("INVITE")) == 1
        await leg.hang_up()
        await settled()

    in_a_world(
        play,
        trunks=(
            trunk("first", FIRST, username="client7", password="hunter", register=True),
            trunk("second", SECOND),
        ),
        routes=(Route("first", ("5145550100",)), Route("second", ("5145550102",), priority=2)),
    )
