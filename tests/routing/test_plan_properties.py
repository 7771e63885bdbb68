"""Whatever people choose and however things stand: a plan ends, and keeps what it promises."""

import itertools
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from call.leg import Party
from routing.handling import LONGEST_RING_S, FollowMe, Forward, ForwardRule, Handling, WhenBusy
from routing.numbers import national
from routing.plan import (
    FORWARD_RING_S,
    MOST_DIVERSIONS,
    Identify,
    Offer,
    OnThePhone,
    Plan,
    Ring,
    Standing,
    Unreachable,
    Voicemail,
    decide,
)

EXTENSIONS = ("101", "102", "103", "104", "105")
OUTSIDE = ("5145551234", "+14185551234", "01133140205050")

numbers = st.sampled_from((*EXTENSIONS, *OUTSIDE))
seconds = st.integers(0, LONGEST_RING_S)
forwards = st.builds(
    Forward,
    target=st.one_of(st.just(""), numbers),
    rule=st.sampled_from(ForwardRule),
    enabled=st.booleans(),
    ring_s=seconds,
)
follow_mes = st.builds(
    FollowMe,
    targets=st.lists(numbers, max_size=3).map(tuple),
    enabled=st.booleans(),
    ring_s=seconds,
    music=st.booleans(),
    ask_name=st.booleans(),
    skip_voicemail=st.booleans(),
    more_tries=st.integers(0, 2),
)
handlings = st.builds(
    Handling,
    ring_s=seconds,
    do_not_disturb=st.booleans(),
    when_busy=st.sampled_from(WhenBusy),
    voicemail=st.booleans(),
    forward=forwards,
    follow_me=follow_mes,
)
standings = st.builds(
    Standing,
    handling=handlings,
    registered=st.booleans(),
    busy=st.booleans(),
    mailbox=st.booleans(),
)
companies = st.fixed_dictionaries(dict.fromkeys(EXTENSIONS, standings))
callers = st.one_of(st.just("5145550123"), numbers).map(Party)
trails = st.lists(numbers, max_size=MOST_DIVERSIONS + 1).map(tuple)

Company = Mapping[str, Standing]


def rings(plan: Plan) -> list[Ring]:
    return [step for step in plan.steps if isinstance(step, Ring)]


@given(companies, callers, trails)
def test_a_plan_ends_whoever_sends_calls_on_to_whom(
    company: Company, caller: Party, trail: tuple[str, ...]
) -> None:
    plan = decide("101", caller, company.get, trail)
    # Each extension is visited once at most: its telephones, a name, three tries, an offer.
    assert len(plan.steps) <= len(EXTENSIONS) * 6
    assert all(1 <= ring.seconds <= LONGEST_RING_S for ring in rings(plan))
    assert all(ring.extensions or ring.outside for ring in rings(plan))
    assert not plan.steps or isinstance(plan.steps[-1], Ring)


@given(companies, callers, trails)
def test_nobody_is_rung_who_is_not_to_be_disturbed(
    company: Company, caller: Party, trail: tuple[str, ...]
) -> None:
    for ring in rings(decide("101", caller, company.get, trail)):
        for extension in ring.extensions:
            standing = company[extension]
            assert not standing.handling.do_not_disturb
            assert standing.registered
            assert not standing.busy or standing.handling.when_busy is WhenBusy.RING


@given(companies, callers, trails)
def test_no_call_is_sent_on_to_where_it_has_been_or_comes_from(
    company: Company, caller: Party, trail: tuple[str, ...]
) -> None:
    for ring in rings(decide("101", caller, company.get, trail)):
        been = {national(each) for each in (*trail, caller.number)}
        sent_to = {national(each) for each in (*ring.extensions, *ring.outside)} - {"101"}
        assert not sent_to & been
        assert len(ring.diversions) <= max(len(trail), MOST_DIVERSIONS)
        assert ring.diversions[: len(trail)] == trail


@given(companies, callers)
def test_whoever_is_rung_to_follow_somebody_must_press_1(company: Company, caller: Party) -> None:
    plan = decide("101", caller, company.get)
    for ring in rings(plan):
        follow = company[ring.behalf].handling.follow_me
        if ring.screened:
            assert follow.enabled
            assert not company[ring.behalf].handling.forward.enabled
            assert {*ring.extensions, *ring.outside} <= {*follow.targets}
        else:
            forward = company[ring.behalf].handling.forward
            sent_on = {forward.target} if forward.enabled else set()
            assert {*ring.extensions, *ring.outside} <= {ring.behalf} | sent_on


@given(companies, callers, trails)
def test_a_message_is_left_where_one_can_be_and_nowhere_else(
    company: Company, caller: Party, trail: tuple[str, ...]
) -> None:
    plan = decide("101", caller, company.get, trail)
    match plan.ending:
        case Voicemail(mailbox=mailbox) | OnThePhone(mailbox=mailbox, voicemail=True):
            assert company[mailbox].handling.voicemail
            assert company[mailbox].mailbox
            own = company["101"]
            assert mailbox == "101" or not (own.handling.voicemail and own.mailbox)
        case _:
            pass


