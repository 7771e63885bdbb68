"""Calls between two user agents, over a wire that loses, doubles and holds back by script."""

import pytest

from telephony.sip.core import SessionPolicy
from telephony.sip.events import (
    CallAnswered,
    CallConfirmed,
    CallProgress,
    IncomingCall,
    InfoKey,
    OfferAnswered,
    OfferDue,
    OfferReceived,
    OfferRefused,
    Transport,
)
from tests.sip.wire import ANSWER, HOLD, OFFER, Wire


@pytest.fixture(params=[Transport.UDP, Transport.TCP])
def wire(request: pytest.FixtureRequest) -> Wire:
    return Wire(transport=request.param)


def test_a_call_is_offered_answered_and_confirmed(wire: Wire) -> None:
    wire.connect()
    (incoming,) = wire.called.told(IncomingCall)
    assert (incoming.caller.number, incoming.caller.name) == ("101", "Camille Côté")
    assert (incoming.dialed, incoming.offer) == ("5145550100", OFFER)
    assert wire.caller.told(CallAnswered)[0].answer == ANSWER
    assert len(wire.called.told(CallConfirmed)) == 1
    assert wire.called.starts == ["100 INVITE", "200 INVITE"]
    assert wire.caller.starts == ["INVITE", "ACK"]


def test_the_called_party_hangs_up_and_nothing_is_left(wire: Wire) -> None:
    _, called = wire.connect()
    wire.carry(wire.called, wire.called.agent.bye(called, wire.now))
    wire.run(100)
    assert wire.endings == [("caller", True, None), ("called", False, None)]
    assert wire.nothing_is_left()


def test_the_caller_hangs_up_and_nothing_is_left(wire: Wire) -> None:
    calling, _ = wire.connect()
    wire.carry(wire.caller, wire.caller.agent.bye(calling, wire.now))
    wire.run(100)
    assert wire.endings == [("caller", False, None), ("called", True, None)]
    assert wire.nothing_is_left()


def test_both_hang_up_at_once(wire: Wire) -> None:
    calling, called = wire.connect()
    wire.carry(wire.caller, wire.caller.agent.bye(calling, wire.now))
    wire.carry(wire.called, wire.called.agent.bye(called, wire.now))
    wire.run(100)
    assert wire.endings == [("caller", False, None), ("called", False, None)]
    assert wire.caller.starts[-2:] == ["BYE", "200 BYE"]
    assert wire.nothing_is_left()


def test_the_caller_hears_that_it_rings(wire: Wire) -> None:
    wire.dial()
    wire.run(0.1)
    (incoming,) = wire.called.told(IncomingCall)
    wire.carry(wire.called, wire.called.agent.ring(incoming.call, wire.now))
    wire.run(0.1)
    assert [event.status for event in wire.caller.told(CallProgress)] == [180]


def test_a_busy_extension_refuses_once(wire: Wire) -> None:
    wire.dial()
    wire.run(0.1)
    (incoming,) = wire.called.told(IncomingCall)
    wire.carry(wire.called, wire.called.agent.reject(incoming.call, 486, wire.now))
    wire.run(100)
    assert wire.endings == [("caller", True, 486), ("called", False, 486)]
    assert wire.nothing_is_left()


@pytest.mark.parametrize("lost", ["INVITE", "200 INVITE", "ACK"])
def test_one_lost_message_does_not_lose_the_call(lost: str) -> None:
    wire = Wire()
    wire.loses(lost)
    wire.dial()
    wire.run(1)
    (incoming,) = wire.called.told(IncomingCall)
    wire.carry(wire.called, wire.called.agent.answer(incoming.call, ANSWER, wire.now))
    wire.run(5)
    assert len(wire.caller.told(CallAnswered)) == 1
    assert len(wire.called.told(CallConfirmed)) == 1
    assert wire.endings == []


@pytest.mark.parametrize("doubled", ["INVITE", "100 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"])
def test_a_doubled_message_happens_once(doubled: str) -> None:
    wire = Wire()
    wire.doubles(doubled)
    calling, _ = wire.connect()
    wire.run(1)
    wire.carry(wire.caller, wire.caller.agent.bye(calling, wire.now))
    wire.run(100)
    assert len(wire.called.told(IncomingCall)) == 1
    assert len(wire.called.told(CallConfirmed)) == 1
    assert len(wire.caller.told(CallAnswered)) == 1
    assert wire.endings == [("caller", False, None), ("called", True, None)]
    assert wire.nothing_is_left()


def test_a_200_that_is_never_acknowledged_is_repeated_then_the_call_is_hung_up() -> None:
    wire = Wire()
    wire.loses("ACK", 100)
    wire.connect()
    wire.run(200)
    assert wire.called.starts.count("200 INVITE") == 11  # T1 doubling to T2, for 64*T1
    assert ("called", False, 408) in wire.endings
    assert ("caller", True, None) in wire.endings
    assert wire.nothing_is_left()


