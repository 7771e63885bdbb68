"""Somebody of the house dials a number outside: the code, the call, and what became of it."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from call.errors import Misuse
from call.leg import Leg, Party
from ivr.flow import Held
from ivr.operations import Outcome
from routing.numbers import Number, parse_number
from routing.outgoing import Leave, Trouble
from vestibule.exchange.calling_out import CallingOut
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.outside import NotCarried
from vestibule.exchange.ports import Bell, Rings, Shown, SwitchedLeg, is_switched
from vestibule.exchange.ringing import NotTaken, Ringing

Arguments = Mapping[str, Held]

LONGEST_RING_S = 180.0
"""Networks end a call that nobody answers before."""

TRIES_PER_CALL = 3

TALKED = Outcome("talked")

OUTCOMES: Mapping[Trouble, str] = MappingProxyType(
    {
        Trouble.BUSY: "busy",
        Trouble.NO_ANSWER: "no_answer",
        Trouble.REFUSED: "refused",
        Trouble.NOT_A_NUMBER: "unknown",
        Trouble.TRUNK: "no_trunk",
    }
)


class Dialling:
    """The operations `routing.dial` and `routing.unlock` for one call.

    Whoever was transferred to a number goes there by leave of the colleague who sent them; no code
    is asked then, since they cannot know it. Without `connecting`, or where that has no way
    outside, no line is available.
    """

    def __init__(
        self,
        connecting: Connecting | None,
        leg: Leg | None,
        caller: Party,
        sent_by: Party | None = None,
    ) -> None:
        self._connecting = connecting
        self._calling = None if connecting is None else connecting.calling_out
        self._leg = leg if is_switched(leg) else None
        self._caller = caller
        self._sent_by = sent_by
        self._unlocked = False
        self._failed = 0

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names."""
        return {"routing.dial": self._dial, "routing.unlock": self._unlock}

    async def _dial(self, arguments: Arguments) -> Outcome:
        number = parse_number(str(arguments["number"]))
        by = self._sent_by or self._caller
        if not by.internal:
            return Outcome("not_allowed")
        if number is None:
            return Outcome("unknown")
        if self._calling is None or self._connecting is None or self._leg is None:
            return Outcome("no_trunk")
        leave = await self._calling.leave(number, by.number)
        if leave is Leave.DENIED or (leave is Leave.WITH_CODE and self._sent_by is not None):
            return Outcome("not_allowed")
        if leave is Leave.WITH_CODE and not self._unlocked:
            return Outcome("code")
        shown = Shown(self._caller, diversions=() if by is self._caller else (by.number,))
        return await _Attempt(self._calling, self._connecting, number, shown).run(self._leg)

    async def _unlock(self, arguments: Arguments) -> Outcome:
        if self._calling is None or not self._caller.internal:
            raise Misuse("nobody was asked for a code")
        if self._failed >= TRIES_PER_CALL:
            return Outcome("locked")
        opens = await self._calling.opens(self._caller.number, str(arguments["code"]))
        if opens:
            self._unlocked = True
            return Outcome("ok")
        self._failed += 1
        locked = opens is None or self._failed >= TRIES_PER_CALL
        return Outcome("locked" if locked else "wrong")


class _Attempt:
    """One call to a number outside."""

    def __init__(
        self, calling: CallingOut, connecting: Connecting, number: Number, shown: Shown
    ) -> None:
        self._calling = calling
        self._connecting = connecting
        self._number = number
        self._shown = shown
        self._trouble = Trouble.NO_ANSWER
        self._announced = False

    async def run(self, leg: SwitchedLeg) -> Outcome:
        """Call, and stay until the call is over."""
        bell = Bell(Party(self._number.digits), self._ring)
        ringing = Ringing([bell], LONGEST_RING_S, self._connecting.dismiss)
        came = await self._connecting.ring(ringing, leg)
        if isinstance(came, NotTaken):
            return Outcome("announced" if self._announced else OUTCOMES[self._trouble])
        if came is not None:
            await self._connecting.talk(leg, came.leg)
        return TALKED

    async def _ring(self, rings: Rings) -> SwitchedLeg:
        def rung(leg: SwitchedLeg, early: bool) -> None:
            self._announced = self._announced or early
            rings(leg, early)

        identity = await self._calling.identity(self._shown.caller, self._number)
        try:
            return await self._calling.call(self._number, identity, rung, self._shown.diversions)
        except NotCarried as fault:
            self._trouble = fault.trouble
            raise
