"""SRTP as RFC 3711 writes it down, packet by packet, by other means than the product's.

The index of each packet is told, never guessed: a test says what it means.
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_RTP_KEYS, _RTCP_KEYS = (0, 1, 2), (3, 4, 5)
"""Labels of the cipher key, the authentication key and the salt (RFC 3711, 4.3.2)."""


def keystream(key: bytes, counter: int, octets: int) -> bytes:
    """AES in counter mode from a block of 128 bits on (4.1.1)."""
    cipher = Cipher(algorithms.AES(key), modes.CTR(counter.to_bytes(16, "big"))).encryptor()
    return cipher.update(bytes(octets))


def derived(master: bytes, label: int, octets: int) -> bytes:
    """A session key of a master key and salt, at a key derivation rate of 0 (4.3.1)."""
    salt = int.from_bytes(master[16:], "big")
    return keystream(master[:16], (salt ^ label << 48) << 16, octets)


class Reference:
    """One direction under one master key and salt."""

    def __init__(self, master: bytes, tag: int = 10, mki: bytes = b"") -> None:
        self._master, self._tag, self._mki = master, tag, mki

    def protect(self, packet: bytes, rollovers: int = 0) -> bytes:
        """An RTP packet with a plain header of 12 octets, after so many wraps of its counter."""
        head, payload = packet[:12], packet[12:]
        index = rollovers << 16 | int.from_bytes(head[2:4], "big")
        body = head + self._crypt(_RTP_KEYS, payload, head[8:12], index)
        tag = self._sign(_RTP_KEYS, body + struct.pack("!I", rollovers))
        return body + self._mki + tag[: self._tag]

    def unprotect(self, packet: bytes, rollovers: int = 0) -> bytes:
        """What `protect` was given. Raises ValueError for what it did not make."""
        body, tag = packet[: -self._tag], packet[-self._tag :]
        if self._sign(_RTP_KEYS, body + struct.pack("!I", rollovers))[: self._tag] != tag:
            raise ValueError("not signed with this key")
        index = rollovers << 16 | int.from_bytes(body[2:4], "big")
        return body[:12] + self._crypt(_RTP_KEYS, body[12:], body[8:12], index)

    def protect_report(self, packet: bytes, index: int) -> bytes:
        """An RTCP compound packet, the `index`-th one (3.4)."""
        body = packet[:8] + self._crypt(_RTCP_KEYS, packet[8:], packet[4:8], index)
        body += struct.pack("!I", 1 << 31 | index)
        return body + self._mki + self._sign(_RTCP_KEYS, body)[:10]

    def unprotect_report(self, packet: bytes) -> bytes:
        """What `protect_report` was given."""
        body, tag = packet[:-10], packet[-10:]
        if self._sign(_RTCP_KEYS, body)[:10] != tag:
            raise ValueError("not signed with this key")
        index = int.from_bytes(body[-4:], "big") & 0x7FFFFFFF
        return body[:8] + self._crypt(_RTCP_KEYS, body[8:-4], body[4:8], index)

    def _crypt(self, labels: tuple[int, ...], text: bytes, ssrc: bytes, index: int) -> bytes:
        salt = int.from_bytes(derived(self._master, labels[2], 14), "big")
        counter = salt << 16 ^ int.from_bytes(ssrc, "big") << 64 ^ index << 16
        stream = keystream(derived(self._master, labels[0], 16), counter, len(text))
        return bytes(a ^ b for a, b in zip(text, stream, strict=True))

    def _sign(self, labels: tuple[int, ...], text: bytes) -> bytes:
        key = derived(self._master, labels[1], 20)
        return hmac.new(key, text, hashlib.sha1).digest()
