"""The four transaction machines of RFC 3261 §17, with the Accepted states of RFC 6026, as data.

Theory of operation. A transaction is one request and its responses. What happens to it is a
`Signal`; `TABLES[kind]` says, for each state and signal, the next state and the acts to perform in
order. A pair absent from the table means that nothing happens: this is how repeated responses are
absorbed, and how timers stop, since a timer that fires in a state that does not list it is
forgotten. Acts that start a timer are named for it. The machine decides; its owner
(`telephony.sip.ledger`) sends, passes up and keeps the alarms.

Over a reliable transport, retransmission timers (A, E, G) are never started, and waiting timers
(D, I, J, K) last zero seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """Which of the four machines."""

    INVITE_CLIENT = "INVITE client"
    CLIENT = "non-INVITE client"
    INVITE_SERVER = "INVITE server"
    SERVER = "non-INVITE server"


class State(StrEnum):
    """Where a transaction stands."""

    CALLING = "Calling"
    TRYING = "Trying"
    PROCEEDING = "Proceeding"
    COMPLETED = "Completed"
    ACCEPTED = "Accepted"
    CONFIRMED = "Confirmed"
    TERMINATED = "Terminated"


class Signal(StrEnum):
    """What happens to a transaction: from the wire, from its user, or from a timer."""

    REQUEST = "request"
    ACK = "ACK"
    GOT_1XX = "1xx"
    GOT_2XX = "2xx"
    GOT_FAILURE = "300-699"
    SEND_1XX = "send 1xx"
    SEND_2XX = "send 2xx"
    SEND_FAILURE = "send 300-699"
    TRANSPORT_ERROR = "transport error"
    A = "timer A"
    B = "timer B"
    D = "timer D"
    E = "timer E"
    F = "timer F"
    G = "timer G"
    H = "timer H"
    I = "timer I"  # noqa: E741 - the RFC's letter
    J = "timer J"
    K = "timer K"
    L = "timer L"
    M = "timer M"


class Act(StrEnum):
    """What the owner of a transaction does about a signal."""

    SEND = "send"  # the request, or the response just given
    RESEND = "send again"  # the request, or the last response
    PASS = "pass up"  # the message goes to the transaction's user
    ACKNOWLEDGE = "send ACK"
    TIME_OUT = "tell timeout"
    FAIL = "tell transport failure"
    START_A = "start A"
    START_B = "start B"
    START_D = "start D"
    START_E = "start E"
    START_F = "start F"
    START_G = "start G"
    START_H = "start H"
    START_I = "start I"
    START_J = "start J"
    START_K = "start K"
    START_L = "start L"
    START_M = "start M"
    DOUBLE_A = "start A at twice"
    DOUBLE_E = "start E at twice, T2 at most"
    SLOW_E = "start E at T2"
    DOUBLE_G = "start G at twice, T2 at most"


Table = Mapping[tuple[State, Signal], tuple[State, tuple[Act, ...]]]

_S, _X, _A = State, Signal, Act

INITIAL: Mapping[Kind, tuple[State, tuple[Act, ...]]] = MappingProxyType(
    {
        Kind.INVITE_CLIENT: (_S.CALLING, (_A.SEND, _A.START_A, _A.START_B)),
        Kind.CLIENT: (_S.TRYING, (_A.SEND, _A.START_E, _A.START_F)),
        Kind.INVITE_SERVER: (_S.PROCEEDING, (_A.PASS,)),
        Kind.SERVER: (_S.TRYING, (_A.PASS,)),
    }
)

TABLES: Mapping[Kind, Table] = MappingProxyType(
    {
        # RFC 3261 figure 5, RFC 6026 §8.4
        Kind.INVITE_CLIENT: {
            (_S.CALLING, _X.A): (_S.CALLING, (_A.RESEND, _A.DOUBLE_A)),
            (_S.CALLING, _X.B): (_S.TERMINATED, (_A.TIME_OUT,)),
            (_S.CALLING, _X.TRANSPORT_ERROR): (_S.TERMINATED, (_A.FAIL,)),
            (_S.CALLING, _X.GOT_1XX): (_S.PROCEEDING, (_A.PASS,)),
            (_S.CALLING, _X.GOT_2XX): (_S.ACCEPTED, (_A.PASS, _A.START_M)),
            (_S.CALLING, _X.GOT_FAILURE): (
                _S.COMPLETED,
                (_A.ACKNOWLEDGE, _A.PASS, _A.START_D),
            ),
            (_S.PROCEEDING, _X.GOT_1XX): (_S.PROCEEDING, (_A.PASS,)),
            (_S.PROCEEDING, _X.GOT_2XX): (_S.ACCEPTED, (_A.PASS, _A.START_M)),
            (_S.PROCEEDING, _X.GOT_FAILURE): (
                _S.COMPLETED,
                (_A.ACKNOWLEDGE, _A.PASS, _A.START_D),
            ),
            (_S.ACCEPTED, _X.GOT_2XX): (_S.ACCEPTED, (_A.PASS,)),
            (_S.ACCEPTED, _X.M): (_S.TERMINATED, ()),
            (_S.COMPLETED, _X.GOT_FAILURE): (_S.COMPLETED, (_A.ACKNOWLEDGE,)),
            (_S.COMPLETED, _X.TRANSPORT_ERROR): (_S.TERMINATED, (_A.FAIL,)),
            (_S.COMPLETED, _X.D): (_S.TERMINATED, ()),
        },
        # RFC 3261 figure 6
        Kind.CLIENT: {
            (_S.TRYING, _X.E): (_S.TRYING, (_A.RESEND, _A.DOUBLE_E)),
            (_S.TRYING, _X.F): (_S.TERMINATED, (_A.TIME_OUT,)),
            (_S.TRYING, _X.TRANSPORT_ERROR): (_S.TERMINATED, (_A.FAIL,)),
            (_S.TRYING, _X.GOT_1XX): (_S.PROCEEDING, (_A.PASS, _A.SLOW_E)),
            (_S.TRYING, _X.GOT_2XX): (_S.COMPLETED, (_A.PASS, _A.START_K)),
            (_S.TRYING, _X.GOT_FAILURE): (_S.COMPLETED, (_A.PASS, _A.START_K)),
            (_S.PROCEEDING, _X.E): (_S.PROCEEDING, (_A.RESEND, _A.SLOW_E)),
            (_S.PROCEEDING, _X.F): (_S.TERMINATED, (_A.TIME_OUT,)),
            (_S.PROCEEDING, _X.TRANSPORT_ERROR): (_S.TERMINATED, (_A.FAIL,)),
            (_S.PROCEEDING, _X.GOT_1XX): (_S.PROCEEDING, (_A.PASS,)),
            (_S.PROCEEDING, _X.GOT_2XX): (_S.COMPLETED, (_A.PASS, _A.START_K)),
            (_S.PROCEEDING, _X.GOT_FAILURE): (_S.COMPLETED, (_A.PASS, _A.START_K)),
            (_S.COMPLETED, _X.K): (_S.TERMINATED, ()),
        },
        # RFC 3261 figure 7, RFC 6026 §8.7; the 2xx is repeated by the dialog, not here
        Kind.INVITE_SERVER: {
            (_S.PROCEEDING, _X.REQUEST): (_S.PROCEEDING, (_A.RESEND,)),
            (_S.PROCEEDING, _X.SEND_1XX): (_S.PROCEEDING, (_A.SEND,)),
            (_S.PROCEEDING, _X.SEND_2XX): (_S.ACCEPTED, (_A.SEND, _A.START_L)),
            (_S.PROCEEDING, _X.SEND_FAILURE): (
                _S.COMPLETED,
                (_A.SEND, _A.START_G, _A.START_H),
            ),
            (_S.ACCEPTED, _X.SEND_2XX): (_S.ACCEPTED, (_A.SEND,)),
            (_S.ACCEPTED, _X.ACK): (_S.ACCEPTED, (_A.PASS,)),
            (_S.ACCEPTED, _X.L): (_S.TERMINATED, ()),
            (_S.COMPLETED, _X.REQUEST): (_S.COMPLETED, (_A.RESEND,)),
            (_S.COMPLETED, _X.G): (_S.COMPLETED, (_A.RESEND, _A.DOUBLE_G)),
            (_S.COMPLETED, _X.H): (_S.TERMINATED, (_A.TIME_OUT,)),
            (_S.COMPLETED, _X.ACK): (_S.CONFIRMED, (_A.START_I,)),
            (_S.CONFIRMED, _X.I): (_S.TERMINATED, ()),
        },
        # RFC 3261 figure 8
        Kind.SERVER: {
            (_S.TRYING, _X.SEND_1XX): (_S.PROCEEDING, (_A.SEND,)),
            (_S.TRYING, _X.SEND_2XX): (_S.COMPLETED, (_A.SEND, _A.START_J)),
            (_S.TRYING, _X.SEND_FAILURE): (_S.COMPLETED, (_A.SEND, _A.START_J)),
            (_S.PROCEEDING, _X.REQUEST): (_S.PROCEEDING, (_A.RESEND,)),
            (_S.PROCEEDING, _X.SEND_1XX): (_S.PROCEEDING, (_A.SEND,)),
            (_S.PROCEEDING, _X.SEND_2XX): (_S.COMPLETED, (_A.SEND, _A.START_J)),
            (_S.PROCEEDING, _X.SEND_FAILURE): (_S.COMPLETED, (_A.SEND, _A.START_J)),
            (_S.COMPLETED, _X.REQUEST): (_S.COMPLETED, (_A.RESEND,)),
            (_S.COMPLETED, _X.J): (_S.TERMINATED, ()),
        },
    }
)


@dataclass(frozen=True, slots=True)
class Times:
    """The base timers of RFC 3261 §17.1.1.1, in seconds."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def patience(self) -> float:
        """64*T1: how long an answer, or an ACK, is waited for."""
        return 64 * self.t1

    def first(self, timer: Signal, *, reliable: bool) -> float | None:
        """How long a timer lasts at first; None when it is not started on this transport."""
        match timer:
            case Signal.A | Signal.E | Signal.G:
                return None if reliable else self.t1
            case Signal.D:
                return 0.0 if reliable else max(32.0, self.patience)
            case Signal.I | Signal.K:
                return 0.0 if reliable else self.t4
            case Signal.J:
                return 0.0 if reliable else self.patience
            case _:
                return self.patience


