"""Mailboxes to throw away, so that a flow can be tried with no server and no trace."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from call.clock import SystemClock
from ivr.machine import Flows
from vestibule.demo import demo_settings, furnish
from vestibule.mailroom import open_mailroom
from vestibule.settings import Settings
from vestibule.switchboard import Switchboard
from voicemail.mailboxes import Mailboxes
from voicemail.message import Mailbox

COLLEAGUES = (
    (Mailbox("103", "Noa", can_send=False, welcomed=True), "4713"),
    (Mailbox("104", "Louis"), "4714"),
)
"""Beside the demo's people: one who may not send messages, and one who has never come in."""


@dataclass(frozen=True, slots=True)
class Practice:
    """The demo's company and a few more, for as long as a trial lasts."""

    settings: Settings
    mailboxes: Mailboxes
    switchboard: Switchboard


@asynccontextmanager
async def open_practice(flows: Flows) -> AsyncIterator[Practice]:
    """Mailboxes new and empty, in a folder that goes away."""
    clock = SystemClock()
    with TemporaryDirectory(prefix="vestibule-") as folder:
        settings = demo_settings("127.0.0.1:0", Path(folder), None)
        async with open_mailroom(settings, clock) as mailroom:
            await furnish(mailroom.mailboxes)
            await furnish(mailroom.mailboxes, COLLEAGUES)
            switchboard = Switchboard(
                company=settings.company,
                numbers=settings.numbers,
                flows=flows,
                mailboxes=mailroom.mailboxes,
                clock=clock,
            )
            yield Practice(settings, mailroom.mailboxes, switchboard)
