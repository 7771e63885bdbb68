"""Bringing every sound of a folder under the newest key, and looking whether every sound opens.

Each file is replaced whole, and a plain one goes only when its sealed one is on the disk: stopped
at any moment, nothing is lost, and the next run goes on where this one ended. A server may run
meanwhile; sounds it deletes do not come back.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from voicemail.adapters.folder_files import held, sync_folder, write_durably
from voicemail.adapters.keys import KeyFile, KeyRing
from voicemail.adapters.sealed_head import key_id, key_used, keys_used
from voicemail.adapters.sealing import NONCE, open_sealed, seal
from voicemail.adapters.sound_files import names_in, plain_file, sealed_file
from voicemail.errors import SoundUnavailable
from voicemail.ports import Tokens


class _Done(Enum):
    PLAIN = auto()  # it was plain, and is sealed now
    OLD = auto()  # it was under an older key
    ALREADY = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Resealed:
    """What one run did."""

    key: str
    """The id of the newest key."""
    were_plain: int
    were_old: int
    already: int
    unused: tuple[str, ...]
    """Ids of older keys that no sound is sealed under now."""
    faults: tuple[str, ...]
    """Why which sounds stayed as they were."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found: how many sounds open, by the id of their key; plain ones; and the others."""

    opened: Mapping[str, int]
    plain: int
    faults: tuple[str, ...]


def reseal(root: Path, keys: KeyFile, tokens: Tokens) -> Resealed:
    """Seal everything under the newest key. Blocks. Raises KeysRefused, SoundUnavailable."""
    ring = keys.read()
    faults: dict[str, str] = {}
    done: Counter[_Done] = Counter()
    # A running server may have sealed one more under the key that was the newest until now.
    while True:
        once = _pass(root, ring, tokens, faults)
        fresh = once[_Done.PLAIN] + once[_Done.OLD]
        done[_Done.PLAIN] += once[_Done.PLAIN]
        done[_Done.OLD] += once[_Done.OLD]
        if not fresh:
            break
    total = done[_Done.PLAIN] + done[_Done.OLD]
    used = set(keys_used(root))
    return Resealed(
        key=ring.newest.id,
        were_plain=done[_Done.PLAIN],
        were_old=done[_Done.OLD],
        already=max(0, once[_Done.ALREADY] - total),
        unused=tuple(key.id for key in ring.keys[1:] if key.id not in used),
        faults=tuple(faults[name] for name in sorted(faults)),
    )


def examine(root: Path, keys: KeyFile) -> Examined:
    """Open every sound of a folder, and change nothing. Blocks. Raises KeysRefused."""
    ring = keys.read()
    opened: Counter[str] = Counter()
    faults: list[str] = []
    plain = 0
    for name in sorted(names_in(root)):
        if plain_file(root, name).is_file():
            plain += 1
            continue
        try:
            octets = sealed_file(root, name).read_bytes()
            open_sealed(octets, name, ring)
        except FileNotFoundError:
            continue
        except OSError as fault:
            faults.append(f"{name}: {fault.strerror}")
        except SoundUnavailable as fault:
            faults.append(str(fault))
        else:
            opened[key_id(octets, name)] += 1
    return Examined(opened, plain, tuple(faults))


def _pass(root: Path, ring: KeyRing, tokens: Tokens, faults: dict[str, str]) -> Counter[_Done]:
    """Go over the folder once; `faults` receives, by name, what cannot be done."""
    done: Counter[_Done] = Counter()
    for name in sorted(names_in(root) - faults.keys()):
        try:
            with held(root):
                done[_reseal(root, name, ring, tokens)] += 1
        except OSError as fault:
            faults[name] = f"{name}: {fault.strerror}"
        except SoundUnavailable as fault:
            faults[name] = str(fault)
    return done


def _reseal(root: Path, name: str, ring: KeyRing, tokens: Tokens) -> _Done:
    plain, sealed = plain_file(root, name), sealed_file(root, name)
    if plain.is_file():
        octets, was = plain.read_bytes(), _Done.PLAIN
    elif not sealed.is_file():
        return _Done.GONE
    elif key_used(sealed, name) == ring.newest.id:
        return _Done.ALREADY
    else:
        octets, was = open_sealed(sealed.read_bytes(), name, ring), _Done.OLD
    write_durably(sealed, seal(octets, name, ring.newest, tokens.token(NONCE)))
    if was is _Done.PLAIN:
        plain.unlink()
        sync_folder(plain.parent)
    return was
