"""Damaged transfers, diversions and take-overs: read, refused or ignored, and never a fault."""

from collections import Counter

from telephony.sip.agent import UserAgent
from telephony.sip.events import CallEnded, IncomingCall, TransferAsked
from tests.fuzz.corpus import OFFER, sip_request
from tests.fuzz.mutation import mutants
from tests.fuzz.test_sip import live_call
from tests.torture.agents import PEER, lone_agent, statuses

DIVERTED = (
    'Diversion: "Léa" <sip:102@pbx>;reason="unconditional", <tel:+15145550100>;reason=away\r\n'
    "History-Info: <sip:101@p?Reason=SIP%3Bcause%3D302>;index=1, "
    "<sip:102@p;cause=408>;index=1.1;mp=1\r\n"
)


def two_calls() -> tuple[UserAgent, str, str, list[bytes]]:
    """An agent, two calls of it, and what one telephone asks that has both."""
    agent = lone_agent()
    call, tag = live_call(agent, "anne")
    other, _ = live_call(agent, "benoit")
    named = agent.dialog_of(other)
    assert named is not None
    name = f"{named.call_id};to-tag={named.from_tag};from-tag={named.to_tag}"
    escaped = name.replace(";", "%3B").replace("=", "%3D")
    corpus = [
        sip_request("REFER", 6, call_id="anne", to_tag=tag, extra="Refer-To: <sip:1@b>\r\n"),
        sip_request(
            "REFER", 7, call_id="anne", to_tag=tag,
            extra=f"Refer-To: <sip:1@b?Replaces={escaped}>\r\n",
        ),
        sip_request("SUBSCRIBE", 8, call_id="anne", to_tag=tag, extra="Event: refer\r\n"),
        sip_request("INVITE", 1, call_id="new", body=OFFER, extra=f"Replaces: {name}\r\n"),
        sip_request("INVITE", 1, call_id="sent", body=OFFER, extra=DIVERTED),
    ]  # fmt: skip
    return agent, call, other, corpus


def test_damaged_transfers_and_take_overs_are_refused_or_carried_out() -> None:
    outcomes: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    for seed in range(200):
        agent, call, other, corpus = two_calls()
        for number, data in enumerate(mutants(corpus, 20, seed=seed)):
            now = 1.0 + number
            out = agent.feed(data, PEER, now)
            for event in tuple(out):
                if isinstance(event, TransferAsked):
                    kinds["attended" if event.replaces == other else "blind"] += 1
                    out += agent.transfers.tell(call, 404, now)
                elif isinstance(event, IncomingCall):
                    kinds["taken over" if event.replaces else "new"] += 1
                    kinds["diverted"] += bool(event.diversions)
                    out += agent.reject(event.call, 486, now)
            outcomes.update(statuses(out))
            out += agent.tick(now)
            assert other not in {each.call for each in out if isinstance(each, CallEnded)}
    assert outcomes[202] > 100
    assert outcomes[400] > 100
    assert all(kinds[each] for each in ("attended", "blind", "taken over", "diverted")), kinds
