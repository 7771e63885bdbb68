"""A line of an existing telephone system, held by pyVoIP: the optional extra `vestibule[pyvoip]`.

Vestibule registers as one extension of a PBX. pyVoIP signals; the sound never passes through it:
its RTP clients are replaced by slots of our media plane, so that nothing of its 8-bit sound, its
key detection or its pacing is used. Each call is given to the owner as a `call.leg.Leg`.

What pyVoIP 1.6.8 cannot do, and a leg of this line therefore cannot either:

  - UDP and IPv4 only: no TLS, no TCP, no SRTP;
  - one peer: whatever it says goes to the address of the registrar, wherever a request came from;
  - no transfer (REFER) and no session timers; a re-INVITE moves the sound but never holds it;
  - OPTIONS, INFO and UPDATE are not answered: a PBX that qualifies its extensions by OPTIONS must
    have that switched off, and keys must come as RFC 4733 events or as tones;
  - an INVITE without an offer, or whose offer holds neither PCMU nor PCMA, is refused as busy;
  - a second SIP message in a datagram is not understood;
  - a 200 is not repeated by itself: a lost one is sent again when the INVITE is.

A CANCEL that pyVoIP would ignore is honoured here, a BYE is sent along the recorded route, and a
registration that pyVoIP gives up is taken up again.

pyVoIP is GPL-3.0: this module alone imports it, and nothing of the core imports this module.
Threads live here only: pyVoIP's own. They touch the program through the event loop alone.
"""

import asyncio
import logging
import re
import select
import uuid
import warnings
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports audioop
    from pyVoIP.VoIP import VoIP  # before pyVoIP.SIP, which imports it in a circle

    # isort: split
    from pyVoIP import RTP, SIP
    from pyVoIP.VoIP.status import PhoneStatus

from call.clock import Clock
from call.errors import Misuse, Unavailable
from call.leg import HangUpCause, HungUp, LegEvent, Party
from call.media import (
    Direction,
    KeyPressed,
    MediaEvent,
    MediaLost,
    MediaPlane,
    PlaneDied,
    PlayEnded,
    RecordEnded,
    Stream,
)
from call.sound import Clip, Law

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

POLL_S = 0.2
"""Seconds between looks at whether the line is being closed."""

POSTED_S = 5.0
"""Seconds that a pyVoIP thread waits for the event loop before it gives a call up."""

REGISTER_S = 5
"""Seconds that a registration waits for an answer; calls wait meanwhile."""

RETRY_S = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds before the line is taken up again after pyVoIP gave its registration up."""


_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "call-id": "Call-ID",
        "cseq": "CSeq",
        "www-authenticate": "WWW-Authenticate",
        "v": "Via",
        "f": "From",
        "t": "To",
        "i": "Call-ID",
        "m": "Contact",
        "c": "Content-Type",
        "l": "Content-Length",
        "k": "Supported",
    }
)
"""How pyVoIP spells the header names whose usual case is not a capital for each word."""


class LineDown(Unavailable):
    """The registrar does not answer, or refuses the extension, for now."""


class NotOnThisLine(Misuse):
    """Something was asked that pyVoIP cannot do; see the limits of the module."""


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension of a PBX, and the local address from which we speak for it."""

    registrar: str
    """IPv4 address or name of the PBX."""
    port: int
    user: str
    password: str
    local_host: str
    local_port: int
    expires_s: int = 120
    """Seconds a registration lasts; it is renewed 5 s before."""


