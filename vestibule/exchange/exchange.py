"""Who hears whom: every leg that is attended to or joined to another, and what their owners do.

Theory of operation. A leg is in the hands of the reception, which attends to it (a `Guest`), or of
whoever rang it, until it is joined to another leg in a `Patch`. A patch belongs to the exchange,
which hangs up who remains alone in it. Whoever takes a leg out of a patch says where it goes:
into another patch, or to a number (`send`), where the reception attends to it as if it had called.
Nobody is ever left up alone: a leg nobody wants any more is hung up at once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from call.leg import HangUpCause, Leg, Party
from call.sound import Clip
from telephony.watcher import Watcher
from vestibule.call_sounds import CallSounds
from vestibule.exchange.engaged import Engaged, Engagement
from vestibule.exchange.guest import Guest, Visit
from vestibule.exchange.patch import Patch
from vestibule.exchange.ports import SwitchedLeg, is_switched

log = logging.getLogger(__name__)

Give = Callable[[SwitchedLeg], bool]
"""Puts a leg in the place of another one; False where it cannot be there."""


class Exchange:
    """All that is joined, and all that may be sent elsewhere. `attend` is how the reception does.

    `close` it when the lines are closed: what it has under way ends with the legs.
    """

    def __init__(self, sounds: CallSounds) -> None:
        self.sounds = sounds
        self.engaged = Engaged()
        self._attend: Callable[[Leg, Visit], Awaitable[None]] | None = None
        self._guests: dict[str, Guest] = {}
        self._parties: dict[str, Party] = {}
        self._legs: dict[str, SwitchedLeg] = {}
        self._rung: set[str] = set()
        self._patches: dict[str, Patch] = {}
        self._places: dict[str, Give] = {}
        self._dismissed: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.watcher: Watcher | None = None
        """Who is told what telephones ask for in the middle of their calls."""
        self.joined: Callable[[SwitchedLeg, SwitchedLeg], None] = _unnoticed
        """Who is told of two legs that begin to hear each other."""
        self.music: Callable[[str], Clip] = lambda extension: sounds.hold_music
        """What whoever an extension lets wait hears; "" is somebody outside."""

    def attended_by(self, attend: Callable[[Leg, Visit], Awaitable[None]]) -> None:
        """Who attends to legs that are sent somewhere."""
        self._attend = attend

    # who is there

    def welcome(self, leg: Leg, visit: Visit) -> Guest:
        """A leg that the reception begins to attend to; see it off when that is over."""
        guest = Guest(leg, visit)
        self._guests[leg.call_id] = guest
        if is_switched(leg):
            self._legs[leg.call_id] = leg
            leg.watcher = self.watcher
        if leg.call_id not in self._parties:
            self._parties[leg.call_id] = leg.caller
            if leg.caller.internal:
                self.engaged.note(leg.call_id, leg.caller.number, Engagement.TALKING)
        return guest

    def see_off(self, guest: Guest) -> None:
        """The reception is done with a leg, and it is over."""
        self._guests.pop(guest.leg.call_id, None)
        self._forget(guest.leg)

    def rung(self, leg: SwitchedLeg, party: Party) -> None:
        """A leg that we call: who is there, until it is over."""
        self._parties[leg.call_id] = party
        self._legs[leg.call_id] = leg
        self._rung.add(leg.call_id)
        if party.internal:
            self.engaged.note(leg.call_id, party.number, Engagement.RINGING)
        self.spawn(self._watch(leg), f"watch {leg.call_id}")

    def was_rung(self, leg: Leg) -> bool:
        """Whether we called the one who is at a leg; else they called us."""
        return leg.call_id in self._rung

    def find(self, call_id: str) -> SwitchedLeg | None:
        """A leg that is here, by its `call_id`."""
        return self._legs.get(call_id)

    def guest(self, leg: Leg) -> Guest | None:
        """A leg as the reception attends to it; None where it does not."""
        return self._guests.get(leg.call_id)

    def party(self, leg: Leg) -> Party:
        """Who is at a leg."""
        return self._parties.get(leg.call_id, leg.caller)

    def busy(self, extension: str) -> bool:
        """Whether an extension is on the telephone."""
        return self.engaged.state(extension) is Engagement.TALKING

    def state(self, extension: str) -> Engagement:
        """How far the farthest call of an extension is."""
        return self.engaged.state(extension)

    # who hears whom

    def patch(self, leg: Leg) -> Patch | None:
        """The patch that a leg is in; None where it is in none, or that is over."""
        patch = self._patches.get(leg.call_id)
        return patch if patch is not None and leg in patch else None

    @property
    def patches(self) -> Sequence[Patch]:
        """Every patch there is."""
        return list({id(each): each for each in self._patches.values()}.values())

    def _music_of(self, holder: SwitchedLeg) -> Clip:
        """What somebody hears whom this leg holds."""
        party = self.party(holder)
        return self.music(party.number if party.internal else "")

    def join(self, first: SwitchedLeg, second: SwitchedLeg) -> Patch:
        """Let two legs hear each other until one of them ends; they may be in no other patch."""
        patch = Patch(first, second, self._music_of)
        for leg in (first, second):
            self._patches[leg.call_id] = patch
            leg.watcher = self.watcher
            self.engaged.answered(leg.call_id)
        self.spawn(self._run(patch), f"patch {first.call_id}")
        self.joined(first, second)
        return patch

    def replace(self, leg: SwitchedLeg, by: SwitchedLeg) -> None:
        """Let another leg take the place of one that is in a patch; `leg` is the caller's.

        Whoever heard `by` until now is hung up. Raises NotInPatch.
        """
        patch = self._patches[leg.call_id]
        self.take(by)
        patch.replace(leg, by)
        del self._patches[leg.call_id]
        self._patches[by.call_id] = patch
        by.watcher = self.watcher
        self.engaged.answered(by.call_id)
        self.joined(by, patch.other(by))

    def take(self, leg: SwitchedLeg) -> None:
        """Take a leg out of its dialogue and of its patch; whom it heard there is hung up."""
        patch = self._patches.pop(leg.call_id, None)
        if patch is not None and leg in patch:
            other = patch.take(leg)
            self._patches.pop(other.call_id, None)
        self._leave(leg)

    def keep(self, leg: SwitchedLeg, give: Give) -> None:
        """A leg has a place that another can have, until it is over: `give` puts it there."""
        self._places[leg.call_id] = give

    def give(self, leg: SwitchedLeg, by: SwitchedLeg) -> bool:
        """Put another leg in the place of one, which is hung up; False where that cannot be."""
        give = self._places.get(leg.call_id)
        if give is None or not give(by):
            return False
        self.dismiss(leg)
        return True

    async def free(self, leg: SwitchedLeg) -> None:
        """Wait until a leg that was taken hears no dialogue any more: its events are the taker's.

        Returns too when it is over.
        """
        guest = self._guests.get(leg.call_id)
        if guest is None:
            return
        silent, end = asyncio.ensure_future(guest.silent()), asyncio.ensure_future(leg.end())
        try:
            await asyncio.wait([silent, end], return_when=asyncio.FIRST_COMPLETED)
        finally:
            silent.cancel()
            end.cancel()

    def part(self, leg: SwitchedLeg) -> tuple[SwitchedLeg, ...]:
        """Take both legs out of the patch of one, and out of their dialogues; nobody is hung up.

        They are whoever's who parts them. Empty where the leg is in no patch.
        """
        patch = self._patches.get(leg.call_id)
        legs = () if patch is None else patch.legs
        for each in legs:
            del self._patches[each.call_id]
            self._leave(each)
        if patch is not None:
            patch.dissolve()
        return legs

    def _leave(self, leg: Leg) -> None:
        guest = self._guests.get(leg.call_id)
        if guest is not None:
            guest.leave()

    def send(self, leg: SwitchedLeg, visit: Visit) -> None:
        """Send a leg to a number, wherever it is now; whom it heard is hung up."""
        self.take(leg)
        guest = self._guests.get(leg.call_id)
        if guest is not None:
            guest.go(visit)
        elif self._attend is None:
            self.spawn(leg.hang_up(HangUpCause.UNAVAILABLE), f"hang up {leg.call_id}")
        else:
            self.spawn(self._see_to(leg, visit), f"call {leg.call_id}")

    # what is under way

    def dismiss(self, leg: Leg) -> None:
        """Hang up a leg that nobody wants any more, without waiting for its end."""
        if leg.call_id in self._parties:
            self._dismissed.add(leg.call_id)
        self.spawn(leg.hang_up(), f"dismiss {leg.call_id}")

    def is_dismissed(self, leg: Leg) -> bool:
        """Whether a leg is being hung up, since nobody wants it any more."""
        return leg.call_id in self._dismissed

    def spawn(self, work: Coroutine[Any, Any, object], name: str) -> asyncio.Task[None]:
        """Have work done that outlives the call that wants it; what goes wrong in it is logged."""
        task = asyncio.get_running_loop().create_task(_supervised(work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def remains(self) -> Sequence[str]:
        """What is known of calls just now, named; nothing once all are over."""
        known = {
            *self._guests,
            *self._parties,
            *self._patches,
            *self._legs,
            *self._places,
            *self._dismissed,
        }
        return sorted({*known, *(task.get_name() for task in self._tasks)})

    async def close(self, grace_s: float = 5.0) -> None:
        """Wait for what is under way, `grace_s` seconds at most."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, patch: Patch) -> None:
        try:
            await patch.run()
        finally:
            for call_id in [each for each, its in self._patches.items() if its is patch]:
                del self._patches[call_id]

    async def _watch(self, leg: SwitchedLeg) -> None:
        await leg.end()
        self._forget(leg)

    async def _see_to(self, leg: SwitchedLeg, visit: Visit) -> None:
        if self._attend is not None:
            try:
                await self._attend(leg, visit)
            finally:
                await leg.hang_up()

    def _forget(self, leg: Leg) -> None:
        self._parties.pop(leg.call_id, None)
        self._legs.pop(leg.call_id, None)
        self._rung.discard(leg.call_id)
        self._places.pop(leg.call_id, None)
        self._dismissed.discard(leg.call_id)
        self.engaged.drop(leg.call_id)


async def _supervised(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except Exception:
        log.exception("work of the exchange failed")


def _unnoticed(first: SwitchedLeg, second: SwitchedLeg) -> None:
    """Nobody wants to know."""
