"""Ten thousand damaged SIP messages during live calls end none of them, and raise nothing."""

from collections import Counter

from telephony.sip.agent import UserAgent
from telephony.sip.events import (
    CallConfirmed,
    CallEnded,
    IncomingCall,
    Kept,
    Output,
    Peer,
    Send,
    SubscribeReceived,
    SubscriptionKept,
    Transport,
)
from telephony.sip.message import Malformed, Request, read
from telephony.sip.summary import Waiting
from tests.fuzz.corpus import LAMP, OFFER, sip_corpus, sip_request
from tests.fuzz.mutation import mutants
from tests.torture.agents import PEER, header_lines, lone_agent, statuses

STRANGER = Peer(Transport.UDP, "192.0.2.66", 5060)
ONE_NEW = Waiting(new=1, old=0)
TWO_NEW = Waiting(new=2, old=0)
ROUTED = "Expires: 99\r\nRecord-Route: <sip:192.0.2.50;lr>, <sip:192.0.2.51>\r\n"
LIVE = ("anne", "benoit", "chantal")


def live_call(agent: UserAgent, name: str) -> tuple[str, str]:
    """A call answered and acknowledged: its id and our tag."""
    invited = agent.feed(sip_request("INVITE", 1, call_id=name, body=OFFER), PEER, 0.0)
    (call,) = [each.call for each in invited if isinstance(each, IncomingCall)]
    answered = agent.answer(call, OFFER, 0.1)
    tag = header_lines(answered, "To")[0].partition(";tag=")[2]
    confirmed = agent.feed(sip_request("ACK", 1, call_id=name, to_tag=tag), PEER, 0.2)
    assert [each for each in confirmed if isinstance(each, CallConfirmed)]
    return call, tag


def ended(out: list[Output]) -> set[str]:
    return {each.call for each in out if isinstance(each, CallEnded)}


def test_ten_thousand_damaged_messages_end_no_live_call() -> None:
    agent = lone_agent()
    live = {name: live_call(agent, name) for name in LIVE}
    ids = {call for call, _ in live.values()}
    outcomes: Counter[int] = Counter()
    for number, data in enumerate(mutants(sip_corpus(), 10_000, seed=4475)):
        now = 1.0 + number / 1000
        out = agent.feed(data, PEER if number % 2 else STRANGER, now)
        outcomes.update(statuses(out))
        assert not ended(out) & ids
        if number % 100 == 0:
            assert not ended(agent.tick(now)) & ids
    assert outcomes[400] > 500, "the damage reaches the parser"
    assert outcomes[100] > 100, "and some of it is still an INVITE"
    for name, (call, tag) in live.items():
        bye = agent.feed(sip_request("BYE", 2, call_id=name, to_tag=tag), PEER, 12.0)
        assert statuses(bye) == [200]
        assert ended(bye) == {call}


def test_damaged_messages_of_a_dialog_leave_its_other_calls_alone() -> None:
    agent = lone_agent()
    _, tag = live_call(agent, "anne")
    other, _ = live_call(agent, "benoit")
    corpus = [
        sip_request("INVITE", 2, call_id="anne", to_tag=tag, body=OFFER),
        sip_request("UPDATE", 3, call_id="anne", to_tag=tag, body=OFFER),
        sip_request(
            "INFO", 4, call_id="anne", to_tag=tag, kind="application/dtmf-relay",
            body=b"Signal=5\r\nDuration=160\r\n",
        ),
        sip_request("BYE", 5, call_id="anne", to_tag=tag),
        sip_request("ACK", 1, call_id="anne", to_tag=tag),
        sip_request("REFER", 6, call_id="anne", to_tag=tag, extra="Refer-To: <sip:a@b>\r\n"),
    ]  # fmt: skip
    for number, data in enumerate(mutants(corpus, 3_000, seed=3261)):
        assert other not in ended(agent.feed(data, PEER, 1.0 + number / 1000))
        assert other not in ended(agent.tick(1.0 + number / 1000))


def granted(agent: UserAgent, out: list[Output], now: float) -> list[Output]:
    """What follows when every SUBSCRIBE is granted, all of it well formed."""
    asks = [each.ask for each in out if isinstance(each, SubscribeReceived)]
    follows = [each for ask in asks for each in agent.subscriptions.grant(ask, ONE_NEW, now)]
    for each in follows:
        if isinstance(each, Send):
            read(each.data)
    return follows


