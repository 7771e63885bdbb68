"""How live conferences are written for programs, and read back by ours. Pure."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from conference.live import LiveRoom
from console.errors import BadWish

_ROOMS = TypeAdapter(tuple[LiveRoom, ...])
_ROOM = TypeAdapter(LiveRoom)


def written(rooms: Sequence[LiveRoom]) -> bytes:
    """JSON of them all, by room: a list, with the names of the fields of LiveRoom."""
    return _ROOMS.dump_json(tuple(sorted(rooms, key=lambda each: each.room)))


def written_one(room: LiveRoom) -> bytes:
    """JSON of one."""
    return _ROOM.dump_json(room)


def read(text: str | bytes) -> tuple[LiveRoom, ...]:
    """What was written. Raises BadWish for anything else."""
    try:
        return _ROOMS.validate_json(text)
    except ValidationError as fault:
        raise BadWish("this is not the state of conferences") from fault
