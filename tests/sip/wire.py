"""An imaginary wire between two user agents: what it loses, doubles or holds back is scripted."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from telephony.sip.agent import UserAgent
from telephony.sip.core import Admit, Gate, Local, SessionPolicy
from telephony.sip.events import CallEnded, IncomingCall, Output, Peer, Send, SipEvent, Transport
from telephony.sip.message import Request, Response, read

ADMIT: Gate = lambda request, source, now: Admit()  # noqa: E731 - a gate is a function

OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
ANSWER = b"v=0\r\no=- 2 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"
T = TypeVar("T")

HOLD = OFFER + b"a=sendonly\r\n"


class Counter:
    """Tokens that a test can foresee."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = count(1)

    def token(self) -> str:
        return f"{self._prefix}{next(self._numbers):016d}"


def agent(
    host: str,
    *,
    gate: Gate = ADMIT,
    session: SessionPolicy | None = None,
    lamps: bool = False,
    presence: bool = False,
) -> UserAgent:
    tokens = Counter(host.replace(".", "-"))
    return UserAgent(
        Local(host, 5060, "Test"),
        tokens,
        gate=gate,
        session=session,
        lamps=lamps,
        presence=presence,
    )


@dataclass
class End:
    """One end of the wire: what it was told, and what it sent."""

    agent: UserAgent
    peer: Peer
    events: list[SipEvent] = field(default_factory=list)
    sent: list[Request | Response] = field(default_factory=list)
    reacts: Callable[[SipEvent], list[Output]] | None = None

    def told(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def starts(self) -> list[str]:
        """What it sent, each as `INVITE` or `200 INVITE`."""
        return [name_of(message) for message in self.sent]


def name_of(message: Request | Response) -> str:
    if isinstance(message, Request):
        return message.method
    return f"{message.status} {message.cseq[1]}"


@dataclass
class Fault:
    name: str
    times: int
    deliveries: tuple[float, ...]


class Wire:
    """Joins a caller and a called party in virtual time, 10 ms apart."""

    def __init__(
        self,
        *,
        transport: Transport = Transport.UDP,
        caller_session: SessionPolicy | None = None,
        called_session: SessionPolicy | None = None,
    ) -> None:
        self.now = 0.0
        self.caller = End(
            agent("192.0.2.1", session=caller_session), Peer(transport, "192.0.2.1", 5060)
        )
        self.called = End(
            agent("192.0.2.2", session=called_session), Peer(transport, "192.0.2.2", 5060)
        )
        self._flying: list[tuple[float, int, bytes, End, Peer]] = []
        self._serial = count()
        self._faults: list[Fault] = []

    def loses(self, name: str, times: int = 1) -> None:
        """The next messages named so never arrive."""
        self._faults.append(Fault(name, times, ()))

    def doubles(self, name: str) -> None:
        self._faults.append(Fault(name, 1, (0.01, 0.02)))

    def holds(self, name: str, seconds: float) -> None:
        """The next message named so is overtaken by what follows it."""
        self._faults.append(Fault(name, 1, (seconds,)))

    def carry(self, end: End, outputs: list[Output]) -> None:
        """Put what an end sends on the wire, and remember what it tells."""
        for output in outputs:
            if isinstance(output, Send):
                self._post(end, output)
            else:
                end.events.append(output)
                if end.reacts:
                    self.carry(end, end.reacts(output))

    def _post(self, end: End, send: Send) -> None:
        message = read(send.data)
        end.sent.append(message)
        other = self.called if end is self.caller else self.caller
        assert send.to == other.peer
        for delay in self._fate(name_of(message)):
            flight = (self.now + delay, next(self._serial), send.data, other, end.peer)
            heapq.heappush(self._flying, flight)

    def _fate(self, name: str) -> tuple[float, ...]:
        for fault in self._faults:
            if fault.name == name and fault.times:
                fault.times -= 1
                return fault.deliveries
        return (0.01,)

    def run(self, seconds: float = 1.0) -> None:
        """Let time pass: deliver, and tick at each deadline."""
        end = self.now + seconds
        while (due := self._next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            if self._flying and self._flying[0][0] <= self.now:
                _, _, data, to, source = heapq.heappop(self._flying)
                self.carry(to, to.agent.feed(data, source, self.now))
            else:
                for side in (self.caller, self.called):
                    self.carry(side, side.agent.tick(self.now))
        self.now = end

    def _next_due(self) -> float | None:
        dues = [self.caller.agent.deadline, self.called.agent.deadline]
        if self._flying:
            dues.append(self._flying[0][0])
        return min((due for due in dues if due is not None), default=None)

    # A call in the usual steps

    def dial(self, sdp: bytes = OFFER, target: str = "sip:5145550100@192.0.2.2") -> str:
        call, outputs = self.caller.agent.invite(
            target,
            from_uri="sip:101@192.0.2.1",
            display_name="Camille Côté",
            sdp=sdp,
            credentials=None,
            peer=self.called.peer,
            now=self.now,
        )
        self.carry(self.caller, outputs)
        return call

    def connect(self) -> tuple[str, str]:
        """Dial and answer; the ids of the call at the caller's and at the called party's."""
        calling = self.dial()
        self.run(0.1)
        called = self.called.told(IncomingCall)[-1].call
        self.carry(self.called, self.called.agent.answer(called, ANSWER, self.now))
        self.run(0.1)
        return calling, called

    @property
    def endings(self) -> list[tuple[str, bool, int | None]]:
        """How the call ended, for the caller then for the called party."""
        return [
            (name, event.by_peer, event.status)
            for name, end in (("caller", self.caller), ("called", self.called))
            for event in end.told(CallEnded)
        ]

    def nothing_is_left(self) -> bool:
        """Whether both ends forgot everything about their calls."""
        return (
            self.caller.agent.calls == self.called.agent.calls == 0
            and self.caller.agent.deadline is None
            and self.called.agent.deadline is None
        )
