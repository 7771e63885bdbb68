"""`vestibule conference`, for those that were held: who was there, the sound and the report."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vestibule.cli.opening import Config, Data, with_mailroom

if TYPE_CHECKING:
    from call.clock import Clock
    from conference.history import Session
    from conference.report import Report
    from vestibule.mailroom import Mailroom
    from vestibule.meetings.past import Past
    from vestibule.settings import Settings

T = TypeVar("T")

SessionId = Annotated[
    str,
    typer.Argument(
        metavar="SESSION",
        help="As `conference history` shows it; or the four digits of a room, for its newest.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def history(
    room: Annotated[str, typer.Argument(help="Of this room alone.")] = "",
    most: Annotated[int, typer.Option(min=0, help="How many at most; 0 for all.")] = 50,
    as_json: Json = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """« Conférences terminées »: list the sessions that are over, the newest first.

    Example: vestibule conference history 4821
    """

    async def look(past: "Past") -> "tuple[list[Session], frozenset[str]]":
        return list(await past.sessions.over(room=room, most=most)), await past.takes.recorded()

    sessions, recorded = _with_past(config, data, look)
    if as_json:
        told = [_summary(each, recorded=each.id in recorded) for each in sessions]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for each in sessions:
        typer.echo(_line(each, recorded=each.id in recorded))


def session(session: SessionId, config: Config = None, data: Data = None) -> None:
    """Show who was in a session, when, and what happened there.

    Example: vestibule conference session 4821
    """

    async def look(past: "Past") -> "tuple[str, Report]":
        found = await past.sessions.find(session)
        return found.id, await past.sessions.report(found.id, "en")

    id, report = _with_past(config, data, look)
    typer.echo(f"{report.title}\n  session: {id}")
    for label, value in report.facts:
        typer.echo(f"  {label.lower()}: {value}")
    if report.notice:
        typer.echo(f"  {report.notice}")
    for row in report.rows:
        typer.echo(f"{row.name} ({row.role}): present {row.inside}, spoke {row.spoke}")
        for came, went in zip(row.came, row.went, strict=True):
            typer.echo(f"  {came} to {went}")
    for at, what in report.events:
        typer.echo(f"{at}  {what}")


def report(
    session: SessionId,
    file: Annotated[Path, typer.Argument(help="A PDF file, made or replaced.")],
    language: Annotated[
        str, typer.Option(help="fr or en; that of the conference unless said.")
    ] = "",
    config: Config = None,
    data: Data = None,
) -> None:
    """Write the report on a session as a PDF file.

    Example: vestibule conference report 4821 rapport.pdf --language fr
    """
    from conference.report_words import LANGUAGES
    from vestibule.settings import BadSettings

    if language and language not in LANGUAGES:
        raise BadSettings(f"--language {language}: one of {', '.join(LANGUAGES)}")

    async def write(past: "Past") -> bytes:
        return await past.reports.pdf((await past.sessions.find(session)).id, language)

    pdf = _with_past(config, data, write)
    try:
        file.write_bytes(pdf)
    except OSError as fault:
        raise BadSettings(f"{file}: cannot be written: {fault.strerror}") from fault
    typer.echo(f"{file}: {len(pdf) // 1000} kB.")


def recording(
    session: SessionId,
    file: Annotated[Path, typer.Argument(help="A WAV file, made or replaced.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Write the sound of a recorded session to a WAV file, opened where it lies sealed.

    Example: vestibule conference recording 4821 conference.wav
    """
    from call.sound import RATE
    from vestibule.settings import BadSettings

    async def write(past: "Past") -> int:
        id = (await past.sessions.find(session)).id
        await past.takes.require(id)
        length = 0
        with file.open("wb") as wav:
            async for part in past.takes.wav(id):
                length += wav.write(part)
        return length

    try:
        length = _with_past(config, data, write)
    except OSError as fault:
        raise BadSettings(f"{file}: cannot be written: {fault.strerror}") from fault
    typer.echo(f"{file}: {(length - 44) / (2 * RATE):.1f} s.")


def add_history_commands(app: typer.Typer) -> None:
    """Put the commands among those of conferences."""
    for command in (history, session, report, recording):
        app.command()(command)


def _line(session: "Session", *, recorded: bool) -> str:
    """A session on one line."""
    from zoneinfo import ZoneInfo

    from conference.report_words import length_told
    from conference.spans import seconds

    begin = session.there.begin.astimezone(ZoneInfo(session.conference.zone))
    count = len(session.people)
    how = f"{length_told(seconds(session.met))}" if session.took_place else "did not begin"
    marks = [
        "interrupted by a crash" if session.cut_off else "",
        "recorded" if recorded else "",
    ]
    told = "".join(f", {mark}" for mark in marks if mark)
    people = "1 person" if count == 1 else f"{count} people"
    return (
        f"{session.id}  {begin:%Y-%m-%d %H:%M}  {session.conference.room}  "
        f"{session.conference.title}: {how}, {people}{told}"
    )


def _summary(session: "Session", *, recorded: bool) -> dict[str, object]:
    """A session for programs."""
    from conference.spans import seconds

    return {
        "session": session.id,
        "conference": session.conference.id,
        "room": session.conference.room,
        "title": session.conference.title,
        "began": session.there.begin.isoformat(),
        "ended": session.there.end.isoformat(),
        "met_s": round(seconds(session.met)),
        "ending": session.ending,
        "interrupted": session.cut_off,
        "recorded": recorded,
        "people": [
            {
                "name": each.name,
                "number": each.number,
                "role": each.role,
                "came": each.came.isoformat(),
                "went": each.went.isoformat(),
                "inside_s": round(each.inside_s),
            }
            for each in session.people
        ],
    }


def _with_past(config: Path | None, data: Path | None, work: Callable[["Past"], Awaitable[T]]) -> T:
    """Open what remains of conferences, do the work, close it."""
    from vestibule.meetings.past import open_past

    async def worked(mailroom: "Mailroom", settings: "Settings", clock: "Clock") -> T:
        return await work(open_past(settings, mailroom, clock))

    return with_mailroom(config, data, worked)
