"""`vestibule closure`: the message that callers hear while the company is exceptionally closed."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vestibule.cli.opening import Config, Data, Yes, confirmed, with_mailroom

if TYPE_CHECKING:
    from call.clock import Clock
    from routing.closure import Closure
    from routing.closures import Closures
    from vestibule.front import Front
    from vestibule.mailroom import Mailroom
    from vestibule.settings import Settings

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    help="« Message de fermeture exceptionnelle »: its codes, its PIN, how it stands.",
)

CodeTyped = Annotated[str, typer.Argument(metavar="CODE", help="« Votre code »: it records.")]
Pin = Annotated[
    str,
    typer.Option(
        envvar="VESTIBULE_PIN",
        prompt="PIN (4 to 10 digits)",
        hide_input=True,
        help="« Votre mot de passe ». Asked for.",
    ),
]
Toggle = Annotated[
    str | None,
    typer.Option(metavar="CODE", help='Dialled to turn it on and off; "" for no such code.'),
]
Numbers = Annotated[
    list[str] | None,
    typer.Option("--number", help="A number it is for, several if need be; all without it."),
]
Replaces = Annotated[
    bool | None,
    typer.Option(
        "--replace/--before",
        help="Heard in place of the usual sentence of a closed number, or before it.",
    ),
]
NEVER = "none"


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command on closure messages works with."""

    closures: "Closures"
    front: "Front"
    mailroom: "Mailroom"
    settings: "Settings"

    async def extensions(self) -> list[str]:
        """The numbers that are dialled for somebody."""
        people = await self.front.people.extensions()
        boxes = await self.mailroom.mailboxes.all()
        return [*(each.number for each in people), *(each.number for each in boxes)]

    def numbers(self, typed: "list[str]") -> tuple[str, ...]:
        """Numbers as the settings write them. Raises ClosureRefused for one that is not there."""
        from routing.errors import ClosureRefused
        from vestibule.numbers import find_entry

        found = {each: find_entry(each, self.settings.numbers) for each in typed}
        if missing := [each for each, entry in found.items() if entry is None]:
            raise ClosureRefused(f"{', '.join(missing)}: no number of the settings")
        return tuple(entry.number for entry in found.values() if entry is not None)


