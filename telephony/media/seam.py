"""What passes between call logic and the plane's process: one JSON array a record.

Records travel on a SOCK_SEQPACKET pair, whole or not at all. A slot's sockets travel with the
record that opens it. Both ends are ours and of one version; nothing here is for strangers.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from call.errors import Misuse
from call.media import (
    AddressLearned,
    Direction,
    KeyPressed,
    KeySource,
    MediaEvent,
    MediaLost,
    MediaStatistics,
    PlaneDied,
    PlayEnded,
    RecordEnded,
    Stream,
)
from call.sound import Clip, EndOfRecording, Law

LONGEST = 128 * 1024
"""Octets in one record at most. Records are read into one buffer of that size, made once: to make
it anew for each record costs more than all the rest."""

Field = str | int | float | None | Sequence["Field"]
Record = list[Field]

_written = json.JSONEncoder(separators=(",", ":")).encode


def pack(record: Sequence[Field]) -> bytes:
    """Write one record. Raises Misuse when it is too long to travel."""
    data = _written(record).encode()
    if len(data) > LONGEST:
        raise Misuse(f"a record of {len(data)} octets does not pass the seam")
    return data


def parse(data: bytes | bytearray) -> Record:
    """Read one record."""
    record: Record = json.loads(data.decode())
    return record


def stream_fields(stream: Stream) -> Record:
    """A stream as fields."""
    return [
        stream.law.value,
        stream.payload_type,
        stream.event_payload_type,
        stream.remote[0],
        stream.remote[1],
        stream.direction.value,
        stream.ptime_ms,
    ]


def stream_of(fields: Sequence[Field]) -> Stream:
    """Fields as a stream."""
    law, payload_type, events, host, port, direction, ptime_ms = fields
    return Stream(
        Law(text(law)),
        whole(payload_type),
        None if events is None else whole(events),
        (text(host), whole(port)),
        Direction(text(direction)),
        whole(ptime_ms),
    )


def clip_fields(clips: Sequence[Clip]) -> Record:
    """Clips as fields; paths become absolute, as the other process may stand elsewhere."""
    return [[str(clip.stem.absolute()), clip.frames] for clip in clips]


def clips_of(fields: Field) -> list[Clip]:
    """Fields as clips."""
    return [Clip(Path(text(stem)), whole(frames)) for stem, frames in several(fields)]


def event_fields(event: MediaEvent) -> Record:
    """An event as fields, its name first."""
    match event:
        case KeyPressed():
            return ["key", event.key, event.source.value, event.at]
        case PlayEnded():
            return ["played", event.ticket]
        case RecordEnded():
            cause = event.ended_by.value
            return ["recorded", str(event.path), event.seconds, event.speech_s, cause]
        case AddressLearned():
            return ["learned", *event.address]
        case MediaLost():
            return ["lost", event.seconds]
        case MediaStatistics():
            sent, received = event.packets_sent, event.packets_received
            lost, late = event.packets_lost, event.packets_late
            return ["statistics", sent, received, lost, late, event.jitter_ms, event.late_ticks]
        case PlaneDied():
            return ["died"]


def event_of(record: Sequence[Field]) -> MediaEvent:
    """Fields as an event."""
    name, *fields = record
    match name, fields:
        case "key", [key, source, at]:
            return KeyPressed(text(key), KeySource(text(source)), real(at))
        case "played", [ticket]:
            return PlayEnded(whole(ticket))
        case "recorded", [path, seconds, speech_s, cause]:
            ended_by = EndOfRecording(text(cause))
            return RecordEnded(Path(text(path)), real(seconds), real(speech_s), ended_by)
        case "learned", [host, port]:
            return AddressLearned((text(host), whole(port)))
        case "lost", [seconds]:
            return MediaLost(real(seconds))
        case "statistics", [sent, received, lost, late, jitter_ms, ticks]:
            return MediaStatistics(
                whole(sent),
                whole(received),
                whole(lost),
                whole(late),
                real(jitter_ms),
                whole(ticks),
            )
        case "died", []:
            return PlaneDied()
    raise Misuse(f"the plane told an unknown event: {name}")


def whole(field: Field) -> int:
    """A field that is a whole number."""
    if not isinstance(field, int):
        raise Misuse(f"not a whole number: {field!r}")
    return field


def real(field: Field) -> float:
    """A field that is a number."""
    if not isinstance(field, (int, float)):
        raise Misuse(f"not a number: {field!r}")
    return float(field)


def text(field: Field) -> str:
    """A field that is text."""
    if not isinstance(field, str):
        raise Misuse(f"not text: {field!r}")
    return field


def several(field: Field) -> Sequence[Sequence[Field]]:
    """A field that is a list of lists."""
    if not isinstance(field, list) or not all(isinstance(each, list) for each in field):
        raise Misuse(f"not a list of lists: {field!r}")
    return field


def path_of(field: Field) -> Path:
    """A field that is a path."""
    return Path(text(field))