@given(companies, callers, trails)
def test_an_offer_stands_before_what_it_offers_and_a_name_before_who_hears_it(
    company: Company, caller: Party, trail: tuple[str, ...]
) -> None:
    steps = decide("101", caller, company.get, trail).steps
    for step, after in itertools.pairwise(steps):
        if isinstance(step, Identify):
            assert isinstance(after, Ring)
            assert after.screened
        if isinstance(step, Offer):
            assert any(isinstance(each, Ring) for each in steps[steps.index(step) :])


# ---- A slow and obvious model of one extension whose calls leave the company, if they leave it

LONE = "101"


def slowly(standing: Standing, caller: str) -> tuple[list[str], str]:
    """Who rings in what order, and what the caller meets, told sentence by sentence."""
    chosen = standing.handling
    has_voicemail = chosen.voicemail and standing.mailbox
    target = chosen.forward.target if chosen.forward.enabled else ""
    target = "" if target == caller else target
    follows = chosen.follow_me.enabled and not chosen.forward.enabled
    mobiles = [n for n in dict.fromkeys(chosen.follow_me.targets) if n != caller]
    rule = chosen.forward.rule
    own_s = chosen.ring_s
    if target and chosen.forward.ring_s is not None:
        own_s = chosen.forward.ring_s
    own_s = own_s if own_s > 0 else 300
    told: list[str] = []

    if target and rule is ForwardRule.ALWAYS:
        told = [f"{target} for {FORWARD_RING_S if has_voicemail else 300}"]
        return told, "message" if has_voicemail else "nobody"
    if chosen.do_not_disturb:
        return [], "message, busy" if has_voicemail else "nobody"
    if standing.busy and chosen.when_busy is WhenBusy.MESSAGE:
        return [], "on the phone, message" if has_voicemail else "on the phone"
    if standing.busy and chosen.when_busy is WhenBusy.VOICEMAIL:
        return [], "message, busy" if has_voicemail else "on the phone"

    if target and rule is ForwardRule.TOGETHER:
        both = [LONE, target] if standing.registered else [target]
        return (
            [f"{'+'.join(both)} for {own_s if has_voicemail else 300}"],
            "message" if has_voicemail else "nobody",
        )
    if standing.registered:
        alone = not target and not (follows and mobiles)
        told.append(f"{LONE} for {300 if alone and not has_voicemail else own_s}")
    if target:
        if rule is ForwardRule.PRESS_1:
            told.append("offer")
        told.append(f"{target} for {FORWARD_RING_S if has_voicemail else 300}")
    if follows and mobiles:
        if chosen.follow_me.ask_name:
            told.append("name")
        for _ in range(1 + chosen.follow_me.more_tries):
            told.append(f"{'+'.join(mobiles)} for {chosen.follow_me.ring_s or 300}, screened")
    if follows and told and chosen.follow_me.skip_voicemail:
        return told, "nobody"
    return told, "message" if has_voicemail else "nobody"


def told(plan: Plan) -> tuple[list[str], str]:
    """A plan in the words of the model."""
    steps: list[str] = []
    for step in plan.steps:
        match step:
            case Ring():
                who = "+".join((*step.extensions, *step.outside))
                steps.append(f"{who} for {step.seconds}{', screened' if step.screened else ''}")
            case Offer():
                steps.append("offer")
            case Identify():
                steps.append("name")
    match plan.ending:
        case Voicemail(busy=busy):
            return steps, "message, busy" if busy else "message"
        case OnThePhone(voicemail=voicemail):
            return steps, "on the phone, message" if voicemail else "on the phone"
        case Unreachable():
            return steps, "nobody"


_outside = st.sampled_from(("5145551234", "4185551234"))
_lone = st.builds(
    Standing,
    handling=st.builds(
        Handling,
        ring_s=seconds,
        do_not_disturb=st.booleans(),
        when_busy=st.sampled_from(WhenBusy),
        voicemail=st.booleans(),
        forward=st.builds(
            Forward,
            target=_outside,
            rule=st.sampled_from(ForwardRule),
            enabled=st.booleans(),
            ring_s=st.none() | seconds,
        ),
        follow_me=st.builds(
            FollowMe,
            targets=st.lists(_outside, max_size=3).map(tuple),
            enabled=st.booleans(),
            ring_s=seconds,
            ask_name=st.booleans(),
            skip_voicemail=st.booleans(),
            more_tries=st.integers(0, 2),
        ),
    ),
    registered=st.booleans(),
    busy=st.booleans(),
    mailbox=st.booleans(),
)


@settings(max_examples=400)
@given(_lone, st.sampled_from(("5145550123", "5145551234")))
def test_a_plan_is_what_the_sentences_about_it_say(standing: Standing, caller: str) -> None:
    plan = decide(LONE, Party(caller), {LONE: standing}.get)
    assert told(plan) == slowly(standing, caller)
