"""What becomes of a call to an extension: a plan, made before anything rings. Pure.

A plan is a few steps and one ending. The steps are taken in order until somebody takes the call;
when nobody has, the ending is what the caller meets. It is made from what the owner chose and from
how things stand at this instant, in this order:

1. Forwarding ALWAYS comes before everything: the telephone it stands for is not disturbed by it.
2. Do not disturb, then being on the telephone (unless a second call may ring): the busy path.
3. The other rules of forwarding; or, while forwarding is off, follow-me after the telephones.
4. The ending: the mailbox of the extension that was called, whoever was rung on its behalf; where
   it has none, that of the one the call was sent on to. Without any, the last telephone rings for
   as long as the platform lets it.

An extension that calls are sent on to is treated likewise, by its own choices, but for its ending.
A number that the call has been at, the caller's own, and any number after MOST_DIVERSIONS are
never sent on to: there, forwarding is as if it were off.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from call.leg import Party
from routing.handling import (
    LONGEST_RING_S,
    FollowMe,
    Forward,
    ForwardRule,
    Handling,
    WhenBusy,
)
from routing.numbers import national

FORWARD_RING_S = 60
"""How long a number outside rings: mobile networks take a while to find their telephone."""

MOST_DIVERSIONS = 5
"""A call sent on more often goes round in circles; the telephone network's own limit (Q.732.2)."""


class Why(StrEnum):
    """Why a step is taken, or was left out."""

    CALLED = "called"
    """Its telephones ring because it was called."""
    FORWARDED_ALWAYS = "forwarded_always"
    FORWARDED_NO_ANSWER = "forwarded_no_answer"
    FORWARDED_TOGETHER = "forwarded_together"
    FORWARDED_PRESS_1 = "forwarded_press_1"
    FOLLOW_ME = "follow_me"
    NOBODY_ANSWERED = "nobody_answered"
    DO_NOT_DISTURB = "do_not_disturb"
    BUSY = "busy"
    NO_TELEPHONE = "no_telephone"
    """None of its telephones is registered."""
    NOBODY_TO_RING = "nobody_to_ring"
    VOICEMAIL_SKIPPED = "voicemail_skipped"
    """Follow-me is set to leave the voicemail out."""
    ALREADY_THERE = "already_there"
    """The call has been there, or comes from there: sending it on would be a loop."""
    TOO_OFTEN = "too_often"


@dataclass(frozen=True, slots=True)
class Standing:
    """An extension as it stands at this instant."""

    handling: Handling = field(default_factory=Handling)
    registered: bool = True
    """At least one of its telephones can be rung."""
    busy: bool = False
    mailbox: bool = True


Lookup = Callable[[str], Standing | None]
"""How an extension stands; None for digits that are no extension: a number outside."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring all of these at once; the first to take the call has it."""

    extensions: tuple[str, ...]
    outside: tuple[str, ...]
    seconds: int
    why: Why
    behalf: str
    """The extension on whose behalf it is: what it may call counts, and its number is told."""
    diversions: tuple[str, ...] = ()
    """Who sent the call on so far, first to last."""
    music: bool = False
    """The caller hears hold music in place of ringing."""
    screened: bool = False
    """Who answers is told who calls, and has the call once they press 1."""
    pass_number: bool = True
    """Those outside see the caller's number; else the extension's own."""

    def sent_on_by(self, target: str) -> tuple[str, ...]:
        """Who sent the call on to a target: nobody does to themselves."""
        return tuple(each for each in self.diversions if each != target)


@dataclass(frozen=True, slots=True)
class Offer:
    """The caller may press 1 to be transferred; one who does not meets the ending."""

    why: Why = Why.FORWARDED_PRESS_1


@dataclass(frozen=True, slots=True)
class Identify:
    """The caller is asked to say their name; the plan goes on with it, or without."""

    why: Why = Why.FOLLOW_ME


@dataclass(frozen=True, slots=True)
class Voicemail:
    """The caller may leave a message."""

    mailbox: str
    busy: bool
    """The greeting is the one for when its owner is busy."""
    why: Why


