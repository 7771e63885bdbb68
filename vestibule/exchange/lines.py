"""What can be rung by the lines of the program: registered telephones, and numbers outside."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol
from urllib.parse import quote

from call.errors import Unavailable
from call.leg import HangUpCause, Leg, Party
from directory.extension import Extension
from telephony.leg import SipLeg
from telephony.line import SipLine
from telephony.sip.events import Binding, Diversion
from telephony.watcher import Transfer
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.ports import TAKEN_ELSEWHERE, Bell, NotReached, Rings, Shown, SwitchedLeg


class Accounts(Protocol):
    """Whose telephone is whose."""

    def users_of(self, extension: str) -> Sequence[str]:
        """The SIP users that stand for an extension."""

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Every extension, by number."""


Outside = Callable[[str, Shown], Bell]
"""How a number outside is rung."""


def no_way_outside(number: str, shown: Shown) -> Bell:
    """Nothing leads outside."""

    async def ring(_: Rings) -> SwitchedLeg:
        raise NotReached(HangUpCause.UNAVAILABLE)

    return Bell(Party(number), ring)


class LineBells:
    """Implements `Bells` on a SIP line; `attach` it before the first call.

    `host` is what From shows beside the number of a caller.
    """

    def __init__(
        self,
        exchange: Exchange,
        accounts: Accounts,
        host: str,
        outside: Outside = no_way_outside,
    ) -> None:
        self._exchange = exchange
        self._accounts = accounts
        self._host = host
        self._outside = outside
        self._line: SipLine | None = None

    def attach(self, line: SipLine) -> None:
        """The line that telephones are rung by."""
        self._line = line

    def leads_outside(self, outside: Outside) -> None:
        """How numbers outside are rung from now on."""
        self._outside = outside

    def registered(self, extension: str) -> bool:
        """Whether an extension has a telephone that can be rung."""
        return any(True for _ in self._bindings(extension))

    def telephones(self, extension: str, shown: Shown) -> Sequence[Bell]:
        """Every telephone of an extension that is registered just now."""
        known = self._accounts.extensions.get(extension)
        party = Party(extension, "" if known is None else known.name, internal=True)
        return [
            Bell(party, partial(self._ring, binding, party, shown))
            for binding in self._bindings(extension)
        ]

    def outside(self, number: str, shown: Shown) -> Bell:
        """A number outside, by whatever leads there."""
        return self._outside(number, shown)

    def _bindings(self, extension: str) -> Sequence[Binding]:
        if self._line is None:
            return ()
        users = self._accounts.users_of(extension)
        return [binding for user in users for binding in self._line.telephones(user)]

    async def _ring(self, binding: Binding, party: Party, shown: Shown, rings: Rings) -> SipLeg:
        if self._line is None:
            raise Unavailable("no line is open")
        leg = self._line.dial(
            binding.uri,
            peer=binding.peer,
            from_uri=self._from(shown.caller),
            caller=shown.caller,
            diversions=[Diversion(number) for number in shown.diversions],
        )
        leg.watcher = _Ringing(rings)
        self._exchange.rung(leg, party)
        try:
            await leg.answer()
        except BaseException as stopped:
            if TAKEN_ELSEWHERE in stopped.args:
                leg.taken_elsewhere()
            self._exchange.dismiss(leg)
            raise
        if not leg.up:
            raise NotReached((await leg.end()).cause)
        return leg

    def _from(self, caller: Party) -> str:
        return f"sip:{quote(caller.number or 'anonymous', safe='+*')}@{self._host}"


class _Ringing:
    """Hears whether a leg rings, and passes it on."""

    def __init__(self, rings: Rings) -> None:
        self._rings = rings

    def rings(self, leg: Leg, early: bool) -> None:
        if isinstance(leg, SipLeg):
            self._rings(leg, early)

    def held(self, leg: Leg, on: bool) -> None:
        """Nobody hears a call yet that is only ringing."""

    def transfer_asked(self, leg: Leg, transfer: Transfer) -> None:
        """Nor is it joined yet in the instant of its answer: nobody can be transferred."""
        if isinstance(leg, SipLeg):
            leg.transfer_told(603)
