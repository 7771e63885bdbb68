"""The head of a sealed file, which says under which key it is sealed; read without any key.

octets  what
8       "VESTSEAL"
1       version, 1
1       length of the key's id
n       the key's id, ASCII
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from voicemail.adapters.sound_files import names_in, plain_file, sealed_file
from voicemail.errors import SoundUnavailable

_MAGIC = b"VESTSEAL"
_VERSION = 1
_FIXED = len(_MAGIC) + 2
_LONGEST = _FIXED + 255


def head(id: str) -> bytes:
    """The head of a file sealed under the key of that id."""
    return _MAGIC + bytes((_VERSION, len(id))) + id.encode("ascii")


def key_id(octets: bytes, name: str) -> str:
    """The id in the head that these octets begin with. Raises SoundUnavailable."""
    if not octets.startswith(_MAGIC) or len(octets) < _FIXED:
        raise SoundUnavailable(f"{name} is not a whole sealed file")
    version, length = octets[len(_MAGIC) : _FIXED]
    if version != _VERSION:
        raise SoundUnavailable(f"{name} is sealed in version {version}, which is not known here")
    id = octets[_FIXED : _FIXED + length]
    if len(id) < length or not id.isascii():
        raise SoundUnavailable(f"{name} is not a whole sealed file")
    return id.decode("ascii")


def key_used(path: Path, name: str) -> str:
    """The id in the head of a file. Blocks. Raises SoundUnavailable, OSError."""
    with path.open("rb") as file:
        return key_id(file.read(_LONGEST), name)


def keys_used(root: Path) -> Mapping[str, int]:
    """How many sounds of a folder are sealed under which key; plain ones count under "".

    Files whose head cannot be read are left out. Blocks.
    """
    used: Counter[str] = Counter()
    for name in names_in(root):
        if plain_file(root, name).is_file():
            used[""] += 1
            continue
        try:
            used[key_used(sealed_file(root, name), name)] += 1
        except (OSError, SoundUnavailable):
            continue
    return used
