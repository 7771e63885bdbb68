"""How a sealed file is written: AES-256-GCM (NIST SP 800-38D), one nonce for each sealing.

    octets  what
    8       "VESTSEAL"
    1       version, 1
    1       length of the key's id
    n       the key's id, ASCII
    12      nonce, random
    ...     what was sealed, encrypted; its last 16 octets are the tag

The tag also covers everything before the nonce and the name of the sound, so that neither can be
changed, and no file can take the place of another. Random nonces are good for 2^32 sealings under
one key (SP 800-38D, 8.3): more than a company's messages in a thousand years.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from voicemail.adapters.keys import Key, KeyRing
from voicemail.errors import SoundUnavailable

NONCE = 12
"""Octets of chance each sealing takes."""

HEAD = 8 + 1 + 1 + 32
"""Octets at the start of a file in which the key's id is sure to be."""

_MAGIC = b"VESTSEAL"
_VERSION = 1
_FIXED = len(_MAGIC) + 2
_TAG = 16


def seal(octets: bytes, name: str, key: Key, nonce: bytes) -> bytes:
    """The octets as a sealed file of that name."""
    head = _MAGIC + bytes((_VERSION, len(key.id))) + key.id.encode("ascii")
    return head + nonce + AESGCM(key.secret).encrypt(nonce, octets, head + name.encode())


def open_sealed(octets: bytes, name: str, ring: KeyRing) -> bytes:
    """What was sealed under that name. Raises SoundUnavailable, which says why not."""
    id = key_id(octets, name)
    key = ring.find(id)
    if key is None:
        raise SoundUnavailable(f"{name} is sealed under key {id}, which the key file does not hold")
    start = _FIXED + len(id)
    nonce = octets[start : start + NONCE]
    try:
        return AESGCM(key.secret).decrypt(
            nonce, octets[start + NONCE :], octets[:start] + name.encode()
        )
    except InvalidTag:
        raise SoundUnavailable(
            f"{name} does not open with key {id}: the file was altered, cut short or put in "
            "another's place, or the key is another one of that name"
        ) from None


def key_id(head: bytes, name: str) -> str:
    """Which key a file is sealed under, from its first octets. Raises SoundUnavailable."""
    if not head.startswith(_MAGIC) or len(head) < _FIXED:
        raise SoundUnavailable(f"{name} is not a whole sealed file")
    version, length = head[len(_MAGIC) : _FIXED]
    if version != _VERSION:
        raise SoundUnavailable(f"{name} is sealed in version {version}, which is not known here")
    id = head[_FIXED : _FIXED + length]
    if len(id) < length or not id.isascii():
        raise SoundUnavailable(f"{name} is not a whole sealed file")
    return id.decode("ascii")
