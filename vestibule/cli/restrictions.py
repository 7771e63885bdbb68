"""`vestibule restriction`: who may call the company. « Restriction d'appels »"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from routing.restrictions import Answer, Effect, Operator, Restriction, Restrictions
from vestibule.cli.opening import Config, Data, Yes, confirmed
from vestibule.cli.timetable import with_timetables

if TYPE_CHECKING:
    from pathlib import Path

    from vestibule.timetables import Timetables

app = typer.Typer(no_args_is_help=True, help="« Restriction d'appels »: who may call.")


class Anonymous(StrEnum):
    """What becomes of calls without a number."""

    ACCEPT = "accept"
    REJECT = "reject"


@app.command()
def add(
    effect: Annotated[
        Effect,
        typer.Argument(
            help="block: « seront rejetés par le système »; allow: « pourront appeler », and those "
            "that no such rule names will not."
        ),
    ],
    operator: Annotated[
        Operator,
        typer.Argument(
            help="equals (« est égal à », recommended), starts_with (« commence par »), ends_with "
            "(« fini par ») or contains (« contient »)."
        ),
    ],
    digits: Annotated[str, typer.Argument(help="5149073400, without spaces or dashes.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    config: Config = None,
    data: Data = None,
) -> None:
    """Add a rule. A number that a rule blocks is refused whatever else is allowed.

    Example: vestibule restriction add block equals 5149073400
    """

    def change(before: Restrictions) -> Restrictions:
        return before.with_rule(effect, operator, digits, note.strip())

    after = _change(config, data, change)
    typer.echo(_line(after.rules[-1]))


@app.command("list")
def list_(config: Config = None, data: Data = None) -> None:
    """List the rules, what becomes of calls without a number, and what who is refused meets.

    Example: vestibule restriction list
    """

    async def look(tables: "Timetables") -> Restrictions:
        return await tables.restrictions()

    restrictions = with_timetables(config, data, look)
    for rule in restrictions.rules:
        typer.echo(_line(rule))
    if any(rule.effect is Effect.ALLOW for rule in restrictions.rules):
        typer.echo("Of the numbers shown, only those that are allowed may call.")
    elif not restrictions.rules:
        typer.echo("No rules: every number may call.")
    _tell_rest(restrictions)


@app.command()
def edit(
    id: Annotated[int, typer.Argument(metavar="ID", help="Its number, as the list has it.")],
    effect: Annotated[Effect | None, typer.Option(help="block or allow.")] = None,
    operator: Annotated[
        Operator | None, typer.Option(help="equals, starts_with, ends_with or contains.")
    ] = None,
    digits: Annotated[str | None, typer.Option(help="Other digits.")] = None,
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Change what is named of a rule; the rest stays.

    Example: vestibule restriction edit 2 --digits 5149073401
    """
    after = _change(
        config,
        data,
        lambda before: before.with_rule_changed(
            id, effect=effect, operator=operator, typed=digits, note=note
        ),
    )
    typer.echo(_line(after.rule(id)))


@app.command()
def remove(
    id: Annotated[int, typer.Argument(metavar="ID", help="Its number, as the list has it.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Remove a rule.

    Example: vestibule restriction remove 2
    """
    _change(config, data, lambda before: before.without_rule(id))
    typer.echo(f"Rule {id} is removed.")


@app.command()
def clear(yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """Remove all rules. « Tout supprimer »

    Example: vestibule restriction clear
    """
    confirmed("Remove all rules? Every number may call then.", yes=yes)
    _change(config, data, lambda before: replace(before, rules=()))
    typer.echo("All rules are removed.")


@app.command()
def anonymous(
    choice: Annotated[Anonymous, typer.Argument(help="accept or reject.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Accept or reject calls without a number; rules never apply to those.

    Example: vestibule restriction anonymous reject
    """
    refuse = choice is Anonymous.REJECT
    _tell_rest(_change(config, data, lambda before: replace(before, refuse_anonymous=refuse)))


@app.command()
def answer(
    choice: Annotated[
        Answer, typer.Argument(help="sentence: they hear so; refusal: the call is refused.")
    ],
    config: Config = None,
    data: Data = None,
) -> None:
    """Choose what those who are refused meet.

    Example: vestibule restriction answer refusal
    """
    _tell_rest(_change(config, data, lambda before: replace(before, answer=choice)))


def _change(
    config: "Path | None", data: "Path | None", change: Callable[[Restrictions], Restrictions]
) -> Restrictions:
    return with_timetables(config, data, lambda tables: tables.restrict(change))


def _line(rule: Restriction) -> str:
    words = f"{rule.effect.value:<5} {rule.operator.value.replace('_', ' '):<11} {rule.digits}"
    return f"{rule.id:>3}  {words}{f'  {rule.note}' if rule.note else ''}"


def _tell_rest(restrictions: Restrictions) -> None:
    taken = "rejected" if restrictions.refuse_anonymous else "accepted"
    meets = "hears a sentence" if restrictions.answer is Answer.SENTENCE else "is refused the call"
    typer.echo(f"Calls without a number are {taken}. Who is rejected {meets}.")
