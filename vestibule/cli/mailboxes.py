"""`vestibule mailbox`: make mailboxes, look at them, change them."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli import mailbox_fields as field
from vestibule.cli.greetings import app as greeting_commands
from vestibule.cli.moving import bring, delete, empty, export
from vestibule.cli.opening import Config, Data, administering, with_mailboxes

if TYPE_CHECKING:
    from vestibule.mailroom import Mailroom
    from voicemail.administration import Administration
    from voicemail.mailboxes import Mailboxes
    from voicemail.message import Counts, Deed, Greeting, Mailbox

app = typer.Typer(no_args_is_help=True, help="Make mailboxes, look at them, change them.")
app.command("empty")(empty)
app.command("delete")(delete)
app.command("export")(export)
app.command("import")(bring)
app.add_typer(greeting_commands, name="greeting")

Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def add(
    number: field.Number,
    name: Annotated[str, typer.Argument(help="« Nom de la boîte vocale »: whose it is.")],
    pin: field.Pin,
    max_message: field.MaxMessage = None,
    max_messages: field.MaxMessages = None,
    email: field.Email = None,
    store: field.Store = None,
    zero: field.Zero = None,
    star: field.Star = None,
    language: field.Language = None,
    zone: field.Zone = None,
    attachment: field.Attachment = None,
    min_speech: field.MinSpeech = None,
    envelope: field.Envelope = None,
    own_phone: field.OwnPhone = None,
    send: field.Send = None,
    call_back: field.CallBack = None,
    transcribe: field.Transcribe = None,
    trash_days: field.TrashDays = None,
    retention_days: field.RetentionDays = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Make a mailbox.

    Example: vestibule mailbox add 103 "Élise Côté" --email elise@example.org
    """
    from voicemail.message import Mailbox

    given = {
        "max_message_s": max_message, "max_messages": max_messages, "addresses": email,
        "store_on_server": store, "zero": zero, "star": star, "language": language, "zone": zone,
        "attachment": attachment, "min_speech_s": min_speech, "envelope": envelope,
        "trust_own_phone": own_phone, "can_send": send, "can_call_back": call_back,
        "transcribe": transcribe, "trash_days": trash_days, "retention_days": retention_days,
    }  # fmt: skip
    mailbox, faults = field.changed(Mailbox(number, name), given)

    async def make(administration: "Administration", _: "Mailroom") -> None:
        await administration.create(mailbox, pin, faults)

    administering(config, data, make, make=True)
    typer.echo(f"Mailbox {number} is ready.")


