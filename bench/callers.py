"""The signalling of many calls at once: placed, held, hung up, and timed.

One UDP socket for all callers. Each call is a small machine with one alarm: it asks until it is
answered, stays on the line, hangs up, and is over; requests are sent again as RFC 3261, 17.1 asks.
An answer is timed by the kernel's stamp, so that our own haste or delay does not count.
"""

import heapq
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from bench.arrivals import ROOM_FOR_STAMP, stamp, stamped_at

T1_S, T2_S = 0.5, 4.0
TIMEOUT_S = 64 * T1_S
"""Timers of RFC 3261, 17.1.1.1."""

_LOOK_S = 0.1
_COMPACT = {"i": "call-id", "t": "to", "f": "from", "m": "contact", "v": "via"}

_OFFER = """v=0
o=bench {id} 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {sound} RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
"""

_REQUEST = """{method} {uri} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-{id}-{branch};rport
Max-Forwards: 70
From: <sip:{caller}@127.0.0.1:{port}>;tag=bench{id}
To: {to}
Call-ID: bench-{id}-{port}
CSeq: {cseq} {method}
Contact: <sip:{caller}@127.0.0.1:{port}>
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """One call to be made: to whom, the port that awaits its sound, when, and how long."""

    number: str
    port: int
    at_s: float
    """Seconds from the start to its INVITE."""
    hold_s: float
    """Seconds from its answer to its BYE."""


class _Stage(Enum):
    WAITING = auto()
    """To be placed when its alarm rings."""
    ASKING = auto()
    TALKING = auto()
    LEAVING = auto()
    OVER = auto()
    FAILED = auto()


@dataclass(slots=True)
class _Call:
    id: int
    uri: str
    sound: int
    due: float
    hold_s: float
    stage: _Stage = _Stage.WAITING
    to: str = ""
    target: str = ""
    asked_at: float = 0.0
    """Realtime clock, as the kernel's stamps are."""
    set_up_s: float | None = None
    request: bytes = b""
    again_s: float = T1_S
    give_up: float = 0.0
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the calls."""

    set_up_ms: list[float]
    """INVITE sent to 200 received, of each call answered."""
    succeeded: int
    failed: int
    sent_again: int
    reasons: Counter[str] = field(default_factory=Counter)
    """Of the failures."""


class Callers:
    """Places so many calls, each at its time, and hangs them up."""

    def __init__(self, listen: str, calls: Sequence[Placed]) -> None:
        """`listen`: HOST:PORT of the program."""
        host, _, port = listen.rpartition(":")
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind(("127.0.0.1", 0))
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        stamp(self._line)
        self._line.connect((host, int(port)))
        self._port: int = self._line.getsockname()[1]
        now = time.monotonic()
        self._calls = [
            _Call(n, f"sip:{call.number}@{listen}", call.port, now + call.at_s, call.hold_s)
            for n, call in enumerate(calls)
        ]
        self._alarms = sorted((call.due, call.id) for call in self._calls)
        self._open = len(self._calls)
        self._sent_again = 0
        self._reasons: Counter[str] = Counter()
        self._told_to_stop = threading.Event()
        self._thread = threading.Thread(target=self._converse, name="callers")
        self._thread.start()

    def wait(self) -> Outcome:
        """Until the last call is over."""
        self._thread.join()
        set_ups = [call.set_up_s * 1000 for call in self._calls if call.set_up_s is not None]
        succeeded = sum(call.stage is _Stage.OVER for call in self._calls)
        failed = len(self._calls) - succeeded
        return Outcome(set_ups, succeeded, failed, self._sent_again, self._reasons)

    def close(self) -> None:
        """Leave, whatever is under way."""
        self._told_to_stop.set()
        self._thread.join()
        self._line.close()

    def _converse(self) -> None:
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        while self._open and not self._told_to_stop.is_set():
            now = time.monotonic()
            while self._alarms and self._alarms[0][0] <= now:
                due, number = heapq.heappop(self._alarms)
                call = self._calls[number]
                if call.due == due:
                    self._ring(call, now)
            rest = self._alarms[0][0] - now if self._alarms else _LOOK_S
            if poll.poll(max(0.0, min(rest, _LOOK_S)) * 1000):
                self._hear()

    def _ring(self, call: _Call, now: float) -> None:
        """A call's alarm: the time has come for its next step."""
        match call.stage:
            case _Stage.WAITING:
                offer = _OFFER.format(id=call.id, sound=call.sound)
                call.request = self._write(call, "INVITE", 1, "invite", body=offer)
                call.asked_at = time.time()
                self._begin(call, _Stage.ASKING, now)
            case _Stage.TALKING:
                call.request = self._write(call, "BYE", 2, "bye")
                self._begin(call, _Stage.LEAVING, now)
            case _Stage.ASKING | _Stage.LEAVING if now >= call.give_up:
                self._fail(call, f"no answer to {call.request.split(b' ', 1)[0].decode()}")
            case _Stage.ASKING | _Stage.LEAVING:
                if not call.provisional:
                    self._line.send(call.request)
                    self._sent_again += 1
                call.again_s = min(2 * call.again_s, T2_S)
                self._set_alarm(call, now + call.again_s)
            case _:
                pass

    def _begin(self, call: _Call, stage: _Stage, now: float) -> None:
        call.stage, call.again_s, call.give_up = stage, T1_S, now + TIMEOUT_S
        call.provisional = False
        self._line.send(call.request)
        self._set_alarm(call, now + T1_S)

    def _set_alarm(self, call: _Call, due: float) -> None:
        call.due = due
        heapq.heappush(self._alarms, (due, call.id))

    def _hear(self) -> None:
        try:
            message, extra, _, _ = self._line.recvmsg(65535, ROOM_FOR_STAMP)
        except ConnectionError:
            return  # nobody listens there just now; requests are sent again
        first, fields = _read(message)
        number = fields.get("call-id", "").split("-")
        if number[0] != "bench" or number[-1] != str(self._port):
            return
        call = self._calls[int(number[1])]
        if first.startswith("SIP/2.0 "):
            method = fields.get("cseq", "").rpartition(" ")[2]
            self._answered(call, int(first.split()[1]), method, fields, stamped_at(extra))
        else:
            self._asked(call, first.split()[0], message)

    def _answered(
        self, call: _Call, code: int, method: str, fields: dict[str, str], at: float
    ) -> None:
        match call.stage, method:
            case _Stage.ASKING, "INVITE" if code < 200:
                call.provisional = True
            case _Stage.ASKING, "INVITE" if code < 300:
                call.set_up_s = at - call.asked_at
                call.to = fields["to"]
                call.target = fields["contact"].partition("<")[2].partition(">")[0]
                call.stage = _Stage.TALKING
                self._line.send(self._write(call, "ACK", 1, "ack"))
                self._set_alarm(call, time.monotonic() + call.hold_s)
            case _Stage.ASKING, "INVITE":
                call.to = fields["to"]
                self._line.send(self._write(call, "ACK", 1, "invite"))
                self._fail(call, f"answered {code}")
            case ((_Stage.TALKING | _Stage.LEAVING), "INVITE") if code == 200:
                self._line.send(self._write(call, "ACK", 1, "ack"))
            case _Stage.LEAVING, "BYE" if 200 <= code < 300:
                self._end(call, _Stage.OVER)
            case _Stage.LEAVING, "BYE" if code >= 300:
                self._fail(call, f"BYE answered {code}")
            case _:
                pass

    def _asked(self, call: _Call, method: str, message: bytes) -> None:
        """The program asks something of a caller; it is content with everything but a BYE."""
        if method == "ACK":
            return
        kept = [
            line
            for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
            if line.partition(b":")[0].strip().lower()
            in (b"via", b"from", b"to", b"call-id", b"cseq", b"v", b"f", b"t", b"i")
        ]
        reply = [b"SIP/2.0 200 OK", *kept, b"Content-Length: 0", b"", b""]
        self._line.send(b"\r\n".join(reply))
        if method == "BYE" and call.stage is _Stage.TALKING:
            self._fail(call, "hung up by the program")

    def _fail(self, call: _Call, reason: str) -> None:
        self._reasons[reason] += 1
        self._end(call, _Stage.FAILED)

    def _end(self, call: _Call, stage: _Stage) -> None:
        call.stage = stage
        self._open -= 1

    def _write(self, call: _Call, method: str, cseq: int, branch: str, *, body: str = "") -> bytes:
        head = _REQUEST.format(
            method=method,
            uri=call.target or call.uri,
            port=self._port,
            id=call.id,
            branch=branch,
            caller=5145550200 + call.id,
            to=call.to or f"<{call.uri}>",
            cseq=cseq,
        )
        if body:
            head += "Content-Type: application/sdp\n"
        body = body.replace("\n", "\r\n")
        head += f"Content-Length: {len(body)}\n\n"
        return (head.replace("\n", "\r\n") + body).encode()


def _read(message: bytes) -> tuple[str, dict[str, str]]:
    """The first line, and the first field of each name, in lower case and long."""
    first, *lines = message.partition(b"\r\n\r\n")[0].decode(errors="replace").split("\r\n")
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        fields.setdefault(_COMPACT.get(name, name), value.strip())
    return first, fields
