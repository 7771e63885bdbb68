"""Conferences as commands print them."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conference.conference import Conference, Invitee
    from conference.conferences import Arranged
    from conference.ports import Undelivered
    from vestibule.settings import Settings

WIDTH = 12


def tell_done(done: "Arranged", what: str, *, start: bool = False) -> None:
    """Print what became of a conference, when it starts where that is news, and who is told."""
    typer.echo(what)
    if start and (when := start_told(done.conference)):
        typer.echo(f"Start: {when}")
    if done.told:
        typer.echo(f"Told by e-mail: {', '.join(each.name for each in done.told)}.")
    if done.untold:
        names = ", ".join(each.name for each in done.untold)
        typer.echo(f"Without an e-mail address, tell them yourself: {names}.")


def warn_of_door(conference: "Conference") -> None:
    """Say on standard error who comes in that one might not expect."""
    room = conference.room
    if not conference.needs_code:
        typer.echo(f"Note: nobody needs a code; whoever knows room {room} comes in.", err=True)
    elif not conference.needs_administrator:
        typer.echo("Note: it has no administrator; people hear each other at once.", err=True)


def warn_of_numbers(settings: "Settings") -> None:
    """Say on standard error that invitations do not tell what to dial."""
    if not settings.conferences.numbers:
        typer.echo("Note: invitations tell no number: see [conferences] numbers.", err=True)


def show_one(conference: "Conference") -> None:
    """Print one with its people and codes."""
    typer.echo(f"{conference.room}  {conference.title}")
    for label, value in (
        ("id", conference.id),
        ("kind", _kind(conference)),
        ("start", start_told(conference)),
        ("ended", "" if conference.ended_at is None else _clock(conference, conference.ended_at)),
        ("language", conference.language),
        ("options", _options(conference)),
        ("owner", conference.owner),
    ):
        if value:
            typer.echo(f"  {label + ':':<{WIDTH}}{value}")
    show_codes(conference)
    width = max((len(each.name) for each in conference.invitees), default=0)
    for each in conference.invitees:
        typer.echo(_person(each, width))


def show_codes(conference: "Conference") -> None:
    """Print the codes that anybody may come in by."""
    for each in conference.generic_codes:
        typer.echo(f"  {'anybody:':<{WIDTH}}{each.role.value:<14} {each.code}")


def show_undelivered(late: "Sequence[Undelivered]") -> None:
    """Print the e-mails that no server took so far, and why."""
    for each in late:
        state = "not sent yet"
        if each.why:
            again = each.again
            after = "given up" if again is None else f"tried again {again:%Y-%m-%d %H:%M} UTC"
            state = f"{after}: {each.why}"
        typer.echo(f"  {'e-mail:':<{WIDTH}}{each.kind.value} to {each.invitee.name}, {state}")


def show_all(conferences: "Sequence[Conference]", over: "set[str]") -> None:
    """Print a line for each; `over` has the ids of those that are."""
    for each in conferences:
        many = len(each.invitees)
        people = f"{many:>3} {'person' if many == 1 else 'people'}"
        ended = "  (over)" if each.id in over else ""
        when = start_told(each) or "permanent"
        typer.echo(f"{each.room}  {when:<38} {people}  {each.title}{ended}")


def as_json(conference: "Conference", *, over: bool, codes: bool = True) -> dict[str, object]:
    """One for programs, with its codes or without."""
    from conference.adapters.documents import conference_text

    told: dict[str, object] = json.loads(conference_text(conference)) | {"over": over}
    if not codes:
        del told["link"], told["generic_codes"]
        told["invitees"] = len(conference.invitees)
    return told


def start_told(conference: "Conference") -> str:
    """When it starts and how long it takes, by the clocks of its zone; "" for a permanent one."""
    if conference.starts_at is None:
        return ""
    return f"{_clock(conference, conference.starts_at)}, {_length(conference.planned)}"


def _clock(conference: "Conference", instant: datetime) -> str:
    local = instant.astimezone(ZoneInfo(conference.zone))
    return f"{local:%Y-%m-%d %H:%M} {conference.zone}"


def _length(length: timedelta | None) -> str:
    minutes = round((length or timedelta()).total_seconds() / 60)
    return f"{minutes // 60}h{minutes % 60:02d}"


def _kind(conference: "Conference") -> str:
    from conference.conference import Kind

    names = {Kind.PERMANENT: "permanent « Permanente »", Kind.SINGLE_USE: "once « Usage unique »"}
    return names[conference.kind]


def _options(conference: "Conference") -> str:
    chosen = conference.options
    words = (
        (chosen.recorded, "recorded"),
        (chosen.reported, "report by e-mail"),
        (chosen.announced, "arrivals and departures announced"),
        (chosen.streamed, "streamed on the web"),
    )
    return ", ".join(word for on, word in words if on) or "none"


def _person(each: "Invitee", width: int) -> str:
    known = f"{each.role.value:<14} {each.code}  {each.language}  {each.name:<{width}}"
    return f"  {known}  {each.id}  {each.email or '(no e-mail)'}"
