"""Offer and answer (RFC 3264) for one call: one stream of G.711 sound, with keys beside it.

A `Negotiation` lives as long as its call. It answers what the peer offers, makes our own offers
(delayed offer, outgoing call, hold) and reads the answers to them; each success gives a `Stream`
for the media plane. A failure leaves what was agreed before untouched (RFC 3261 §14.1).

We answer with one law, the first of the peer's list that we know, so that sound never changes
law in the middle of a call; whatever else is offered is refused with port 0, in its place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from types import MappingProxyType

from call.errors import Misuse, PeerFault
from call.media import Address, Direction, Stream
from call.sound import Law
from telephony.crypto import UNENCRYPTED, Crypto, Secrecy, Terms, attributes
from telephony.sdp import (
    Attribute,
    Media,
    Origin,
    RtpMap,
    SessionDescription,
    parse,
    write,
)

PTIMES_MS = (60, 40, 20)
"""What the media plane can send, the longest first."""

EVENT_PAYLOAD_TYPE = 101
"""What we offer for RFC 4733 events; any dynamic number would do, this one everybody expects."""

_LAWS: Mapping[Law, int] = MappingProxyType({Law.PCMU: 0, Law.PCMA: 8})

_FLOWS: Mapping[Direction, tuple[bool, bool]] = MappingProxyType(
    {
        Direction.SENDRECV: (True, True),
        Direction.SENDONLY: (True, False),
        Direction.RECVONLY: (False, True),
        Direction.INACTIVE: (False, False),
    }
)
"""Whether the one who says it sends, and whether it receives."""

_TermsOf = Callable[[int, Media], Terms | None]
"""From the place of a medium and what it says, how it is kept secret; None where it will not do."""

_SAID = MappingProxyType({flows: direction for direction, flows in _FLOWS.items()})


class NoCommonCodec(PeerFault):
    """Nothing offered, or nothing answered, is sound that we can carry."""


class NothingOffered(Misuse):
    """An answer is read although we have described nothing."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """The medium that we take among those described, and on what terms."""

    index: int
    law: RtpMap
    events: RtpMap | None
    protocol: str
    lines: tuple[Crypto, ...]
    stream: Stream


class Negotiation:
    """The session of one call: what was said last, what was agreed, and its version.

    `session_id` names the session in `o=`; `host` and `port` are where our slot receives;
    `secrecy` is what we want encrypted.
    """

    def __init__(
        self, host: str, port: int, session_id: int, secrecy: Secrecy = UNENCRYPTED
    ) -> None:
        self._host = host
        self._port = port
        self._session_id = session_id
        self._secrecy = secrecy
        self._version = session_id
        self._said: tuple[Media, ...] | None = None
        self._agreed: _Choice | None = None
        self._ours: Direction | None = None
        self._before: Direction | None = None

    @property
    def stream(self) -> Stream | None:
        """What was agreed last; None before the first agreement."""
        return self._agreed.stream if self._agreed else None

    @property
    def held(self) -> bool:
        """Whether the peer need not send us anything just now, hold in any of its forms."""
        return self.stream is not None and self.stream.direction is not Direction.SENDRECV

    def answer(self, offer: bytes) -> tuple[bytes, Stream]:
        """Our answer to the peer's offer, and what flows from now on.

        Raises MalformedDescription, or NoCommonCodec.
        """
        described = parse(offer)
        choice = self._choose(described, Direction.SENDRECV, self._terms_offered)
        media = tuple(
            self._medium(choice, medium) if index == choice.index else _refusal(medium)
            for index, medium in enumerate(described.media)
        )
        self._agreed = choice
        self._ours = self._before = choice.stream.direction
        return self._say(media), choice.stream

    def offer(self, direction: Direction = Direction.SENDRECV) -> bytes:
        """Our offer: both laws and keys. Media refused earlier keep their place (RFC 3264 §8)."""
        own = self._own_medium(direction)
        if self._agreed is None or self._said is None:
            media: tuple[Media, ...] = (own,)
        else:
            place = self._agreed.index
            media = (*self._said[:place], own, *self._said[place + 1 :])
        self._before, self._ours = self._ours, direction
        return self._say(media)

    def read_answer(self, answer: bytes) -> Stream:
        """What the peer's answer to our last description agrees on.

        An early answer may be read again, and one to the same description sent again when the
        session is refreshed (RFC 4028 §7.4). Raises MalformedDescription or NoCommonCodec.
        """
        if self._ours is None:
            raise NothingOffered("an answer without offer")
        choice = self._choose(parse(answer), self._ours, self._terms_answered)
        self._agreed = choice
        self._before = self._ours
        return choice.stream

    def withdraw(self) -> None:
        """Our offer was refused: what was said and agreed before it stays."""
        self._ours = self._before

    # what the peer described

    def _choose(
        self, described: SessionDescription, ours: Direction, terms_of: _TermsOf
    ) -> _Choice:
        for index in range(len(described.media)):
            choice = self._consider(described, index, ours, terms_of)
            if choice is not None:
                return choice
        objection = self._secrecy.objection(described.media)
        raise NoCommonCodec(objection or "no G.711 sound described")

    def _consider(
        self, described: SessionDescription, index: int, ours: Direction, terms_of: _TermsOf
    ) -> _Choice | None:
        medium = described.media[index]
        host = described.host_of(medium)
        if medium.kind != "audio" or medium.port == 0:
            return None
        terms = terms_of(index, medium)
        if terms is None:
            return None
        mapped = next((m for m in medium.maps() if _law(m) is not None), None)
        law = _law(mapped) if mapped else None
        if mapped is None or law is None or host is None or not self._reaches(host):
            return None
        events = next((m for m in medium.maps() if _is_events(m, mapped)), None)
        remote, direction = self._flow((host, medium.port), described.direction_of(medium), ours)
        stream = Stream(
            codec=law,
            payload_type=mapped.payload_type,
            event_payload_type=events.payload_type if events else None,
            remote=remote,
            direction=direction,
            ptime_ms=_ptime(medium),
            srtp=terms.srtp,
        )
        return _Choice(index, mapped, events, medium.protocol, terms.lines, stream)

    def _terms_offered(self, _: int, medium: Media) -> Terms | None:
        return self._secrecy.answer(medium, self.stream.srtp if self.stream else None)

    def _terms_answered(self, index: int, medium: Media) -> Terms | None:
        said = self._said or ()
        return self._secrecy.read(medium, said[index] if index < len(said) else None)

    def _flow(
        self, remote: Address, theirs: Direction, ours: Direction
    ) -> tuple[Address, Direction]:
        """Where we send, and which way sound flows: what both sides want (RFC 3264 §6.1)."""
        peer_sends, peer_receives = _FLOWS[theirs]
        we_send, we_receive = _FLOWS[ours]
        if ip_address(remote[0]).is_unspecified:
            peer_receives = False  # the oldest form of hold (RFC 3264 §8.4)
            # The null address leads to this very machine; the last real one harms nobody.
            remote = self.stream.remote if self.stream else remote
        return remote, _SAID[we_send and peer_receives, we_receive and peer_sends]

    def _reaches(self, host: str) -> bool:
        """Whether our slot can send there: one address, of the same IP version."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return address.version == ip_address(self._host).version and not address.is_multicast

    # what we describe

    def _medium(self, choice: _Choice, offered: Media) -> Media:
        stream = choice.stream
        maps = [choice.law, *([choice.events] if choice.events else [])]
        return Media(
            kind="audio",
            port=self._port,
            protocol=offered.protocol,
            formats=tuple(str(m.payload_type) for m in maps),
            attributes=_attributes(maps, stream.direction, stream.ptime_ms)
            + attributes(choice.lines),
        )

    def _own_medium(self, direction: Direction) -> Media:
        agreed = self._agreed
        numbers = dict(_LAWS)
        events = EVENT_PAYLOAD_TYPE
        if agreed is None:
            protocol, lines = self._secrecy.offer()
        else:
            # A payload type keeps its meaning as long as the session (RFC 3264 §8.3.2).
            numbers[agreed.stream.law] = agreed.law.payload_type
            events = agreed.stream.event_payload_type or events
            protocol, lines = agreed.protocol, agreed.lines
        laws = sorted(numbers, key=lambda law: agreed is not None and law != agreed.stream.law)
        maps = [RtpMap(numbers[law], law.value, 8000) for law in laws]
        maps.append(RtpMap(events, "telephone-event", 8000))
        return Media(
            kind="audio",
            port=self._port,
            protocol=protocol,
            formats=tuple(str(m.payload_type) for m in maps),
            attributes=_attributes(maps, direction, agreed.stream.ptime_ms if agreed else 20)
            + attributes(lines),
        )

    def _say(self, media: tuple[Media, ...]) -> bytes:
        """The text; its version grows by one when it differs from the last (RFC 3264 §8)."""
        if self._said is not None and media != self._said:
            self._version += 1
        self._said = media
        origin = Origin("-", self._session_id, self._version, self._host)
        return write(SessionDescription(origin, media, host=self._host))


