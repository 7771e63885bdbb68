"""The settings of a mailbox as options: what `mailbox add` and `mailbox edit` have in common.

The French is that of the form administrators know, field by field.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voicemail.message import Mailbox

Number = Annotated[
    str, typer.Argument(help="« Numéro de boîte vocale »: the number of its extension.")
]
Pin = Annotated[
    str,
    typer.Option(
        envvar="VESTIBULE_PIN",
        prompt="PIN (4 to 10 digits)",
        hide_input=True,
        help="« Mot de passe de boîte vocale ». Asked for.",
    ),
]
Name = Annotated[str | None, typer.Option(help="« Nom de la boîte vocale »: whose it is.")]
MaxMessage = Annotated[
    int | None,
    typer.Option(help="« Durée maximale du message (en secondes) », 180 unless set."),
]
MaxMessages = Annotated[
    int | None,
    typer.Option(help="« Nombre maximum de messages enregistrés », 100 unless set, and at most."),
]
Email = Annotated[
    list[str] | None,
    typer.Option(
        help="« Faire parvenir les messages vocaux par courriel à ». May be given more than once; "
        "'' for none."
    ),
]
Store = Annotated[
    bool | None,
    typer.Option(
        "--store/--no-store",
        help="« Ne pas stocker les messages vocaux sur le serveur » is --no-store: they are only "
        "e-mailed. Needs an address.",
    ),
]
Zero = Annotated[
    str | None,
    typer.Option(
        help="« Comportement pour la touche 0 »: operator, closed, extension:NUMBER or flow:NAME."
    ),
]
Star = Annotated[
    str | None,
    typer.Option(help="« Comportement pour la touche * »: login, or as for 0."),
]
Language = Annotated[str | None, typer.Option(help="fr or en.")]
Zone = Annotated[str | None, typer.Option(help="IANA time zone.")]
Attachment = Annotated[str | None, typer.Option(help="wav, mp3, opus or ulaw.")]
MinSpeech = Annotated[
    float | None, typer.Option(help="A message with less speech is not kept, in seconds.")
]
Envelope = Annotated[
    bool | None, typer.Option("--envelope/--no-envelope", help="Say who called, and when.")
]
OwnPhone = Annotated[
    bool | None,
    typer.Option("--own-phone/--no-own-phone", help="Its own telephone opens it without a PIN."),
]
Send = Annotated[
    bool | None, typer.Option("--send/--no-send", help="The owner may reply and leave messages.")
]
CallBack = Annotated[
    bool | None, typer.Option("--call-back/--no-call-back", help="The owner may call back.")
]
Transcribe = Annotated[
    bool | None, typer.Option("--transcribe/--no-transcribe", help="What was said, as text.")
]
TrashDays = Annotated[
    int | None, typer.Option(help="How long a deleted message can be brought back.")
]
RetentionDays = Annotated[
    int | None,
    typer.Option(help="Messages heard go to the trash after so many days; 0 for never."),
]


def changed(mailbox: "Mailbox", given: Mapping[str, object]) -> "tuple[Mailbox, tuple[str, ...]]":
    """The mailbox with what was given, None for what was not, and what could not be read."""
    from dataclasses import replace

    values, faults = {}, []
    for name, value in given.items():
        if value is None:
            continue
        try:
            values[name] = _read(name, value)
        except ValueError as fault:
            faults.append(str(fault))
    return replace(mailbox, **values), tuple(faults)  # type: ignore[arg-type]  # each as _read says


def _read(name: str, value: object) -> object:
    """A setting as a mailbox has it. Raises ValueError, with what may be written."""
    from voicemail.message import Attachment as Format

    match name:
        case "zero" | "star":
            return _treatment(name, str(value))
        case "attachment":
            known = ", ".join(Format)
            if str(value).lower() not in set(Format):
                raise ValueError(f"attachment {value!r}: choose one of {known}")
            return Format(str(value).lower())
        case "addresses" if isinstance(value, list):
            return tuple(address for address in value if address)
        case "retention_days":
            return value or None
        case _:
            return value


def _treatment(name: str, value: str) -> object:
    from voicemail.message import Treatment

    try:
        return Treatment.parse(value)
    except ValueError as fault:
        raise ValueError(f"--{name}: {fault}") from fault


def shown(mailbox: "Mailbox") -> Iterator[tuple[str, str]]:
    """Every setting with its label, to be read by people."""
    yield "number", mailbox.number
    yield "name", mailbox.name
    yield "language", mailbox.language
    yield "zone", mailbox.zone
    yield "e-mail", ", ".join(mailbox.addresses) or "none"
    yield "attachment", mailbox.attachment.value
    yield "kept on server", "yes" if mailbox.store_on_server else "no, only e-mailed"
    yield "longest message", f"{mailbox.max_message_s} s"
    yield "least speech", f"{mailbox.min_speech_s:g} s"
    yield "key 0", str(mailbox.zero)
    yield "key *", str(mailbox.star)
    yield "trash", f"{mailbox.trash_days} days"
    kept = mailbox.retention_days
    yield "heard ones kept", f"{kept} days" if kept else "until deleted"
    flags = {
        "tells who called": mailbox.envelope,
        "own phone, no PIN": mailbox.trust_own_phone,
        "may send": mailbox.can_send,
        "may call back": mailbox.can_call_back,
        "transcribed": mailbox.transcribe,
        "first login done": mailbox.welcomed,
    }
    yield from ((label, "yes" if flag else "no") for label, flag in flags.items())


def as_json(mailbox: "Mailbox") -> dict[str, object]:
    """Every setting, for programs."""
    from dataclasses import asdict

    return asdict(mailbox) | {"zero": str(mailbox.zero), "star": str(mailbox.star)}
