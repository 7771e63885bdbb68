"""`vestibule phone`: the SIP accounts of telephones."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.directory import Desk, at_desk, show_phone
from vestibule.cli.opening import Config, Data, Yes, confirmed

if TYPE_CHECKING:
    from directory.book import NewPhone
    from directory.extension import Phone, Registration
    from vestibule.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Give extensions telephones: « téléphones logiciels » and others."
)

User = Annotated[str, typer.Argument(help="« Nom d'utilisateur SIP ».")]


@app.command()
def add(
    extension: Annotated[str, typer.Argument(help="« Poste »: whose telephone it is.")],
    name: Annotated[
        str,
        typer.Argument(help="« Un simple nom sympathique pour identifier votre téléphone »."),
    ],
    config: Config = None,
    data: Data = None,
) -> None:
    """Make a SIP account for one more telephone; its password is shown once.

    Example: vestibule phone add 101 "portable"

    Each telephone needs an account of its own.
    """

    async def make(desk: Desk) -> "tuple[NewPhone, Settings]":
        return await desk.directory.add_phone(extension, name), desk.settings

    show_phone(*at_desk(config, data, make))


@app.command("list")
def list_all(
    extension: Annotated[str | None, typer.Argument(help="Of this extension alone.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """List the telephones, and where they are registered.

    Example: vestibule phone list 101
    """

    async def look(desk: Desk) -> "tuple[list[Phone], list[Registration]]":
        from call.clock import SystemClock
        from directory.adapters.sqlalchemy_listing import SqlAlchemyRegistrations

        kept = await SqlAlchemyRegistrations(desk.mailroom.database).registrations()
        now = SystemClock().now()
        return list(await desk.directory.phones(extension)), [
            each for each in kept if each.expires > now
        ]

    phones, registrations = at_desk(config, data, look)
    if json_:
        told = [_told(phone, registrations) for phone in phones]
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for phone in phones:
        where = "; ".join(_where(each) for each in registrations if each.user == phone.user)
        typer.echo(
            f"{phone.extension:<6} {phone.user:<14} {phone.name:<20} {where or 'not registered'}"
        )


@app.command()
def password(user: User, config: Config = None, data: Data = None) -> None:
    """Give a telephone a new password, shown once; the old one lets it in no more.

    Example: vestibule phone password 101-kvmt
    """

    async def change(desk: Desk) -> "tuple[NewPhone, Settings]":
        return await desk.directory.new_password(user), desk.settings

    show_phone(*at_desk(config, data, change))


@app.command()
def remove(user: User, yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """Remove a telephone; it is let in no more.

    Example: vestibule phone remove 101-kvmt
    """
    confirmed(f"Remove the telephone {user}?", yes=yes)

    async def go(desk: Desk) -> "Phone":
        return await desk.directory.remove_phone(user)

    phone = at_desk(config, data, go)
    typer.echo(f"The telephone {phone.name} of extension {phone.extension} is gone.")


def _where(registration: "Registration") -> str:
    transport, host, _ = registration.source.split(" ")
    agent = f", {registration.agent}" if registration.agent else ""
    return f"registered from {host} ({transport}{agent})"


def _told(phone: "Phone", registrations: "list[Registration]") -> dict[str, object]:
    return {
        "extension": phone.extension,
        "user": phone.user,
        "name": phone.name,
        "made": phone.made.isoformat(),
        "registered": [
            {
                "contact": each.contact,
                "source": each.source,
                "agent": each.agent,
                "until": each.expires.isoformat(),
            }
            for each in registrations
            if each.user == phone.user
        ],
    }
