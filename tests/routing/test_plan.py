"""What becomes of a call to an extension, by what its owner chose and by how things stand."""

from dataclasses import replace

from call.leg import Party
from routing.handling import (
    LONGEST_RING_S,
    FollowMe,
    Forward,
    ForwardRule,
    Handling,
    WhenBusy,
)
from routing.plan import (
    FORWARD_RING_S,
    MOST_DIVERSIONS,
    Identify,
    Note,
    Offer,
    OnThePhone,
    Plan,
    Ring,
    Standing,
    Unreachable,
    Voicemail,
    Why,
    decide,
)

MARC = Party("5145550123", "Marc")
MOBILE = "5145551234"
CHALET = "4185551234"


def forwarding(rule: ForwardRule, target: str = MOBILE, ring_s: int = 15) -> Handling:
    return Handling(forward=Forward(target, rule, enabled=True, ring_s=ring_s))


def following(*targets: str, **others: object) -> Handling:
    follow = replace(FollowMe(targets or (MOBILE,), enabled=True), **others)  # type: ignore[arg-type]  # named as FollowMe names them
    return Handling(follow_me=follow)


def plan(
    *people: Handling | Standing, caller: Party = MARC, diversions: tuple[str, ...] = ()
) -> Plan:
    """The plan for a call to 101; those who follow are 102, 103..."""
    company = {
        str(101 + place): each if isinstance(each, Standing) else Standing(each)
        for place, each in enumerate(people)
    }
    return decide("101", caller, company.get, diversions)


def rung(made: Plan) -> list[tuple[tuple[str, ...], int]]:
    return [((*s.extensions, *s.outside), s.seconds) for s in made.steps if isinstance(s, Ring)]


NOBODY_ANSWERED = Voicemail("101", busy=False, why=Why.NOBODY_ANSWERED)


# ---- Without forwarding


def test_an_extension_rings_and_then_its_voicemail_answers() -> None:
    made = plan(Handling())
    assert made == Plan((Ring(("101",), (), 20, Why.CALLED, "101"),), NOBODY_ANSWERED)


def test_a_ring_time_of_0_is_the_longest_there_is_and_ends_all_the_same() -> None:
    assert rung(plan(Handling(ring_s=0))) == [(("101",), LONGEST_RING_S)]


def test_with_voicemail_off_the_telephone_rings_as_long_as_it_can() -> None:
    made = plan(Handling(voicemail=False, ring_s=10))
    assert rung(made) == [(("101",), LONGEST_RING_S)]
    assert made.ending == Unreachable(Why.NOBODY_ANSWERED)


def test_an_extension_without_a_mailbox_is_like_one_with_its_voicemail_off() -> None:
    made = plan(Standing(Handling(), mailbox=False))
    assert made == plan(Handling(voicemail=False))


def test_an_extension_without_a_telephone_answers_by_its_voicemail_at_once() -> None:
    made = plan(Standing(Handling(), registered=False))
    assert made.steps == ()
    assert made.ending == Voicemail("101", busy=False, why=Why.NOBODY_TO_RING)
    assert made.notes == (Note("101", Why.NO_TELEPHONE),)


def test_an_extension_nobody_ever_chose_anything_for_stands_as_a_new_one() -> None:
    assert decide("109", MARC, lambda _: None).ending == Voicemail(
        "109", False, Why.NOBODY_ANSWERED
    )


# ---- Do not disturb, and busy


def test_do_not_disturb_rings_nothing_and_plays_the_busy_greeting() -> None:
    made = plan(Handling(do_not_disturb=True))
    assert made.steps == ()
    assert made.ending == Voicemail("101", busy=True, why=Why.DO_NOT_DISTURB)


def test_do_not_disturb_without_voicemail_says_that_nobody_can_be_reached() -> None:
    made = plan(Handling(do_not_disturb=True, voicemail=False))
    assert made == Plan((), Unreachable(Why.DO_NOT_DISTURB), (Note("101", Why.DO_NOT_DISTURB),))


def test_do_not_disturb_disturbs_no_number_that_stands_for_the_extension_either() -> None:
    for rule in (ForwardRule.NO_ANSWER, ForwardRule.TOGETHER, ForwardRule.PRESS_1):
        assert plan(replace(forwarding(rule), do_not_disturb=True)).steps == ()
    assert plan(replace(following(), do_not_disturb=True)).steps == ()


def test_who_forwards_always_and_is_not_to_be_disturbed_is_reached_elsewhere() -> None:
    made = plan(replace(forwarding(ForwardRule.ALWAYS), do_not_disturb=True))
    assert rung(made) == [((MOBILE,), FORWARD_RING_S)]
    assert made.ending == NOBODY_ANSWERED


def test_a_second_call_rings_unless_its_owner_chose_otherwise() -> None:
    made = plan(Standing(Handling(), busy=True))
    assert rung(made) == [(("101",), 20)]