@dataclass(frozen=True, slots=True)
class OnThePhone:
    """The caller hears that the person is on the telephone; then the voicemail, or nothing more."""

    mailbox: str
    voicemail: bool
    why: Why = Why.BUSY


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The caller hears that nobody can be reached; the call is over."""

    why: Why


Step = Ring | Offer | Identify
Ending = Voicemail | OnThePhone | Unreachable


@dataclass(frozen=True, slots=True)
class Note:
    """Something the plan leaves out, and why: for whoever asks what would happen."""

    extension: str
    why: Why
    target: str = ""
    """Whom the call is not sent on to, where that is what is left out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried in turn, and what the caller meets when nobody took the call."""

    steps: tuple[Step, ...]
    ending: Ending
    notes: tuple[Note, ...] = ()


def decide(called: str, caller: Party, lookup: Lookup, diversions: tuple[str, ...] = ()) -> Plan:
    """What becomes of a call to an extension.

    `diversions` are those who sent the call on before, first to last: extensions, and numbers
    outside. An extension that `lookup` does not know stands as one without any choice made.
    """
    planning = _Planning(caller, lookup)
    standing = lookup(called) or Standing()
    steps = tuple(planning.steps(called, standing, _Trail(diversions)))
    mailbox = next(iter(planning.mailboxes), "")
    if steps and not mailbox:
        steps = (*steps[:-1], _as_long_as_can_be(steps[-1]))
    ending = _ending(called, standing, mailbox, bool(steps))
    return Plan(steps, ending, tuple(planning.notes))


def _as_long_as_can_be(step: Step) -> Step:
    if isinstance(step, Ring) and not step.screened:
        return replace(step, seconds=LONGEST_RING_S)
    return step


def _ending(called: str, standing: Standing, mailbox: str, tried: bool) -> Ending:
    handling = standing.handling
    if not (tried and _sent_on_always(handling)):
        if handling.do_not_disturb:
            return _message_or_not(mailbox, True, Why.DO_NOT_DISTURB)
        if _is_busy(standing):
            if handling.when_busy is WhenBusy.VOICEMAIL and mailbox:
                return Voicemail(mailbox, True, Why.BUSY)
            return OnThePhone(mailbox or called, bool(mailbox))
    if tried and _followed(handling) and handling.follow_me.skip_voicemail:
        return Unreachable(Why.VOICEMAIL_SKIPPED)
    return _message_or_not(mailbox, False, Why.NOBODY_ANSWERED if tried else Why.NOBODY_TO_RING)


def _message_or_not(mailbox: str, busy: bool, why: Why) -> Ending:
    return Voicemail(mailbox, busy, why) if mailbox else Unreachable(why)


def _is_busy(standing: Standing) -> bool:
    return standing.busy and standing.handling.when_busy is not WhenBusy.RING


def _sent_on_always(handling: Handling) -> bool:
    forward = handling.forward
    return forward.enabled and bool(forward.target) and forward.rule is ForwardRule.ALWAYS


def _rings_before(standing: Standing) -> int:
    """How long the extension rings before a call is sent on."""
    own, forward = standing.handling.ring_s, standing.handling.forward.ring_s
    return own if forward is None else forward


def _followed(handling: Handling) -> bool:
    return handling.follow_me.enabled and not handling.forward.enabled


def ring_time(seconds: int) -> int:
    """A ring time as it is kept, in seconds that end."""
    return LONGEST_RING_S if seconds <= 0 else min(seconds, LONGEST_RING_S)


@dataclass(frozen=True, slots=True)
class _Trail:
    """Whom the call has been at, first to last."""

    diversions: tuple[str, ...]

    def passed(self, extension: str) -> "_Trail":
        return _Trail((*self.diversions, extension))

    def has(self, number: str) -> bool:
        return national(number) in map(national, self.diversions)


@dataclass(slots=True)
class _Planning:
    """One plan under way."""

    caller: Party
    lookup: Lookup
    notes: list[Note] = field(default_factory=list)
    mailboxes: list[str] = field(default_factory=list)
    """Those of the extensions that the call was sent on to, first to last."""

    def steps(self, extension: str, standing: Standing, trail: _Trail) -> Iterator[Step]:
        """What is tried to reach an extension, by its own choices."""
        handling = standing.handling
        if handling.voicemail and standing.mailbox:
            self.mailboxes.append(extension)
        forward = handling.forward if handling.forward.enabled else Forward()
        target = self._sent_on(extension, forward.target, trail)
        if target and forward.rule is ForwardRule.ALWAYS:
            yield from self._onward(extension, target, trail, Why.FORWARDED_ALWAYS)
        elif self._may_ring(extension, standing):
            if target:
                yield from self._forwarded(extension, standing, target, trail)
            else:
                yield from self._telephones(extension, standing, handling.ring_s, trail)
                if not handling.forward.enabled and handling.follow_me.enabled:
                    yield from self._follow_me(extension, handling.follow_me, trail)

    def _forwarded(
        self, extension: str, standing: Standing, target: str, trail: _Trail
    ) -> Iterator[Step]:
        forward = standing.handling.forward
        if forward.rule is ForwardRule.TOGETHER:
            yield from self._together(extension, standing, target, trail)
            return
        yield from self._telephones(extension, standing, _rings_before(standing), trail)
        if forward.rule is ForwardRule.NO_ANSWER:
            yield from self._onward(extension, target, trail, Why.FORWARDED_NO_ANSWER)
        else:
            own = self.mailboxes[:]
            onward = list(self._onward(extension, target, trail, Why.FORWARDED_PRESS_1))
            self.mailboxes = own  # who does not press 1 was not sent on
            if onward:
                yield Offer()
                yield from onward

    def _onward(self, extension: str, target: str, trail: _Trail, why: Why) -> Iterator[Step]:
        """Whoever calls are sent on to."""
        passed = trail.passed(extension)
        standing = self.lookup(target)
        if standing is not None:
            for step in self.steps(target, standing, passed):
                sent = isinstance(step, Ring) and step.why is Why.CALLED and step.behalf == target
                yield replace(step, why=why) if sent else step
        else:
            yield Ring((), (target,), FORWARD_RING_S, why, extension, passed.diversions)

    def _together(
        self, extension: str, standing: Standing, target: str, trail: _Trail
    ) -> Iterator[Step]:
        own = (extension,) if self._registered(extension, standing) else ()
        extensions = (*own, *self._colleagues((target,)))
        outside = (target,) if self.lookup(target) is None else ()
        if extensions or outside:
            seconds = ring_time(_rings_before(standing))
            passed = trail.passed(extension).diversions
            why = Why.FORWARDED_TOGETHER
            yield Ring(extensions, outside, seconds, why, extension, passed)

    def _telephones(
        self, extension: str, standing: Standing, seconds: int, trail: _Trail
    ) -> Iterator[Ring]:
        if self._registered(extension, standing):
            seconds = ring_time(seconds)
            yield Ring((extension,), (), seconds, Why.CALLED, extension, trail.diversions)

    def _follow_me(self, extension: str, follow: FollowMe, trail: _Trail) -> Iterator[Step]:
        targets = [self._sent_on(extension, target, trail) for target in follow.targets]
        there = tuple(dict.fromkeys(target for target in targets if target))
        extensions = self._colleagues(there)
        outside = tuple(target for target in there if self.lookup(target) is None)
        if not extensions and not outside:
            return
        if follow.ask_name:
            yield Identify()
        for _ in range(1 + max(0, follow.more_tries)):
            yield Ring(
                extensions,
                outside,
                ring_time(follow.ring_s),
                Why.FOLLOW_ME,
                extension,
                trail.passed(extension).diversions,
                music=follow.music,
                screened=True,
                pass_number=follow.pass_number,
            )

    def _colleagues(self, targets: tuple[str, ...]) -> tuple[str, ...]:
        """Those among the targets that are extensions whose telephones may ring."""
        there = ((target, self.lookup(target)) for target in targets)
        return tuple(
            target
            for target, standing in there
            if standing is not None
            and self._may_ring(target, standing)
            and self._registered(target, standing)
        )

    def _sent_on(self, extension: str, target: str, trail: _Trail) -> str:
        """The target, where the call may be sent there; "" where it may not."""
        if not target:
            return ""
        if trail.passed(extension).has(target) or national(self.caller.number) == national(target):
            self.notes.append(Note(extension, Why.ALREADY_THERE, target))
            return ""
        if len(trail.diversions) >= MOST_DIVERSIONS:
            self.notes.append(Note(extension, Why.TOO_OFTEN, target))
            return ""
        return target

    def _may_ring(self, extension: str, standing: Standing) -> bool:
        if standing.handling.do_not_disturb:
            self.notes.append(Note(extension, Why.DO_NOT_DISTURB))
            return False
        if _is_busy(standing):
            self.notes.append(Note(extension, Why.BUSY))
            return False
        return True

    def _registered(self, extension: str, standing: Standing) -> bool:
        if not standing.registered:
            self.notes.append(Note(extension, Why.NO_TELEPHONE))
        return standing.registered
