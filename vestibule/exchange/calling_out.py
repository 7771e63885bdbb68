"""Who may call which number outside, and as whom they do, for all calls of the house.

It is asked each time: of the extension that dials, or of the one on whose behalf a call is sent
on. Whoever dials may be asked for the access code; of a call that is sent on nobody can be, and a
number that wants the code is not called.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from call.errors import Unavailable
from call.leg import HangUpCause, Party
from call.masking import masked
from routing.handling import Outgoing
from routing.numbers import Number, national, parse_number
from routing.outgoing import Identity, Leave, extension_identity, leave_to_call
from vestibule.exchange.outside import Outside
from vestibule.exchange.ports import Bell, NotReached, Rings, Shown, SwitchedLeg

log = logging.getLogger(__name__)

HELP_WAITS_S = 1.0
"""How long a call for help waits to learn which number to show."""


class CodeHasher(Protocol):
    """Compares access codes with what is kept of them."""

    async def matches(self, pin: str, hashed: str | None) -> bool:
        """Whether they are the same; never where nothing is kept."""


class Attempts(Protocol):
    """Counts wrong codes, also those of other calls."""

    async def charge(self, subject: str, caller: str) -> bool:
        """Count a try before it is judged; False while the subject or the caller is locked."""

    async def acquit(self, subject: str, caller: str) -> None:
        """The try was right: forget those before it."""


@dataclass(frozen=True, slots=True)
class CallingOut:
    """What it takes to call outside. `chosen` gives what an extension may call, and as whom."""

    outside: Outside
    chosen: Callable[[str], Awaitable[Outgoing]]
    hasher: CodeHasher
    attempts: Attempts
    rung: Callable[[SwitchedLeg, Party], None]
    """Told of each leg that somebody outside took, and who that is."""

    async def leave(self, number: Number, extension: str) -> Leave:
        """Whether an extension may call a number. Raises StoreUnavailable, but for emergencies."""
        if number.is_emergency:
            return Leave.GIVEN
        return leave_to_call(number, await self.chosen(extension), self.outside.local)

    async def identity(self, caller: Party, number: Number) -> Identity:
        """As whom somebody calls: one of the house as it is set, anybody else as themselves.

        A call for help waits a moment for that at most, and is the company's then.
        """
        if not caller.internal:
            return Identity(caller.number, caller.name)
        if not number.is_emergency:
            return extension_identity(await self.chosen(caller.number))
        try:
            async with asyncio.timeout(HELP_WAITS_S):
                return extension_identity(await self.chosen(caller.number))
        except (Unavailable, TimeoutError):
            return Identity("")

    def bell(self, number: str, shown: Shown) -> Bell:
        """A number outside that a call is sent on to."""
        return Bell(Party(national(number)), partial(self._send_on, number, shown))

    async def _send_on(self, number: str, shown: Shown, rings: Rings) -> SwitchedLeg:
        parsed = parse_number(number)
        if parsed is None:
            raise NotReached(HangUpCause.NOT_FOUND)
        behalf = shown.behalf or (shown.caller.number if shown.caller.internal else "")
        if await self.leave(parsed, behalf) is not Leave.GIVEN:
            log.warning("call not sent on", extra={"extension": behalf, "to": masked(number)})
            raise NotReached(HangUpCause.REJECTED)
        caller = await self.identity(shown.caller, parsed)
        return await self.call(parsed, caller, rings, shown.diversions)

    async def call(
        self, number: Number, caller: Identity, rings: Rings, diversions: Sequence[str] = ()
    ) -> SwitchedLeg:
        """Call a number, whoever may, and wait until somebody answers. Raises NotCarried."""
        leg = await self.outside.call(number.digits, caller, diversions=diversions, rings=rings)
        self.rung(leg, Party(number.digits))
        return leg

    async def opens(self, extension: str, code: str) -> bool | None:
        """Whether a code is the extension's; None while tries are locked."""
        subject = f"code:{extension}"
        if not await self.attempts.charge(subject, extension):
            return None
        kept = (await self.chosen(extension)).code_hash
        if not await self.hasher.matches(code, kept or None):
            return False
        await self.attempts.acquit(subject, extension)
        return True
