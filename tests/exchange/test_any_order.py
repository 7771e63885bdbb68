"""Whatever people do, in whatever order: nobody is left up alone, nobody hears two at once."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.machine import Flows
from routing.handling import FollowMe, Forward, ForwardRule, Handling
from tests.exchange.house import LATE_S, Caller, Habit, House, in_house

MOBILE, COTTAGE = "4505550111", "8195550122"
NUMBERS = ("101", "102", "103", MOBILE, COTTAGE)

moments = st.sampled_from([0.0, 1.0, 2.0, 4.0, 7.0, 11.0, 16.0])

habits = st.builds(
    Habit,
    answers=st.none() | moments,
    refuses=st.none() | moments,
    presses=st.lists(st.tuples(moments, st.sampled_from("123")), max_size=2).map(tuple),
    hangs_up=st.none() | st.sampled_from([3.0, 9.0, 30.0]),
)

handlings = st.one_of(
    st.just(Handling(ring_s=6)),
    st.builds(
        lambda rule, target: Handling(
            ring_s=6, forward=Forward(target=target, rule=rule, enabled=True, ring_s=6)
        ),
        st.sampled_from(ForwardRule),
        st.sampled_from(["101", "103", MOBILE]),
    ),
    st.builds(
        lambda music, name: Handling(
            ring_s=3,
            follow_me=FollowMe(
                (MOBILE, COTTAGE), enabled=True, ring_s=8, music=music, ask_name=name
            ),
        ),
        st.booleans(),
        st.booleans(),
    ),
)

deeds = st.tuples(
    st.sampled_from(
        ["calls", "calls inside", "hangs up", "holds", "takes up", "blind", "attended"]
    ),
    st.integers(0, 7),
    st.sampled_from(["101", "102", "103", "999", "5145550100"]),
    st.sampled_from([0.0, 0.5, 2.0, 5.0, 9.0]),
)


def second_of(leg: Caller, up: list[Caller]) -> Caller | None:
    """The other call of whoever is at this leg, where they have one."""
    own = [each for each in up if each is not leg and each.caller.number == leg.caller.number]
    return own[0] if own else None


def does(house: House, what: str, who: int, number: str) -> None:
    """One deed of one of those who are there; nothing where nobody could do it."""
    up = [leg for leg in house.legs if not leg.over]
    if what == "calls":
        house.calls(number)
    elif what == "calls inside":
        house.extension_calls("101", number)
    elif up:
        leg = up[who % len(up)]
        if what == "hangs up":
            leg.caller_hangs_up()
        elif leg.watcher is None or not leg.up:
            return
        elif what in ("holds", "takes up"):
            house.holds(leg, what == "holds")
        else:
            house.transfers(leg, number, second_of(leg, up) if what == "attended" else None)


def looks_right(house: House) -> None:
    """Nobody hears two, and who hears somebody is heard by them."""
    for leg in house.legs:
        if leg.joined is not None:
            assert leg.joined.joined is leg
            assert not leg.over
            assert not leg.joined.over
    patched = [leg for patch in house.exchange.patches for leg in patch.legs]
    assert len(patched) == len({id(leg) for leg in patched})


def has_company(house: House, leg: Caller) -> bool:
    """Whether somebody, or a dialogue, is there for a leg that is up."""
    patch = house.exchange.patch(leg)
    guest = house.exchange.guest(leg)
    is_attended = guest is not None and not guest.has_left
    return is_attended or (patch is not None and len(patch.legs) == 2)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.fixed_dictionaries({number: st.lists(habits, min_size=1, max_size=2) for number in NUMBERS}),
    st.fixed_dictionaries({"102": handlings, "103": handlings}),
    st.lists(deeds, max_size=12),
)
def test_whatever_happens_nobody_is_left_alone_and_nothing_stays(
    flows: Flows,
    wonts: dict[str, list[Habit]],
    choices: dict[str, Handling],
    day: list[tuple[str, int, str, float]],
) -> None:
    async def story(house: House) -> None:
        house.habits = {
            number: each if len(number) == 3 else each[:1] for number, each in wonts.items()
        }
        house.handlings = choices
        house.calls("102")
        house.extension_calls("101", "102")
        house.extension_calls("101", "103")
        for what, who, number, after in day:
            await asyncio.sleep(after)
            does(house, what, who, number)
            looks_right(house)
        await asyncio.sleep(LATE_S * 3)
        looks_right(house)
        alone = [leg.call_id for leg in house.legs if leg.up and not has_company(house, leg)]
        screened = [leg.call_id for leg in house.legs if leg.up and leg.line.speaking]
        assert not set(alone) - set(screened) or await still_asked(house, alone)

    with TemporaryDirectory() as folder:
        in_house(flows, Path(folder), story)


async def still_asked(house: House, alone: list[str]) -> bool:
    """Who is asked whether they take a call has no company yet; soon they do, or are gone."""
    await asyncio.sleep(60.0)
    return not [
        leg.call_id
        for leg in house.legs
        if leg.call_id in alone and leg.up and not has_company(house, leg)
    ]
