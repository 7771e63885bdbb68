"""What passes between call logic and the plane's process: one pickled tuple a record.

Records travel on a SOCK_SEQPACKET pair, whole or not at all. A slot's sockets travel with the
record that opens it. Both ends are processes of one program and one version, and nobody else holds
an end: nothing here is for strangers.

To the plane: the name of a command and its fields. From it: Ready, Told, ToldOfRoom, PlaneLoad.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass

from call.errors import Misuse
from call.media import MediaEvent, PlaneLoad, RoomEvent

LONGEST = 128 * 1024
"""Octets in one record at most. Records are read into one buffer of that size, made once: to make
it anew for each record costs more than all the rest."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The plane takes calls."""

    priority: str
    """The scheduling it obtained."""
    compiled: bool
    """Whether the loops of a beat are compiled; numpy does their part else."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something happened to a slot."""

    slot: int
    event: MediaEvent


@dataclass(frozen=True, slots=True)
class ToldOfRoom:
    """Something happened in a room."""

    room: int
    event: RoomEvent


News = Ready | Told | ToldOfRoom | PlaneLoad
Command = Sequence[object]
"""A name, then its fields."""


def pack(record: Command | News) -> bytes:
    """Write one record. Raises Misuse when it is too long to travel."""
    data = pickle.dumps(record, pickle.HIGHEST_PROTOCOL)
    if len(data) > LONGEST:
        raise Misuse(f"a record of {len(data)} octets does not pass the seam")
    return data


def command_of(data: memoryview) -> tuple[str, tuple[object, ...]]:
    """A command and its fields."""
    name, *fields = pickle.loads(data)
    return name, tuple(fields)


def news_of(data: memoryview) -> News:
    """What the plane tells."""
    news: News = pickle.loads(data)
    return news
