"""The embedded default: a small company that answers at once, on this machine only."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from call.clock import Clock
from conference.conference import Conference, GenericCode, Role
from conference.ports import Changed, ConferenceBook
from vestibule.settings import Settings, settings_from, split_address
from voicemail.mailboxes import Mailboxes
from voicemail.message import Mailbox

COMPANY = "5145550100"
"""A number reserved for examples."""

CONFERENCES = "5145550199"
"""The number of its conferences."""

CONFERENCES_INSIDE = "8600"
"""The same, shorter, for its own telephones."""

MEETING = Conference(
    "demo",
    "4321",
    "Réunion d'équipe",
    generic_codes=(
        GenericCode(Role.ADMINISTRATOR, "1975"),
        GenericCode(Role.PARTICIPANT, "2086"),
    ),
)
"""A room that is always there, with codes that anybody may know."""

LISTEN = "127.0.0.1:5060"
"""Where the demo answers unless told otherwise."""

LOOPBACK = ("127.0.0.0/8", "::1/128")
"""Who may call, and is believed to be one of the company's telephones: this machine."""

PEOPLE = (
    (
        Mailbox("100", "la réception", addresses=("reception@example.org",), welcomed=True),
        "4710",
    ),
    (Mailbox("101", "Camille", addresses=("camille@example.org",), welcomed=True), "4711"),
    (
        Mailbox("102", "William", "en", addresses=("william@example.org",), welcomed=True),
        "4712",
    ),
)


def demo_settings(listen: str, data: Path, smtp: str | None) -> Settings:
    """Settings for a company of two. Raises BadSettings for what cannot be an address."""
    mail: dict[str, object] = {"sender": "Vestibule <messagerie@example.org>"}
    if smtp is not None:
        host, port = split_address(smtp)
        mail |= {"host": host, "port": port, "security": "none"}
    values: dict[str, object] = {
        "company": {"name": "Vestibule", "operator": "100"},
        "sip": {"listen": listen, "allow": LOOPBACK, "phones": LOOPBACK},
        "media": {"first_port": 0, "last_port": 0},
        "storage": {"data": data},
        "mail": mail,
        "numbers": [
            {"number": COMPANY, "flow": "main_attendant", "closed": "closed"},
            {"number": "8500", "flow": "voicemail_main"},
            {"number": "*XXX", "flow": "extension"},
            {"number": CONFERENCES, "flow": "conference_join"},
            {"number": CONFERENCES_INSIDE, "flow": "conference_join"},
        ],
        "conferences": {"numbers": [{"number": "514 555-0199", "label": "Montréal"}]},
    }
    return settings_from(values, origin="demo")


async def furnish(mailboxes: Mailboxes, people: Iterable[tuple[Mailbox, str]] = PEOPLE) -> None:
    """Make the demo's mailboxes, or those of other people, where they do not exist yet."""
    there = {mailbox.number for mailbox in await mailboxes.all()}
    for mailbox, pin in people:
        if mailbox.number not in there:
            await mailboxes.create(mailbox, pin)


async def furnish_room(book: ConferenceBook, clock: Clock) -> None:
    """Arrange the demo's meeting, unless its room is another's."""
    if await book.in_room(MEETING.room) is None:
        await book.change(MEETING.id, lambda before: Changed(before or MEETING), clock.now())


def invitation(settings: Settings, host: str, port: int) -> Iterator[str]:
    """What to dial, one line each."""
    where = f"[{host}]" if ":" in host else host
    yield f"Vestibule answers on {where}:{port}, by UDP and TCP, calls from this machine only."
    yield ""
    yield f"  sip:{COMPANY}@{where}:{port}   the company, in French; 9 for English"
    yield "      while the greeting plays: 101 or 102 to leave a message, 8500 for one's mailbox"
    yield f"  sip:8500@{where}:{port}         one's mailbox: 101 with PIN 4711, 102 with PIN 4712"
    yield f"  sip:*101@{where}:{port}         leave Camille a message (*102: William)"
    administrator, participant = (each.code for each in MEETING.generic_codes)
    yield f"  sip:{CONFERENCES}@{where}:{port}   conferences: room {MEETING.room}, then the code"
    yield f"      {administrator} of an administrator, or {participant} of a participant"
    yield f"  sip:{CONFERENCES_INSIDE}@{where}:{port}         the same, in short"
    yield ""
    if settings.mail.host is None:
        yield f"E-mail is written under {settings.storage.data / 'mail'}."
    else:
        yield f"E-mail goes to {settings.mail.host}:{settings.mail.port}."
