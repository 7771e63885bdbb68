"""`vestibule conference`: what is arranged."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.conference_desk import Desk, Room, at_desk, role_typed
from vestibule.cli.conference_shown import (
    as_json,
    show_all,
    show_one,
    show_undelivered,
    tell_done,
    warn_of_door,
    warn_of_numbers,
)
from vestibule.cli.opening import Config, Data, Yes, confirmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conference.arranging import Draft, Guest
    from conference.conference import Conference, Options, Role
    from conference.conferences import Arranged
    from conference.invitation import House
    from conference.letter import Wording
    from conference.ports import Undelivered
    from vestibule.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="« Conférences audio »: arrange conferences and invite people; steer those being held.",
)

Title = Annotated[str, typer.Argument(help="« Titre »: 1 to 80 characters.")]
Start = Annotated[
    str | None,
    typer.Option(
        metavar='"YYYY-MM-DD HH:MM"',
        help="« Usage unique »: its start, by the clocks of its zone.",
    ),
]
Length = Annotated[
    str | None, typer.Option(metavar="1h30", help="« Durée », 3h at most; 1h unless said.")
]
Zone = Annotated[
    str | None, typer.Option(help="« Fuseau horaire », such as America/Toronto; the company's.")
]
Language = Annotated[
    str | None, typer.Option(help="What the room is spoken to in, fr or en; fr unless said.")
]
RoomWanted = Annotated[
    str | None, typer.Option("--room", help="The room wanted; any that is free without it.")
]
Owner = Annotated[
    str | None,
    typer.Option(
        metavar="EXTENSION", help="Who arranges it: who invites, and who calls people in."
    ),
]
Record = Annotated[
    bool | None, typer.Option("--record/--no-record", help="« Activer l'enregistrement audio ».")
]
Report = Annotated[
    bool | None,
    typer.Option("--report/--no-report", help="« Envoyer un rapport par courriel »; on."),
]
Announce = Annotated[
    bool | None,
    typer.Option(
        "--announce/--no-announce", help="« Annoncer l'arrivée et le départ » by name; on."
    ),
]
Stream = Annotated[
    bool | None,
    typer.Option(
        "--stream/--no-stream",
        help="« Diffuser la conférence sur le web »: whoever has the link hears it; off.",
    ),
]
People = Annotated[
    list[str] | None,
    typer.Option(
        metavar='"NAME <EMAIL> LANGUAGE"',
        help="Invite somebody; several if need be. Without a language, the conference's.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Who = Annotated[str, typer.Argument(metavar="PERSON", help="A name, an e-mail address or an id.")]
RoleTyped = Annotated[
    str | None, typer.Option("--role", help="administrator, or participant unless said.")
]


@app.command()
def add(
    title: Title,
    start: Start = None,
    length: Length = None,
    zone: Zone = None,
    language: Language = None,
    room: RoomWanted = None,
    owner: Owner = None,
    add_me: Annotated[
        bool, typer.Option("--add-me", help="« M'ajouter à la conférence »: invite its owner.")
    ] = False,
    record: Record = None,
    report: Report = None,
    announce: Announce = None,
    stream: Stream = None,
    administrator: People = None,
    participant: People = None,
    generic: Annotated[
        bool, typer.Option("--generic", help="Also a code for anybody, one for each role.")
    ] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Arrange a conference: permanent, or once where it has a start. Its people are told.

    Example: vestibule conference add "Réunion du mardi" --owner 101 --add-me --generic

    Example: vestibule conference add Lancement --start "2027-08-04 10:00" --length 1h30
    --administrator "Camille Roy <camille@example.org>" --participant "Ava <ava@example.org> en"
    """
    from conference.arranging import Draft
    from conference.conference import Kind, Options, Role
    from conference.errors import BadConference

    if add_me and owner is None:
        raise BadConference("owner: say whose extension --add-me is: --owner 101")

    async def arrange(desk: Desk) -> "tuple[Arranged, Settings]":
        draft = Draft(
            title=title,
            kind=Kind.PERMANENT if start is None else Kind.SINGLE_USE,
            language=language or "fr",
            zone=zone or desk.settings.company.zone,
            options=_options(Options(), record, report, announce, stream),
            room=room or "",
            owner=owner or "",
        )
        draft = _scheduled(draft, start, length)
        guests = [await desk.owner(owner)] if add_me and owner is not None else []
        if owner is not None:
            await desk.owner(owner)
        guests += _guests(administrator, Role.ADMINISTRATOR, draft.language)
        guests += _guests(participant, Role.PARTICIPANT, draft.language)
        roles = tuple(Role) if generic else ()
        return await desk.conferences.arrange(draft, guests, roles), desk.settings

    done, settings = at_desk(config, data, arrange, make=True)
    tell_done(done, f"Room {done.conference.room} is ready: {done.conference.title}", start=True)
    typer.echo(f"Its codes: vestibule conference show {done.conference.room}")
    warn_of_door(done.conference)
    warn_of_numbers(settings)


