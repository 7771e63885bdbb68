"""pyVoIP's signalling, with a receiver that ends quietly, and routes that are followed."""

import logging
import re
import select
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from telephony.adapters.pyvoip.library import SIP

log = logging.getLogger(__name__)

SERVED = (b"INVITE", b"ACK", b"BYE", b"CANCEL")
"""The requests that pyVoIP serves; others it cannot even read."""

POLL_S = 0.2
"""Seconds between looks at whether the line is being closed."""

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


class Client(SIP.SIPClient):
    """Speaks SIP for one extension. `told` is the status of the PBX's latest answer to REGISTER."""

    told: int | None = None

    def trying_timeout_check(self, response: Any) -> Any:
        """The answer to a REGISTER that is not 100."""
        answer = super().trying_timeout_check(response)
        self.told = int(answer.status)
        return answer

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
        data = _plain(self.s.recv(8192))
        try:
            if _is_foreign(data):
                self.tell(_answer_to_foreign(data, self.gen_tag()))
            else:
                self.parse_message(SIP.SIPMessage(data))
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


def _is_foreign(data: bytes) -> bool:
    """Whether it is a request that pyVoIP would leave without an answer."""
    method, _, rest = data.partition(b"\r\n")[0].partition(b" ")
    return method.isalpha() and method not in SERVED and rest.endswith(b" SIP/2.0")


def _answer_to_foreign(data: bytes, tag: str) -> str:
    """200 to OPTIONS, by which a PBX knows that its extension lives; 405 to anything else."""
    head = data.partition(b"\r\n\r\n")[0].decode("utf8", "replace")
    start, *lines = head.split("\r\n")
    status = "200 OK" if start.startswith("OPTIONS ") else "405 Method Not Allowed"
    kept = [line for line in lines if line.startswith(("Via:", "From:", "Call-ID:", "CSeq:"))]
    to = next(line for line in lines if line.startswith("To:"))
    tagged = to if ";tag=" in to else f"{to};tag={tag}"
    allowed = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS"
    ending = ["Accept: application/sdp", "Content-Length: 0", "", ""]
    return "\r\n".join([f"SIP/2.0 {status}", *kept, tagged, allowed, *ending])


def _recorded(request: Any) -> list[str]:
    """The Record-Route values as they came; pyVoIP keeps only the first."""
    head = bytes(request.raw).partition(b"\r\n\r\n")[0].decode("utf8", "replace")
    return [
        line.partition(":")[2].strip()
        for line in head.split("\r\n")
        if line.lower().startswith("record-route:")
    ]