def test_a_call_that_nobody_receives_ends_by_408() -> None:
    wire = Wire()
    wire.loses("INVITE", 100)
    wire.dial()
    wire.run(100)
    assert wire.caller.starts == ["INVITE"] * 7
    assert wire.endings == [("caller", False, 408)]
    assert wire.nothing_is_left()


def test_a_bye_that_nobody_hears_is_given_up() -> None:
    wire = Wire()
    calling, _ = wire.connect()
    wire.loses("BYE", 100)
    wire.carry(wire.caller, wire.caller.agent.bye(calling, wire.now))
    wire.run(100)
    assert wire.caller.starts.count("BYE") == 11
    assert wire.caller.agent.calls == 0


def test_hanging_up_before_the_ack_waits_for_it(wire: Wire) -> None:
    wire.holds("ACK", 0.3)
    _, called = wire.connect()
    wire.carry(wire.called, wire.called.agent.bye(called, wire.now))
    assert "BYE" not in wire.called.starts
    wire.run(1)
    assert wire.called.starts[-1] == "BYE"
    assert wire.endings == [("caller", True, None), ("called", False, None)]


# Giving up before the answer


def test_a_cancelled_call_rings_no_more(wire: Wire) -> None:
    calling = wire.dial()
    wire.run(0.1)
    wire.carry(wire.caller, wire.caller.agent.cancel(calling, wire.now))
    wire.run(100)
    assert wire.endings == [("caller", False, 487), ("called", True, 487)]
    assert {"200 CANCEL", "487 INVITE"} <= set(wire.called.starts)
    assert wire.nothing_is_left()


def test_a_cancel_waits_until_something_was_heard(wire: Wire) -> None:
    calling = wire.dial()
    wire.carry(wire.caller, wire.caller.agent.cancel(calling, wire.now))
    assert wire.caller.starts == ["INVITE"]
    wire.run(100)
    assert wire.caller.starts[:2] == ["INVITE", "CANCEL"]
    assert wire.endings == [("caller", False, 487), ("called", True, 487)]


def test_an_answer_that_crosses_the_cancel_is_hung_up(wire: Wire) -> None:
    calling = wire.dial()
    wire.run(0.1)
    (incoming,) = wire.called.told(IncomingCall)
    wire.carry(wire.called, wire.called.agent.answer(incoming.call, ANSWER, wire.now))
    wire.carry(wire.caller, wire.caller.agent.cancel(calling, wire.now))
    wire.run(100)
    assert wire.caller.told(CallAnswered) == []
    assert wire.caller.starts == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert wire.endings == [("caller", False, 487), ("called", True, None)]
    assert wire.nothing_is_left()


def test_commands_for_a_cancelled_call_do_nothing(wire: Wire) -> None:
    calling = wire.dial()
    wire.run(0.1)
    (incoming,) = wire.called.told(IncomingCall)
    wire.carry(wire.caller, wire.caller.agent.cancel(calling, wire.now))
    wire.run(0.1)
    agent, call = wire.called.agent, incoming.call
    assert agent.answer(call, ANSWER, wire.now) == []
    assert agent.reject(call, 486, wire.now) == []
    assert agent.bye(call, wire.now) == []
    assert agent.accept_offer(call, ANSWER, wire.now) == []
    assert agent.reoffer(call, ANSWER, wire.now) == []
    assert agent.send_info_key(call, "1", 100, wire.now) == []


def test_a_cancel_that_nobody_heeds_ends_the_call_after_64_t1() -> None:
    wire = Wire()
    calling = wire.dial()
    wire.run(0.1)
    wire.loses("CANCEL", 100)
    wire.carry(wire.caller, wire.caller.agent.cancel(calling, wire.now))
    wire.run(40)
    assert wire.endings == [("caller", False, 487)]
    assert wire.caller.agent.calls == 0


# Keys


def test_a_key_sent_by_info_is_told_once() -> None:
    wire = Wire()
    calling, _ = wire.connect()
    wire.doubles("INFO")
    wire.carry(wire.caller, wire.caller.agent.send_info_key(calling, "#", 120, wire.now))
    wire.run(1)
    assert [(key.key, key.duration_ms) for key in wire.called.told(InfoKey)] == [("#", 120)]


# Offers


def accepting(wire: Wire, call: str) -> None:
    def react(event: object) -> list[object]:
        if isinstance(event, OfferReceived):
            return list(wire.called.agent.accept_offer(call, ANSWER, wire.now))
        return []

    wire.called.reacts = react  # type: ignore[assignment]


