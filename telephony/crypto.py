"""Secret sound as descriptions agree on it: the `a=crypto` lines of RFC 4568, and who wants what.

A line names a suite and the master key its writer encrypts with; the answer repeats the tag and
the suite of the line that was chosen, with a key of its own. Lines that are malformed, or ask for
what we cannot do, are as if unsaid: the next one may serve. Keys are as secret as the signalling
that carries them, and no more.

Nothing is drawn here: keys come from `draw`.
"""

import binascii
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from call.errors import Misuse, PeerFault
from call.media import Srtp
from telephony.sdp import Attribute, Media

SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
"""What we can do, in the order in which we offer it (RFC 4568 §6.2)."""

KEY_OCTETS = 30
"""A master key of 128 bits and a salt of 112, in all our suites."""

PLAIN, SECURE = ("RTP/AVP", "RTP/AVPF"), ("RTP/SAVP", "RTP/SAVPF")

_KEY_CHARACTERS = 40  # the same octets in base64, where they need no padding
_LONGEST_LIFETIME = 1 << 48  # packets under one key (RFC 3711 §9.2)
_LONGEST_MKI = 128  # octets (RFC 4568 §6.1)


class BadCrypto(PeerFault):
    """An `a=crypto` line that is malformed, or asks for what we cannot do."""


class NoKeyToSay(Misuse):
    """A key was asked of those who keep nothing secret."""


class SrtpPolicy(StrEnum):
    """Whether sound is encrypted."""

    REFUSE = "refuse"
    """Never."""
    ACCEPT = "accept"
    """Where the peer offers it."""
    OFFER = "offer"
    """There, and where a peer takes it that we call; those that cannot are heard plainly."""
    REQUIRE = "require"
    """Always: who cannot is refused."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """One `a=crypto` line."""

    tag: int
    suite: str
    key: bytes = field(repr=False)
    """Master key, then salt."""
    mki: bytes = b""
    """The key's name as it stands in each packet; empty where packets name none."""


def parse(value: str) -> Crypto:
    """Read what follows `a=crypto:`. Raises BadCrypto; its text never holds a key."""
    fields = value.split()
    if len(fields) < 3:
        raise BadCrypto("fewer than tag, suite and key")
    tag, suite, keys, *parameters = fields
    if not _is_number(tag, 9):
        raise BadCrypto("a tag that is no number")
    if suite not in SUITES:
        raise BadCrypto("a suite that we do not know")
    for parameter in parameters:
        _check(parameter)
    key, mki = _inline(keys)
    return Crypto(int(tag), suite, key, mki)


def write(crypto: Crypto) -> str:
    """What follows `a=crypto:`. Our own lines name no key, and none has an end of life that a
    call could reach: they have neither lifetime nor MKI."""
    return f"{crypto.tag} {crypto.suite} inline:{b64encode(crypto.key).decode()}"


def _check(parameter: str) -> None:
    """Pass over what may be passed over (RFC 4568 §6.3): hints, and what begins with a dash."""
    name, _, value = parameter.partition("=")
    if name.startswith("-") or (name == "WSH" and _is_number(value, 6)):
        return
    raise BadCrypto("a session parameter that we do not do")


def _inline(keys: str) -> tuple[bytes, bytes]:
    """Key and MKI. Several keys at once would need a choice for each packet: not done."""
    method, _, info = keys.partition(":")
    if method != "inline" or ";" in keys:
        raise BadCrypto("not one key in line")
    text, *more = info.split("|")
    lifetime = more.pop(0) if more and ":" not in more[0] else None
    if lifetime is not None and not _is_lifetime(lifetime):
        raise BadCrypto("a lifetime that is none")
    if len(more) > 1:
        raise BadCrypto("more than key, lifetime and MKI")
    return _key(text), _mki(more[0]) if more else b""


def _key(text: str) -> bytes:
    try:
        key = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        key = b""
    if len(key) != KEY_OCTETS or len(text) != _KEY_CHARACTERS:
        raise BadCrypto(f"a key that is not {KEY_OCTETS} octets")
    return key


def _is_lifetime(text: str) -> bool:
    """Whether it is a count of packets, or a power of two; no call outlives the least sensible."""
    power = text.startswith("2^")
    digits = text.removeprefix("2^")
    if not _is_number(digits, 15):
        return False
    if power:
        return int(digits) <= 48
    return 0 < int(digits) <= _LONGEST_LIFETIME


