"""`vestibule extension set`: what an extension does with its calls.

The French is that of the form administrators know, field by field.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from routing.handling import Forward, ForwardRule, Handling, Permission, Taped, WhenBusy
from vestibule.cli.opening import Config, Data, with_mailroom

if TYPE_CHECKING:
    from call.clock import Clock
    from routing.choosing import Choosing
    from vestibule.mailroom import Mailroom
    from vestibule.settings import Settings

T = TypeVar("T")

WIDTH = 22
"""Columns for the labels of what is shown."""

ASK = "-"
"""The access code is typed where nobody sees it."""

OWN = "own"
"""The ring time before forwarding is the extension's own."""

Number = Annotated[str, typer.Argument(help="« Poste »: the number of an extension.")]

Ring = Annotated[
    int | None,
    typer.Option(help="« Durée de la sonnerie », in seconds; 0 for the longest there is."),
]
DoNotDisturb = Annotated[
    bool | None, typer.Option("--do-not-disturb/--disturb", help="« Ne pas déranger ».")
]
Busy = Annotated[
    WhenBusy | None,
    typer.Option(help="A second call, while its owner is on the telephone (« au téléphone »)."),
]
Voicemail = Annotated[
    bool | None,
    typer.Option(
        "--voicemail/--no-voicemail", help="« Boîte vocale ». Off, the telephone rings on."
    ),
]
Pickup = Annotated[
    bool | None, typer.Option("--pickup/--no-pickup", help="« Interception d'appels ».")
]
Tape = Annotated[Taped | None, typer.Option(help="« Enregistrer les appels ».")]
HoldMusic = Annotated[
    str | None,
    typer.Option(help="« Musique d'attente », one of media.pieces; '' for the company's."),
]
ForwardTo = Annotated[
    str | None,
    typer.Option(
        "--forward",
        metavar="RULE:NUMBER",
        help="« Renvoi d'appel » to a number or an extension: always:, no_answer:, together: or "
        "press_1:NUMBER; off, or on as it was.",
    ),
]
ForwardRing = Annotated[
    str | None,
    typer.Option(
        metavar="SECONDS",
        help="« Faire sonner pendant », before the call is sent on; own is the extension's own.",
    ),
]
FollowMe = Annotated[
    str | None,
    typer.Option(
        metavar="NUMBER[,NUMBER]",
        help="« Find-me / Follow-me »: numbers that ring together; off, or on as it was.",
    ),
]
FollowRing = Annotated[int | None, typer.Option(help="« Faire sonner pendant », for follow-me.")]
FollowMusic = Annotated[
    bool | None,
    typer.Option(
        "--follow-music/--follow-ringing",
        help="« Remplacer la sonnerie par la musique d'attente ».",
    ),
]
FollowName = Annotated[
    bool | None,
    typer.Option(
        "--follow-name/--no-follow-name",
        help="« Exiger que l'appelant s'identifie vocalement ».",
    ),
]
FollowVoicemail = Annotated[
    bool | None,
    typer.Option(
        "--follow-voicemail/--follow-no-voicemail",
        help="« Sauter le message de boîte vocale de l'utilisateur » is --follow-no-voicemail.",
    ),
]
FollowCallerId = Annotated[
    bool | None,
    typer.Option(
        "--follow-caller-id/--follow-own-id",
        help="« Passer les informations d'identification (CallerID) de l'appelant d'origine ».",
    ),
]
FollowTries = Annotated[int | None, typer.Option(help="« Nombre de tentatives supplémentaires ».")]
LongDistance = Annotated[Permission | None, typer.Option(help="« Appels interurbains ».")]
International = Annotated[Permission | None, typer.Option(help="« Appels internationaux ».")]
AccessCode = Annotated[
    str | None,
    typer.Option(
        envvar="VESTIBULE_ACCESS_CODE",
        help="« Code d'accès » for calls with a code, 4 to 10 digits; - asks for it.",
    ),
]
CallerName = Annotated[
    str | None, typer.Option(help="« Nom d'appelant externe »; without accents. '' for none.")
]
CallerNumber = Annotated[
    str | None, typer.Option(help="« Numéro d'appelant externe », one of the company's.")
]
Anonymous = Annotated[
    bool | None,
    typer.Option("--anonymous/--no-anonymous", help="« Cacher l'identification de l'appelant »."),
]


