"""A mailbox as one file: a ZIP of WAV sounds beside `mailbox.json`, the settings and envelopes.

It serves to move a mailbox, to answer somebody who asks for their data, and to keep what a deleted
box held. The PIN is never in it. What it says is read whole and checked before anything is done.
"""

import io
import json
import wave
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from call.leg import Party
from call.sound import RATE
from voicemail.errors import ArchiveRefused
from voicemail.message import (
    Attachment,
    Folder,
    Greeting,
    GreetingKind,
    Mailbox,
    Message,
    Treatment,
)

FORMAT = "vestibule-mailbox/1"
MANIFEST = "mailbox.json"

_MAILBOX = TypeAdapter(Mailbox)

_LARGEST_SOUND = 2 * RATE * 3700
"""Octets of the longest message there can be, and some."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Caller(_Part):
    number: str = Field(max_length=40)
    name: str = Field(max_length=80)


class _Sounding(_Part):
    sound: str


class _ArchivedMessage(_Sounding):
    id: str = Field(pattern=r"^[0-9a-z]{1,26}$")
    caller: _Caller
    received: AwareDatetime
    folder: Folder
    deleted: AwareDatetime | None = None
    urgent: bool = False
    forwarded_by: str = Field(default="", max_length=10)
    transcript: str = ""


class _ArchivedGreeting(_Sounding):
    kind: GreetingKind
    kept: AwareDatetime
    until: AwareDatetime | None = None


class _Manifest(_Part):
    format: Literal["vestibule-mailbox/1"]
    exported: AwareDatetime
    mailbox: dict[str, object]
    messages: tuple[_ArchivedMessage, ...]
    greetings: tuple[_ArchivedGreeting, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """What a file held: everything but the sound, which `sound` reads."""

    path: Path
    mailbox: Mailbox
    messages: tuple[Message, ...]
    """With the names their sounds have in the file."""
    greetings: tuple[Greeting, ...]

    def sound(self, name: str) -> bytes:
        """Raw samples of one sound of the file."""
        with zipfile.ZipFile(self.path) as file:
            return _samples(file, name)


def write_archive(
    path: Path,
    mailbox: Mailbox,
    messages: Mapping[Message, Path],
    greetings: Mapping[Greeting, Path],
    exported: datetime,
) -> None:
    """Write a mailbox to a file that is there whole or not at all. Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    manifest = {
        "format": FORMAT,
        "exported": exported.isoformat(),
        "mailbox": _settings(mailbox),
        "messages": [_message_entry(message) for message in messages],
        "greetings": [_greeting_entry(greeting) for greeting in greetings],
    }
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False))
            for message, wav in messages.items():
                file.write(wav, _message_sound(message))
            for greeting, wav in greetings.items():
                file.write(wav, _greeting_sound(greeting))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_archive(path: Path) -> Archive:
    """Read and check a file, every sound included. Raises ArchiveRefused."""
    try:
        with zipfile.ZipFile(path) as file:
            manifest = _manifest(file)
            lengths = {
                each.sound: len(_samples(file, each.sound)) / (2 * RATE)
                for each in _sounding(manifest)
            }
        mailbox = _mailbox(manifest.mailbox)
    except (OSError, zipfile.BadZipFile) as fault:
        raise ArchiveRefused(f"{path}: not the archive of a mailbox: {fault}") from fault
    except ArchiveRefused as fault:
        raise ArchiveRefused(f"{path}: {fault}") from fault
    return Archive(
        path,
        mailbox,
        tuple(_messages(manifest, mailbox.number, lengths)),
        tuple(_greetings(manifest, mailbox.number, lengths)),
    )


def _sounding(manifest: _Manifest) -> Iterator[_Sounding]:
    yield from manifest.messages
    yield from manifest.greetings


def _manifest(file: zipfile.ZipFile) -> _Manifest:
    try:
        return _Manifest.model_validate_json(file.read(MANIFEST))
    except KeyError:
        raise ArchiveRefused(f"no {MANIFEST} in it") from None
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ArchiveRefused(f"{MANIFEST}: {place}: {first['msg']}") from fault


def _samples(file: zipfile.ZipFile, name: str) -> bytes:
    try:
        if file.getinfo(name).file_size > _LARGEST_SOUND:
            raise ArchiveRefused(f"{name}: longer than a message can be")
        with wave.open(io.BytesIO(file.read(name))) as sound:
            shape = sound.getframerate(), sound.getnchannels(), sound.getsampwidth()
            if shape != (RATE, 1, 2):
                raise ArchiveRefused(f"{name}: not 8 kHz, mono, 16-bit")
            pcm: bytes = sound.readframes(sound.getnframes())
            return pcm
    except (KeyError, EOFError, wave.Error) as fault:
        raise ArchiveRefused(f"{name}: missing or no WAV sound") from fault


def _settings(mailbox: Mailbox) -> dict[str, object]:
    return asdict(mailbox) | {"zero": str(mailbox.zero), "star": str(mailbox.star)}


def _mailbox(settings: Mapping[str, object]) -> Mailbox:
    """The settings of a file; what a later version added is left aside."""
    known = {name: settings[name] for name in Mailbox.__slots__ if name in settings}
    try:
        known["zero"] = Treatment.parse(str(known.get("zero", "operator")))
        known["star"] = Treatment.parse(str(known.get("star", "login")))
        known["attachment"] = Attachment(str(known.get("attachment", "wav")))
        return _MAILBOX.validate_python(known)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ArchiveRefused(f"{MANIFEST}: mailbox.{place}: {first['msg']}") from fault
    except ValueError as fault:
        raise ArchiveRefused(f"{MANIFEST}: mailbox: {fault}") from fault


def _message_sound(message: Message) -> str:
    return f"messages/{message.id}.wav"


def _greeting_sound(greeting: Greeting) -> str:
    return f"greetings/{greeting.kind.value}.wav"


def _message_entry(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "caller": {"number": message.caller.number, "name": message.caller.name},
        "received": message.received.isoformat(),
        "duration_s": message.duration_s,
        "folder": message.folder.value,
        "deleted": message.deleted.isoformat() if message.deleted else None,
        "urgent": message.urgent,
        "forwarded_by": message.forwarded_by,
        "transcript": message.transcript,
        "sound": _message_sound(message),
    }


def _greeting_entry(greeting: Greeting) -> dict[str, object]:
    return {
        "kind": greeting.kind.value,
        "kept": greeting.kept.isoformat(),
        "until": greeting.until.isoformat() if greeting.until else None,
        "duration_s": greeting.duration_s,
        "sound": _greeting_sound(greeting),
    }


def _messages(manifest: _Manifest, number: str, lengths: Mapping[str, float]) -> Iterator[Message]:
    for each in manifest.messages:
        yield Message(
            id=each.id,
            mailbox=number,
            caller=Party(each.caller.number, each.caller.name),
            received=each.received,
            duration_s=lengths[each.sound],
            sound=each.sound,
            folder=each.folder,
            deleted=each.deleted,
            urgent=each.urgent,
            forwarded_by=each.forwarded_by,
            transcript=each.transcript,
        )


def _greetings(
    manifest: _Manifest, number: str, lengths: Mapping[str, float]
) -> Iterator[Greeting]:
    for each in manifest.greetings:
        yield Greeting(number, each.kind, each.sound, lengths[each.sound], each.kept, each.until)