@dataclass(frozen=True, slots=True)
class TimerStart:
    """A timer to start: which, and what its next length is."""

    timer: Signal
    seconds: float


_STARTS: Mapping[Act, Signal] = MappingProxyType(
    {
        Act.START_A: Signal.A,
        Act.START_B: Signal.B,
        Act.START_D: Signal.D,
        Act.START_E: Signal.E,
        Act.START_F: Signal.F,
        Act.START_G: Signal.G,
        Act.START_H: Signal.H,
        Act.START_I: Signal.I,
        Act.START_J: Signal.J,
        Act.START_K: Signal.K,
        Act.START_L: Signal.L,
        Act.START_M: Signal.M,
    }
)


class Machine:
    """One transaction's state, and the interval of its repeating timer."""

    __slots__ = ("_interval", "_reliable", "_table", "_times", "state")

    def __init__(self, kind: Kind, times: Times, *, reliable: bool) -> None:
        self.state = INITIAL[kind][0]
        self._table = TABLES[kind]
        self._times = times
        self._reliable = reliable
        self._interval = times.t1

    def receive(self, signal: Signal) -> tuple[Act, ...]:
        """Move on, and tell the acts to perform; none when the signal means nothing here."""
        step = self._table.get((self.state, signal))
        if step is None:
            return ()
        self.state = step[0]
        return step[1]

    def timer(self, act: Act) -> TimerStart | None:
        """The timer that an act starts; None when it starts none on this transport."""
        started = _STARTS.get(act)
        if started is not None:
            seconds = self._times.first(started, reliable=self._reliable)
            return None if seconds is None else TimerStart(started, seconds)
        if self._reliable:
            return None
        match act:
            case Act.DOUBLE_A:
                self._interval *= 2
                return TimerStart(Signal.A, self._interval)
            case Act.DOUBLE_E | Act.DOUBLE_G:
                self._interval = min(2 * self._interval, self._times.t2)
                timer = Signal.E if act is Act.DOUBLE_E else Signal.G
                return TimerStart(timer, self._interval)
            case Act.SLOW_E:
                return TimerStart(Signal.E, self._times.t2)
            case _:
                return None