def lamp_of(agent: UserAgent, name: str) -> str:
    """A subscription made and told: the tag of its dialog."""
    data = sip_request("SUBSCRIBE", 1, call_id=name, extra=LAMP + "Expires: 3600\r\n")
    asked = agent.feed(data.replace(b"<sip:5145550123@192.0.2.1:5060>", contact(name)), PEER, 0.0)
    sent = [each.data for each in granted(agent, asked, 0.0) if isinstance(each, Send)]
    answer, notify = map(read, sent)
    assert isinstance(notify, Request)
    agent.feed(acknowledged(notify), PEER, 0.0)
    return answer.recipient.tag


def contact(name: str) -> bytes:
    return f"<sip:{name}@192.0.2.1:5060>".encode()


def acknowledged(notify: Request) -> bytes:
    kept = ("Via", "From", "To", "Call-ID", "CSeq")
    lines = [f"{name}: {value}" for name, value in notify.headers if name in kept]
    return "\r\n".join(["SIP/2.0 200 OK", *lines, "Content-Length: 0", "", ""]).encode()


def test_ten_thousand_damaged_subscriptions_put_no_other_lamp_out() -> None:
    agent = lone_agent(lamps=True)
    lamp_of(agent, "desk")
    tag = lamp_of(agent, "hall")
    corpus = [
        sip_request("SUBSCRIBE", 1, call_id="new", extra=LAMP + "Expires: 60\r\n"),
        sip_request("SUBSCRIBE", 1, call_id="routed", extra=LAMP + ROUTED),
        sip_request("SUBSCRIBE", 1, call_id="once", extra=LAMP + "Expires: 0\r\n"),
        sip_request("SUBSCRIBE", 2, call_id="hall", to_tag=tag, extra=LAMP + "Expires: 600\r\n"),
        sip_request("OPTIONS", 2, call_id="hall", to_tag=tag),
        sip_request("NOTIFY", 3, call_id="hall", to_tag=tag, extra=LAMP),
    ]
    outcomes: Counter[int] = Counter()
    for number, data in enumerate(mutants(corpus, 10_000, seed=6665)):
        now = 1.0 + number / 1000
        out = agent.feed(data, PEER if number % 2 else STRANGER, now)
        outcomes.update(statuses(out) + statuses(granted(agent, out, now)))
        agent.tick(now)
    assert outcomes[400] > 500, "the damage reaches the parser"
    assert outcomes[200] > 200, "and some of it is still granted"
    assert outcomes[489] > 50, "or is of another event"
    told = agent.subscriptions.tell("5145550100", TWO_NEW, 12.0)
    assert any(b"NOTIFY sip:desk@" in each.data for each in told if isinstance(each, Send))


def test_a_subscription_written_down_from_a_damaged_request_is_restored_or_struck_out() -> None:
    agent = lone_agent(lamps=True)
    kept: list[Kept] = []
    whole = sip_request("SUBSCRIBE", 1, call_id="new", extra=LAMP + ROUTED)
    for number, data in enumerate(mutants([whole], 2_000, seed=3842)):
        out = agent.feed(data.replace(b"new", b"%d" % number), PEER, 0.0)
        out = granted(agent, out, 0.0)
        kept += [each.kept for each in out if isinstance(each, SubscriptionKept)]
    assert len(kept) > 200
    anew = lone_agent(lamps=True)
    for each in kept:
        anew.subscriptions.restore(each, 60.0, 0.0)
    for account in set(anew.subscriptions.accounts):
        for told in anew.subscriptions.tell(account, ONE_NEW, 0.0):
            assert isinstance(told, Send)
            assert read(told.data).call_id
    while (due := anew.deadline) is not None:
        anew.tick(due)
    assert not anew.subscriptions.accounts


def test_a_damaged_stream_is_cut_or_dropped_and_raises_nothing() -> None:
    agent = lone_agent()
    call, _ = live_call(agent, "anne")
    for number, data in enumerate(mutants(sip_corpus(), 1_000, seed=5)):
        peer = Peer(Transport.TCP, "192.0.2.66", 1000 + number)
        for start in range(0, len(data), 211):
            assert call not in ended(agent.feed(data[start : start + 211], peer, 1.0))
        agent.transport_failed(peer, 1.0)


def test_what_is_read_is_written_and_read_the_same() -> None:
    for data in mutants(sip_corpus(), 2_000, seed=11):
        try:
            message = read(data)
        except Malformed:
            continue
        again = read(bytes(message))
        assert again.body == message.body
        assert again.call_id == message.call_id