def test_a_second_caller_hears_that_the_person_is_on_the_telephone_and_may_leave_a_message() -> (
    None
):
    made = plan(Standing(Handling(when_busy=WhenBusy.MESSAGE), busy=True))
    assert (made.steps, made.ending) == ((), OnThePhone("101", voicemail=True))


def test_a_second_caller_goes_to_the_voicemail_with_its_busy_greeting() -> None:
    made = plan(Standing(Handling(when_busy=WhenBusy.VOICEMAIL), busy=True))
    assert (made.steps, made.ending) == ((), Voicemail("101", busy=True, why=Why.BUSY))


def test_a_second_caller_hears_so_where_the_voicemail_they_should_go_to_is_off() -> None:
    handling = Handling(when_busy=WhenBusy.VOICEMAIL, voicemail=False)
    assert plan(Standing(handling, busy=True)).ending == OnThePhone("101", voicemail=False)


# ---- The four rules of forwarding


def test_forwarded_always_the_call_is_sent_on_at_once() -> None:
    made = plan(forwarding(ForwardRule.ALWAYS))
    ring = Ring((), (MOBILE,), FORWARD_RING_S, Why.FORWARDED_ALWAYS, "101", ("101",))
    assert made == Plan((ring,), NOBODY_ANSWERED)


def test_forwarded_on_no_answer_the_extension_rings_for_the_time_of_the_rule_first() -> None:
    made = plan(forwarding(ForwardRule.NO_ANSWER, ring_s=15))
    assert rung(made) == [(("101",), 15), ((MOBILE,), FORWARD_RING_S)]
    assert made.ending == NOBODY_ANSWERED


def test_extension_and_number_ring_together() -> None:
    made = plan(forwarding(ForwardRule.TOGETHER, ring_s=30))
    assert rung(made) == [(("101", MOBILE), 30)]


def test_nobody_sent_a_call_on_to_their_own_telephone() -> None:
    (ring,) = plan(forwarding(ForwardRule.TOGETHER, "102"), Handling()).steps
    assert isinstance(ring, Ring)
    assert ring.sent_on_by("101") == ()
    assert ring.sent_on_by("102") == ("101",)


def test_together_with_a_colleague_who_is_not_to_be_disturbed_rings_alone() -> None:
    colleague = Handling(do_not_disturb=True)
    made = plan(forwarding(ForwardRule.TOGETHER, "102"), colleague)
    assert rung(made) == [(("101",), 15)]


def test_the_caller_is_offered_to_be_transferred_after_the_extension_has_rung() -> None:
    made = plan(forwarding(ForwardRule.PRESS_1))
    own, offer, onward = made.steps
    assert isinstance(offer, Offer)
    assert isinstance(own, Ring)
    assert own.extensions == ("101",)
    assert isinstance(onward, Ring)
    assert onward.outside == (MOBILE,)
    assert made.ending == NOBODY_ANSWERED


def test_nothing_is_offered_that_cannot_be_done() -> None:
    made = plan(forwarding(ForwardRule.PRESS_1, "102"), Handling(do_not_disturb=True))
    assert rung(made) == [(("101",), 15)]
    assert len(made.steps) == 1


def test_forwarding_that_is_switched_off_is_not_followed() -> None:
    off = Handling(forward=Forward(MOBILE, ForwardRule.ALWAYS, enabled=False))
    assert plan(off) == plan(Handling())


def test_the_last_telephone_rings_on_where_the_extension_has_no_voicemail() -> None:
    made = plan(replace(forwarding(ForwardRule.NO_ANSWER), voicemail=False))
    assert rung(made) == [(("101",), 15), ((MOBILE,), LONGEST_RING_S)]


# ---- To an extension


def test_sent_on_to_a_colleague_the_message_is_for_whom_the_caller_asked() -> None:
    made = plan(forwarding(ForwardRule.NO_ANSWER, "102"), Handling(ring_s=25))
    assert rung(made) == [(("101",), 15), (("102",), 25)]
    assert made.ending == NOBODY_ANSWERED
    assert [s.why for s in made.steps] == [Why.CALLED, Why.FORWARDED_NO_ANSWER]


def test_an_extension_without_voicemail_leaves_it_to_the_colleague_calls_are_sent_on_to() -> None:
    made = plan(replace(forwarding(ForwardRule.ALWAYS, "102"), voicemail=False), Handling())
    assert rung(made) == [(("102",), 20)]
    assert made.ending == Voicemail("102", busy=False, why=Why.NOBODY_ANSWERED)


def test_who_does_not_press_1_leaves_no_message_with_the_colleague() -> None:
    made = plan(replace(forwarding(ForwardRule.PRESS_1, "102"), voicemail=False), Handling())
    assert made.ending == Unreachable(Why.NOBODY_ANSWERED)


