"""`vestibule conference`, for those being held: how they stand, and what is done to them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from vestibule.cli.opening import Config, Data, Yes, command_settings, confirmed

if TYPE_CHECKING:
    from conference.live import LivePerson, LiveRoom
    from vestibule.steering import Steering

Room = Annotated[str, typer.Argument(metavar="ROOM", help="The four digits of the room.")]
Who = Annotated[
    str, typer.Argument(metavar="WHO", help="By name, number or id, or the beginning of a name.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


class Switch(StrEnum):
    """What can be turned on and off."""

    ON = "on"
    OFF = "off"


class AsRole(StrEnum):
    """What somebody called in may do."""

    ADMINISTRATOR = "administrator"
    PARTICIPANT = "participant"


class InLanguage(StrEnum):
    """What somebody is spoken to in."""

    FRENCH = "fr"
    ENGLISH = "en"


OnOff = Annotated[Switch, typer.Argument(metavar="on|off")]
Db = Annotated[float, typer.Option(metavar="DB")]

_DIALLED = re.compile(r"[+*#0-9][0-9*#]{0,19}")
_BETWEEN_DIGITS = str.maketrans("", "", "-.()/\u2010\u2011\u00a0\u202f ")


def live(as_json: Json = False, config: Config = None, data: Data = None) -> None:
    """List the conferences being held, and who is there.

    Example: vestibule conference live
    """
    with _at_server(config, data) as (server, zone):
        rooms = server.live()
    if as_json:
        typer.echo(_written(rooms))
        return
    for line in _lines(rooms, zone):
        typer.echo(line)


def watch(as_json: Json = False, config: Config = None, data: Data = None) -> None:
    """Tell what happens in the conferences, line by line, until the server ends or Ctrl+C.

    Example: vestibule conference watch
    """
    from call.clock import SystemClock
    from console.changes import changes

    clock = SystemClock()
    before: tuple[LiveRoom, ...] | None = None
    try:
        with _at_server(config, data) as (server, zone):
            for rooms in server.watch():
                if as_json:
                    typer.echo(_written(rooms))
                elif before is None:
                    typer.echo("\n".join(_lines(rooms, zone)))
                else:
                    at = clock.now().astimezone(zone)
                    for line in changes(before, rooms):
                        typer.echo(f"{at:%H:%M:%S}  {line}")
                before = rooms
    except KeyboardInterrupt:
        return
    typer.echo("The server has ended.", err=True)


def mute(room: Room, who: Who, config: Config = None, data: Data = None) -> None:
    """Let the others hear somebody no more.

    Example: vestibule conference mute 4321 marc
    """
    one = _to_somebody(room, who, "mute", config, data, on=True)
    typer.echo(f"{one} is muted.")


def unmute(room: Room, who: Who, config: Config = None, data: Data = None) -> None:
    """Let the others hear somebody again.

    Example: vestibule conference unmute 4321 marc
    """
    one = _to_somebody(room, who, "mute", config, data, on=False)
    typer.echo(f"{one} may speak again.")


def mute_all(room: Room, config: Config = None, data: Data = None) -> None:
    """Mute every participant, those who come later too.

    Example: vestibule conference mute-all 4321
    """
    _do(room, "mute-all", config, data, on=True)
    typer.echo(f"Every participant of {room} is muted.")


def unmute_all(room: Room, config: Config = None, data: Data = None) -> None:
    """Let every participant speak again.

    Example: vestibule conference unmute-all 4321
    """
    _do(room, "mute-all", config, data, on=False)
    typer.echo(f"Every participant of {room} may speak again.")


def lock(room: Room, config: Config = None, data: Data = None) -> None:
    """Let nobody more in, but administrators.

    Example: vestibule conference lock 4321
    """
    _do(room, "lock", config, data, on=True)
    typer.echo(f"Conference room {room} is locked.")


def unlock(room: Room, config: Config = None, data: Data = None) -> None:
    """Let everybody in again.

    Example: vestibule conference unlock 4321
    """
    _do(room, "lock", config, data, on=False)
    typer.echo(f"Conference room {room} is open again.")


def expel(room: Room, who: Who, yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """Put somebody out of a conference. Lock it as well, where they are not to come back.

    Example: vestibule conference expel 4321 +15145550123
    """
    with _at_server(config, data) as (server, _):
        one = _person(server, room, who)
        confirmed(f"Put {_called(one)} out of conference room {room}?", yes=yes)
        server.do(room, "expel", {"who": one.id})
    typer.echo(f"{_called(one)} is put out.")


def record(room: Room, on: OnOff, config: Config = None, data: Data = None) -> None:
    """Record a conference from now on, or no more; everybody hears it said.

    Example: vestibule conference record 4321 on
    """
    _do(room, "record", config, data, on=on is Switch.ON)
    typer.echo(f"Conference room {room} is recorded{'' if on is Switch.ON else ' no more'}.")


def announce(room: Room, on: OnOff, config: Config = None, data: Data = None) -> None:
    """Say who comes and who leaves from now on, or no more.

    Example: vestibule conference announce 4321 off
    """
    _do(room, "announce", config, data, on=on is Switch.ON)
    more = "" if on is Switch.ON else " no more"
    typer.echo(f"Arrivals and departures in {room} are announced{more}.")


def volume(
    room: Room,
    who: Who,
    spoken: Db = 0.0,
    heard: Db = 0.0,
    config: Config = None,
    data: Data = None,
) -> None:
    """Set how much louder the others hear somebody, and how much louder they hear; 0 is usual.

    Example: vestibule conference volume 4321 marc --spoken 6
    """
    with _at_server(config, data) as (server, _):
        one = _person(server, room, who)
        server.do(room, "volume", {"who": one.id, "spoken_db": spoken, "heard_db": heard})
    typer.echo(f"{_called(one)} is heard at {spoken:g} dB, and hears at {heard:g} dB.")


def call(
    room: Room,
    number: Annotated[str, typer.Argument(help="An extension, or a number outside.")],
    name: Annotated[str, typer.Option(help="Who they are, for the list and the report.")] = "",
    role: Annotated[AsRole, typer.Option(help="What they may do.")] = AsRole.PARTICIPANT,
    language: Annotated[InLanguage, typer.Option()] = InLanguage.FRENCH,
    config: Config = None,
    data: Data = None,
) -> None:
    """Call somebody in: they hear which conference it is, and are there once they press 1.

    Example: vestibule conference call 4321 514-555-0123 --name "Marc Tremblay"
    """
    dialled = _dialled(number)
    asked = {"number": dialled, "name": name, "role": role.value, "language": language.value}
    with _at_server(config, data) as (server, _):
        if not server.call(room, asked):
            from vestibule.steering import SteeringRefused

            raise SteeringRefused(f"{number} did not take the call")
    typer.echo(f"{name or number} is in conference room {room}.")


def _dialled(number: str) -> str:
    """A number as it is dialled, of one that may be typed with spaces, dashes and brackets."""
    dialled = number.translate(_BETWEEN_DIGITS)
    if not _DIALLED.fullmatch(dialled):
        raise typer.BadParameter(f"{number}: an extension, or a number outside")
    return dialled


def end(room: Room, yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """End a conference for everybody.

    Example: vestibule conference end 4321
    """
    with _at_server(config, data) as (server, _):
        many = len(server.room(room).people)
        there = f"{many} {'person' if many == 1 else 'people'}"
        confirmed(f"End the conference in room {room} for {there}?", yes=yes)
        server.do(room, "finish", {})
    typer.echo(f"The conference in room {room} is over.")


COMMANDS = (
    live, watch, mute, unmute, mute_all, unmute_all, lock, unlock, expel, record, announce,
    volume, call, end,
)  # fmt: skip
"""All of them; each is called as its function is, with hyphens."""


def add_live_commands(app: typer.Typer) -> None:
    """Let them be part of `vestibule conference`."""
    for command in COMMANDS:
        app.command(command.__name__.replace("_", "-"))(command)


@contextmanager
def _at_server(config: Path | None, data: Path | None) -> "Iterator[tuple[Steering, ZoneInfo]]":
    """The server of the settings, and the company's time zone."""
    from vestibule.steering import steering

    settings = command_settings(config, data)
    with steering(settings.storage.data) as server:
        yield server, ZoneInfo(settings.company.zone)