def _attributes(maps: list[RtpMap], direction: Direction, ptime_ms: int) -> tuple[Attribute, ...]:
    said = [Attribute("rtpmap", f"{m.payload_type} {m.encoding}/{m.rate}") for m in maps]
    events = [m for m in maps if m.encoding.lower() == "telephone-event"]
    # 0 to 15: the keys (RFC 4733 §3.2).
    said.extend(Attribute("fmtp", f"{m.payload_type} 0-15") for m in events)
    return (*said, Attribute("ptime", str(ptime_ms)), Attribute(direction.value))


def _refusal(medium: Media) -> Media:
    return replace(medium, port=0, ports=1, host=None, attributes=())


def _law(mapped: RtpMap) -> Law | None:
    same = (law for law in Law if law.value == mapped.encoding.upper())
    return next(same, None) if (mapped.rate, mapped.channels) == (8000, 1) else None


def _is_events(mapped: RtpMap, law: RtpMap) -> bool:
    """Whether it stands for RFC 4733 events on the clock of the sound (RFC 4733 §2.4.1)."""
    return mapped.encoding.lower() == "telephone-event" and mapped.rate == law.rate


def _ptime(medium: Media) -> int:
    """The packet length asked for, as near as we can without exceeding it or `maxptime`."""
    asked = medium.milliseconds("ptime") or 20
    limit = medium.milliseconds("maxptime") or asked
    return next((ms for ms in PTIMES_MS if ms <= min(asked, limit)), 20)
