"""Ten thousand damaged SIP messages during live calls end none of them, and raise nothing."""

from collections import Counter

from telephony.sip.agent import UserAgent
from telephony.sip.events import CallConfirmed, CallEnded, IncomingCall, Output, Peer, Transport
from telephony.sip.message import Malformed, read
from tests.fuzz.corpus import OFFER, sip_corpus, sip_request
from tests.fuzz.mutation import mutants
from tests.torture.agents import PEER, header_lines, lone_agent, statuses

STRANGER = Peer(Transport.UDP, "192.0.2.66", 5060)
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