def test_a_colleague_not_to_be_disturbed_is_not_rung_for_somebody_else_either() -> None:
    made = plan(forwarding(ForwardRule.ALWAYS, "102"), Handling(do_not_disturb=True))
    assert made.steps == ()
    assert made.ending == Voicemail("101", busy=False, why=Why.NOBODY_TO_RING)
    assert Note("102", Why.DO_NOT_DISTURB) in made.notes


def test_a_colleague_who_sends_calls_on_is_followed() -> None:
    made = plan(forwarding(ForwardRule.ALWAYS, "102"), forwarding(ForwardRule.ALWAYS))
    (ring,) = made.steps
    assert isinstance(ring, Ring)
    assert (ring.outside, ring.behalf, ring.diversions) == ((MOBILE,), "102", ("101", "102"))


# ---- Loops


def test_two_who_send_their_calls_to_each_other_are_both_rung_once_at_most() -> None:
    made = plan(forwarding(ForwardRule.ALWAYS, "102"), forwarding(ForwardRule.ALWAYS, "101"))
    assert rung(made) == [(("102",), 20)]
    assert made.notes == (Note("102", Why.ALREADY_THERE, "101"),)


def test_a_call_that_came_back_from_a_number_is_not_sent_there_again() -> None:
    made = plan(forwarding(ForwardRule.ALWAYS), diversions=("101", f"+1{MOBILE}"))
    assert rung(made) == [(("101",), 20)]
    assert made.notes == (Note("101", Why.ALREADY_THERE, MOBILE),)


def test_nobody_is_rung_by_their_own_call() -> None:
    made = plan(forwarding(ForwardRule.NO_ANSWER), caller=Party(f"+1{MOBILE}"))
    assert rung(made) == [(("101",), 20)]
    assert plan(following(), caller=Party(MOBILE)) == replace(
        plan(Handling()), notes=(Note("101", Why.ALREADY_THERE, MOBILE),)
    )


def test_a_call_sent_on_too_often_is_not_sent_on_again() -> None:
    often = tuple(f"819555000{each}" for each in range(MOST_DIVERSIONS))
    made = plan(forwarding(ForwardRule.ALWAYS), diversions=often)
    assert rung(made) == [(("101",), 20)]
    assert made.notes == (Note("101", Why.TOO_OFTEN, MOBILE),)


# ---- Follow-me


def test_followed_the_caller_says_who_calls_after_the_telephones_have_rung() -> None:
    made = plan(following(MOBILE, CHALET, "102"), Handling())
    own, identify, follow = made.steps
    assert isinstance(own, Ring)
    assert own.extensions == ("101",)
    assert isinstance(identify, Identify)
    assert follow == Ring(
        ("102",),
        (MOBILE, CHALET),
        45,
        Why.FOLLOW_ME,
        "101",
        ("101",),
        music=True,
        screened=True,
        pass_number=True,
    )
    assert made.ending == NOBODY_ANSWERED


def test_who_is_not_asked_to_say_a_name_is_not() -> None:
    made = plan(following(ask_name=False, music=False, pass_number=False))
    ring = made.steps[-1]
    assert not any(isinstance(step, Identify) for step in made.steps)
    assert isinstance(ring, Ring)
    assert (ring.screened, ring.music, ring.pass_number) == (True, False, False)


def test_more_tries_are_as_many_more() -> None:
    assert rung(plan(following(more_tries=2, ring_s=30)))[1:] == [((MOBILE,), 30)] * 3


def test_follow_me_may_leave_the_voicemail_out() -> None:
    made = plan(following(skip_voicemail=True))
    assert made.ending == Unreachable(Why.VOICEMAIL_SKIPPED)


def test_the_tries_of_follow_me_are_not_made_longer_where_there_is_no_voicemail() -> None:
    made = plan(replace(following(ring_s=30), voicemail=False))
    assert rung(made) == [(("101",), 20), ((MOBILE,), 30)]


def test_follow_me_waits_until_forwarding_is_off() -> None:
    both = replace(following(), forward=Forward(CHALET, ForwardRule.ALWAYS, enabled=True))
    assert rung(plan(both)) == [((CHALET,), FORWARD_RING_S)]
    assert rung(plan(replace(both, forward=replace(both.forward, enabled=False))))[-1] == (
        (MOBILE,),
        45,
    )


def test_nobody_to_follow_is_no_reason_to_ask_for_a_name() -> None:
    made = plan(following("102"), Handling(do_not_disturb=True))
    assert rung(made) == [(("101",), 20)]
    assert len(made.steps) == 1


def test_before_forwarding_an_extension_rings_for_its_own_time_unless_another_is_chosen() -> None:
    chosen = Handling(ring_s=25, forward=Forward(MOBILE, ForwardRule.NO_ANSWER, enabled=True))
    assert rung(plan(chosen))[0] == (("101",), 25)