@app.command("list")
def list_all(
    all_: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    json_: Json = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """List the conferences: room, start, people, title. « Conférences actives »

    Example: vestibule conference list
    """

    async def look(desk: Desk) -> "tuple[list[Conference], set[str]]":
        active = {each.id for each in await desk.conferences.active()}
        there = [each for each in await desk.conferences.all() if all_ or each.id in active]
        return there, {each.id for each in there} - active

    conferences, over = at_desk(config, data, look)
    if json_:
        told = [as_json(each, over=each.id in over, codes=False) for each in conferences]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    show_all(conferences, over)


@app.command()
def show(
    room: Room,
    copy: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE",
            help="« Copier »: what may be handed to anybody, and nothing else: participant or"
            " administrator.",
        ),
    ] = None,
    json_: Json = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Show a conference with its people, their codes, and what may be handed to anybody.

    Example: vestibule conference show 4321 --copy participant
    """
    from conference.conference import Role

    role = Role.PARTICIPANT if copy is None else role_typed(copy)

    async def look(desk: Desk) -> "tuple[Conference, bool, str, Sequence[Undelivered]]":
        from vestibule.meetings.mail import conference_words, house_of, undelivered

        conference = await desk.conferences.find(room)
        active = {each.id for each in await desk.conferences.active()}
        words = conference_words(desk.settings.mail.templates)
        return (
            conference,
            conference.id not in active,
            _to_copy(conference, role, house_of(desk.settings), words),
            await undelivered(desk.mailroom, conference),
        )

    conference, over, to_copy, late = at_desk(config, data, look)
    if json_:
        told = as_json(conference, over=over)
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif copy is not None:
        typer.echo(to_copy)
    else:
        show_one(conference)
        show_undelivered(late)
        typer.echo(f"\n{to_copy}")


@app.command()
def change(
    room: Room,
    title: Annotated[str | None, typer.Option(help="« Titre ».")] = None,
    start: Start = None,
    length: Length = None,
    zone: Zone = None,
    language: Language = None,
    move_to: Annotated[
        str | None, typer.Option(metavar="ROOM", help="Another room: everybody is told.")
    ] = None,
    owner: Owner = None,
    record: Record = None,
    report: Report = None,
    announce: Announce = None,
    stream: Stream = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Change what is named; the rest stays. People are told where their invitation is not true.

    Example: vestibule conference change 4321 --start "2027-08-04 14:00" --no-record
    """
    given = (title, start, length, zone, language, move_to, owner, record, report, announce, stream)
    if all(value is None for value in given):
        raise typer.BadParameter("name at least one thing; see: vestibule conference change --help")

    def edit(draft: "Draft") -> "Draft":
        edited = replace(
            draft,
            title=draft.title if title is None else title,
            zone=zone or draft.zone,
            language=language or draft.language,
            room=move_to or draft.room,
            owner=draft.owner if owner is None else owner,
            options=_options(draft.options, record, report, announce, stream),
        )
        return _scheduled(edited, start, length)

    async def changed(desk: Desk) -> "Arranged":
        if owner:
            await desk.owner(owner)
        return await desk.conferences.change((await desk.conferences.find(room)).id, edit)

    done = at_desk(config, data, changed)
    told = f"Room {done.conference.room} is changed: {done.conference.title}"
    tell_done(done, told, start=any((start, length, zone)))


@app.command()
def remove(room: Room, yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """Take a conference away; its people are told that it is called off. Its history stays.

    Example: vestibule conference remove 4321

    One that is being held goes on until `vestibule conference end` ends it.
    """

    async def away(desk: Desk) -> "Arranged":
        there = await desk.conferences.find(room)
        question = f"Remove “{there.title}” of room {there.room}, and tell its people?"
        confirmed(question, yes=yes)
        return await desk.conferences.remove(there.id)

    done = at_desk(config, data, away)
    tell_done(done, f"The conference of room {done.conference.room} is removed.")


def _to_copy(conference: "Conference", role: "Role", house: "House", words: "Wording") -> str:
    from conference.invitation import Invitations

    return Invitations(house, words).to_copy(conference, role, conference.language).strip()


def _options(
    before: "Options",
    record: bool | None,
    report: bool | None,
    announce: bool | None,
    stream: bool | None,
) -> "Options":
    return replace(
        before,
        recorded=before.recorded if record is None else record,
        reported=before.reported if report is None else report,
        announced=before.announced if announce is None else announce,
        streamed=before.streamed if stream is None else stream,
    )


def _scheduled(draft: "Draft", start: str | None, length: str | None) -> "Draft":
    """A draft with the start and the length that were typed. Raises BadConference."""
    from conference.wall_time import read_length, start_at

    if length is not None:
        draft = replace(draft, planned=read_length(length))
    if start is None:
        return draft
    meant = start_at(start, draft.zone)
    if meant.comes_again is not None:
        typer.echo(f"Note: {start} comes twice that day; the first one is meant.", err=True)
    return replace(draft, starts_at=meant.at)


def _guests(typed: list[str] | None, role: "Role", language: str) -> "list[Guest]":
    """People typed as Name <address>, or by their name alone."""
    from conference.arranging import read_guest

    return [read_guest(each, role, language) for each in typed or []]
