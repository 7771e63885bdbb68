"""What callers may dial follows the mailboxes; a crowd gives the database no more work."""

import asyncio

from call.clock import VirtualClock
from call.recent import LOOK_EVERY_S
from tests.voicemail.office import CAMILLE, Office
from vestibule.extensions import Extensions
from voicemail.mailboxes import Mailboxes
from voicemail.message import Mailbox

WILLIAM = Mailbox("102", "William", "en")


class CountedMailboxes(Mailboxes):
    """Mailboxes that know how often they were looked through."""

    looks = 0

    async def all(self) -> tuple[Mailbox, ...]:
        self.looks += 1
        return await super().all()


async def test_a_mailbox_made_during_business_hours_is_dialled_a_second_later(
    office: Office,
) -> None:
    clock = VirtualClock()
    extensions = Extensions(office.mailboxes, clock)
    await office.hire(CAMILLE)
    assert await extensions.in_service() == (CAMILLE.number,)
    await office.hire(WILLIAM)
    clock.advance(LOOK_EVERY_S)
    assert await extensions.in_service() == (CAMILLE.number, WILLIAM.number)


async def test_a_hundred_callers_who_come_together_cost_one_look(office: Office) -> None:
    await office.hire(CAMILLE)
    mailboxes = CountedMailboxes(office.ports)
    extensions = Extensions(mailboxes, VirtualClock())
    answers = await asyncio.gather(*(extensions.in_service() for _ in range(100)))
    assert set(answers) == {(CAMILLE.number,)}
    assert mailboxes.looks == 1
