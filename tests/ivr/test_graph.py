"""The graph that runs a flow: shared by calls, and held by none of them."""

import gc
import weakref

import pytest

from ivr.faults import DialogueMisuse
from ivr.machine import Flows, key_trigger


def test_calls_in_one_flow_do_not_move_each_other(flows: Flows) -> None:
    graph = flows.graph("main_attendant")
    one, other = graph.enter(), graph.enter()
    assert graph.move(one, key_trigger("9")) == "english"
    assert other.state == "welcome"


def test_a_move_into_a_group_lands_in_its_initial_state(flows: Flows) -> None:
    graph = flows.graph("voicemail_main")
    assert graph.flow.landing("login") == "login.mailbox"


def test_a_way_that_is_not_there_is_a_bug_and_says_where(flows: Flows) -> None:
    graph = flows.graph("main_attendant")
    for trigger in ("dtmf.7", "dtmf.star"):
        with pytest.raises(DialogueMisuse, match=f"welcome has no edge on {trigger}"):
            graph.move(graph.enter(), trigger)


def test_a_call_that_is_dropped_leaves_nothing_behind(flows: Flows) -> None:
    cursor = flows.graph("main_attendant").enter()
    gone = weakref.ref(cursor)
    del cursor
    gc.collect()
    assert gone() is None
