"""Mailboxes to throw away, so that a flow can be tried with no server and no trace."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from call.clock import SystemClock
from call.leg import Party
from ivr.machine import Flows
from routing.closure import Closure
from vestibule.demo import COMPANY, demo_settings, furnish
from vestibule.front import Front, open_front
from vestibule.mailroom import open_mailroom
from vestibule.operations import CallOperations
from vestibule.settings import Settings
from vestibule.switchboard import Switchboard
from voicemail.mailboxes import Mailboxes
from voicemail.message import Mailbox

COLLEAGUES = (
    (Mailbox("103", "Noa", can_send=False, welcomed=True), "4713"),
    (Mailbox("104", "Louis"), "4714"),
)
"""Beside the demo's people: one who may not send messages, and one who has never come in."""

CALLER = Party("5145550123")

CLOSURE_CODE, TOGGLE_CODE, CLOSURE_PIN = "8511", "8512", "4719"
"""The closure message of the demo's company, of which nothing is recorded."""


@dataclass(frozen=True, slots=True)
class Practice:
    """The demo's company and a few more, for as long as a trial lasts."""

    settings: Settings
    mailboxes: Mailboxes
    switchboard: Switchboard
    front: Front

    def operations(self) -> CallOperations:
        """What flows may ask for in one call from outside. `close` it when the call is over."""
        return CallOperations(
            self.mailboxes, CALLER, self.switchboard.redirect, front=self.front, dialed=COMPANY
        )


@asynccontextmanager
async def open_practice(flows: Flows) -> AsyncIterator[Practice]:
    """Mailboxes new and empty, in a folder that goes away."""
    clock = SystemClock()
    with TemporaryDirectory(prefix="vestibule-") as folder:
        settings = demo_settings("127.0.0.1:0", Path(folder), None)
        async with open_mailroom(settings, clock) as mailroom:
            await furnish(mailroom.mailboxes)
            await furnish(mailroom.mailboxes, COLLEAGUES)
            front = open_front(settings, mailroom, clock)
            closures = front.closing.closures
            await closures.make(CLOSURE_CODE, Closure(toggle_code=TOGGLE_CODE), CLOSURE_PIN, ())
            switchboard = Switchboard(
                company=settings.company,
                numbers=settings.numbers,
                flows=flows,
                mailboxes=mailroom.mailboxes,
                clock=clock,
                codes=closures.codes,
            )
            yield Practice(settings, mailroom.mailboxes, switchboard, front)
