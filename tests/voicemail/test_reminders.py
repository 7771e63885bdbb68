"""An owner who left a temporary greeting on hears of it by e-mail, once a week."""

from datetime import timedelta

from tests.voicemail.office import CAMILLE, Office
from tests.voicemail.test_outbox import ScriptedServer
from voicemail import Greeting, GreetingKind, Mailbox

WEEK_S = 7 * 24 * 3600.0


async def away(office: Office, mailbox: Mailbox = CAMILLE, until_s: float | None = None) -> None:
    """The owner records a temporary greeting, with or without an end."""
    await office.hire(mailbox)
    now = office.clock.now()
    end = None if until_s is None else now + timedelta(seconds=until_s)
    greeting = Greeting("101", GreetingKind.TEMPORARY, "greetings/101/x", 3.0, now, until=end)
    await office.ports.store.set_greeting(greeting)


async def reminded(office: Office) -> int:
    """How many e-mails a look into it brings."""
    server = ScriptedServer()
    office.mail_through(server)
    await office.mailboxes.remind()
    await office.worker.work()
    return len(server.received)


async def test_a_week_on_the_owner_is_reminded_and_once_only(office: Office) -> None:
    await away(office)
    office.clock.advance(WEEK_S - 1)
    assert await reminded(office) == 0
    office.clock.advance(1)
    assert await reminded(office) == 1
    office.clock.advance(3600)
    assert await reminded(office) == 0
    office.clock.advance(WEEK_S)
    assert await reminded(office) == 1


async def test_a_greeting_that_ends_by_itself_needs_no_reminder(office: Office) -> None:
    await away(office, until_s=10 * WEEK_S)
    office.clock.advance(2 * WEEK_S)
    assert await reminded(office) == 0


async def test_another_greeting_begins_another_week(office: Office) -> None:
    await away(office)
    office.clock.advance(WEEK_S)
    assert await reminded(office) == 1
    await office.ports.store.erase_greeting("101", GreetingKind.TEMPORARY)
    now = office.clock.now()
    await office.ports.store.set_greeting(
        Greeting("101", GreetingKind.TEMPORARY, "greetings/101/y", 3.0, now)
    )
    assert await reminded(office) == 0
    office.clock.advance(WEEK_S)
    assert await reminded(office) == 1


async def test_an_owner_without_an_address_is_not_reminded(office: Office) -> None:
    await away(office, Mailbox("101", "Camille"))
    office.clock.advance(WEEK_S)
    assert await reminded(office) == 0