def _do(room: str, deed: str, config: Path | None, data: Path | None, *, on: bool) -> None:
    with _at_server(config, data) as (server, _):
        server.do(room, deed, {"on": on})


def _to_somebody(
    room: str, who: str, deed: str, config: Path | None, data: Path | None, *, on: bool
) -> str:
    with _at_server(config, data) as (server, _):
        one = _person(server, room, who)
        server.do(room, deed, {"who": one.id, "on": on})
    return _called(one)


def _person(server: "Steering", room: str, who: str) -> "LivePerson":
    from console.finding import person

    return person(server.room(room), who)


def _called(person: "LivePerson") -> str:
    from console.changes import called

    return called(person)


def _written(rooms: "tuple[LiveRoom, ...]") -> str:
    """One line of JSON."""
    from console.state import written

    return json.dumps(json.loads(written(rooms)), ensure_ascii=False)


def _lines(rooms: "tuple[LiveRoom, ...]", zone: ZoneInfo) -> Iterator[str]:
    if not rooms:
        yield "No conference is being held."
    for room in rooms:
        yield f"{room.room}  {room.title}  {', '.join(_states(room, zone))}"
        for one in room.people:
            number = one.number or "-"
            state = ", ".join(_how(one))
            line = f"      {one.name or '-':<24} {number:<16} {one.role:<14} "
            yield f"{line}{_at(one.since, zone)}  {state}".rstrip()


def _states(room: "LiveRoom", zone: ZoneInfo) -> Iterator[str]:
    since = room.since if room.began is None else room.began
    yield f"{room.phase} since {_at(since, zone)}"
    told = (
        (room.locked, "locked"),
        (room.recording, "recorded"),
        (room.announced, "announced"),
        (room.streamed, "streamed"),
    )
    yield from (word for so, word in told if so)


def _how(one: "LivePerson") -> Iterator[str]:
    told = (
        (not one.inside, "waiting"),
        (one.talking, "talking"),
        (one.silenced, "muted by an administrator"),
        (one.muted and not one.silenced, "muted"),
    )
    yield from (word for so, word in told if so)


def _at(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M")
