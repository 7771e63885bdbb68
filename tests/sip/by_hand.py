"""A peer that writes its messages by hand, octet by octet, and reads what comes back."""

from telephony.sip.agent import UserAgent
from telephony.sip.core import Gate
from telephony.sip.events import Output, Peer, Send, SipEvent, Transport
from telephony.sip.message import Request, Response, read
from tests.sip.wire import ADMIT, OFFER, agent

SOURCE = Peer(Transport.UDP, "192.0.2.9", 5062)


def request(
    method: str,
    *extra: str,
    uri: str = "sip:5145550100@192.0.2.2",
    branch: str = "z9hG4bKone",
    cseq: int = 1,
    to_tag: str = "",
    from_tag: str = "them",
    body: bytes = b"",
    via: str = "SIP/2.0/UDP 192.0.2.9:5062;rport",
    call_id: str = "hand@192.0.2.9",
) -> bytes:
    """A well-formed request; `extra` are whole header lines."""
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: {via};branch={branch}",
        "Max-Forwards: 70",
        f'From: "Roger" <sip:+15145550199@192.0.2.9>;tag={from_tag}',
        "To: <sip:5145550100@192.0.2.2>" + (f";tag={to_tag}" if to_tag else ""),
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:roger@192.0.2.9:5062>",
        *extra,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def invite(*extra: str, body: bytes = OFFER, **fields: str) -> bytes:
    kind = ("Content-Type: application/sdp",) if body else ()
    return request("INVITE", *kind, *extra, body=body, **fields)  # type: ignore[arg-type]


class Hand:
    """One user agent and the peer that writes to it, in virtual time."""

    def __init__(
        self,
        gate: Gate = ADMIT,
        source: Peer = SOURCE,
        *,
        lamps: bool = False,
        presence: bool = False,
    ) -> None:
        self.agent: UserAgent = agent("192.0.2.2", gate=gate, lamps=lamps, presence=presence)
        self.source = source
        self.now = 0.0
        self.events: list[SipEvent] = []
        self.to: list[Peer] = []

    def writes(self, data: bytes) -> list[Request | Response]:
        """Give octets; what is sent back."""
        return self.sorted(self.agent.feed(data, self.source, self.now))

    def sorted(self, outputs: list[Output]) -> list[Request | Response]:
        """What is sent; what is told is kept in `events`."""
        self.to = [output.to for output in outputs if isinstance(output, Send)]
        self.events += [output for output in outputs if not isinstance(output, Send)]
        return [read(output.data) for output in outputs if isinstance(output, Send)]

    def status(self, data: bytes) -> int | None:
        """The status of the final answer to a request."""
        answers = [one for one in self.writes(data) if isinstance(one, Response)]
        return answers[-1].status if answers else None

    def waits(self, seconds: float) -> list[Request | Response]:
        """Let time pass; what is sent meanwhile."""
        end = self.now + seconds
        sent: list[Request | Response] = []
        while (due := self.agent.deadline) is not None and due <= end:
            self.now = due
            sent += self.sorted(self.agent.tick(due))
        self.now = end
        return sent

    def last_call(self) -> str:
        return self.events[-1].call