def set_(
    number: Number,
    ring: Ring = None,
    do_not_disturb: DoNotDisturb = None,
    busy: Busy = None,
    voicemail: Voicemail = None,
    pickup: Pickup = None,
    tape: Tape = None,
    hold_music: HoldMusic = None,
    forward: ForwardTo = None,
    forward_ring: ForwardRing = None,
    follow_me: FollowMe = None,
    follow_ring: FollowRing = None,
    follow_music: FollowMusic = None,
    follow_name: FollowName = None,
    follow_voicemail: FollowVoicemail = None,
    follow_caller_id: FollowCallerId = None,
    follow_tries: FollowTries = None,
    long_distance: LongDistance = None,
    international: International = None,
    access_code: AccessCode = None,
    caller_name: CallerName = None,
    caller_number: CallerNumber = None,
    anonymous: Anonymous = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Change what an extension does with its calls; what is not named stays. « Poste »

    Examples: vestibule extension set 101 --ring 25 --forward press_1:5145551234

              vestibule extension set 102 --forward off --follow-me 5145551234,4185551234

              vestibule extension set 103 --long-distance with_code --access-code -
    """
    own = {
        "ring_s": ring, "do_not_disturb": do_not_disturb, "when_busy": busy,
        "voicemail": voicemail, "may_be_picked_up": pickup, "taped": tape,
        "hold_music": hold_music,
    }  # fmt: skip
    follow = {
        **_switched("targets", follow_me, _numbers), "ring_s": follow_ring, "music": follow_music,
        "ask_name": follow_name, "pass_number": follow_caller_id, "more_tries": follow_tries,
        "skip_voicemail": None if follow_voicemail is None else not follow_voicemail,
    }  # fmt: skip
    outgoing = {
        "long_distance": long_distance, "international": international,
        "caller_name": caller_name, "caller_number": caller_number, "anonymous": anonymous,
    }  # fmt: skip
    forwarded = {**_forward(forward), "ring_s": _seconds_before(forward_ring)}
    if not (access_code or any(_given(each) for each in (own, forwarded, follow, outgoing))):
        raise typer.BadParameter("name at least one choice; see: vestibule extension set --help")
    code = _asked_code() if access_code == ASK else access_code

    def change(before: Handling) -> Handling:
        return replace(
            before,
            forward=_forwarded(before.forward, forwarded),
            follow_me=replace(before.follow_me, **_given(follow)),  # type: ignore[arg-type]  # by name
            outgoing=replace(before.outgoing, **_given(outgoing)),  # type: ignore[arg-type]  # by name
            **_given(own),  # type: ignore[arg-type]  # each named as its field
        )

    async def choose(choosing: "Choosing") -> "tuple[Handling, Handling]":
        before = await choosing.show(number)
        return before, await choosing.choose(number, change, code)

    before, after = _choosing(config, data, choose)
    told = [
        f"{label} {value}"
        for (label, value), (_, stood) in zip(shown(after), shown(before), strict=True)
        if value != stood
    ]
    if code is not None:
        told.append("access code changed")
    typer.echo(f"Extension {number}: {', '.join(told) or 'nothing changed: it was so already'}.")


def shown(handling: Handling) -> list[tuple[str, str]]:
    """Every choice with its label, to be read by people."""
    forward, follow, outgoing = handling.forward, handling.follow_me, handling.outgoing
    before = handling.ring_s if forward.ring_s is None else forward.ring_s
    identity = f"{outgoing.caller_name} <{outgoing.caller_number}>"
    return [
        ("rings for", _seconds(handling.ring_s)),
        ("do not disturb", _yes(handling.do_not_disturb)),
        ("a second call", _SECOND_CALL[handling.when_busy]),
        ("voicemail", _on(handling.voicemail)),
        ("may be picked up", _yes(handling.may_be_picked_up)),
        ("recorded", _TAPED[handling.taped]),
        ("hold music", handling.hold_music or "the company's"),
        ("forwarding", _switch(forward.enabled, forward.target)),
        ("forwarding, when", _RULES[forward.rule]),
        ("rings before", _seconds(before)),
        ("follow-me", _switch(follow.enabled, ", ".join(follow.targets))),
        ("follow-me rings for", _seconds(follow.ring_s)),
        ("more tries", str(follow.more_tries)),
        ("the caller hears", "hold music" if follow.music else "ringing"),
        ("asks for the name", _yes(follow.ask_name)),
        ("then voicemail", _yes(not follow.skip_voicemail)),
        ("shows", "the caller's number" if follow.pass_number else "the extension's number"),
        ("long distance", _PERMITTED[outgoing.long_distance]),
        ("international", _PERMITTED[outgoing.international]),
        ("access code", "set" if outgoing.code_hash else "none"),
        ("caller ID", identity if outgoing.caller_number else "the company's"),
        ("anonymous", _yes(outgoing.anonymous)),
    ]


def as_json(handling: Handling) -> dict[str, object]:
    """Every choice, for programs; of the access code only whether there is one."""
    from dataclasses import asdict

    told = asdict(handling)
    told["outgoing"]["access_code"] = bool(told["outgoing"].pop("code_hash"))
    return told


def _choosing(
    config: Path | None, data: Path | None, work: Callable[["Choosing"], Awaitable[T]]
) -> T:
    """Open the choices, do the work, close them."""
    from vestibule.shelves import choosing

    async def worked(mailroom: "Mailroom", settings: "Settings", _: "Clock") -> T:
        return await work(choosing(mailroom.database, settings))

    return with_mailroom(config, data, worked)


_RULES = MappingProxyType(
    {
        ForwardRule.ALWAYS: "always, at once",
        ForwardRule.NO_ANSWER: "nobody answers",
        ForwardRule.TOGETHER: "together with the extension",
        ForwardRule.PRESS_1: "nobody answers, and the caller presses 1",
    }
)
_SECOND_CALL = MappingProxyType(
    {
        WhenBusy.RING: "rings",
        WhenBusy.MESSAGE: "hears that its owner is on the telephone",
        WhenBusy.VOICEMAIL: "goes to the voicemail",
    }
)
_TAPED = MappingProxyType(
    {
        Taped.NONE: "no calls",
        Taped.INCOMING: "incoming calls",
        Taped.OUTGOING: "outgoing calls",
        Taped.BOTH: "incoming and outgoing calls",
    }
)
_PERMITTED = MappingProxyType(
    {
        Permission.DISABLED: "no",
        Permission.WITH_CODE: "with the access code",
        Permission.UNLIMITED: "yes",
    }
)


def _seconds(seconds: int) -> str:
    return f"{seconds} s" if seconds else "as long as it can"


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _on(flag: bool) -> str:
    return "on" if flag else "off"


def _switch(enabled: bool, target: str) -> str:
    if not target:
        return "none"
    return f"to {target}" if enabled else f"off (to {target})"


def _given(named: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in named.items() if value is not None}


def _forward(text: str | None) -> dict[str, object]:
    """What `--forward` chooses. Raises BadParameter."""
    if text in (None, "on", "off"):
        return {} if text is None else {"enabled": text == "on"}
    rule, colon, target = str(text).partition(":")
    if not colon or rule not in set(ForwardRule) or not target:
        rules = ", ".join(f"{each}:NUMBER" for each in ForwardRule)
        raise typer.BadParameter(f"--forward {text}: write {rules}, on or off")
    return {"rule": ForwardRule(rule), "target": target, "enabled": True}


def _seconds_before(text: str | None) -> int | str | None:
    """What `--forward-ring` chooses. Raises BadParameter."""
    if text is None or text == OWN:
        return text
    if not text.isdecimal():
        raise typer.BadParameter(f"--forward-ring {text}: write seconds, or {OWN}")
    return int(text)


def _forwarded(before: Forward, chosen: Mapping[str, object]) -> Forward:
    after = replace(before, **_given(chosen))  # type: ignore[arg-type]  # each named as its field
    return replace(after, ring_s=None) if chosen.get("ring_s") == OWN else after


def _switched(name: str, text: str | None, read: Callable[[str], object]) -> Mapping[str, object]:
    if text in (None, "on", "off"):
        return {} if text is None else {"enabled": text == "on"}
    return {name: read(str(text)), "enabled": True}


def _numbers(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _asked_code() -> str:
    return str(
        typer.prompt("Access code (4 to 10 digits)", hide_input=True, confirmation_prompt=True)
    )
