"""Dialogs: who the two ends are, the path between them, and the order of requests (RFC 3261 §12).

A dialog makes the requests sent within it, and judges the order of those received. It does not
know what is being said in it.
"""

import ipaddress
from dataclasses import dataclass, replace

from telephony.sip.events import Peer, Transport
from telephony.sip.fields import BadField, bracket, parse_address, parse_uri
from telephony.sip.message import Message, Pairs, Request, Response


@dataclass(eq=False, slots=True)
class Dialog:
    """One dialog as one of its ends keeps it.

    `local` and `remote` are whole From or To values without tags; `via_peer` is whom the dialog's
    first message came from or went to, used where the route set names a host that is no IP
    address; `connected` says that a connection to it, where it is one, is still open. `at_home`
    says that it is a telephone of ours, heard from where it registered: its Contact may name an
    address behind a router.
    """

    call_id: str
    local: str
    local_tag: str
    remote: str
    remote_tag: str
    target: str
    route: tuple[str, ...]
    via_peer: Peer
    local_seq: int = 0
    remote_seq: int | None = None
    connected: bool = True
    at_home: bool = False

    def accepts(self, request: Request) -> bool:
        """Whether a request comes in order; remembers its number (§12.2.2)."""
        number, _ = request.cseq
        if self.remote_seq is not None and number < self.remote_seq:
            return False
        self.remote_seq = number
        return True

    def refresh(self, message: Message) -> None:
        """Take the Contact of a target refresh as the new remote target (§12.2)."""
        contact = contact_of(message)
        if contact:
            self.target = contact

    def heard_from(self, source: Peer) -> None:
        """The peer wrote within the dialog: a connection it opened is ours too (RFC 5923)."""
        if source.host != self.via_peer.host:
            return
        if source.transport is Transport.TCP or self.at_home:
            self.via_peer, self.connected = source, True

    def cut_off(self, peer: Peer) -> None:
        """A connection is gone: requests on it would reach nobody."""
        if self.via_peer == peer and peer.transport is Transport.TCP:
            self.connected = False

    def request(self, method: str, number: int | None = None) -> Request:
        """A request within the dialog, without Via; `number` is given for ACK and CANCEL only."""
        if number is None:
            self.local_seq += 1
            number = self.local_seq
        uri, route = self._path()
        headers: Pairs = (
            ("Max-Forwards", "70"),
            *(("Route", hop) for hop in route),
            ("From", f"{self.local};tag={self.local_tag}"),
            ("To", f"{self.remote};tag={self.remote_tag}" if self.remote_tag else self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
        )
        return Request(headers, method=method, uri=uri)

    @property
    def next_hop(self) -> Peer:
        """Where requests are sent: the first route, or the target (§12.2.1.1).

        A host name is not looked up: the request then goes where the dialog came from. Over TCP
        the connection is used again while it is open and leads to the same host (RFC 5923); a
        peer that closed it is called at its own port, never at the one it had borrowed. A telephone
        behind a router is sent to where it was heard from, since its Contact leads nowhere.
        """
        first = parse_address(self.route[0]).uri if self.route else self.target
        peer, via = parse_uri(first).peer, self.via_peer
        named = not _is_ip(peer.host)
        if self.at_home and not self.route and peer.host != via.host:
            return via
        if via.transport is not Transport.TCP:
            return via if named else peer
        if self.connected and (named or peer.host == via.host):
            return via
        return Peer(Transport.TCP, via.host, peer.port) if named else peer

    def _path(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route, for loose and for strict routers (§12.2.1.1)."""
        if not self.route:
            return self.target, ()
        first = parse_uri(parse_address(self.route[0]).uri)
        if "lr" in first.parameters:
            return self.target, self.route
        strict = first.text.partition("?")[0]
        return strict, (*self.route[1:], f"<{self.target}>")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def contact_of(message: Message) -> str:
    """The URI of the first usable Contact, "" when there is none."""
    try:
        contacts = message.values("Contact")
        uri = parse_address(contacts[0]).uri if contacts and contacts[0] != "*" else ""
        return uri if uri and parse_uri(uri).scheme in ("sip", "sips") else ""
    except BadField:
        return ""


def without_tag(text: str) -> str:
    """A From or To value as a name-addr, its parameters but the tag kept."""
    address = parse_address(text)
    parameters = {name: value for name, value in address.parameters.items() if name != "tag"}
    return str(replace(address, parameters=parameters))


def _routes(message: Message) -> tuple[str, ...]:
    return tuple(
        value
        for value in message.values("Record-Route")
        if parse_uri(parse_address(value).uri).scheme in ("sip", "sips")
    )


def as_called(request: Request, local_tag: str, source: Peer, *, at_home: bool = False) -> Dialog:
    """The dialog that an INVITE opens, seen by the one who is called (§12.1.1).

    Where an old telephone gives no Contact, its From is the target.
    """
    sender = request.sender
    target = contact_of(request)
    if not target:
        uri = parse_uri(sender.uri)
        fallback = f"sip:{bracket(source.host)}:{source.port}"
        target = sender.uri if uri.scheme in ("sip", "sips") else fallback
    return Dialog(
        call_id=request.call_id,
        local=without_tag(request.header("To") or ""),
        local_tag=local_tag,
        remote=without_tag(request.header("From") or ""),
        remote_tag=sender.tag,
        target=target,
        route=_routes(request),
        via_peer=source,
        remote_seq=request.cseq[0],
        at_home=at_home,
    )


def as_calling(dialog: Dialog, response: Response) -> Dialog:
    """The dialog that a response makes of the one our INVITE began (§12.1.2)."""
    return replace(
        dialog,
        remote_tag=response.recipient.tag,
        target=contact_of(response) or dialog.target,
        route=tuple(reversed(_routes(response))),
    )
