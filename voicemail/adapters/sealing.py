"""How a sealed file is written: AES-256-GCM (NIST SP 800-38D), one nonce for each sealing.

    octets  what
    n       the head, see `sealed_head`
    12      nonce, random
    ...     what was sealed, encrypted; its last 16 octets are the tag

The tag also covers the head and the name of the sound, so that neither can be changed, and no file
can take the place of another. Random nonces are good for 2^32 sealings under one key
(SP 800-38D, 8.3): more than a company's messages in a thousand years.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from voicemail.adapters.keys import Key, KeyRing
from voicemail.adapters.sealed_head import head, key_id
from voicemail.errors import SoundUnavailable

NONCE = 12
"""Octets of chance each sealing takes."""


def seal(octets: bytes, name: str, key: Key, nonce: bytes) -> bytes:
    """The octets as a sealed file of that name."""
    start = head(key.id)
    return b"".join(
        (start, nonce, AESGCM(key.secret).encrypt(nonce, octets, start + name.encode()))
    )


def open_sealed(octets: bytes, name: str, ring: KeyRing) -> bytes:
    """What was sealed under that name. Raises SoundUnavailable, which says why not."""
    id = key_id(octets, name)
    key = ring.find(id)
    if key is None:
        raise SoundUnavailable(f"{name} is sealed under key {id}, which the key file does not hold")
    start = head(id)
    body = len(start) + NONCE
    nonce = octets[len(start) : body].ljust(NONCE)  # of a file cut short
    try:
        return AESGCM(key.secret).decrypt(nonce, memoryview(octets)[body:], start + name.encode())
    except InvalidTag:
        raise SoundUnavailable(
            f"{name} does not open with key {id}: the file was altered, cut short or put in "
            "another's place, or the key is another one of that name"
        ) from None
