"""A telephone with an account that writes its requests by hand, and proves itself when asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from call.leg import Party
from directory.extension import proofs_of
from telephony.sip.challenges import Secret
from telephony.sip.digest import Challenge, Credentials, authorization, challenge_of
from telephony.sip.events import Peer, Transport
from telephony.sip.message import Request, Response, read

REALM = "vestibule"
HOME = Peer(Transport.UDP, "203.0.113.9", 40123)
"""Far from any network that is let in by its address, behind a router."""


@dataclass
class People:
    """Accounts in memory: SIP users, each with its password and its extension."""

    passwords: dict[str, str] = field(default_factory=lambda: {"101-abcd": "right"})

    @property
    def there_are(self) -> bool:
        return bool(self.passwords)

    def secret(self, user: str) -> Secret | None:
        if user not in self.passwords:
            return None
        proofs = proofs_of(user, REALM, self.passwords[user])
        return Secret(proofs.md5, proofs.sha256)

    def party(self, user: str) -> Party | None:
        if user not in self.passwords:
            return None
        return Party(user.partition("-")[0], "Camille Côté", internal=True)


class Handset:
    """A telephone. `sends` puts octets on the wire and gives what came back."""

    def __init__(
        self,
        sends: Callable[[bytes, Peer], list[Request | Response]],
        user: str = "101-abcd",
        password: str = "right",
        peer: Peer = HOME,
        algorithm: str = "",
    ) -> None:
        self._sends = sends
        self.who = Credentials(user, password)
        self.peer = peer
        self.contact = f"sip:{user}@10.0.0.7:5062"
        self._algorithm = algorithm
        self._sequence = count(1)
        self._branches = count(1)
        self.call_id = f"{user}@10.0.0.7"

    def asks(
        self,
        method: str = "REGISTER",
        *extra: str,
        uri: str = "sip:pbx.example",
        to: str = "",
        to_tag: str = "",
        cseq: int | None = None,
        call_id: str = "",
        proof: str = "",
        body: bytes = b"",
    ) -> Response | None:
        """Send one request; its final answer, None where there is silence."""
        user = self.who.username
        number = next(self._sequence) if cseq is None else cseq
        own = (call_id or self.call_id).replace("@", "-")
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.peer.transport} 10.0.0.7:5062;rport;"
            f"branch=z9hG4bK{own}{self.peer.port}{next(self._branches)}",
            "Max-Forwards: 70",
            f"From: <sip:{user}@pbx.example>;tag=handset",
            f"To: <sip:{to or user}@pbx.example>" + (f";tag={to_tag}" if to_tag else ""),
            f"Call-ID: {call_id or self.call_id}",
            f"CSeq: {number} {method}",
            *([f"Authorization: {proof}"] if proof else []),
            *extra,
            f"Content-Length: {len(body)}",
        ]
        octets = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        answers = [one for one in self._sends(octets, self.peer) if isinstance(one, Response)]
        return answers[-1] if answers else None

    def proof(
        self,
        challenge: Challenge,
        method: str = "REGISTER",
        uri: str = "sip:pbx.example",
        nc: int = 1,
    ) -> str:
        return authorization(challenge, self.who, method=method, uri=uri, cnonce="cafe", count=nc)

    def challenge_in(self, response: Response) -> Challenge:
        """The challenge it likes best; the one of its only algorithm where it knows but one."""
        headers = tuple(
            pair for pair in response.headers if self._algorithm in pair[1] or not self._algorithm
        )
        challenge = challenge_of(Response(headers, b"", response.status))
        assert challenge is not None
        return challenge

    def proves(self, method: str = "REGISTER", *extra: str, **fields: object) -> Response | None:
        """Send a request, and again with a proof when it is asked for one."""
        first = self.asks(method, *extra, **fields)  # type: ignore[arg-type]
        if first is None or first.status != 401:
            return first
        uri = str(fields.get("uri", "sip:pbx.example"))
        if isinstance(fields.get("cseq"), int):
            fields["cseq"] = int(str(fields["cseq"])) + 1
        proof = self.proof(self.challenge_in(first), method, uri)
        return self.asks(method, *extra, proof=proof, **fields)  # type: ignore[arg-type]

    def registers(self, *extra: str, contact: str = "", **fields: object) -> Response | None:
        where = f"Contact: <{contact or self.contact}>"
        return self.proves("REGISTER", where, *(extra or ("Expires: 600",)), **fields)


def sent(octets: bytes) -> Request | Response:
    return read(octets)