class PyVoipLine:
    """Registers one extension, keeps it registered, and gives each incoming call as a leg.

    `on_call` is called in the event loop with a leg that rings; it answers or hangs up.
    """

    def __init__(
        self,
        extension: Extension,
        media: MediaPlane,
        clock: Clock,
        on_call: Callable[["PyVoipLeg"], None],
    ) -> None:
        self._extension = extension
        self._media = media
        self._clock = clock
        self._on_call = on_call
        self._loop: asyncio.AbstractEventLoop | None = None
        self._phone: _Phone | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._tries = 0
        self._legs: dict[str, PyVoipLeg] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def registered(self) -> bool:
        """Whether the PBX accepted the latest registration."""
        phone = self._phone
        return phone is not None and phone.registered

    @property
    def calls(self) -> int:
        """Calls in progress on this line."""
        return len(self._legs)

    async def start(self) -> None:
        """Register. Raises LineDown when the registrar does not accept the extension."""
        self._loop = asyncio.get_running_loop()
        await self._take_up()
        if not self.registered:
            await self.stop()
            raise LineDown(f"{self._extension.registrar} does not register {self._extension.user}")

    async def stop(self) -> None:
        """End every call, deregister, and let pyVoIP's threads end."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        for leg in list(self._legs.values()):
            await leg.hang_up(HangUpCause.SHUTDOWN)
        phone, self._phone = self._phone, None
        if phone is not None:
            await asyncio.to_thread(phone.close)

    async def _take_up(self) -> None:
        phone = _Phone(self._extension, self)
        self._phone = phone
        try:
            await asyncio.to_thread(phone.start)
        except OSError as error:
            await asyncio.to_thread(phone.close)
            raise LineDown(str(error)) from error

    def post(self, work: Callable[[], None]) -> None:
        """From a pyVoIP thread: do `work` in the event loop, soon."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(work)

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """From a pyVoIP thread: the answer that the event loop gives. Raises TimeoutError."""
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(_called(question), self._loop)
        return future.result(POSTED_S)

    def lost(self) -> None:
        """In the loop: pyVoIP gave up. Calls go on; the registration is tried again later."""
        if self._phone is None or self._loop is None or self._retry is not None:
            return
        wait = RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1
        log.warning("pyvoip line lost", extra={"user": self._extension.user, "retry_s": wait})
        self._retry = self._loop.call_later(wait, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._spawn(self._replace())

    async def _replace(self) -> None:
        old = self._phone
        if old is None:
            return
        await asyncio.to_thread(old.close)
        try:
            await self._take_up()
        except LineDown:
            self.lost()
            return
        if self.registered:
            self._tries = 0
        else:
            self.lost()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def rings(self, call: "_Call") -> None:
        """In the loop: a call came in whose offer we can take."""
        leg = call.leg
        self._legs[leg.call_id] = leg
        self._on_call(leg)

    def forget(self, leg: "PyVoipLeg") -> None:
        """In the loop: a leg is over."""
        self._legs.pop(leg.call_id, None)

    def new_leg(self) -> "PyVoipLeg":
        """In the loop: a leg with an open slot. Raises Unavailable when no slot is free."""
        return PyVoipLeg(self, self._media, self._clock)


class PyVoipLeg:
    """One call of the line, behind the `call.leg.Leg` port. Used in the event loop only."""

    def __init__(self, line: PyVoipLine, media: MediaPlane, clock: Clock) -> None:
        self._line = line
        self._media = media
        self._clock = clock
        self._call_id = uuid.uuid4().hex
        self._events: asyncio.Queue[LegEvent] = asyncio.Queue()
        self._call: _Call | None = None
        self._answered = False
        self._recording = False
        self._over: HungUp | None = None
        self._told = False
        self._released = False
        self.slot = media.open(self._heard)
        self.port = media.port(self.slot)

    def ring(self, call: "_Call") -> None:
        """The call of pyVoIP that this leg speaks for."""
        self._call = call

    @property
    def call_id(self) -> str:
        return self._call_id

    @property
    def caller(self) -> Party:
        return self._signalling.party("From")

    @property
    def dialed(self) -> str:
        return self._signalling.party("To").number

    @property
    def _signalling(self) -> "_Call":
        if self._call is None:
            raise NotOnThisLine("the leg has no call yet")
        return self._call

    async def answer(self) -> None:
        if self._answered or self._over is not None:
            return
        self._answered = True
        self._media.connect(self.slot, self._signalling.stream)
        try:
            await asyncio.to_thread(self._signalling.answer)
        except (OSError, VoIP.InvalidStateError):
            self.ended(HangUpCause.FAILED, by_caller=False)

    async def event(self) -> LegEvent:
        return await self._events.get()

    def play(self, clips: Sequence[Clip], ticket: int) -> None:
        if self._over is None:
            self._media.play(self.slot, clips, ticket)

    def stop_playing(self) -> None:
        if self._over is None:
            self._media.stop_playing(self.slot)

    def record(self, path: Path, *, max_s: float, final_silence_s: float | None = None) -> None:
        if self._over is None:
            self._recording = True
            self._media.record(self.slot, path, max_s=max_s, final_silence_s=final_silence_s)

    def stop_recording(self) -> None:
        if self._over is None:
            self._media.stop_recording(self.slot)

    async def hang_up(self, cause: HangUpCause = HangUpCause.NORMAL) -> None:
        if self._over is not None:
            return
        call = self._signalling
        end = call.hangup if self._answered else call.deny
        self.ended(cause, by_caller=False)
        try:
            await asyncio.to_thread(end)
        except (OSError, VoIP.InvalidStateError, KeyError):
            log.info("pyvoip call was over already", extra={"call_id": self._call_id})

    def moved(self, stream: Stream) -> None:
        """The PBX moved the sound of an answered call."""
        if self._over is None and self._answered:
            self._media.connect(self.slot, stream)

    def ended(self, cause: HangUpCause, *, by_caller: bool) -> None:
        """The call is over. A recording under way is told first, HungUp after it."""
        if self._over is not None:
            return
        self._over = HungUp(cause, by_caller)
        self._line.forget(self)
        self._media.close(self.slot)
        if not self._recording:
            self._tell_over()

    def discard(self) -> None:
        """Give the slot back: the call was never told to anybody."""
        self._told = True
        self.ended(HangUpCause.FAILED, by_caller=False)

    def _tell_over(self) -> None:
        if self._over is not None and not self._told:
            self._told = True
            self._events.put_nowait(self._over)

    def _heard(self, event: MediaEvent) -> None:
        if self._told:
            return
        match event:
            case KeyPressed() | PlayEnded() if self._over is None:
                self._events.put_nowait(event)
            case RecordEnded():
                self._recording = False
                self._events.put_nowait(event)
                self._tell_over()
            case MediaLost():
                self._end_call(HangUpCause.MEDIA_LOST)
            case PlaneDied():
                self._recording = False
                self._end_call(HangUpCause.FAILED)
                self._tell_over()
            case _:
                pass

    def _end_call(self, cause: HangUpCause) -> None:
        self._line._spawn(self.hang_up(cause))


async def _called(question: Callable[[], Answer]) -> Answer:
    return question()


class _Sound:
    """Stands where pyVoIP keeps an RTP client: tells the answer our port, law and events."""

    def __init__(self, port: int, assoc: dict[int, Any]) -> None:
        self.inPort = port
        self.assoc = assoc
        self.outIP = ""
        self.outPort = 0

    def start(self) -> None:
        """The slot is connected by the leg."""

    def stop(self) -> None:
        """The slot is closed by the leg."""


class _Call(VoIP.VoIPCall):
    """A call of pyVoIP whose sound is a slot of our plane."""

    def __init__(self, phone: "_Phone", request: Any, session: int, leg: PyVoipLeg) -> None:
        self.leg = leg
        self.acceptable = False
        self._owner = phone
        super().__init__(
            phone, VoIP.CallState.RINGING, request, session, phone.myIP, sendmode=phone.recvmode
        )
        leg.ring(self)

    def create_rtp_clients(
        self, codecs: dict[int, Any], ip: str, port: int, request: Any, baseport: int
    ) -> None:
        """Choose one law and the events; `port`, which pyVoIP drew, is not used."""
        laws = [kind for kind, codec in codecs.items() if str(codec) in Law.__members__]
        if not laws or self.RTPClients:
            return
        self.acceptable = True
        events = [kind for kind, codec in codecs.items() if codec is RTP.PayloadType.EVENT]
        chosen = {kind: codecs[kind] for kind in (laws[0], *events[:1])}
        self.RTPClients.append(_Sound(self.leg.port, chosen))  # type: ignore[arg-type]  # stands in
        self.stream = Stream(
            law=Law(str(codecs[laws[0]])),
            payload_type=laws[0],
            event_payload_type=events[0] if events else None,
            remote=(request.body["c"][-1]["address"], baseport),
            direction=Direction.SENDRECV,
        )

    def renegotiate(self, request: Any) -> None:
        """A repeated INVITE, or one that moves the sound: the same answer, the new address."""
        super().renegotiate(request)
        audio = next((each for each in request.body["m"] if each["type"] == "audio"), None)
        if audio is None:
            return
        stream = Stream(
            law=self.stream.law,
            payload_type=self.stream.payload_type,
            event_payload_type=self.stream.event_payload_type,
            remote=(request.body["c"][-1]["address"], audio["port"]),
        )
        if stream != self.stream:
            self.stream = stream
            self._owner.line.post(lambda: self.leg.moved(stream))

    def bye(self) -> None:
        """The PBX ended the call."""
        super().bye()
        self._owner.line.post(lambda: self.leg.ended(HangUpCause.NORMAL, by_caller=True))

    def cancelled(self) -> None:
        """The caller gave up before the answer: 487 to the INVITE (RFC 3261 section 9.2)."""
        if self.state is not VoIP.CallState.RINGING:
            return
        self.state = VoIP.CallState.ENDED
        self.phone.calls.pop(self.call_id, None)
        refusal = self.sip.gen_busy(self.request).replace("486 Busy Here", "487 Request Terminated")
        self._owner.client.tell(refusal)
        self._owner.line.post(lambda: self.leg.ended(HangUpCause.NORMAL, by_caller=True))

    def party(self, header: str) -> Party:
        """Number and name in From or To."""
        told = self.request.headers[header]
        return Party(told["number"] or "", (told["caller"] or "").strip(' "'))


class _Phone(VoIP.VoIPPhone):
    """pyVoIP's telephone, with our calls, no thread per call, and no second of delay."""

    def __init__(self, extension: Extension, line: PyVoipLine) -> None:
        self.line = line
        super().__init__(
            extension.registrar,
            extension.port,
            extension.user,
            extension.password,
            myIP=extension.local_host,
            sipPort=extension.local_port,
        )
        self.client = _Client(
            extension.registrar,
            extension.port,
            extension.user,
            extension.password,
            phone=self,
            myIP=extension.local_host,
            myPort=extension.local_port,
            callCallback=self.callback,
            fatalCallback=self.fatal,
        )
        self.client.default_expires = extension.expires_s
        self.client.register_timeout = REGISTER_S
        self.sip = self.client

    @property
    def registered(self) -> bool:
        return bool(self.get_status() is PhoneStatus.REGISTERED)

    def close(self) -> None:
        """Deregister and free the port; blocks until pyVoIP's threads have ended."""
        self.sip.stop()
        self._status = PhoneStatus.INACTIVE

    def fatal(self) -> None:
        """pyVoIP stopped after too many failed registrations."""
        self._status = PhoneStatus.FAILED
        self.line.post(self.line.lost)

    def request_port(self, blocking: bool = True) -> int:
        """pyVoIP draws a port for each medium; the slot's own is used instead."""
        return 0

    def release_ports(self, call: Any = None) -> None:
        """Nothing to release, and no live call is ever forgotten."""

    def callback(self, request: Any) -> None:
        if request.type == SIP.SIPMessageType.MESSAGE and request.method == "CANCEL":
            call = self.calls.get(request.headers["Call-ID"])
            if isinstance(call, _Call):
                call.cancelled()
            return
        super().callback(request)

    def _callback_MSG_Invite(self, request: Any) -> None:
        call_id = request.headers["Call-ID"]
        known = self.calls.get(call_id)
        if known is not None:
            if known.state is VoIP.CallState.ANSWERED:
                known.renegotiate(request)
            return
        call = self._taken(request)
        if call is None:
            self.client.tell(self.client.gen_busy(request))
            return
        self.client.tell(self.client.gen_ringing(request))
        self.calls[call_id] = call
        self.line.post(lambda: self.line.rings(call))

    def _taken(self, request: Any) -> _Call | None:
        """The call of an INVITE, or None when we have no slot for it or no law in common."""
        if not {"c", "m"} <= request.body.keys():
            return None
        try:
            leg = self.line.ask(self.line.new_leg)
        except (Unavailable, TimeoutError):
            return None
        call = _Call(self, request, next_session(self.session_ids), leg)
        if not call.acceptable:
            self.line.post(leg.discard)
            return None
        return call


def next_session(taken: list[int]) -> int:
    """A session id for the description, unique on this line."""
    taken.append(len(taken) + 1)
    return taken[-1]


class _Client(SIP.SIPClient):
    """pyVoIP's signalling, with a receiver that ends quietly, and routes that are followed."""

    def tell(self, message: str) -> None:
        """Send to the registrar's address, the only peer."""
        self.out.sendto(message.encode("utf8"), (self.server, self.port))

    def recv_loop(self) -> None:
        """Receive until the line is closed; the lock is left to the registration in between."""
        while self.NSD:
            try:
                ready, _, _ = select.select([self.s], [], [], POLL_S)
                if ready and self.NSD:
                    with self.recvLock:
                        self.s.setblocking(False)
                        self.recv()
            except BlockingIOError:
                continue  # the registration read it first
            except (OSError, ValueError):
                if self.NSD:  # a port unreachable told back; a closed socket ends the loop above
                    continue

    def recv(self) -> None:
        """Take one datagram; what pyVoIP cannot read is dropped and told in the log."""
        data = self.s.recv(8192)
        try:
            self.parse_message(SIP.SIPMessage(_plain(data)))
        except Exception:  # a malformed datagram ends nothing
            log.debug("pyvoip could not read a datagram", extra={"octets": len(data)})

    def gen_answer(self, request: Any, sess_id: str, ms: Any, sendtype: Any) -> str:
        """The 200, with the recorded route that pyVoIP leaves out (RFC 3261 section 12.1.1)."""
        answer: str = super().gen_answer(request, sess_id, ms, sendtype)
        recorded = "".join(f"Record-Route: {each}\r\n" for each in _recorded(request))
        return answer.replace("\r\nFrom: ", f"\r\n{recorded}From: ", 1)

    def gen_bye(self, request: Any) -> str:
        """A BYE of its own transaction, along the recorded route (RFC 3261 section 12.2.1.1)."""
        bye: str = super().gen_bye(request)
        start, *lines = bye.split("\r\n")
        routes = [f"Route: {each}" for each in _recorded(request)]
        via = f"Via: SIP/2.0/UDP {self.myIP}:{self.myPort};branch={self.gen_branch()};rport"
        rest = [line for line in lines if not line.startswith("Via:")]
        target = re.search(r"<([^>]*)>", request.headers["Contact"])
        if target:
            start = f"BYE {target.group(1)} SIP/2.0"
        return "\r\n".join([start, via, *routes, *rest])


def _plain(data: bytes) -> bytes:
    """A message in the only spelling that pyVoIP reads: unfolded, long names in usual case."""
    head, blank, body = data.partition(b"\r\n\r\n")
    start, *lines = re.sub(rb"\r\n[ \t]+", b" ", head).split(b"\r\n")
    plain = [start]
    for line in lines:
        name, _, value = line.partition(b":")
        key = name.strip().decode("ascii", "replace").lower()
        spelling = _SPELLINGS.get(key, key.title())
        plain.append(f"{spelling}: ".encode() + value.strip())
    return b"\r\n".join(plain) + blank + body


def _recorded(request: Any) -> list[str]:
    """The Record-Route values as they came; pyVoIP keeps only the first."""
    head = bytes(request.raw).partition(b"\r\n\r\n")[0].decode("utf8", "replace")
    return [
        line.partition(":")[2].strip()
        for line in head.split("\r\n")
        if line.lower().startswith("record-route:")
    ]
