"""`vestibule conference`: who is invited, and by which codes people come in."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.conference_desk import Desk, Room, at_desk, role_typed
from vestibule.cli.conference_shown import show_codes, tell_done, warn_of_door
from vestibule.cli.opening import Config, Data, Yes, confirmed

if TYPE_CHECKING:
    from conference.arranging import Guest
    from conference.conferences import Arranged

Who = Annotated[
    str,
    typer.Argument(metavar="PERSON", help="A name or its beginning, an e-mail address or an id."),
]
RoleTyped = Annotated[
    str | None, typer.Option("--role", help="administrator, or participant unless said.")
]


def invite(
    room: Room,
    name: Annotated[str, typer.Argument(help="« Nom complet ».")],
    email: Annotated[str, typer.Argument(help="« Adresse courriel »; none: told otherwise.")] = "",
    role: RoleTyped = None,
    language: Annotated[
        str | None, typer.Option(help="Of the invitation, fr or en; the conference's.")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Invite somebody, with a code of their own. « Ajouter un participant »

    Example: vestibule conference invite 4321 "Ava Reed" ava@example.org --language en
    """
    from conference.arranging import Guest

    chosen = role_typed(role)

    async def more(desk: Desk) -> "Arranged":
        there = await desk.conferences.find(room)
        guest = Guest(name, email, chosen, language or there.language)
        return await desk.conferences.invite(there.id, (guest,))

    done = at_desk(config, data, more)
    tell_done(done, f"{name.strip()} is invited to room {done.conference.room}.")


def person(
    room: Room,
    who: Who,
    name: Annotated[str | None, typer.Option(help="« Nom complet ».")] = None,
    email: Annotated[
        str | None, typer.Option(help="« Adresse courriel »: another one gets another code.")
    ] = None,
    role: RoleTyped = None,
    language: Annotated[str | None, typer.Option(help="Of the invitation, fr or en.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Change what is named of somebody who is invited; they are told what concerns them.

    Example: vestibule conference person 4321 "Ava Reed" --role administrator
    """
    if all(value is None for value in (name, email, role, language)):
        raise typer.BadParameter("name at least one thing; see: vestibule conference person --help")
    chosen = None if role is None else role_typed(role)

    def edit(guest: "Guest") -> "Guest":
        return replace(
            guest,
            name=guest.name if name is None else name,
            email=guest.email if email is None else email,
            role=chosen or guest.role,
            language=language or guest.language,
        )

    async def edited(desk: Desk) -> "tuple[Arranged, str]":
        from conference.arranging import person_named

        there = await desk.conferences.find(room)
        meant = person_named(there, who)
        return await desk.conferences.change_invitee(there.id, meant.id, edit), meant.name

    done, called = at_desk(config, data, edited)
    tell_done(done, f"{called} of room {done.conference.room} is changed.")
    warn_of_door(done.conference)


def uninvite(
    room: Room, who: Who, yes: Yes = False, config: Config = None, data: Data = None
) -> None:
    """Take somebody's code away, and tell them that they are not expected any more.

    Example: vestibule conference uninvite 4321 "Ava Reed"

    Whoever is there already stays until `vestibule conference expel` puts them out.
    """

    async def less(desk: Desk) -> "tuple[Arranged, str]":
        from conference.arranging import person_named

        there = await desk.conferences.find(room)
        meant = person_named(there, who)
        question = (
            f"Uninvite {meant.name} from “{there.title}” of room {there.room}, and tell them?"
        )
        confirmed(question, yes=yes)
        return await desk.conferences.uninvite(there.id, meant.id), meant.name

    done, name = at_desk(config, data, less)
    tell_done(done, f"{name} is not invited to room {done.conference.room} any more.")
    warn_of_door(done.conference)


def codes(
    room: Room,
    participant: Annotated[
        bool | None,
        typer.Option("--participant/--no-participant", help="A code for any participant."),
    ] = None,
    administrator: Annotated[
        bool | None,
        typer.Option("--administrator/--no-administrator", help="A code for any administrator."),
    ] = None,
    renew: Annotated[
        str | None,
        typer.Option(metavar="PERSON", help="Give somebody another code, and tell them."),
    ] = None,
    renew_generic: Annotated[
        bool, typer.Option("--renew-generic", help="Draw the codes for anybody anew.")
    ] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Show the codes that anybody may come in by, or change codes. « Codes d'accès génériques »

    Example: vestibule conference codes 4321 --participant --administrator
    """
    from conference.arranging import person_named
    from conference.conference import Role
    from conference.conferences import Arranged

    async def work(desk: Desk) -> "tuple[Arranged, str]":
        there = await desk.conferences.find(room)
        done = Arranged(there)
        if renew_generic:
            done = await desk.conferences.renew_generic_codes(there.id)
        wanted = {Role.PARTICIPANT: participant, Role.ADMINISTRATOR: administrator}
        if any(value is not None for value in wanted.values()):
            roles = {each.role for each in there.generic_codes}
            roles |= {role for role, on in wanted.items() if on}
            roles -= {role for role, on in wanted.items() if on is False}
            done = await desk.conferences.set_generic_codes(there.id, roles)
        if renew is None:
            return done, ""
        meant = person_named(there, renew)
        return await desk.conferences.renew_code(there.id, meant.id), meant.name

    done, renewed = at_desk(config, data, work)
    if renewed:
        tell_done(done, f"{renewed} has another code; vestibule conference show {room}")
    show_codes(done.conference)
    warn_of_door(done.conference)


def add_people_commands(app: typer.Typer) -> None:
    """Let them be part of `vestibule conference`."""
    for command in (invite, person, uninvite, codes):
        app.command()(command)
