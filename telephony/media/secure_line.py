"""A line whose packets travel encrypted and signed (SRTP, RFC 3711), by libsrtp.

What a stranger makes up, what was altered, and what was sent before comes out of `receive` as a
packet of no octets: it is read, and is nothing. So whoever has no key can neither be heard nor be
learned as the source of a call.

Each way has a context of its own. A context lives as long as its key: a new description with the
same keys changes nothing, and the count of rolled-over sequence numbers goes on (RFC 3711, 3.3.1).
A new key begins a new count. When the peer changes its key, packets under the one before may still
be on their way: those are tried with it until the first packet under the new key has come.

pylibsrtp, which is an optional extra, is known here alone.
"""

from collections.abc import Callable
from importlib.util import find_spec
from types import MappingProxyType, ModuleType

from call.errors import Unavailable
from call.media import Address, Srtp
from telephony.media.line import NO_SOCKET, Line

_LONGEST = 1300  # octets of a packet that libsrtp is given to protect, its buffer being 1500
_LONGEST_SECURE = 1500
_WINDOW = 256  # packets remembered against replay, as many as the timeline remembers
_TAG = MappingProxyType({"AES_CM_128_HMAC_SHA1_80": 10, "AES_CM_128_HMAC_SHA1_32": 4})
_REPORT_TAG = 10  # of SRTCP, whatever the suite (RFC 3711, 5.2 and RFC 4568, 6.2.2)

_Guard = Callable[[bytes], bytes]


def srtp_is_there() -> bool:
    """Whether the extra is installed."""
    return find_spec("pylibsrtp") is not None


def load_srtp() -> None:
    """Load the library now, if it is there: the first encrypted call shall not wait for it."""
    if srtp_is_there():
        _library()


def _library() -> ModuleType:
    try:
        import pylibsrtp
    except ImportError as fault:
        raise Unavailable("pylibsrtp is not installed: pip install vestibule[secure]") from fault
    return pylibsrtp


class _Way:
    """One direction of one stream under one key."""

    def __init__(self, suite: str, key: bytes, mki: bytes = b"", *, inbound: bool) -> None:
        library = _library()
        kinds = library.Policy
        short = kinds.SRTP_PROFILE_AES128_CM_SHA1_32
        policy = kinds(
            key=key,
            ssrc_type=kinds.SSRC_ANY_INBOUND if inbound else kinds.SSRC_ANY_OUTBOUND,
            srtp_profile=kinds.SRTP_PROFILE_AES128_CM_SHA1_80 if _TAG[suite] == 10 else short,
        )
        policy.window_size = _WINDOW
        session = library.Session(policy=policy)
        self._error: type[Exception] = library.Error
        self._mki = mki
        self._tag = _TAG[suite]
        self._sound: _Guard = session.unprotect if inbound else session.protect
        self._report: _Guard = session.unprotect_rtcp if inbound else session.protect_rtcp

    def sound(self, packet: bytes) -> bytes:
        """What becomes of an RTP packet; nothing, where it cannot pass."""
        return self._pass(self._sound, packet, self._tag)

    def report(self, packet: bytes) -> bytes:
        """The same for RTCP."""
        return self._pass(self._report, packet, _REPORT_TAG)

    def _pass(self, guard: _Guard, packet: bytes, tag: int) -> bytes:
        mki = self._mki
        if mki:  # the name of the key stands before the tag (RFC 3711, 3.1)
            if packet[-tag - len(mki) : -tag] != mki:
                return b""
            packet = packet[: -tag - len(mki)] + packet[-tag:]
        try:
            return guard(packet)
        except self._error:
            return b""


class SecureLine:
    """A Line that encrypts what it sends and takes only what its peer's key signed.

    Raises Unavailable where the library is missing.
    """

    def __init__(self, bare: Line, srtp: Srtp) -> None:
        self.bare = bare
        self._srtp = srtp
        self._sends = _sending(srtp)
        self._takes = _taking(srtp)
        self._took: _Way | None = None

    def rekey(self, srtp: Srtp) -> None:
        """Go on under these keys; nothing changes for those that are the same."""
        before, self._srtp = self._srtp, srtp
        if (srtp.suite, srtp.ours) != (before.suite, before.ours):
            self._sends = _sending(srtp)
        if (srtp.suite, srtp.theirs, srtp.mki) != (before.suite, before.theirs, before.mki):
            self._took, self._takes = self._takes, _taking(srtp)

    def aim(self, address: Address) -> None:
        self.bare.aim(address)

    def lock(self, address: Address) -> None:
        self.bare.lock(address)

    def send(self, packet: memoryview | bytes) -> None:
        if len(packet) <= _LONGEST and (secret := self._sends.sound(bytes(packet))):
            self.bare.send(secret)

    def quickest(self) -> Callable[[memoryview], object]:
        return self.send

    @property
    def descriptor(self) -> int:
        return NO_SOCKET

    def receive(self, into: memoryview) -> tuple[int, Address | None]:
        size, source = self.bare.receive(into)
        return self._open(into, size), source

    def drain(self, into: memoryview) -> tuple[int, Address | None]:
        size, source = self.bare.drain(into)
        return self._open(into, size), source

    def send_report(self, packet: bytes, address: Address) -> None:
        if len(packet) <= _LONGEST and (secret := self._sends.report(packet)):
            self.bare.send_report(secret, address)

    def receive_report(self, into: memoryview) -> tuple[int, Address | None]:
        size, source = self.bare.receive_report(into)
        if not 0 <= size <= _LONGEST_SECURE:
            return min(size, 0), source
        packet = bytes(into[:size])
        plain = self._takes.report(packet)
        if not plain and self._took is not None:
            plain = self._took.report(packet)
        into[: len(plain)] = plain
        return len(plain), source

    def close(self) -> None:
        self.bare.close()

    def _open(self, into: memoryview, size: int) -> int:
        """Put in place of a packet what it says; its size, 0 when it is not our peer's."""
        if not 0 <= size <= _LONGEST_SECURE:
            return min(size, 0)
        packet = bytes(into[:size])
        plain = self._takes.sound(packet)
        if plain:
            self._took = None
        elif self._took is not None:
            plain = self._took.sound(packet)
        into[: len(plain)] = plain
        return len(plain)


def _sending(srtp: Srtp) -> _Way:
    return _Way(srtp.suite, srtp.ours, inbound=False)


def _taking(srtp: Srtp) -> _Way:
    return _Way(srtp.suite, srtp.theirs, srtp.mki, inbound=True)


def secured(line: Line, srtp: Srtp | None) -> Line:
    """The line as an agreement wants it: the same one under its keys, or plain."""
    if isinstance(line, SecureLine):
        if srtp is None:
            return line.bare
        line.rekey(srtp)
        return line
    return line if srtp is None else SecureLine(line, srtp)


def bare(line: Line) -> Line:
    """The line itself, whatever protects it."""
    return line.bare if isinstance(line, SecureLine) else line
