"""What flows may ask for, done: the names of `ivr.operations` bound to the mailboxes.

One object serves one call: a caller who leaves a message, an owner in their mailbox, or one after
the other.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property

from call.errors import Misuse
from call.leg import Leg, Party
from ivr.flow import Held
from ivr.operations import Outcome
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.dialling import Dialling
from vestibule.exchange.own_telephone import Desk, OwnTelephone
from vestibule.exchange.reach import Reaching
from vestibule.front import Front, FrontOperations
from vestibule.leaving import Leaving, Resolve
from vestibule.meetings.entering import Entering, MeetingDesk
from vestibule.owning import Owning
from voicemail.mailboxes import Mailboxes

Arguments = Mapping[str, Held]


class CallOperations:
    """Answers for the flows of one call. `close` it when the call is over.

    `leg` is the caller's, `exchange` what brings callers and others together; without them nobody
    can be rung. Without a `desk` nobody is parked or picked up; without a `front` nobody is found
    by name, and there is no closure message. `dialed` is the number that the caller called, or that
    `sent_by` transferred them to: what that one may call outside, the caller then may. Without a
    `meeting` there are no conferences.
    """

    def __init__(
        self,
        mailboxes: Mailboxes,
        caller: Party,
        resolve: Resolve,
        leg: Leg | None = None,
        exchange: Connecting | None = None,
        desk: Desk | None = None,
        front: Front | None = None,
        dialed: str = "",
        sent_by: Party | None = None,
        meeting: MeetingDesk | None = None,
    ) -> None:
        self._entering = Entering(meeting, leg, caller)
        self._front = FrontOperations(front, caller, dialed)
        self._own_telephone = OwnTelephone(desk, leg, caller)
        self._reaching = Reaching(exchange, leg, caller)
        self._dialling = Dialling(exchange, leg, caller, sent_by)
        self._leaving = Leaving(mailboxes, caller, resolve)
        self._owning = Owning(mailboxes, caller, self._leaving, resolve)

    @cached_property
    def _bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """Made when a flow first asks for something: most callers hear a menu and are led on."""
        return {
            **self._leaving.bound,
            **self._owning.bound,
            **self._reaching.bound,
            **self._dialling.bound,
            **self._own_telephone.bound,
            **self._front.bound,
            **self._entering.bound,
        }

    @property
    def names(self) -> frozenset[str]:
        """Every operation that can be asked for."""
        return frozenset(self._bound)

    async def perform(self, name: str, arguments: Arguments) -> Outcome:
        """Do what a flow asks. Raises Misuse for a name nothing is bound to."""
        if name not in self._bound:
            raise Misuse(f"no operation is bound to {name!r}")
        return await self._bound[name](arguments)

    async def close(self) -> None:
        """Let nothing of the call be lost: a deposit nobody decided about is kept.

        A greeting, and a message to be passed on, are forgotten where nobody confirmed them.
        """
        self._reaching.close()
        self._own_telephone.close()
        self._entering.close()
        try:
            await self._leaving.close()
        finally:
            try:
                await self._owning.close()
            finally:
                await self._front.close()
