"""A scripted SIP telephone: an oracle that shares no code with the product.

    async with Phone("5145550123") as phone:
        call = await phone.call("5145550100", ("127.0.0.1", 5060))
        call.line.say(sound)
        call.line.press("1")
        await call.hang_up()

It follows RFC 3261 as a plain telephone does, over UDP or TCP: retransmits, follows Record-Route,
answers a digest challenge, acknowledges repeated 200s, takes re-INVITEs, answers BYE, OPTIONS and
INFO.
Every message is kept in `trace` with its direction and time.
"""

import asyncio
import contextlib
import hashlib
import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from tests.wire.beat import Beat
from tests.wire.link import Address, Link
from tests.wire.rtp_line import LAWS, Fate, RtpLine

T1 = 0.5
"""Seconds before the first retransmission (RFC 3261 section 17.1.1.1)."""

UNAVAILABLE = 503

COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "c": "content-type",
    "l": "content-length", "s": "subject", "k": "supported", "x": "session-expires",
}  # fmt: skip


class CallRefused(Exception):
    """The far end gave a final refusal."""

    def __init__(self, message: "Message") -> None:
        super().__init__(message.start)
        self.status = message.status
        self.message = message


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message as lines: enough for a telephone."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def status(self) -> int:
        """The status of a response, 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """The method of a request, or the one a response answers."""
        return self.get("cseq").split()[1] if self.status else self.start.split()[0]

    def get(self, name: str) -> str:
        return next((value for each, value in self.headers if each == name), "")

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        head = "\r\n".join([*lines, f"Content-Length: {len(self.body)}"])
        return head.encode() + b"\r\n\r\n" + self.body


def decode(data: bytes) -> Message:
    """Take a datagram apart. Raises ValueError for what no telephone would understand."""
    head, _, body = data.partition(b"\r\n\r\n")
    start, *lines = head.decode().replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        key = COMPACT.get(key, key)
        if key != "content-length":
            headers.append((key, value.strip()))
    return Message(start, tuple(headers), body)


def uri_of(value: str) -> str:
    """The URI in a From, To, Contact or Route value."""
    bracketed = re.search(r"<([^>]*)>", value)
    return bracketed.group(1) if bracketed else value.split(";")[0].strip()


def address_of(uri: str) -> Address:
    """Host and port of a sip: URI that holds an IP address."""
    found = re.search(r"(?:sips?:)?(?:[^@]*@)?([0-9.]+|\[[0-9a-fA-F:.]+\])(?::(\d+))?", uri)
    if found is None:
        raise ValueError(f"no address in {uri!r}")
    return found.group(1).strip("[]"), int(found.group(2) or 5060)


def literal(host: str) -> str:
    """An address as it stands in a URI."""
    return f"[{host}]" if ":" in host else host


def tag_of(value: str) -> str:
    found = re.search(r";\s*tag=([^;\s]+)", value)
    return found.group(1) if found else ""


@dataclass(slots=True)
class Wire:
    """How this telephone offers its sound."""

    laws: Sequence[str] = ("PCMU", "PCMA")
    event_type: int | None = 101
    fate: Fate = lambda _: (0,)
    direction: str = "sendrecv"

    def description(self, host: str, port: int, version: int) -> bytes:
        kinds = [LAWS[law].payload_type for law in self.laws]
        maps = [f"a=rtpmap:{LAWS[law].payload_type} {law}/8000" for law in self.laws]
        if self.event_type is not None:
            kinds.append(self.event_type)
            maps.append(f"a=rtpmap:{self.event_type} telephone-event/8000")
            maps.append(f"a=fmtp:{self.event_type} 0-15")
        net = f"IN {'IP6' if ':' in host else 'IP4'} {host}"
        lines = [
            "v=0", f"o=phone 7 {version} {net}", "s=-", f"c={net}", "t=0 0",
            f"m=audio {port} RTP/AVP {' '.join(map(str, kinds))}", *maps,
            "a=ptime:20", f"a={self.direction}", "",
        ]  # fmt: skip
        return "\r\n".join(lines).encode()


@dataclass(slots=True)
class PhoneCall:
    """One call of a telephone; its sound is `line`."""

    phone: "Phone"
    call_id: str
    local: str
    remote: str
    target: str
    line: RtpLine
    route: list[str] = field(default_factory=list)
    hop: Address = ("127.0.0.1", 5060)
    sequence: int = 1
    incoming: bool = False
    provisional: list[int] = field(default_factory=list)
    answered_at: float | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    ended_by_peer: bool = False
    version: int = 1
    invite: Message | None = None
    pending: "asyncio.Future[Message] | None" = None

    async def hang_up(self) -> None:
        """Send BYE and wait for its answer."""
        if not self.ended.is_set():
            await self.phone.request(self, "BYE")
            self._over()

    async def cancel(self) -> None:
        """Give up before the answer."""
        assert self.invite is not None
        kept = {"via", "from", "to", "call-id", "max-forwards", "route"}
        headers = [each for each in self.invite.headers if each[0] in kept]
        headers.append(("cseq", f"{self.sequence} CANCEL"))
        start = self.invite.start.replace("INVITE", "CANCEL", 1)
        self.phone.send(Message(start, tuple(headers)), self.hop)

    async def press_info(self, key: str, milliseconds: int = 160) -> Message:
        """Press a key by SIP INFO (application/dtmf-relay)."""
        body = f"Signal={key}\r\nDuration={milliseconds}\r\n".encode()
        kind = ("content-type", "application/dtmf-relay")
        return await self.phone.request(self, "INFO", [kind], body)

    async def offer_again(self, direction: str) -> Message:
        """Send a re-INVITE with another direction (hold, resume); returns the final answer."""
        self.version += 1
        wire = Wire(self.phone.wire.laws, self.phone.wire.event_type, direction=direction)
        body = wire.description(self.phone.host, self.line.port, self.version)
        headers = [("content-type", "application/sdp"), ("contact", self.phone.contact)]
        answer = await self.phone.request(self, "INVITE", headers, body)
        self.phone.acknowledge(self, answer)
        return answer

    def _over(self) -> None:
        self.line.close()
        self.ended.set()

    def over_by_peer(self) -> None:
        self.ended_by_peer = True
        self._over()


class Phone(asyncio.DatagramProtocol):
    """A telephone on one port of `host`; an async context manager.

    Over TCP it opens a connection to call, and listens for those that call it back.
    """

    def __init__(
        self,
        number: str,
        *,
        host: str = "127.0.0.1",
        display: str = "",
        password: str = "",
        wire: Wire | None = None,
        transport: str = "UDP",
        beat: Beat | None = None,
    ) -> None:
        """`beat`: what paces its sound, where several telephones share one."""
        self.beat = beat or Beat()
        self.transport = transport
        self.links: dict[Address, Link] = {}
        self.number, self.host, self.display, self.password = number, host, display, password
        self.wire = wire or Wire()
        self.trace: list[tuple[float, str, bytes]] = []
        self.calls: dict[str, PhoneCall] = {}
        self.incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self.auto_answer = True
        self._waiting: dict[tuple[str, str, str], asyncio.Queue[Message]] = {}
        self._ids = itertools.count(1)
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "Phone":
        loop = asyncio.get_running_loop()
        if self.transport == "TCP":
            self._server = await loop.create_server(self._link, self.host, 0)
            return self
        transport, _ = await loop.create_datagram_endpoint(lambda: self, (self.host, 0))
        self._transport = transport
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for call in list(self.calls.values()):
            with contextlib.suppress(TimeoutError, CallRefused):
                await call.hang_up()
            call.line.close()
        for link in self.links.values():
            link.close()
        if self._server is not None:
            self._server.close()
        if self._transport is not None:
            self._transport.close()

    def _link(self) -> Link:
        return Link(self.datagram_received, self.links.__setitem__)

    @property
    def port(self) -> int:
        if self._server is not None:
            return int(self._server.sockets[0].getsockname()[1])
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def contact(self) -> str:
        suffix = ";transport=tcp" if self.transport == "TCP" else ""
        return f"<sip:{self.number}@{literal(self.host)}:{self.port}{suffix}>"

    async def call(
        self,
        number: str,
        server: Address,
        *,
        offer: bool = True,
        headers: Sequence[tuple[str, str]] = (),
        ringing: Callable[[PhoneCall], None] | None = None,
        timeout_s: float = 10,
    ) -> PhoneCall:
        """Dial `number` at `server`; returns when answered. Raises CallRefused, TimeoutError.

        `ringing` is told of the call as soon as the INVITE is sent, so that it can be cancelled.
        """
        if self.transport == "TCP" and server not in self.links:
            loop = asyncio.get_running_loop()
            await loop.create_connection(self._link, *server, local_addr=(self.host, 0))
        call = self._new_call(number, server)
        body = self.wire.description(self.host, call.line.port, 1) if offer else b""
        extra = [("contact", self.contact), *headers]
        if offer:
            extra.append(("content-type", "application/sdp"))
        if ringing is not None:
            asyncio.get_running_loop().call_soon(ringing, call)
        answer = await self.request(call, "INVITE", extra, body, timeout_s=timeout_s)
        if answer.status in (401, 407):
            extra.append(self._credentials(answer, "INVITE", call.target))
            self.acknowledge(call, answer)
            call.sequence += 1
            answer = await self.request(call, "INVITE", extra, body, timeout_s=timeout_s)
        if answer.status >= 300:
            self.acknowledge(call, answer)
            call.line.close()
            del self.calls[call.call_id]
            raise CallRefused(answer)
        self._established(call, answer)
        self.acknowledge(call, answer, None if offer else self._answer_to(call, answer))
        return call

    async def gets_through(self, number: str, server: Address) -> PhoneCall:
        """Dial, again as long as the server has too much to do for calls; on a busy machine it may.

        Raises CallRefused for any other refusal.
        """
        while True:
            try:
                return await self.call(number, server)
            except CallRefused as refusal:
                if refusal.status != UNAVAILABLE:
                    raise
                await asyncio.sleep(int(refusal.message.get("retry-after") or 1))

    async def watch(self, number: str, server: Address) -> PhoneCall:
        """Subscribe to the message lamp of a number (RFC 6665, RFC 3842) for ten minutes."""
        call = self._new_call(number, server)
        wanted = [("event", "message-summary"), ("accept", "application/simple-message-summary")]
        more = [("expires", "600"), ("contact", self.contact)]
        answer = await self.request(call, "SUBSCRIBE", [*wanted, *more])
        if answer.status >= 300:
            raise CallRefused(answer)
        call.remote = answer.get("to")
        return call

    def told(self, call: PhoneCall) -> list[str]:
        """The bodies of the NOTIFYs received in a subscription, repeated ones once."""
        received = [decode(data) for _, way, data in self.trace if way == "received"]
        notified = {
            each.get("cseq"): each.body.decode()
            for each in received
            if each.method == "NOTIFY" and each.get("call-id") == call.call_id
        }
        return list(notified.values())

    def _new_call(self, number: str, server: Address) -> PhoneCall:
        unique = f"{next(self._ids)}-{self.port}-{time.monotonic_ns():x}"
        local = f'"{self.display}" ' if self.display else ""
        local += f"<sip:{self.number}@{literal(self.host)}>;tag=p{unique}"
        target = f"sip:{number}@{literal(server[0])}:{server[1]}"
        line = RtpLine(self.host, self.wire.fate, self.beat)
        line.event_type = self.wire.event_type
        call = PhoneCall(self, unique, local, f"<{target}>", target, line, hop=server)
        self.calls[call.call_id] = call
        return call

    def _established(self, call: PhoneCall, answer: Message) -> None:
        call.remote = answer.get("to")
        call.route = [
            each.strip() for value in answer.all("record-route") for each in value.split(",")
        ][::-1]
        if answer.get("contact"):
            call.target = uri_of(answer.get("contact"))
        if call.route:
            call.hop = address_of(uri_of(call.route[0]))
        else:
            call.hop = address_of(call.target)
        call.answered_at = time.monotonic()
        if answer.body:
            self._connect(call, answer.body)

    def _connect(self, call: PhoneCall, description: bytes) -> None:
        text = description.decode()
        connection = re.search(r"^c=IN IP[46] (\S+)", text, re.M)
        media = re.search(r"^m=audio (\d+) \S+ (.*)$", text, re.M)
        assert connection is not None
        assert media is not None
        kinds = [int(each) for each in media.group(2).split()]
        law = next(law for law in LAWS.values() if law.payload_type in kinds)
        call.line.law, call.line.payload_type = law, law.payload_type
        events = re.search(r"^a=rtpmap:(\d+) telephone-event", text, re.M | re.I)
        call.line.event_type = int(events.group(1)) if events else None
        call.line.connect((connection.group(1), int(media.group(1))))

    def _answer_to(self, call: PhoneCall, offer: Message) -> bytes:
        law = call.line.law.name
        wire = Wire([law], call.line.event_type)
        return wire.description(self.host, call.line.port, call.version)

    async def request(
        self,
        call: PhoneCall,
        method: str,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        timeout_s: float = 10,
    ) -> Message:
        """Send a request of the call, again and again until answered; its final response."""
        if method != "INVITE" or call.answered_at is not None:
            call.sequence += 1
        here = f"{literal(self.host)}:{self.port}"
        branch = f"z9hG4bK{call.call_id}-{call.sequence}-{method}"
        message = Message(
            f"{method} {call.target} SIP/2.0",
            (
                ("via", f"SIP/2.0/{self.transport} {here};branch={branch};rport"),
                ("max-forwards", "70"),
                *(("route", each) for each in call.route),
                ("from", call.local),
                ("to", call.remote),
                ("call-id", call.call_id),
                ("cseq", f"{call.sequence} {method}"),
                *headers,
            ),
            body,
        )
        if method == "INVITE":
            call.invite = message
        key = (call.call_id, str(call.sequence), method)
        answers = self._waiting.setdefault(key, asyncio.Queue())
        try:
            async with asyncio.timeout(timeout_s):
                return await self._until_final(call, message, answers)
        finally:
            del self._waiting[key]

    async def _until_final(
        self, call: PhoneCall, message: Message, answers: "asyncio.Queue[Message]"
    ) -> Message:
        wait: float | None = T1 if self.transport == "UDP" else None
        self.send(message, call.hop)
        while True:
            try:
                answer = await asyncio.wait_for(answers.get(), wait)
            except TimeoutError:
                self.send(message, call.hop)
                wait = min((wait or T1) * 2, 4)
                continue
            if answer.status >= 200:
                return answer
            call.provisional.append(answer.status)
            wait = None if message.method == "INVITE" or wait is None else 4

    def acknowledge(self, call: PhoneCall, answer: Message, body: bytes | None = None) -> None:
        """ACK: a new transaction for a 2xx, the INVITE's own one for a refusal."""
        assert call.invite is not None
        sequence = call.invite.get("cseq").split()[0]
        accepted = answer.status < 300
        via = call.invite.get("via")
        headers = [
            ("via", via.replace("-INVITE", "-ACK") if accepted else via),
            ("max-forwards", "70"),
            *(("route", each) for each in call.route),
            ("from", call.local),
            ("to", answer.get("to")),
            ("call-id", call.call_id),
            ("cseq", f"{sequence} ACK"),
        ]
        if body:
            headers.append(("content-type", "application/sdp"))
        target = call.target if accepted else call.invite.start.split()[1]
        self.send(Message(f"ACK {target} SIP/2.0", tuple(headers), body or b""), call.hop)

    def _credentials(self, challenge: Message, method: str, uri: str) -> tuple[str, str]:
        """Digest credentials for a 401 or 407 (RFC 2617, MD5, with qop=auth when offered)."""
        asked = challenge.get("www-authenticate") or challenge.get("proxy-authenticate")
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', asked))
        secret = _md5(f"{self.number}:{fields['realm']}:{self.password}")
        asked_for = _md5(f"{method}:{uri}")
        nonce, qop = fields["nonce"], ""
        response = f"{secret}:{nonce}:{asked_for}"
        if "auth" in fields.get("qop", ""):
            qop = 'qop=auth, nc=00000001, cnonce="c0ffee", '
            response = f"{secret}:{nonce}:00000001:c0ffee:auth:{asked_for}"
        given = f'Digest username="{self.number}", realm="{fields["realm"]}", nonce="{nonce}", '
        given += f'uri="{uri}", algorithm=MD5, {qop}response="{_md5(response)}"'
        name = "authorization" if challenge.status == 401 else "proxy-authorization"
        return name, given

    def send(self, message: Message, to: Address) -> None:
        self.send_octets(message.encode(), to)

    def send_octets(self, data: bytes, to: Address) -> None:
        """Send whatever octets from the telephone's SIP port."""
        self.trace.append((time.monotonic(), "sent", data))
        if self.transport == "TCP":
            self.links[to].write(data)
            return
        assert self._transport is not None
        self._transport.sendto(data, to)

    def datagram_received(self, data: bytes, source: Address) -> None:
        self.trace.append((time.monotonic(), "received", data))
        try:
            message = decode(data)
        except (ValueError, IndexError):
            return
        if message.status:
            self._response(message)
        else:
            self._request(message, source[:2])

    def _response(self, message: Message) -> None:
        sequence, method = message.get("cseq").split()
        waiting = self._waiting.get((message.get("call-id"), sequence, method))
        if waiting is not None:
            waiting.put_nowait(message)
            return
        call = self.calls.get(message.get("call-id"))
        if call is not None and method == "INVITE" and 200 <= message.status < 300:
            self.acknowledge(call, message)  # a repeated 200: its ACK was lost

    def _request(self, message: Message, source: Address) -> None:
        call = self.calls.get(message.get("call-id"))
        method = message.method
        if method == "ACK":
            return
        if call is None:
            if method == "INVITE":
                self._called(message, source)
            else:
                self._answer(message, source, 200 if method == "OPTIONS" else 481)
        elif method == "BYE":
            self._answer(message, source, 200)
            call.over_by_peer()
        elif method == "CANCEL":
            self._answer(message, source, 200)
        elif method in ("INVITE", "UPDATE"):
            call.version += 1
            if message.body:
                self._connect(call, message.body)
            body = self._answer_to(call, message)
            self._answer(message, source, 200, body, call.local)
        else:
            self._answer(message, source, 200)

    def _called(self, message: Message, source: Address) -> None:
        """Take an incoming call: ring and, with `auto_answer`, answer."""
        line = RtpLine(self.host, self.wire.fate, self.beat)
        local = f"{message.get('to')};tag=p{next(self._ids)}-{self.port}"
        call = PhoneCall(
            self, message.get("call-id"), local, message.get("from"),
            uri_of(message.get("contact")), line, hop=source, incoming=True, invite=message,
        )  # fmt: skip
        call.route = [e.strip() for v in message.all("record-route") for e in v.split(",")]
        self.calls[call.call_id] = call
        self._answer(message, source, 180, b"", local)
        if not self.auto_answer:
            self._answer(message, source, 486, b"", local)
            return
        self._connect(call, message.body)
        call.answered_at = time.monotonic()
        self._answer(message, source, 200, self._answer_to(call, message), local)
        self.incoming.put_nowait(call)

    def _answer(
        self, request: Message, to: Address, status: int, body: bytes = b"", local: str = ""
    ) -> None:
        phrase = {180: "Ringing", 200: "OK", 481: "No Such Call", 486: "Busy Here"}[status]
        headers = [e for e in request.headers if e[0] in ("via", "from", "call-id", "cseq")]
        headers += [e for e in request.headers if e[0] == "record-route"]
        headers += [("to", local or request.get("to")), ("contact", self.contact)]
        if body:
            headers.append(("content-type", "application/sdp"))
        self.send(Message(f"SIP/2.0 {status} {phrase}", tuple(headers), body), to)

    def sent(self, start: str) -> int:
        """How many messages sent begin with `start`."""
        return self._count("sent", start)

    def received(self, start: str) -> int:
        """How many messages received begin with `start`."""
        return self._count("received", start)

    def _count(self, way: str, start: str) -> int:
        begin = start.encode()
        return sum(1 for _, each, data in self.trace if each == way and data.startswith(begin))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
