"""Answered transactions wait for repetitions as long as the RFC asks, and cost little meanwhile."""

import gc

from telephony.sip.alarms import Alarms
from telephony.sip.events import Peer, Transport
from telephony.sip.ledger import Ledger
from telephony.sip.lingering import Lingering
from telephony.sip.message import Request, Response, read
from telephony.sip.transaction import Times

PHONE = Peer(Transport.UDP, "192.0.2.5", 5060)


def bye(number: int) -> Request:
    text = (
        "BYE sip:b@192.0.2.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK-{number}\r\n"
        f"From: <sip:a@192.0.2.5>;tag=a\r\nTo: <sip:b@192.0.2.1>;tag=b\r\n"
        f"Call-ID: {number}\r\nCSeq: 2 BYE\r\nContact: <sip:a@192.0.2.5>\r\n\r\n"
    )
    request = read(text.encode())
    assert isinstance(request, Request)
    return request


def test_each_thing_leaves_after_its_own_time() -> None:
    alarms, left = Alarms(), []
    lingering = Lingering[str](alarms, lambda thing, now: left.append((thing, now)))
    for thing, seconds, now in (("a", 32.0, 0.0), ("b", 5.0, 1.0), ("c", 32.0, 2.0)):
        lingering.add(thing, seconds, now)
    times = []
    while (deadline := alarms.deadline) is not None:
        times.append(deadline)
        alarms.ring(deadline)
    assert times == [6.0, 32.0, 34.0]
    assert left == [("b", 6.0), ("a", 32.0), ("c", 34.0)]


def test_what_is_added_while_another_leaves_waits_its_own_time() -> None:
    alarms, left = Alarms(), []

    def leave(thing: str, now: float) -> None:
        left.append(thing)
        if thing == "a":
            lingering.add("again", 32.0, now)

    lingering = Lingering[str](alarms, leave)
    lingering.add("a", 32.0, 0.0)
    alarms.ring(40.0)
    assert (left, alarms.deadline) == (["a"], 72.0)
    alarms.ring(72.0)
    assert left == ["a", "again"]


def test_a_request_repeated_after_its_answer_is_answered_again_until_its_time_is_up() -> None:
    alarms, sent = Alarms(), []
    ledger = Ledger(Times(), alarms, lambda data, to: sent.append((data, to)))
    transaction = ledger.open(bye(1), PHONE)
    ledger.respond(transaction, Response((), status=200, reason="OK"), 0.0)
    again = ledger.find(bye(1), "BYE")
    assert again is transaction
    ledger.repeated(again, bye(1), 31.0)
    assert sent == [sent[0], sent[0]]
    alarms.ring(32.0)
    assert ledger.find(bye(1), "BYE") is None


def test_thousands_of_answered_requests_are_few_things_to_walk_through() -> None:
    alarms = Alarms()
    ledger = Ledger(Times(), alarms, lambda data, to: None)

    def answer(numbers: range) -> None:
        for number in numbers:
            transaction = ledger.open(bye(number), PHONE)
            ledger.respond(transaction, Response((), status=200, reason="OK"), number / 500)

    answer(range(1000))  # fills what is remembered of fields
    gc.collect()
    before = len(gc.get_objects())
    answer(range(1000, 3000))
    gc.collect()
    assert (len(gc.get_objects()) - before) / 2000 < 7
    alarms.ring(100.0)
    assert alarms.deadline is None
