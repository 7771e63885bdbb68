"""Reaching an extension for one caller: its plan carried out, step by step, on the caller's leg.

The plan is made when a flow asks first. Steps that ring are carried out here; those that want a
dialogue (an offer, the caller's name, the ending) are told to the flow, which asks again with the
caller's reply. Whoever takes the call is joined with the caller until either hangs up.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from call.errors import Misuse
from call.leg import Leg, Party
from ivr.flow import Held
from ivr.operations import Outcome
from routing.plan import (
    Ending,
    Identify,
    Offer,
    OnThePhone,
    Plan,
    Ring,
    Step,
    Unreachable,
    Voicemail,
    decide,
)
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.ports import Bell, Shown, SwitchedLeg, is_switched
from vestibule.exchange.ringing import NotTaken, Ringing, Taken

Arguments = Mapping[str, Held]

NAME_S = 5.0
"""How long a caller may take to say who calls."""

TALKED = Outcome("talked")


class Reaching:
    """The operation `routing.reach` for one call; `close` it when the call is over.

    Where there is no exchange, or the leg cannot be joined to another, nobody can be rung: the
    caller is led to the mailbox.
    """

    def __init__(self, connecting: Connecting | None, leg: Leg | None, caller: Party) -> None:
        self._connecting = connecting
        self._leg = leg if is_switched(leg) else None
        self._caller = caller
        self._steps: Iterator[Step] = iter(())
        self._plan: Plan | None = None
        self._extension = ""
        self._name: Path | None = None
        self._is_named = False
        self._were_busy = False

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operation by its name."""
        return {"routing.reach": self._reach}

    def close(self) -> None:
        """Forget what the caller said of their name."""
        if self._name is not None:
            self._name.unlink(missing_ok=True)
            self._name = None

    async def _reach(self, arguments: Arguments) -> Outcome:
        extension, reply = str(arguments["extension"]), arguments["reply"]
        if self._connecting is None or self._leg is None:
            return Outcome("voicemail", {"mailbox": extension, "busy": False})
        if reply == "begin":
            await self._begin(self._connecting, extension)
        elif self._plan is None or extension != self._extension:
            raise Misuse("no plan was begun for this extension")
        self._is_named = reply == "named" or (self._is_named and reply != "unnamed")
        if reply == "declined":
            return self._end()
        return await self._go_on(self._connecting, self._leg)

    async def _begin(self, connecting: Connecting, extension: str) -> None:
        self.close()
        diversions = connecting.diversions(self._leg)
        lookup = await connecting.standings.lookup()
        self._plan = decide(extension, self._caller, lookup, diversions)
        self._extension = extension
        self._steps = iter(self._plan.steps)
        self._is_named = self._were_busy = False

    async def _go_on(self, connecting: Connecting, leg: SwitchedLeg) -> Outcome:
        for step in self._steps:
            match step:
                case Offer():
                    return Outcome("offer")
                case Identify():
                    self._name = connecting.spool()
                    return Outcome("identify", {"spool": self._name, "max_s": NAME_S})
                case Ring():
                    if await self._ring(step, connecting, leg):
                        return TALKED
        return self._end()

    def _end(self) -> Outcome:
        if self._plan is None:
            raise Misuse("no plan was begun")
        return _told(self._plan.ending, busy=self._were_busy)

    async def _ring(self, step: Ring, connecting: Connecting, leg: SwitchedLeg) -> bool:
        """Ring, and stay until the call is over; False when nobody took it."""
        name = self._name if self._is_named else None
        screen = connecting.screen(step, self._caller, name) if step.screened else None
        bells = self._bells(step, connecting)
        ringing = Ringing(bells, step.seconds, connecting.dismiss, screen)
        music = connecting.exchange.music(step.behalf) if step.music else None
        came = await connecting.ring(ringing, leg, music=music)
        if isinstance(came, Taken):
            await connecting.talk(leg, came.leg)
            return True
        self._were_busy = isinstance(came, NotTaken) and came.busy
        return came is None

    def _bells(self, step: Ring, connecting: Connecting) -> list[Bell]:
        shown = Shown(self._caller, step.behalf, step.diversions)
        hidden = replace(shown, caller=connecting.own(step.behalf))
        away = shown if step.pass_number else hidden
        bells = connecting.bells
        return [
            *(
                bell
                for each in step.extensions
                for bell in bells.telephones(each, replace(shown, diversions=step.sent_on_by(each)))
            ),
            *(bells.outside(each, away) for each in step.outside),
        ]


def _told(ending: Ending, *, busy: bool) -> Outcome:
    match ending:
        case Voicemail(mailbox=mailbox, busy=is_busy):
            return Outcome("voicemail", {"mailbox": mailbox, "busy": is_busy or busy})
        case OnThePhone(mailbox=mailbox, voicemail=voicemail):
            return Outcome("on_the_phone", {"mailbox": mailbox, "voicemail": voicemail})
        case Unreachable():
            return Outcome("unreachable")
