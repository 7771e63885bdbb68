"""Each key press counts once, whatever the network does to its packets."""

import random
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call.media import KeyPressed, KeySource
from telephony import rtp
from telephony.dtmf import (
    KEYS,
    DtmfFault,
    KeyReceiver,
    TelephoneEvent,
    pack_event,
    parse_event,
    press_packets,
)
from tests.media.plane import a_call, stream

pytestmark = pytest.mark.usefixtures("each_way")

Arrival = tuple[int, int, bytes]
"""SSRC, timestamp and payload of an event packet."""


def _press(key: str, timestamp: int, ssrc: int = 1, steps: int = 5) -> list[Arrival]:
    return [(ssrc, timestamp, packet.payload) for packet in press_packets(key, steps=steps)]


def _heard(arrivals: list[Arrival], receiver: KeyReceiver | None = None) -> str:
    receiver = receiver or KeyReceiver()
    told = [receiver.receive(*arrival, now=0.02 * n) for n, arrival in enumerate(arrivals)]
    return "".join(key for key in told if key)


@given(st.sampled_from(KEYS), st.integers(0, 2**32 - 1), st.data())
def test_one_press_is_one_key_if_any_packet_of_it_arrives(
    key: str, timestamp: int, data: st.DataObject
) -> None:
    packets = _press(key, timestamp)
    arrivals = data.draw(st.lists(st.sampled_from(packets), max_size=24))
    assert _heard(arrivals) == (key if arrivals else "")


@given(st.text(KEYS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_number_keyed_through_a_bad_network_arrives_whole_and_once(
    keys: str, dice: random.Random
) -> None:
    arrivals: list[Arrival] = []
    for n, key in enumerate(keys):
        packets = _press(key, n * 1600)
        kept = [p for p in packets if dice.random() > 0.4] or [packets[-1]]
        twice = kept + [p for p in kept if dice.random() > 0.5]
        dice.shuffle(twice)
        arrivals += twice
        if n and dice.random() > 0.5:  # stragglers of the press before
            arrivals += _press(keys[n - 1], (n - 1) * 1600)[-2:]
    assert _heard(arrivals) == keys


def test_the_same_key_twice_in_quick_succession_is_two_presses() -> None:
    assert _heard(_press("5", 0) + _press("5", 1000)) == "55"


def test_a_key_held_for_twenty_seconds_is_one_press() -> None:
    segments = [  # RFC 4733, 2.5.1.3: a new segment begins where 16 bits end
        (1, 0xFFFF * n, pack_event(TelephoneEvent(9, False, duration)))
        for n in range(3)
        for duration in (8000, 40000, 0xFFFF)
    ]
    assert _heard(segments) == "9"


def test_a_key_down_while_the_ssrc_changes_is_one_press() -> None:
    packets = _press("7", 5000, steps=10)
    renamed = [(2, 90000, payload) for _, _, payload in packets]
    for cut in range(1, len(packets)):
        assert _heard(packets[:cut] + renamed[cut:]) == "7"


def test_a_new_press_after_the_ssrc_changed_is_a_new_press() -> None:
    assert _heard(_press("7", 5000) + _press("7", 90000, ssrc=2)) == "77"


def test_a_hook_flash_is_no_key() -> None:
    assert _heard([(1, 0, pack_event(TelephoneEvent(16, False, 160)))]) == ""


@given(st.binary(max_size=12))
def test_any_octets_are_an_event_or_a_fault_of_the_peer(payload: bytes) -> None:
    try:
        event = parse_event(payload)
    except DtmfFault:
        assert len(payload) < 4
    else:
        assert parse_event(pack_event(event)) == event


@pytest.mark.parametrize("key", list(KEYS))
def test_a_press_sent_says_its_key_its_length_and_its_end_three_times(key: str) -> None:
    packets = list(press_packets(key))
    events = [parse_event(p.payload) for p in packets]
    assert [p.marker for p in packets] == [True] + [False] * 6
    assert [e.end for e in events] == [False] * 4 + [True] * 3
    assert [e.duration for e in events] == [160, 320, 480, 640, 800, 800, 800]
    assert {e.code for e in events} == {KEYS.index(key)}


def test_keys_of_the_caller_are_told_with_source_and_time() -> None:
    call = a_call()
    call.plane.advance(0.1)
    call.far.press("8500#")
    call.plane.advance(2.0)
    pressed = call.told(KeyPressed)
    assert "".join(p.key for p in pressed) == "8500#"
    assert {p.source for p in pressed} == {KeySource.RFC4733}
    assert [p.at for p in pressed] == sorted(p.at for p in pressed)
    assert 0.1 <= pressed[0].at <= 0.15


def test_keys_of_ours_reach_the_far_end_on_one_running_clock() -> None:
    call = a_call()
    call.plane.advance(0.2)
    call.plane.send_keys(call.slot, "42")
    call.plane.advance(1.0)
    packets = [rtp.parse(packet) for _, packet in call.far.heard]
    events = [p for p in packets if p.payload_type == 101]
    presses = [list(g) for _, g in groupby(events, key=lambda p: p.timestamp)]
    assert [KEYS[p[0].payload[0]] for p in presses] == ["4", "2"]
    assert [len(p) for p in presses] == [7, 7]
    assert [p[0].marker for p in presses] == [True, True]
    receiver = KeyReceiver()
    told = [receiver.receive(p.ssrc, p.timestamp, p.payload, 0.0) for p in events]
    assert "".join(k for k in told if k) == "42"
    for before, after in pairwise(packets):
        assert rtp.sequence_steps(before.sequence, after.sequence) == 1
    sound = [p for p in packets if p.payload_type == 0]
    elapsed = rtp.timestamp_samples(sound[0].timestamp, sound[-1].timestamp)
    assert elapsed == (len(packets) - 1) * 160


def test_keys_of_ours_are_tones_where_the_far_end_takes_no_events() -> None:
    ours, theirs = a_call(agreed=stream(events=None)), a_call(agreed=stream(events=None))
    ours.plane.send_keys(ours.slot, "159*")
    for _ in range(200):
        ours.plane.advance(0.02)
        theirs.far.inbox.extend((p, theirs.far.address) for _, p in ours.far.heard[-1:])
        theirs.far.silent = True
        theirs.plane.advance(0.02)
    assert "".join(p.key for p in theirs.told(KeyPressed)) == "159*"
    assert {p.source for p in theirs.told(KeyPressed)} == {KeySource.INBAND}