def _mki(text: str) -> bytes:
    value, _, length = text.partition(":")
    if not _is_number(length, 3) or not 0 < int(length) <= _LONGEST_MKI:
        raise BadCrypto("an MKI of no length, or too long")
    if not _is_number(value, 309) or int(value) >= 1 << 8 * int(length):
        raise BadCrypto("an MKI that is no number of its length")
    return int(value).to_bytes(int(length), "big")


def _is_number(text: str, digits: int) -> bool:
    # isdigit() alone would take digits of other scripts.
    return text.isascii() and text.isdigit() and len(text) <= digits


def lines_of(medium: Media) -> Iterator[Crypto]:
    """The lines of a medium that can be used, in the order of preference."""
    for attribute in medium.attributes:
        if attribute.name == "crypto" and attribute.value is not None:
            try:
                yield parse(attribute.value)
            except BadCrypto:
                continue


def attributes(lines: Iterable[Crypto]) -> tuple[Attribute, ...]:
    """The lines as a description says them."""
    return tuple(Attribute("crypto", write(line)) for line in lines)


@dataclass(frozen=True, slots=True)
class Terms:
    """How one stream is kept secret, if it is: the keys of both ways, and what we say of ours."""

    lines: tuple[Crypto, ...] = ()
    """Our one line, or none."""
    srtp: Srtp | None = None


@dataclass(frozen=True, slots=True)
class Secrecy:
    """What one side of a call wants kept secret. `draw` gives 30 octets nobody can guess."""

    policy: SrtpPolicy
    draw: Callable[[], bytes]

    def answer(self, offered: Media, before: Srtp | None) -> Terms | None:
        """On which terms we take a medium that is offered; None where we do not.

        Our key stays as long as its suite does: what the peer changes is the peer's.
        """
        theirs = next(lines_of(offered), None) if self._may else None
        if theirs is None:
            return self._plainly(offered)
        if offered.protocol not in (*PLAIN, *SECURE):
            return None
        kept = before is not None and before.suite == theirs.suite
        ours = before.ours if before is not None and kept else self._key()
        return _agreed(Crypto(theirs.tag, theirs.suite, ours), theirs)

    def offer(self) -> tuple[str, tuple[Crypto, ...]]:
        """The protocol of our first offer, and a line for each suite, each with a key of its own.

        Where plain sound will do, the lines stand under the plain profile: a telephone that knows
        nothing of them passes over them, where it would refuse the secure profile.
        """
        if self.policy not in (SrtpPolicy.OFFER, SrtpPolicy.REQUIRE):
            return PLAIN[0], ()
        protocol = SECURE[0] if self.policy is SrtpPolicy.REQUIRE else PLAIN[0]
        return protocol, tuple(
            Crypto(tag, suite, self._key()) for tag, suite in enumerate(SUITES, 1)
        )

    def read(self, answered: Media, said: Media | None) -> Terms | None:
        """On which terms the peer took the medium that we `said`; None where we cannot agree."""
        ours = {(line.tag, line.suite): line for line in lines_of(said)} if said else {}
        for theirs in lines_of(answered):
            mine = ours.get((theirs.tag, theirs.suite))
            if mine is not None and answered.protocol in (*PLAIN, *SECURE):
                return _agreed(mine, theirs)
        return self._plainly(answered)

    def objection(self, media: tuple[Media, ...]) -> str | None:
        """Why none of these media will do, where secrecy is the reason."""
        sound = [m for m in media if m.kind == "audio" and m.port]
        if self.policy is SrtpPolicy.REQUIRE and any(m.protocol in PLAIN for m in sound):
            return "the sound is not encrypted, and media.srtp requires it"
        if any(m.protocol in SECURE for m in sound):
            return "no encryption in common"
        return None

    @property
    def _may(self) -> bool:
        return self.policy is not SrtpPolicy.REFUSE

    def _plainly(self, medium: Media) -> Terms | None:
        plain = medium.protocol in PLAIN and self.policy is not SrtpPolicy.REQUIRE
        return Terms() if plain else None

    def _key(self) -> bytes:
        return self.draw()[:KEY_OCTETS]


def _agreed(ours: Crypto, theirs: Crypto) -> Terms:
    return Terms((ours,), Srtp(ours.suite, ours.key, theirs.key, theirs.mki))


def _no_key() -> bytes:
    raise NoKeyToSay("no key is said where nothing is encrypted")


UNENCRYPTED = Secrecy(SrtpPolicy.REFUSE, _no_key)
"""Of those who keep nothing secret."""
