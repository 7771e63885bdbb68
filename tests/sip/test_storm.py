"""Whatever the network loses and whoever acts when, a call ends once and leaves nothing behind."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.sip.agent import UserAgent
from telephony.sip.events import (
    CallAnswered,
    CallEnded,
    IncomingCall,
    Output,
    SipEvent,
    Transport,
)
from tests.sip.wire import ANSWER, HOLD, OFFER, End, Wire

COMMANDS = [
    "dial",
    "ring",
    "answer",
    "answer",
    "reject",
    "cancel",
    "bye",
    "reoffer",
    "accept",
    "refuse",
    "key",
]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(COMMANDS),
        st.booleans(),
        st.sampled_from([0.0, 0.005, 0.015, 0.3, 1.0, 40.0]),
    ),
    max_size=14,
)
FATES = st.lists(
    st.sampled_from([(), (0.01,), (0.01,), (0.01,), (0.01, 0.03), (0.7,), (5.0,)]), max_size=25
)


class Storm(Wire):
    """A wire whose every delivery has a fate of its own, while it lasts."""

    def __init__(self, fates: list[tuple[float, ...]], transport: Transport) -> None:
        super().__init__(transport=transport)
        self._fates = list(reversed(fates))

    def _fate(self, name: str) -> tuple[float, ...]:
        return self._fates.pop() if self._fates else (0.01,)


def calls_of(end: End) -> list[str]:
    return list(dict.fromkeys(event.call for event in end.events))


def known(wire: Wire, end: End, dialed: list[str]) -> list[str]:
    return dialed if end is wire.caller else calls_of(end)


def command_outputs(agent: UserAgent, command: str, call: str, now: float) -> list[Output]:
    match command:
        case "ring":
            return agent.ring(call, now)
        case "answer":
            return agent.answer(call, ANSWER, now)
        case "reject":
            return agent.reject(call, 486, now)
        case "cancel":
            return agent.cancel(call, now)
        case "bye":
            return agent.bye(call, now)
        case "reoffer":
            return agent.reoffer(call, HOLD, now)
        case "accept":
            return agent.accept_offer(call, OFFER, now)
        case "refuse":
            return agent.refuse_offer(call, 488, now)
        case "key":
            return agent.send_info_key(call, "1", 160, now)
        case _:
            return []


def check_story(story: list[SipEvent], *, called: bool) -> None:
    """What one end was told of one call makes sense."""
    assert [isinstance(event, CallEnded) for event in story].count(True) == 1
    assert isinstance(story[-1], CallEnded)
    kinds = Counter(type(event) for event in story)
    assert kinds[CallAnswered] <= 1
    assert isinstance(story[0], IncomingCall) == called
    assert kinds[IncomingCall] <= 1


@pytest.mark.parametrize("transport", Transport)
@settings(max_examples=150, deadline=None)
@given(steps=STEPS, fates=FATES)
def test_every_call_ends_once_at_both_ends_and_leaves_nothing(
    transport: Transport, steps: list[tuple[str, bool, float]], fates: list[tuple[float, ...]]
) -> None:
    if transport is Transport.TCP:
        fates = [(0.01,)] * len(fates)  # a connection neither loses nor reorders
    wire = Storm(fates, transport)
    dialed = [wire.dial()]
    for command, by_caller, pause in steps:
        end = wire.caller if by_caller else wire.called
        if command == "dial":
            dialed.append(wire.dial())
        for call in known(wire, end, dialed):
            wire.carry(end, command_outputs(end.agent, command, call, wire.now))
        wire.run(pause)
    wire.run(10)
    for _ in range(2):
        for end in (wire.caller, wire.called):
            for call in known(wire, end, dialed):
                wire.carry(end, end.agent.bye(call, wire.now))
        wire.run(200)
    assert set(calls_of(wire.caller)) == set(dialed)
    for end in (wire.caller, wire.called):
        for call in calls_of(end):
            story = [event for event in end.events if event.call == call]
            check_story(story, called=end is wire.called)
    assert wire.nothing_is_left()
