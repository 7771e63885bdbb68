"""The closure message, bound for flows: heard by callers, managed by those who have its code.

One object serves one call. It holds the closure the caller was let into, so that a flow can record
or switch no other one.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from call.errors import Misuse
from call.leg import Party
from ivr.flow import Held
from ivr.operations import Outcome
from ivr.prompts import Value
from routing.closure import LONGEST_S, Closure, Code, closure_of, next_day
from routing.closures import Closures
from routing.errors import ClosureLocked, ClosureUnknown, WrongClosurePin

Arguments = Mapping[str, Held]

IsOpen = Callable[[str], Awaitable[bool]]
"""Whether a number of the company is open at this moment."""


async def never_open(_: str) -> bool:
    """No hours are known: nobody is warned."""
    return False


@dataclass(frozen=True, slots=True)
class ClosureDesk:
    """What the closure messages of all calls need: themselves, the company's numbers and hours."""

    closures: Closures
    numbers: tuple[str, ...] = ()
    zone: str = "America/Toronto"
    is_open: IsOpen = never_open


class Closing:
    """The operations of the closure message for one call. `close` it when the call is over."""

    def __init__(self, desk: ClosureDesk | None, caller: Party, dialed: str) -> None:
        self._desk = desk
        self._caller = caller
        self._dialed = dialed
        self._door = None if desk is None else desk.closures.door(caller.number)
        self._near: str | None = None
        self._inside: str | None = None
        self._take: Path | None = None

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names."""
        return {
            "closure.current": self._current,
            "closure.decode": self._decode,
            "closure.login": self._login,
            "closure.approach": self._approach,
            "closure.status": self._status,
            "closure.open_take": self._open_take,
            "closure.check_take": self._check_take,
            "closure.keep_take": self._keep_take,
            "closure.discard_take": self._discard_take,
            "closure.hear": self._hear,
            "closure.switch": self._switch,
            "closure.date": self._date,
        }

    async def close(self) -> None:
        """Forget a recording that nobody kept."""
        await self._drop()

    # ---- What callers meet

    async def _current(self, _: Arguments) -> Outcome:
        heard = None if self._desk is None else await self._desk.closures.heard(self._dialed)
        if heard is None:
            return Outcome("none")
        return Outcome("heard", {"announcement": heard.sound, "replaces": heard.replaces})

    async def _decode(self, arguments: Arguments) -> Outcome:
        found = await self._at_desk.closures.meaning(str(arguments["code"]))
        if found is None:
            return Outcome("unknown")
        closure, code = found
        return Outcome("record" if code is Code.RECORD else "toggle", {"closure": closure})

    # ---- Coming in

    async def _login(self, arguments: Arguments) -> Outcome:
        if self._door is None:
            raise Misuse("there are no closure messages here")
        code = str(arguments["closure"])
        try:
            await self._door.open(code, str(arguments["pin"]))
        except WrongClosurePin:
            return Outcome("wrong")
        except ClosureLocked:
            return Outcome("locked")
        await self._drop()
        self._near = self._inside = code
        return Outcome("ok")

    async def _approach(self, arguments: Arguments) -> Outcome:
        """A telephone of the company may switch the message as it is; it may not record it."""
        if not self._caller.internal:
            return Outcome("pin")
        self._near = str(arguments["closure"])
        return Outcome("open")

    # ---- What can be done

    async def _status(self, _: Arguments) -> Outcome:
        return Outcome("done", await self._told(await self._at_desk.closures.show(self._entered)))

    async def _open_take(self, _: Arguments) -> Outcome:
        await self._drop()
        if self._entered:
            self._take = await self._at_desk.closures.open_take()
        return Outcome("ready", {"spool": self._take, "max_s": LONGEST_S})

    async def _check_take(self, _: Arguments) -> Outcome:
        closures = self._at_desk.closures
        if await closures.was_spoken(self._recorded):
            return Outcome("spoken")
        await self._drop()
        await closures.switch(self._entered, False)
        return Outcome("silent")

    async def _keep_take(self, _: Arguments) -> Outcome:
        closure = await self._at_desk.closures.keep(self._entered, self._recorded)
        self._take = None
        return Outcome("kept", await self._told(closure))

    async def _discard_take(self, _: Arguments) -> Outcome:
        await self._drop()
        return Outcome("done")

    async def _hear(self, _: Arguments) -> Outcome:
        closures = self._at_desk.closures
        closure = await closures.show(self._entered)
        if not closure.sound:
            return Outcome("nothing")
        return Outcome("there", {"sound": await closures.sound(closure)})

    async def _switch(self, arguments: Arguments) -> Outcome:
        closures, wanted = self._at_desk.closures, arguments["wanted"]
        if self._near is None:
            raise Misuse("nobody was let near the closure message")
        try:
            if wanted == "other":
                closure = await closures.toggle(self._near)
            else:
                closure = await closures.switch(self._near, wanted == "on")
        except ClosureUnknown:
            return Outcome("nothing")
        if closure is None:
            return Outcome("nothing")
        return Outcome("on" if closure.on else "off", await self._told(closure))

    async def _date(self, arguments: Arguments) -> Outcome:
        closures = self._at_desk.closures
        typed_first, typed_last = str(arguments["first"]), str(arguments["last"])
        first = next_day(typed_first, closures.today)
        last = next_day(typed_last, first or closures.today)
        if (typed_first and first is None) or (typed_last and last is None):
            return Outcome("invalid")
        return Outcome("set", await self._told(await closures.date(self._entered, first, last)))

    # ---- What is told

    async def _told(self, closure: Closure) -> dict[str, Value]:
        """How a closure message stands. Its days are told, and that nobody hears it just now, only
        while it is on."""
        today = self._at_desk.closures.today
        on = closure.on and bool(closure.sound) and not closure.is_over(today)
        state = "on" if on else ("off" if closure.sound else "silent")
        later = closure.first if closure.first and closure.first > today else None
        return {
            "state": state,
            "begins": self._instant(later) if on else None,
            "ends": self._instant(closure.last) if on else None,
            "is_open": on and await self._is_open(),
        }

    def _instant(self, day: date | None) -> datetime | None:
        if day is None:
            return None
        return datetime.combine(day, time(12), ZoneInfo(self._at_desk.zone))

    async def _is_open(self) -> bool:
        """Whether a number that the message is for is open now."""
        desk = self._at_desk
        closures = await desk.closures.all()
        concerned = [each for each in desk.numbers if closure_of(each, closures) == self._near]
        return any([await desk.is_open(each) for each in concerned])

    async def _drop(self) -> None:
        take, self._take = self._take, None
        if take is not None:
            await self._at_desk.closures.discard(take)

    @property
    def _at_desk(self) -> ClosureDesk:
        if self._desk is None:
            raise Misuse("there are no closure messages here")
        return self._desk

    @property
    def _entered(self) -> str:
        if self._inside is None:
            raise Misuse("nobody has given the password of the closure message")
        return self._inside

    @property
    def _recorded(self) -> Path:
        if self._take is None:
            raise Misuse("no closure message is being recorded")
        return self._take
