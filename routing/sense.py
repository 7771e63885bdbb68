"""What keeps an extension from being set so: every reason as an administrator reads it. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from routing.handling import LONGEST_RING_S, FollowMe, Forward, Handling, Outgoing, Permission
from routing.numbers import Number, national, number_class, parse_number
from routing.outgoing import LONGEST_NAME, Leave, leave_to_call

MOST_TARGETS = 5
"""Numbers that follow-me rings at once."""

MOST_MORE_TRIES = 5

_CODE = re.compile(r"[0-9]{4,10}")


@dataclass(frozen=True, slots=True)
class Company:
    """Whom a choice may name."""

    everyone: Mapping[str, Handling]
    """What each extension does with its calls; all extensions there are."""
    numbers: Collection[str] = ()
    """The company's own numbers, as they are dialled from outside."""
    local: frozenset[str] = frozenset()
    """The beginnings of ten digits that are local calls."""
    pieces: Collection[str] = ()
    """The names of its pieces of hold music."""

    def owns(self, number: str) -> bool:
        return national(number) in map(national, self.numbers)


def handling_faults(extension: str, chosen: Handling, company: Company) -> Iterator[str]:
    """Why these choices make no sense; nothing when they do."""
    yield from _ring_faults("the ring time", chosen.ring_s)
    yield from _forward_faults(extension, chosen.forward, company)
    yield from _follow_faults(extension, chosen.follow_me, company)
    yield from _permission_faults(chosen, company)
    if chosen.forward.enabled and chosen.follow_me.enabled:
        yield "follow-me runs only while forwarding is off: switch one of them off"
    yield from _outgoing_faults(chosen.outgoing, company)
    if chosen.hold_music and chosen.hold_music not in company.pieces:
        known = ", ".join(sorted(company.pieces)) or "none: name them under [media.pieces]"
        yield f"there is no hold music {chosen.hold_music!r}; there is {known}"
    if circle := _circle(extension, chosen, company):
        yield f"calls would go round in a circle: {' → '.join(circle)}"


def code_faults(code: str) -> Iterator[str]:
    """Why an access code is refused."""
    if not _CODE.fullmatch(code):
        yield "an access code is 4 to 10 digits"
    elif len(set(code)) == 1:
        yield "an access code may not be one digit repeated"


def dialable(target: str, company: Company) -> str:
    """A target as it is kept: an extension, or the digits of a number, however it is written."""
    if target in company.everyone:
        return target
    number = parse_number(target)
    return target if number is None else number.digits


def _ring_faults(what: str, seconds: int) -> Iterator[str]:
    if not 0 <= seconds <= LONGEST_RING_S:
        yield f"{what} is 0 to {LONGEST_RING_S} seconds; 0 is the longest"


def _forward_faults(extension: str, forward: Forward, company: Company) -> Iterator[str]:
    if forward.ring_s is not None:
        yield from _ring_faults("the ring time before forwarding", forward.ring_s)
    if forward.enabled and not forward.target:
        yield "forwarding needs a number"
    if forward.target:
        yield from _target_faults("forwarding", extension, forward.target, company)


def _follow_faults(extension: str, follow: FollowMe, company: Company) -> Iterator[str]:
    yield from _ring_faults("the ring time of follow-me", follow.ring_s)
    if follow.enabled and not follow.targets:
        yield "follow-me needs a number"
    if len(follow.targets) > MOST_TARGETS:
        yield f"follow-me rings {MOST_TARGETS} numbers at most"
    if len({national(each) for each in follow.targets}) < len(follow.targets):
        yield "follow-me: a number is named twice"
    if not 0 <= follow.more_tries <= MOST_MORE_TRIES:
        yield f"follow-me tries 0 to {MOST_MORE_TRIES} more times"
    for target in follow.targets:
        yield from _target_faults("follow-me", extension, target, company)


def _target_faults(what: str, extension: str, target: str, company: Company) -> Iterator[str]:
    number = parse_number(target)
    if target == extension:
        yield f"{what}: {target} is the extension itself"
    elif target in company.everyone:
        return
    elif number is None:
        yield f"{what}: {target} is neither an extension nor a telephone number"
    elif _is_service(number):
        yield f"{what}: {target} is a public service; calls are not sent there"
    elif company.owns(target):
        yield f"{what}: {target} is the company's own number; calls would come back"


def _permission_faults(chosen: Handling, company: Company) -> Iterator[str]:
    """Calls are sent on only to where the extension may call, without a code that nobody keys."""
    forward = (chosen.forward.target,) if chosen.forward.enabled else ()
    follow = chosen.follow_me.targets if chosen.follow_me.enabled else ()
    for target in dict.fromkeys((*forward, *follow)):
        number = None if target in company.everyone else parse_number(target)
        if number is None or _is_service(number):
            continue
        if leave_to_call(number, chosen.outgoing, company.local) is not Leave.GIVEN:
            kind = number_class(number, company.local).value.replace("_", " ")
            yield f"{target} is a {kind} call, which the extension may not make by itself"


def _is_service(number: Number) -> bool:
    return len(number.digits) == 3


def _outgoing_faults(outgoing: Outgoing, company: Company) -> Iterator[str]:
    if bool(outgoing.caller_name) != bool(outgoing.caller_number):
        yield (
            "a caller name and a caller number go together: the network ignores one without the "
            "other; the number may serve as the name"
        )
    if len(outgoing.caller_name) > LONGEST_NAME:
        yield f"a caller name has {LONGEST_NAME} characters at most"
    if not outgoing.caller_name.isprintable():
        yield "a caller name is printable"
    if outgoing.caller_number and not company.owns(outgoing.caller_number):
        yield f"{outgoing.caller_number} is not one of the company's numbers"
    with_code = Permission.WITH_CODE in (outgoing.long_distance, outgoing.international)
    if with_code and not outgoing.code_hash:
        yield "calls with a code need an access code"


def _circle(extension: str, chosen: Handling, company: Company) -> tuple[str, ...]:
    """The extensions a call would be sent round by, when all of them are set so."""
    way, handling = [extension], chosen
    while handling.forward.enabled and (target := handling.forward.target) in company.everyone:
        way.append(target)
        if target == extension:
            return tuple(way) if len(way) > 2 else ()
        if target in way[:-1]:
            return ()
        handling = company.everyone[target]
    return ()
