"""Who speaks each language: reads `<folder>/<language>/voice.toml`.

The folders of human recordings need not exist: what is not installed is said by the synthetic
voice.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from call.errors import PeerFault
from ivr.voices.espeak import SyntheticVoice


@dataclass(frozen=True, slots=True)
class Cast:
    """The voices of one language. `recordings` are folders, the first that has a file wins."""

    espeak: SyntheticVoice
    recordings: tuple[Path, ...] = ()


class BadVoices(PeerFault):
    """The voice files cannot be used; the message lists everything that is wrong with them."""


class _Recordings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    folders: tuple[Path, ...] = ()


class _Espeak(BaseModel):
    model_config = ConfigDict(extra="forbid")
    voice: str
    words_per_minute: int = Field(default=150, ge=80, le=450)
    pitch: int = Field(default=50, ge=0, le=99)


class _VoiceFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    espeak: _Espeak
    recordings: _Recordings = _Recordings()


def load_cast(folder: Path, languages: Iterable[str]) -> Mapping[str, Cast]:
    """The voices of each language. Raises BadVoices with every fault of every file."""
    cast: dict[str, Cast] = {}
    faults: list[str] = []
    for code in sorted(languages):
        file = folder / code / "voice.toml"
        try:
            cast[code] = _cast(_VoiceFile.model_validate(tomllib.loads(file.read_text("utf-8"))))
        except ValidationError as fault:
            faults += (
                f"{file}: {'.'.join(map(str, error['loc']))}: {error['msg']}"
                for error in fault.errors()
            )
        except (OSError, ValueError) as fault:
            faults.append(f"{file}: cannot be read: {fault}")
    if faults:
        raise BadVoices("\n".join(faults))
    return MappingProxyType(cast)


def _cast(file: _VoiceFile) -> Cast:
    espeak = SyntheticVoice(file.espeak.voice, file.espeak.words_per_minute, file.espeak.pitch)
    return Cast(espeak, file.recordings.folders)
