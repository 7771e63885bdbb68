"""A mailbox as one file: a ZIP of WAV sounds beside `mailbox.json`, the settings and envelopes.

It serves to move a mailbox, to answer somebody who asks for their data, and to keep what a deleted
box held. The PIN is never in it. What it says is read whole and checked before anything is done.

It is written sound by sound, the manifest last, under another name that becomes its own at the
end: it is there whole or not at all.
"""

import errno
import io
import json
import os
import wave
import zipfile
import zlib
from collections import Counter
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
from voicemail.policy import printable

FORMAT = "vestibule-mailbox/1"
MANIFEST = "mailbox.json"

_MAILBOX = TypeAdapter(Mailbox)

_LARGEST_SOUND = 2 * RATE * 7300
"""Octets of the longest message there can be with the longest introduction, and some."""

_LARGEST_MANIFEST = 16_000_000

_ENCRYPTED = 1
"""The bit that says so (APPNOTE 4.4.4)."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Header(_Part):
    format: str


class _Caller(_Part):
    number: str = Field(max_length=40)
    name: str = Field(max_length=80)


class _Sounding(_Part):
    sound: str | None
    """Its name in the file; None where it was lost before the archive was made."""


class _ArchivedMessage(_Sounding):
    id: str = Field(pattern=r"^[0-9a-z]{1,26}$")
    caller: _Caller
    received: AwareDatetime
    folder: Folder
    deleted: AwareDatetime | None = None
    urgent: bool = False
    forwarded_by: str = Field(default="", pattern=r"^[0-9]{0,10}$")
    transcript: str = Field(default="", max_length=100_000)


class _ArchivedGreeting(_Sounding):
    kind: GreetingKind
    kept: AwareDatetime
    until: AwareDatetime | None = None


class _Manifest(_Part):
    format: Literal["vestibule-mailbox/1"]  # FORMAT
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
    silent: int = 0
    """Messages whose sound was lost before the archive was made: nothing to bring."""

    def sound(self, name: str) -> bytes:
        """Raw samples of one sound of the file."""
        with zipfile.ZipFile(self.path) as file:
            return _samples(file, name)


class ArchiveWriter:
    """Writes an archive, one sound at a time. Every method blocks and may raise OSError."""

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._octets = os.fdopen(descriptor, "wb")
        self._zip = zipfile.ZipFile(self._octets, "w", zipfile.ZIP_DEFLATED)
        self._messages: list[dict[str, object]] = []
        self._greetings: list[dict[str, object]] = []

    def add_message(self, message: Message, wav: bytes | None) -> None:
        """Add a message; without its sound where that is lost."""
        sound = self._sound(f"messages/{message.id}.wav", wav)
        self._messages.append(_message_entry(message) | {"sound": sound})

    def add_greeting(self, greeting: Greeting, wav: bytes | None) -> None:
        """Add a greeting; without its sound where that is lost."""
        sound = self._sound(f"greetings/{greeting.kind.value}.wav", wav)
        self._greetings.append(_greeting_entry(greeting) | {"sound": sound})

    def finish(self, mailbox: Mailbox, exported: datetime) -> None:
        """Put the file in its place, on the disk for good."""
        manifest = {
            "format": FORMAT,
            "exported": exported.isoformat(),
            "mailbox": _settings(mailbox),
            "messages": self._messages,
            "greetings": self._greetings,
        }
        self._zip.writestr(MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False))
        self._zip.close()
        self._octets.flush()
        os.fsync(self._octets.fileno())
        self._octets.close()
        self._part.replace(self._path)
        _sync_folder(self._path.parent)

    def abandon(self) -> None:
        """Leave nothing behind; harmless once the file is in its place."""
        self._zip.close()
        self._octets.close()
        self._part.unlink(missing_ok=True)

    def _sound(self, name: str, wav: bytes | None) -> str | None:
        if wav is None:
            return None
        self._zip.writestr(name, wav)
        return name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_archive(path: Path) -> Archive:
    """Read and check a file, every sound included. Raises ArchiveRefused."""
    try:
        with zipfile.ZipFile(path) as file:
            manifest = _manifest(file)
            lengths = {name: len(_samples(file, name)) / (2 * RATE) for name in _sounding(manifest)}
        mailbox = _mailbox(manifest.mailbox)
    except (OSError, zipfile.BadZipFile, zlib.error) as fault:
        raise ArchiveRefused(f"{path}: not the archive of a mailbox: {fault}") from fault
    except ArchiveRefused as fault:
        raise ArchiveRefused(f"{path}: {fault}") from fault
    return Archive(
        path,
        mailbox,
        tuple(_messages(manifest, mailbox.number, lengths)),
        tuple(_greetings(manifest, mailbox.number, lengths)),
        sum(message.sound is None for message in manifest.messages),
    )


def _sounding(manifest: _Manifest) -> Iterator[str]:
    """The names of the sounds, which are told once each, like the ids and the kinds."""
    entries: tuple[_Sounding, ...] = (*manifest.messages, *manifest.greetings)
    names = [each.sound for each in entries if each.sound is not None]
    once = (
        *names,
        *(f"message {message.id}" for message in manifest.messages),
        *(f"greeting {greeting.kind.value}" for greeting in manifest.greetings),
    )
    if twice := [each for each, times in Counter(once).items() if times > 1]:
        raise ArchiveRefused(f"{MANIFEST}: {twice[0]} is in it twice")
    yield from names


def _manifest(file: zipfile.ZipFile) -> _Manifest:
    octets = _member(file, MANIFEST, _LARGEST_MANIFEST)
    try:
        told = _Header.model_validate_json(octets).format
        if told != FORMAT:
            raise ArchiveRefused(f"{MANIFEST}: the format is {told[:40]!r}, not {FORMAT!r}")
        return _Manifest.model_validate_json(octets)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ArchiveRefused(f"{MANIFEST}: {place}: {first['msg']}") from fault


def _samples(file: zipfile.ZipFile, name: str) -> bytes:
    octets = _member(file, name, _LARGEST_SOUND)
    try:
        with wave.open(io.BytesIO(octets)) as sound:
            shape = sound.getframerate(), sound.getnchannels(), sound.getsampwidth()
            if shape != (RATE, 1, 2):
                raise ArchiveRefused(f"{name}: not 8 kHz, mono, 16-bit")
            pcm: bytes = sound.readframes(sound.getnframes())
            return pcm
    except (EOFError, wave.Error) as fault:
        raise ArchiveRefused(f"{name}: no WAV sound") from fault


def _member(file: zipfile.ZipFile, name: str, most: int) -> bytes:
    """One file out of the archive, of `most` octets at most and in a form that ours have."""
    try:
        member = file.getinfo(name)
    except KeyError:
        raise ArchiveRefused(f"no {name} in it") from None
    if member.flag_bits & _ENCRYPTED:
        raise ArchiveRefused(f"{name}: behind a password; archives of mailboxes have none")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveRefused(f"{name}: compressed in another way than archives of mailboxes are")
    if member.file_size > most:
        raise ArchiveRefused(f"{name}: larger than it can be")
    return file.read(member)


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
    }


def _greeting_entry(greeting: Greeting) -> dict[str, object]:
    return {
        "kind": greeting.kind.value,
        "kept": greeting.kept.isoformat(),
        "until": greeting.until.isoformat() if greeting.until else None,
        "duration_s": greeting.duration_s,
    }


def _messages(manifest: _Manifest, number: str, lengths: Mapping[str, float]) -> Iterator[Message]:
    for each in manifest.messages:
        if each.sound is None:
            continue
        yield Message(
            id=each.id,
            mailbox=number,
            caller=Party(printable(each.caller.number, 40), printable(each.caller.name)),
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
        if each.sound is not None:
            yield Greeting(
                number, each.kind, each.sound, lengths[each.sound], each.kept, each.until
            )