def test_a_call_is_put_on_hold(wire: Wire) -> None:
    calling, called = wire.connect()
    accepting(wire, called)
    wire.carry(wire.caller, wire.caller.agent.reoffer(calling, HOLD, wire.now))
    wire.run(1)
    assert [event.offer for event in wire.called.told(OfferReceived)] == [HOLD]
    assert [event.answer for event in wire.caller.told(OfferAnswered)] == [ANSWER]
    assert wire.endings == []


def test_a_refused_offer_leaves_the_call_as_it_was(wire: Wire) -> None:
    calling, called = wire.connect()
    wire.carry(wire.caller, wire.caller.agent.reoffer(calling, HOLD, wire.now))
    wire.run(0.1)
    wire.carry(wire.called, wire.called.agent.refuse_offer(called, 488, wire.now))
    wire.run(1)
    assert [event.status for event in wire.caller.told(OfferRefused)] == [488]
    assert wire.endings == []


def test_two_offers_that_meet_are_both_made_in_the_end(wire: Wire) -> None:
    calling, called = wire.connect()
    for end, call in ((wire.caller, calling), (wire.called, called)):
        agent = end.agent

        def react(event: object, agent=agent, call=call) -> list[object]:  # type: ignore[no-untyped-def]
            if isinstance(event, OfferReceived):
                return list(agent.accept_offer(call, ANSWER, wire.now))
            if isinstance(event, OfferDue):
                return list(agent.reoffer(call, HOLD, wire.now))
            return []

        end.reacts = react  # type: ignore[assignment]
        wire.carry(end, agent.reoffer(call, HOLD, wire.now))
    wire.run(0.1)
    assert "491 INVITE" in wire.caller.starts
    assert "491 INVITE" in wire.called.starts
    wire.run(10)
    assert len(wire.caller.told(OfferAnswered)) == 1
    assert len(wire.called.told(OfferAnswered)) == 1


def test_our_offer_waits_while_theirs_is_being_considered(wire: Wire) -> None:
    calling, called = wire.connect()
    wire.carry(wire.caller, wire.caller.agent.reoffer(calling, HOLD, wire.now))
    wire.run(0.1)
    wire.carry(wire.called, wire.called.agent.reoffer(called, OFFER, wire.now))
    assert "INVITE" not in wire.called.starts
    wire.carry(wire.called, wire.called.agent.accept_offer(called, ANSWER, wire.now))
    assert wire.called.told(OfferDue) == []
    wire.run(0.1)
    assert wire.called.told(OfferDue) == [OfferDue(called)]
    wire.carry(wire.called, wire.called.agent.reoffer(called, OFFER, wire.now))
    wire.run(0.1)
    assert wire.called.starts.count("INVITE") == 1
    assert [event.offer for event in wire.caller.told(OfferReceived)] == [OFFER]


def test_hanging_up_answers_the_offer_under_way(wire: Wire) -> None:
    calling, called = wire.connect()
    wire.carry(wire.caller, wire.caller.agent.reoffer(calling, HOLD, wire.now))
    wire.run(0.1)
    wire.carry(wire.called, wire.called.agent.bye(called, wire.now))
    wire.run(100)
    assert "487 INVITE" in wire.called.starts
    assert wire.endings == [("caller", True, None), ("called", False, None)]
    assert wire.nothing_is_left()


# Session timers


def test_a_long_call_is_refreshed_and_goes_on(wire: Wire) -> None:
    wire.connect()
    wire.run(4 * 3600)
    assert wire.endings == []
    refreshes = wire.caller.starts.count("UPDATE") + wire.called.starts.count("UPDATE")
    assert refreshes == 15  # every 900 s and a round trip


def test_a_call_whose_caller_vanished_ends_by_itself(wire: Wire) -> None:
    wire.connect()
    wire.loses("UPDATE", 1000)
    wire.loses("BYE", 1000)
    wire.run(3600)
    assert ("called", False, 408) in wire.endings
    assert wire.called.agent.calls == 0


def test_an_interval_too_short_for_the_called_party_is_asked_again() -> None:
    wire = Wire(
        caller_session=SessionPolicy(seconds=120),
        called_session=SessionPolicy(seconds=1800, shortest=600),
    )
    wire.connect()
    wire.run(3600)
    assert "422 INVITE" in wire.called.starts
    accepted = next(sent for sent in wire.called.sent if sent.header("Session-Expires"))
    assert (accepted.header("Session-Expires") or "").startswith("600")
    assert wire.endings == []


def test_a_failed_connection_ends_the_calls_that_wait_on_it() -> None:
    wire = Wire(transport=Transport.TCP)
    wire.loses("INVITE")
    wire.dial()
    outputs = wire.caller.agent.transport_failed(wire.called.peer, wire.now)
    wire.carry(wire.caller, outputs)
    assert wire.endings == [("caller", False, 503)]
