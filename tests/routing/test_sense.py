"""Choices that make no sense are refused, each with a reason an administrator understands."""

from dataclasses import replace

import pytest

from routing.handling import (
    FollowMe,
    Forward,
    ForwardRule,
    Handling,
    Outgoing,
    Permission,
)
from routing.sense import Company, code_faults, dialable, handling_faults

COMPANY = Company(
    {"101": Handling(), "102": Handling(), "103": Handling()},
    numbers=("5145550100",),
    local=frozenset({"514"}),
)


def faults(chosen: Handling, company: Company = COMPANY) -> list[str]:
    return list(handling_faults("101", chosen, company))


def forward(target: str, rule: ForwardRule = ForwardRule.ALWAYS, **others: int) -> Handling:
    return Handling(forward=Forward(target, rule, enabled=True, **others))


def test_what_everybody_starts_with_makes_sense() -> None:
    assert faults(Handling()) == []


@pytest.mark.parametrize("target", ["102", "5145551234", "8005551234"])
def test_calls_are_sent_on_to_an_extension_or_to_a_number_outside(target: str) -> None:
    assert faults(forward(target)) == []
    assert faults(Handling(follow_me=FollowMe((target,), enabled=True))) == []


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("101", "101 is the extension itself"),
        ("199", "199 is neither an extension nor a telephone number"),
        ("911", "911 is a public service; calls are not sent there"),
        ("411", "411 is a public service; calls are not sent there"),
        ("+15145550100", "the company's own number; calls would come back"),
    ],
)
def test_calls_are_sent_nowhere_they_could_not_be_taken(target: str, reason: str) -> None:
    (told,) = faults(forward(target))
    assert reason in told
    (told,) = faults(Handling(follow_me=FollowMe((target,), enabled=True)))
    assert reason in told


@pytest.mark.parametrize("permission", [Permission.DISABLED, Permission.WITH_CODE])
def test_calls_are_not_sent_on_to_where_the_extension_may_not_call_by_itself(
    permission: Permission,
) -> None:
    outgoing = Outgoing(long_distance=permission, code_hash="x")
    far = "4185551234"
    reason = f"{far} is a long distance call, which the extension may not make by itself"
    assert faults(replace(forward(far), outgoing=outgoing)) == [reason]
    followed = Handling(follow_me=FollowMe((far,), enabled=True), outgoing=outgoing)
    assert faults(followed) == [reason]
    free = replace(outgoing, long_distance=Permission.UNLIMITED)
    assert faults(replace(forward(far), outgoing=free)) == []


def test_forwarding_and_follow_me_without_a_number_are_refused() -> None:
    assert faults(forward("")) == ["forwarding needs a number"]
    assert faults(Handling(follow_me=FollowMe(enabled=True))) == ["follow-me needs a number"]


def test_forwarding_and_follow_me_exclude_each_other() -> None:
    both = replace(forward("102"), follow_me=FollowMe(("5145551234",), enabled=True))
    assert faults(both) == ["follow-me runs only while forwarding is off: switch one of them off"]
    kept = replace(both, forward=replace(both.forward, enabled=False))
    assert faults(kept) == []


def test_a_circle_of_extensions_is_told_with_its_way_round() -> None:
    company = Company({"101": Handling(), "102": forward("103"), "103": forward("101")})
    assert faults(forward("102"), company) == [
        "calls would go round in a circle: 101 → 102 → 103 → 101"
    ]


def test_a_circle_that_others_are_in_already_is_not_the_fault_of_who_sends_calls_there() -> None:
    company = Company({"101": Handling(), "102": forward("103"), "103": forward("102")})
    assert faults(forward("102"), company) == []


@pytest.mark.parametrize(
    "chosen",
    [
        Handling(ring_s=-1),
        Handling(ring_s=301),
        Handling(forward=Forward(ring_s=301)),
        Handling(follow_me=FollowMe(ring_s=301)),
    ],
)
def test_no_telephone_rings_longer_than_the_platform_lets_it(chosen: Handling) -> None:
    (told,) = faults(chosen)
    assert "0 to 300 seconds" in told


def test_follow_me_rings_a_few_numbers_a_few_times() -> None:
    many = tuple(f"514555123{each}" for each in range(6))
    assert faults(Handling(follow_me=FollowMe(many))) == ["follow-me rings 5 numbers at most"]
    twice = ("5145551234", "+15145551234")
    assert faults(Handling(follow_me=FollowMe(twice))) == ["follow-me: a number is named twice"]
    assert faults(Handling(follow_me=FollowMe(more_tries=6))) == [
        "follow-me tries 0 to 5 more times"
    ]


@pytest.mark.parametrize(
    "half", [Outgoing(caller_name="Camille"), Outgoing(caller_number="5145550100")]
)
def test_half_a_caller_id_is_not_kept(half: Outgoing) -> None:
    (told,) = faults(Handling(outgoing=half))
    assert "go together" in told


def test_a_caller_id_is_the_companys_and_fits_in_the_network() -> None:
    whole = Outgoing(caller_name="Camille", caller_number="+15145550100")
    assert faults(Handling(outgoing=whole)) == []
    assert faults(Handling(outgoing=replace(whole, caller_number="5145559999"))) == [
        "5145559999 is not one of the company's numbers"
    ]
    (told,) = faults(Handling(outgoing=replace(whole, caller_name="Camille de Vestibule")))
    assert "15 characters" in told
    (told,) = faults(Handling(outgoing=replace(whole, caller_name="Cam\nille")))
    assert "printable" in told


def test_calls_with_a_code_need_one() -> None:
    outgoing = Outgoing(long_distance=Permission.WITH_CODE)
    assert faults(Handling(outgoing=outgoing)) == ["calls with a code need an access code"]
    assert faults(Handling(outgoing=replace(outgoing, code_hash="x"))) == []


def test_an_access_code_is_a_few_digits_that_are_not_all_the_same() -> None:
    assert list(code_faults("4711")) == []
    assert list(code_faults("47")) == ["an access code is 4 to 10 digits"]
    assert list(code_faults("4444")) == ["an access code may not be one digit repeated"]


def test_numbers_are_kept_as_they_are_dialled_however_they_are_written() -> None:
    assert dialable("+1 (514) 555-1234", COMPANY) == "5145551234"
    assert dialable("102", COMPANY) == "102"
    assert dialable("who?", COMPANY) == "who?"


def test_hold_music_is_one_of_the_companys_pieces() -> None:
    company = Company({"101": Handling()}, pieces=("jazz",))
    assert list(handling_faults("101", Handling(hold_music="jazz"), company)) == []
    [fault] = handling_faults("101", Handling(hold_music="rock"), company)
    assert fault == "there is no hold music 'rock'; there is jazz"