@app.command()
def add(
    code: CodeTyped,
    pin: Pin,
    toggle: Toggle = None,
    number: Numbers = None,
    replaces: Replaces = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Give somebody a code and a PIN to record the closure message by telephone.

    Example: vestibule closure add 8511 --toggle 8512 --number 5145550100

    The codes are dialled while the greeting of a number plays, or on a telephone of the company.
    """
    from routing.closure import Closure

    async def make(desk: Desk) -> None:
        closure = Closure(
            toggle_code=toggle or "",
            numbers=desk.numbers(number or []),
            replaces=bool(replaces),
        )
        await desk.closures.make(code, closure, pin, await desk.extensions())
        _warn(desk)

    at_desk(config, data, make, make=True)
    typer.echo(f"Closure message {code} can be recorded; nobody hears anything yet.")


@app.command()
def edit(
    code: CodeTyped,
    toggle: Toggle = None,
    number: Numbers = None,
    everywhere: Annotated[bool, typer.Option("--all", help="For all numbers.")] = False,
    replaces: Replaces = None,
    first: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="First day; none for from now on.")
    ] = None,
    last: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Last day; none for no end.")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Change what is named; the rest stays.

    Example: vestibule closure edit 8511 --first 2026-12-24 --last 2027-01-03
    """
    given = (toggle, number, replaces, first, last)
    if all(value is None for value in given) and not everywhere:
        raise typer.BadParameter("name at least one setting; see: vestibule closure edit --help")

    async def change(desk: Desk) -> "tuple[Closure, date]":
        numbers = desk.numbers(number or [])

        def edited(before: "Closure") -> "Closure":
            return replace(
                before,
                toggle_code=before.toggle_code if toggle is None else toggle,
                numbers=() if everywhere else (numbers or before.numbers),
                replaces=before.replaces if replaces is None else replaces,
                first=before.first if first is None else _day(first),
                last=before.last if last is None else _day(last),
            )

        closure = await desk.closures.edit(code, edited, await desk.extensions())
        return closure, desk.closures.today

    _tell(code, *at_desk(config, data, change))


@app.command("list")
def list_all(config: Config = None, data: Data = None) -> None:
    """List the closure messages: code, state, the numbers they are for.

    Example: vestibule closure list
    """

    async def look(desk: Desk) -> "tuple[dict[str, Closure], date]":
        return dict(await desk.closures.all()), desk.closures.today

    closures, today = at_desk(config, data, look)
    for code, closure in closures.items():
        for_ = ", ".join(closure.numbers) or "all numbers"
        typer.echo(f"{code:<8} {_state(closure, today):<34} {for_}")


@app.command()
def show(code: CodeTyped, config: Config = None, data: Data = None) -> None:
    """Show how a closure message is set and how it stands, but never its PIN.

    Example: vestibule closure show 8511
    """

    async def look(desk: Desk) -> "tuple[Closure, date]":
        return await desk.closures.show(code), desk.closures.today

    _tell(code, *at_desk(config, data, look))


@app.command()
def pin(code: CodeTyped, pin: Pin, config: Config = None, data: Data = None) -> None:
    """Give a closure message another PIN, and let people in again.

    Example: vestibule closure pin 8511
    """
    at_desk(config, data, lambda desk: desk.closures.set_pin(code, pin))
    typer.echo(f"The PIN of closure message {code} is changed.")


@app.command()
def unlock(code: CodeTyped, config: Config = None, data: Data = None) -> None:
    """Let people in again after too many wrong PINs.

    Example: vestibule closure unlock 8511
    """
    at_desk(config, data, lambda desk: desk.closures.unlock(code))
    typer.echo(f"Closure message {code} is unlocked.")


@app.command()
def on(code: CodeTyped, config: Config = None, data: Data = None) -> None:
    """Let callers hear it while they find the number closed.

    Example: vestibule closure on 8511
    """
    _switch(code, config, data, on=True)


@app.command()
def off(code: CodeTyped, config: Config = None, data: Data = None) -> None:
    """Let callers hear the usual sentence again. What was recorded stays.

    Example: vestibule closure off 8511
    """
    _switch(code, config, data, on=False)


@app.command()
def record(
    code: CodeTyped,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    config: Config = None,
    data: Data = None,
) -> None:
    """Make a sound file the closure message, and turn it on.

    Example: vestibule closure record 8511 fermeture.mp3
    """

    async def bring(desk: Desk) -> "tuple[Closure, date]":
        pcm = await desk.mailroom.ports.formats.decoded(file)
        return await desk.closures.bring(code, pcm), desk.closures.today

    _tell(code, *at_desk(config, data, bring))


@app.command()
def remove(code: CodeTyped, yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """Take the codes away, and erase what was recorded.

    Example: vestibule closure remove 8511
    """
    confirmed(f"Remove closure message {code} and its recording?", yes=yes)
    at_desk(config, data, lambda desk: desk.closures.remove(code))
    typer.echo(f"Closure message {code} is removed.")


def at_desk(
    config: Path | None,
    data: Path | None,
    work: Callable[[Desk], Awaitable[T]],
    *,
    make: bool = False,
) -> T:
    """Open what closure messages stand on, do the work, close it.

    Raises BadSettings for a folder that is not there, unless the work may `make` it.
    """
    from vestibule.front import open_front

    async def worked(mailroom: "Mailroom", settings: "Settings", clock: "Clock") -> T:
        front = open_front(settings, mailroom, clock)
        return await work(Desk(front.closing.closures, front, mailroom, settings))

    return with_mailroom(config, data, worked, make=make)


def _switch(code: str, config: Path | None, data: Path | None, *, on: bool) -> None:
    from routing.errors import ClosureRefused

    async def switch(desk: Desk) -> "tuple[Closure, date]":
        closure = await desk.closures.switch(code, on)
        if closure is None:
            raise ClosureRefused(f"nothing is recorded in closure message {code}")
        _warn(desk)
        return closure, desk.closures.today

    _tell(code, *at_desk(config, data, switch))


def _warn(desk: Desk) -> None:
    """Say that nobody will hear it where no number does anything else when it is closed."""
    if not any(entry.closed or entry.flow == "closed" for entry in desk.settings.numbers):
        typer.echo(
            "Careful: no number of the settings has a `closed` flow; "
            'nobody hears a closure message. Write closed = "closed" beside the number.'
        )


def _day(text: str) -> date | None:
    if text == NEVER:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text}: write YYYY-MM-DD, or none") from None


def _tell(code: str, closure: "Closure", today: date) -> None:
    for label, value in _lines(code, closure, today):
        typer.echo(f"{label + ':':<14} {value}")


def _lines(code: str, closure: "Closure", today: date) -> Iterator[tuple[str, str]]:
    yield "code", code
    yield "toggle code", closure.toggle_code or "none"
    yield "numbers", ", ".join(closure.numbers) or "all"
    yield "heard", "in place of the usual sentence" if closure.replaces else "before the usual one"
    yield "recorded", f"{closure.duration_s:.1f} s" if closure.sound else "nothing"
    yield "first day", str(closure.first or "any")
    yield "last day", str(closure.last or "none")
    yield "state", _state(closure, today)


def _state(closure: "Closure", today: date) -> str:
    if not closure.sound:
        return "nothing recorded"
    if not closure.on:
        return "off"
    if closure.is_over(today):
        return f"over since {closure.last}"
    if closure.first is not None and closure.first > today:
        return f"on, heard from {closure.first}"
    return f"on, until {closure.last}" if closure.last else "on"