@app.command()
def edit(
    number: field.Number,
    name: field.Name = None,
    max_message: field.MaxMessage = None,
    max_messages: field.MaxMessages = None,
    email: field.Email = None,
    store: field.Store = None,
    zero: field.Zero = None,
    star: field.Star = None,
    language: field.Language = None,
    zone: field.Zone = None,
    attachment: field.Attachment = None,
    min_speech: field.MinSpeech = None,
    envelope: field.Envelope = None,
    own_phone: field.OwnPhone = None,
    send: field.Send = None,
    call_back: field.CallBack = None,
    transcribe: field.Transcribe = None,
    trash_days: field.TrashDays = None,
    retention_days: field.RetentionDays = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Change the settings that are named; the others stay. « Modifier la boîte vocale »

    Example: vestibule mailbox edit 101 --zero extension:102 --star closed --max-message 120

    The PIN is changed by `mailbox pin`.
    """
    given = {
        "name": name, "max_message_s": max_message, "max_messages": max_messages,
        "addresses": email or None, "store_on_server": store, "zero": zero, "star": star,
        "language": language, "zone": zone, "attachment": attachment, "min_speech_s": min_speech,
        "envelope": envelope, "trust_own_phone": own_phone, "can_send": send,
        "can_call_back": call_back, "transcribe": transcribe, "trash_days": trash_days,
        "retention_days": retention_days,
    }  # fmt: skip
    if all(value is None for value in given.values()):
        raise typer.BadParameter("name at least one setting; see: vestibule mailbox edit --help")

    async def change(administration: "Administration", room: "Mailroom") -> tuple[str, ...]:
        mailbox, faults = field.changed(await room.mailboxes.show(number), given)
        return await administration.edit(mailbox, faults)

    edited = administering(config, data, change)
    what = ", ".join(name.replace("_", " ") for name in edited) or "nothing: it was so already"
    typer.echo(f"Changed in mailbox {number}: {what}.")


@app.command("list")
def list_all(json_: Json = False, config: Config = None, data: Data = None) -> None:
    """List the mailboxes: number, language, messages, name.

    Example: vestibule mailbox list
    """
    boxes = with_mailboxes(config, data, _counted)
    if json_:
        typer.echo(_json([_told(mailbox, counts) for mailbox, counts in boxes]))
        return
    for mailbox, counts in boxes:
        full = f"{counts.taken:>3}/{mailbox.max_messages}"
        typer.echo(f"{mailbox.number:<6} {mailbox.language}  {full}  {mailbox.name}")


async def _counted(mailboxes: "Mailboxes") -> "list[tuple[Mailbox, Counts]]":
    boxes = [(mailbox, await mailboxes.counts(mailbox.number)) for mailbox in await mailboxes.all()]
    return [(mailbox, counts) for mailbox, counts in boxes if counts is not None]


@app.command()
def show(number: str, json_: Json = False, config: Config = None, data: Data = None) -> None:
    """Show how one mailbox is set, but never its PIN.

    Example: vestibule mailbox show 101
    """
    from voicemail.errors import MailboxUnknown

    async def look(mailboxes: "Mailboxes") -> "tuple[Mailbox, Counts, tuple[Greeting, ...]]":
        mailbox, counts = await mailboxes.show(number), await mailboxes.counts(number)
        if counts is None:
            raise MailboxUnknown(number)
        return mailbox, counts, await mailboxes.greetings(number)

    mailbox, counts, greetings = with_mailboxes(config, data, look)
    if json_:
        recorded = [_greeting(each) for each in greetings]
        typer.echo(_json(_told(mailbox, counts) | {"greetings": recorded}))
        return
    lines = [*field.shown(mailbox), ("messages", _full(mailbox, counts))]
    told = [("greeting", f"{each.kind.value}, {each.duration_s:.1f} s") for each in greetings]
    for label, value in (*lines, *(told or [("greeting", "none recorded")])):
        typer.echo(f"{label + ':':<18} {value}")


def _full(mailbox: "Mailbox", counts: "Counts") -> str:
    """As the form writes it: (0 message / 100)."""
    messages = "message" if counts.taken < 2 else "messages"
    return f"({counts.taken} {messages} / {mailbox.max_messages})"


def _told(mailbox: "Mailbox", counts: "Counts") -> dict[str, object]:
    return field.as_json(mailbox) | {
        "messages": {
            "taken": counts.taken,
            "new": counts.new,
            "old": counts.old,
            "urgent_new": counts.urgent_new,
        }
    }


def _greeting(greeting: "Greeting") -> dict[str, object]:
    return {
        "kind": greeting.kind.value,
        "duration_s": greeting.duration_s,
        "kept": greeting.kept.isoformat(),
        "until": greeting.until.isoformat() if greeting.until else None,
    }


def _json(told: object) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False)


@app.command()
def unlock(number: str, config: Config = None, data: Data = None) -> None:
    """Let the owner in again after too many wrong PINs.

    Example: vestibule mailbox unlock 101
    """
    administering(config, data, lambda administration, _: administration.unlock(number))
    typer.echo(f"Mailbox {number} is unlocked.")


@app.command("pin")
def change_pin(number: str, pin: field.Pin, config: Config = None, data: Data = None) -> None:
    """Give a mailbox another PIN, and let its owner in again.

    Example: vestibule mailbox pin 101
    """
    administering(config, data, lambda administration, _: administration.change_pin(number, pin))
    typer.echo(f"The PIN of mailbox {number} is changed.")


@app.command()
def history(
    number: Annotated[str | None, typer.Argument(help="Of this mailbox alone.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many lines, the last ones.")] = 100,
    config: Config = None,
    data: Data = None,
) -> None:
    """Tell who did what to which mailbox, and when; never what was said, never a PIN.

    Example: vestibule mailbox history 101

    Hours are those of the mailbox, or UTC where there is none any more.
    """

    async def look(mailboxes: "Mailboxes") -> "tuple[list[Mailbox], tuple[Deed, ...]]":
        return list(await mailboxes.all()), await mailboxes.history(number, most)

    boxes, deeds = with_mailboxes(config, data, look)
    zones = {mailbox.number: mailbox for mailbox in boxes}
    for deed in deeds:
        typer.echo(_line(deed, zones.get(deed.mailbox)))


def _line(deed: "Deed", mailbox: "Mailbox | None") -> str:
    at = mailbox.local(deed.at) if mailbox else deed.at
    hour = at.strftime("%Y-%m-%d %H:%M" if mailbox else "%Y-%m-%d %H:%MZ")
    detail = f": {deed.detail}" if deed.detail else ""
    return f"{hour:<17}  {deed.mailbox:<6} {deed.actor:<20} {deed.action}{detail}"
