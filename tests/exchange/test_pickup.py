"""Calls that ring elsewhere, taken by *8; and what one's own telephone is told by star codes."""

import asyncio

from call.leg import HangUpCause
from routing.handling import FollowMe, Forward, ForwardRule, Handling
from tests.exchange.office import Handset, Office, in_office
from vestibule.exchange.guest import Visit
from vestibule.exchange.ports import Shown
from vestibule.exchange.ringing import Ringing, Taken


async def _rung(office: Office, extension: str) -> tuple[Handset, asyncio.Task[None]]:
    """Somebody calls an extension, and talks with whoever takes the call."""
    caller = office.calls("5145550188", internal=False)
    office.exchange.welcome(caller, Visit(extension, caller.caller))

    async def reach() -> None:
        bells = office.telephones(extension, Shown(caller.caller))
        ringing = Ringing(bells, 20, office.connecting.dismiss)
        came = await office.connecting.ring(ringing, caller)
        if isinstance(came, Taken):
            await office.connecting.talk(caller, came.leg)

    reaching = asyncio.ensure_future(reach())
    await asyncio.sleep(2)
    return caller, reaching


def test_a_colleague_takes_a_call_that_rings_at_an_extension() -> None:
    async def story(office: Office) -> None:
        caller, reaching = await _rung(office, "101")
        colleague = office.calls("102")
        office.asks(colleague, "routing.pick_up", extension="101")
        await asyncio.sleep(1)
        assert (caller.hears, colleague.hears) == (colleague, caller)
        assert caller.answered
        rung = [leg for leg in office.legs.values() if leg.caller.number == "101"]
        assert all(leg.over for leg in rung)
        caller.caller_hangs_up()
        await asyncio.sleep(1)
        assert colleague.over
        assert office.outcomes[colleague.call_id] == "talked"
        await reaching

    in_office(story)


def test_star_8_alone_takes_what_has_rung_longest() -> None:
    async def story(office: Office) -> None:
        first, _ = await _rung(office, "101")
        second, _ = await _rung(office, "103")
        colleague = office.calls("102")
        office.asks(colleague, "routing.pick_up", extension="")
        await asyncio.sleep(1)
        assert first.hears is colleague
        assert second.hears == ""

    in_office(story)


def test_where_nothing_rings_there_is_nothing_to_pick_up() -> None:
    async def story(office: Office) -> None:
        await _rung(office, "103")
        colleague = office.calls("102")
        await office.asks(colleague, "routing.pick_up", extension="101")
        assert office.outcomes[colleague.call_id] == "nobody"

    in_office(story)


def test_an_extension_may_keep_its_calls_from_being_picked_up() -> None:
    async def story(office: Office) -> None:
        office.handlings["101"] = Handling(may_be_picked_up=False)
        caller, _ = await _rung(office, "101")
        named, any_ = office.calls("102"), office.calls("102")
        await office.asks(named, "routing.pick_up", extension="101")
        await office.asks(any_, "routing.pick_up", extension="")
        assert office.outcomes[named.call_id] == "refused 101"
        assert office.outcomes[any_.call_id] == "nobody"
        assert caller.hears == ""

    in_office(story)


def test_nor_are_they_taken_by_the_key_of_a_lamp() -> None:
    async def story(office: Office) -> None:
        office.handlings["101"] = Handling(may_be_picked_up=False)
        caller, _ = await _rung(office, "101")
        (rung,) = [leg for leg in office.legs.values() if leg.caller.number == "101"]
        key = office.calls("102")
        key.replaces = rung.call_id
        await office.connecting.take_over(key)
        assert (key.over, key.cause) == (True, HangUpCause.NOT_FOUND)
        assert not rung.over
        assert caller.hears == ""

    in_office(story)


def test_of_two_who_pick_up_at_once_one_has_the_call() -> None:
    async def story(office: Office) -> None:
        caller, _ = await _rung(office, "101")
        both = office.calls("102"), office.calls("103")
        for each in both:
            office.asks(each, "routing.pick_up", extension="101")
        await asyncio.sleep(1)
        assert caller.hears in both
        loser = next(each for each in both if each is not caller.hears)
        assert office.outcomes[loser.call_id] == "nobody"

    in_office(story)


def test_nobody_from_outside_picks_up() -> None:
    async def story(office: Office) -> None:
        await _rung(office, "101")
        stranger = office.calls("5145550199", internal=False)
        await office.asks(stranger, "routing.pick_up", extension="101")
        assert office.outcomes[stranger.call_id] == "stranger"

    in_office(story)


def test_star_72_forwards_all_calls_of_ones_own_extension_and_star_73_no_more() -> None:
    async def story(office: Office) -> None:
        await office.asks(office.calls("101"), "routing.forward_on", number="5145550177")
        forward = Forward("5145550177", ForwardRule.ALWAYS, enabled=True)
        assert office.handlings == {"101": Handling(forward=forward)}
        owner = office.calls("101")
        await office.asks(owner, "routing.forward_off")
        assert office.outcomes[owner.call_id] == "off"
        assert not office.handlings["101"].forward.enabled
        assert office.handlings["101"].forward.target == "5145550177"

    in_office(story)


def test_forwarding_switches_follow_me_off_and_says_so() -> None:
    async def story(office: Office) -> None:
        follow = FollowMe(targets=("5145550166",), enabled=True)
        office.handlings["101"] = Handling(follow_me=follow)
        owner = office.calls("101")
        await office.asks(owner, "routing.forward_on", number="102")
        assert office.outcomes[owner.call_id] == "on 102 True"
        assert not office.handlings["101"].follow_me.enabled

    in_office(story)


def test_a_number_that_makes_no_sense_changes_nothing() -> None:
    async def story(office: Office) -> None:
        owner = office.calls("101")
        await office.asks(owner, "routing.forward_on", number="999")
        assert office.outcomes[owner.call_id] == "refused"
        assert office.handlings == {}

    in_office(story)


def test_star_78_and_star_79_switch_do_not_disturb() -> None:
    async def story(office: Office) -> None:
        await office.asks(office.calls("101"), "routing.do_not_disturb", wanted=True)
        assert office.handlings["101"].do_not_disturb
        await office.asks(office.calls("101"), "routing.do_not_disturb", wanted=False)
        assert not office.handlings["101"].do_not_disturb

    in_office(story)


def test_nobody_from_outside_sets_anything() -> None:
    async def story(office: Office) -> None:
        for operation, given in (
            ("routing.forward_on", {"number": "102"}),
            ("routing.forward_off", {}),
            ("routing.do_not_disturb", {"wanted": True}),
        ):
            stranger = office.calls("101", internal=False)
            await office.asks(stranger, operation, **given)  # type: ignore[arg-type]
            assert office.outcomes[stranger.call_id] == "stranger"
        assert office.handlings == {}

    in_office(story)
