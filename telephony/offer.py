"""Offer and answer (RFC 3264) for one call: one stream of sound, with keys beside it.

A `Negotiation` lives as long as its call. It answers what the peer offers, makes our own offers
(delayed offer, outgoing call, hold) and reads the answers to them; each success gives a `Stream`
for the media plane. A failure leaves what was agreed before untouched (RFC 3261 §14.1).

We answer with one codec, the first of the peer's list that we take, so that sound never changes
codec in the middle of a call; whatever else is offered is refused with port 0, in its place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from types import MappingProxyType

from call.errors import Misuse, PeerFault
from call.media import Address, Codec, Direction, Stream
from call.sound import RATE, Law
from telephony.codecs import FACTS, NARROW, codec_named
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

_EVENTS = "telephone-event"

EVENT_PAYLOAD_TYPE = 101
"""What we offer for RFC 4733 events; any dynamic number would do, this one everybody expects."""

_MORE_EVENTS: Mapping[int, int] = MappingProxyType({RATE: EVENT_PAYLOAD_TYPE, 48000: 110})
"""By RTP clock: events go by the clock of the sound (RFC 4733 §2.4.1)."""

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
    sound: RtpMap
    events: RtpMap | None
    protocol: str
    lines: tuple[Crypto, ...]
    stream: Stream


class Negotiation:
    """The session of one call: what was said last, what was agreed, and its version.

    `session_id` names the session in `o=`; `host` and `port` are where our slot receives;
    `secrecy` is what we want encrypted; `codecs` is what we take, as we offer it. `heard_at` is the
    address of a telephone that may be behind a router: a private one that it describes leads
    nowhere from here.
    """

    def __init__(
        self,
        host: str,
        port: int,
        session_id: int,
        secrecy: Secrecy = UNENCRYPTED,
        codecs: Sequence[Codec] = NARROW,
        heard_at: str = "",
    ) -> None:
        self._host = host
        self._heard_at = heard_at
        self._port = port
        self._session_id = session_id
        self._secrecy = secrecy
        self._codecs = tuple(codecs)
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
        """Our offer: all we take, and keys. What was refused keeps its place (RFC 3264 §8)."""
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
        raise NoCommonCodec(objection or "no sound described that we take")

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
        mapped = next((m for m in medium.maps() if _codec(m) in self._codecs), None)
        codec = _codec(mapped) if mapped else None
        if mapped is None or codec is None or host is None or not self._reaches(host):
            return None
        events = _events(medium, mapped)
        remote, direction = self._flow(
            (self._reached(host), medium.port), described.direction_of(medium), ours
        )
        stream = Stream(
            codec=codec,
            payload_type=mapped.payload_type,
            event_payload_type=events.payload_type if events else None,
            remote=remote,
            direction=direction,
            ptime_ms=_ptime(medium) if isinstance(codec, Law) else PTIMES_MS[-1],
            srtp=terms.srtp,
            event_rate=events.rate if events else RATE,
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

    def _reached(self, host: str) -> str:
        """Where sound for `host` goes: to the router, where it is behind one.

        Between two private addresses nothing is guessed: the sound may really be elsewhere.
        """
        heard_at = self._heard_at
        if not heard_at or not self._reaches(heard_at):
            return host
        described = ip_address(host)
        behind = not (described.is_global or described.is_unspecified)
        return heard_at if behind and ip_address(heard_at).is_global else host

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
        maps = [choice.sound, *([choice.events] if choice.events else [])]
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
        if agreed is None:
            protocol, lines = self._secrecy.offer()
        else:
            protocol, lines = agreed.protocol, agreed.lines
        maps = self._own_maps(agreed)
        return Media(
            kind="audio",
            port=self._port,
            protocol=protocol,
            formats=tuple(str(m.payload_type) for m in maps),
            attributes=_attributes(maps, direction, agreed.stream.ptime_ms if agreed else 20)
            + attributes(lines),
        )

    def _own_maps(self, agreed: _Choice | None) -> list[RtpMap]:
        """All we take, and events on each clock of it.

        What was agreed comes first, and keeps its payload types as long as the session lasts (RFC
        3264 §8.3.2); what would need one of these is left out.
        """
        kept = [] if agreed is None else [agreed.sound, *([agreed.events] if agreed.events else [])]
        sound = [] if agreed is None else [agreed.sound]
        sound += [_offered(c) for c in self._codecs if agreed is None or c != agreed.stream.codec]
        events = [] if agreed is None or agreed.events is None else [agreed.events]
        clocks = {m.rate for m in sound} - {m.rate for m in events}
        events += [RtpMap(_MORE_EVENTS[c], _EVENTS, c) for c in sorted(clocks)]
        taken = {m.payload_type for m in kept}
        return [m for m in (*sound, *events) if m in kept or m.payload_type not in taken]

    def _say(self, media: tuple[Media, ...]) -> bytes:
        """The text; its version grows by one when it differs from the last (RFC 3264 §8)."""
        if self._said is not None and media != self._said:
            self._version += 1
        self._said = media
        origin = Origin("-", self._session_id, self._version, self._host)
        return write(SessionDescription(origin, media, host=self._host))


def _attributes(maps: list[RtpMap], direction: Direction, ptime_ms: int) -> tuple[Attribute, ...]:
    said = [Attribute("rtpmap", f"{m.payload_type} {_written(m)}") for m in maps]
    parameters = ((m.payload_type, _parameters(m)) for m in maps)
    said.extend(Attribute("fmtp", f"{number} {text}") for number, text in parameters if text)
    return (*said, Attribute("ptime", str(ptime_ms)), Attribute(direction.value))


def _written(mapped: RtpMap) -> str:
    channels = f"/{mapped.channels}" if mapped.channels > 1 else ""
    return f"{mapped.encoding}/{mapped.rate}{channels}"


def _parameters(mapped: RtpMap) -> str | None:
    if mapped.encoding.lower() == _EVENTS:
        return "0-15"  # the keys (RFC 4733 §3.2)
    codec = _codec(mapped)
    return FACTS[codec].parameters if codec else None


def _refusal(medium: Media) -> Media:
    return replace(medium, port=0, ports=1, host=None, attributes=())


def _codec(mapped: RtpMap) -> Codec | None:
    return codec_named(mapped.encoding, mapped.rate, mapped.channels)


def _offered(codec: Codec) -> RtpMap:
    facts = FACTS[codec]
    return RtpMap(facts.payload_type, facts.encoding, facts.clock, facts.channels)


def _events(medium: Media, sound: RtpMap) -> RtpMap | None:
    """What stands for RFC 4733 events on the clock of the sound (RFC 4733 §2.4.1).

    Beside Opus many telephones describe them at 8000 only, and mean it.
    """
    described = [m for m in medium.maps() if m.encoding.lower() == _EVENTS]
    for clock in (sound.rate, RATE):
        for mapped in described:
            if mapped.rate == clock:
                return mapped
    return None


def _ptime(medium: Media) -> int:
    """The packet length asked for, as near as we can without exceeding it or `maxptime`."""
    asked = medium.milliseconds("ptime") or 20
    limit = medium.milliseconds("maxptime") or asked
    return next((ms for ms in PTIMES_MS if ms <= min(asked, limit)), 20)
