"""What is said in a conference, one sentence after the other: to the room, and to each person.

Theory of operation. There is one queue for the room, which everybody inside hears, and one for each
person. A person who is inside hears nothing of their own while the room is spoken to, and the room
is not spoken to while anybody inside hears something of their own: what was put first comes first.
Only, a long sentence of one person holds up the room for `PATIENCE_S` at most, and is then cut; and
a chime is no sentence: it is heard at once, beneath what people listen to. Whoever waits hears no
room, and their queue waits for nobody.

What nobody would want to hear any more is left out: the arrival of somebody who left since, and
names where many come or go at once, in whose place the chime is heard.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from call.sound import Clip
from ivr.prompts import Segment, Voice

PATIENCE_S = 4.0
"""How long the room waits for somebody who listens to something of their own."""

MOST_COMINGS = 3
"""Arrivals and departures that wait to be said by name; those beyond are chimes."""

GRACE_S = 2.0
"""How much later than computed the end of a sentence may be told."""

FIRST_TICKET = 2
"""Tickets count down from here, below zero: no dialogue has those, nor the hold music."""

ROOM = ""
"""Whom a sentence is said to that everybody inside hears."""


class Stage(Protocol):
    """Where sentences are heard."""

    def inside(self, id: str) -> bool:
        """Whether somebody hears the room."""

    def is_there(self, id: str) -> bool:
        """Whether somebody is in the conference still."""

    def announce(self, clips: Sequence[Clip], ticket: int) -> None:
        """Let everybody inside hear something."""

    def play(self, id: str, clips: Sequence[Clip], ticket: int) -> None:
        """Let one person hear something."""

    def stop(self, id: str) -> None:
        """Cut what one person hears."""

    def rest(self, id: str) -> None:
        """There is nothing more to say to somebody for now."""

    def spawn(self, work: Coroutine[Any, Any, object], name: str) -> asyncio.Task[None]:
        """Have work done beside all else."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something to be said."""

    segments: tuple[Segment, ...] = ()
    chime: Clip | None = None
    """Heard before it."""
    comes: str = ""
    """Who came, where it says that: no news any more once they have left."""
    is_coming: bool = False
    """Whether it says who came or who left."""


@dataclass(slots=True, eq=False)
class _Item:
    number: int
    sentence: Sentence
    clips: tuple[Clip, ...] | None = None
    """None while its sound is being made."""

    @property
    def is_chime(self) -> bool:
        """Whether no word is said."""
        return self.clips == (self.sentence.chime,)


@dataclass(slots=True)
class _Queue:
    waiting: deque[_Item] = field(default_factory=deque)
    ticket: int | None = None
    """Of what is being said; None while nothing is."""
    guard: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        return self.ticket is None and not self.waiting

    @property
    def ready(self) -> _Item | None:
        """What can be said next."""
        first = self.waiting[0] if self.waiting and self.ticket is None else None
        return first if first is not None and first.clips is not None else None

    def is_over(self) -> None:
        """Nothing is being said any more."""
        self.ticket = None
        if self.guard is not None:
            self.guard.cancel()
            self.guard = None

    def clear(self) -> None:
        self.waiting.clear()
        self.is_over()


class Announcements:
    """The queues of one conference. Tell it who comes and goes, and when a sentence has ended."""

    def __init__(self, stage: Stage, voice: Voice) -> None:
        self._stage = stage
        self._voice = voice
        self._room = _Queue()
        self._people: dict[str, _Queue] = {}
        self._numbers = count()
        self._tickets = count(FIRST_TICKET)
        self._cutting: asyncio.TimerHandle | None = None
        self._making: set[asyncio.Task[None]] = set()
        self._ends: dict[str, asyncio.Event] = {}

    # what is said

    def say(self, to: str, sentence: Sentence) -> None:
        """Say something to one person, or to the ROOM, after what is to be said before."""
        queue = self._room if to == ROOM else self._people.get(to)
        if queue is None:
            return
        item = self._item(queue, sentence)
        if item is None:
            return
        queue.waiting.append(item)
        if item.clips is None:
            task = self._stage.spawn(self._make(item), "make an announcement")
            self._making.add(task)
            task.add_done_callback(self._making.discard)
        else:
            self._go_on()

    def _item(self, queue: _Queue, sentence: Sentence) -> _Item | None:
        """How a sentence waits; None where the chime that waits already says as much."""
        chime = () if sentence.chime is None else (sentence.chime,)
        comings = sum(each.sentence.is_coming for each in queue.waiting)
        if sentence.is_coming and chime and comings >= MOST_COMINGS:
            last = queue.waiting[-1]
            if last.sentence.is_coming and last.is_chime:
                return None
            return _Item(next(self._numbers), sentence, chime)
        return _Item(next(self._numbers), sentence, None if sentence.segments else chime)

    async def _make(self, item: _Item) -> None:
        chime = () if item.sentence.chime is None else (item.sentence.chime,)
        made: tuple[Clip, ...] = ()
        try:
            made = await self._voice.clips(item.sentence.segments)
        finally:
            item.clips = (*chime, *made)
            self._go_on()

    async def made(self) -> None:
        """Wait until the sound of all that is to be said is there."""
        if self._making:
            await asyncio.wait(tuple(self._making))

    # who hears it

    def come(self, id: str) -> None:
        """Somebody who can be spoken to from now on."""
        self._people.setdefault(id, _Queue())

    def drop(self, id: str) -> None:
        """Somebody who hears nothing any more."""
        queue = self._people.pop(id, None)
        if queue is not None:
            queue.clear()
        self._tell_end(id)
        self._go_on()

    def hush(self, id: str) -> None:
        """Somebody went in or out: what was said to them, or was to be, counts no more."""
        queue = self._people.get(id)
        if queue is not None:
            if queue.ticket is not None:
                self._stage.stop(id)
            queue.clear()

    def skip(self, id: str) -> None:
        """Somebody pressed a key: what is being said to them they know already."""
        queue = self._people.get(id)
        if queue is not None and queue.ticket is not None:
            self._stage.stop(id)
            self.ended(id, queue.ticket)

    def clear(self) -> None:
        """Nobody is inside any more: what was to be said to the room counts no more."""
        self._room.clear()

    def settle(self) -> None:
        """Let everybody rest to whom nothing is to be said."""
        for id, queue in tuple(self._people.items()):
            if queue.idle:
                self._stage.rest(id)

    async def silence(self, id: str) -> None:
        """Wait until somebody has heard all that was to be said to them, or is gone."""
        queue = self._people.get(id)
        if queue is not None and not queue.idle:
            await self._ends.setdefault(id, asyncio.Event()).wait()

    def ended(self, to: str, ticket: int) -> None:
        """What a ticket stands for was heard to its end; nothing where it is not what is said."""
        queue = self._room if to == ROOM else self._people.get(to)
        if queue is None or queue.ticket != ticket:
            return
        queue.is_over()
        self._go_on()
        if to != ROOM and queue.idle:
            self._stage.rest(to)
            self._tell_end(to)

    def _tell_end(self, id: str) -> None:
        end = self._ends.pop(id, None)
        if end is not None:
            end.set()

    # whose turn it is

    def _go_on(self) -> None:
        """Say what can be said now."""
        self._leave_out_stale()
        next_in_room = self._room.ready
        for id, queue in tuple(self._people.items()):
            item = queue.ready
            if item is not None and self._has_turn(id, item, next_in_room):
                self._play(id, queue, item)
        if next_in_room is None:
            return
        if next_in_room.is_chime or not self._listening():
            self._announce(next_in_room)
        else:
            self._be_patient()

    def _has_turn(self, id: str, item: _Item, next_in_room: _Item | None) -> bool:
        if not self._stage.inside(id):
            return True
        room_is_silent = self._room.ticket is None
        return room_is_silent and (next_in_room is None or item.number < next_in_room.number)

    def _listening(self) -> list[str]:
        """Who is inside, and listens to something of their own."""
        return [
            id
            for id, queue in self._people.items()
            if queue.ticket is not None and self._stage.inside(id)
        ]

    def _leave_out_stale(self) -> None:
        for id, queue in ((ROOM, self._room), *tuple(self._people.items())):
            before = len(queue.waiting)
            while (item := queue.ready) is not None and self._is_stale(item):
                queue.waiting.popleft()
            if id != ROOM and before and queue.idle:
                self._stage.rest(id)
                self._tell_end(id)

    def _is_stale(self, item: _Item) -> bool:
        comes = item.sentence.comes
        return not item.clips or bool(comes and not self._stage.is_there(comes))

    def _be_patient(self) -> None:
        if self._cutting is None:
            loop = asyncio.get_running_loop()
            self._cutting = loop.call_later(PATIENCE_S, self._cut)

    def _cut(self) -> None:
        """The room has waited long enough."""
        self._cutting = None
        self._leave_out_stale()
        item = self._room.ready
        if item is None:
            return
        for id in self._listening():
            self._stage.stop(id)
            self._people[id].is_over()
        self._announce(item)

    def _announce(self, item: _Item) -> None:
        if self._cutting is not None:
            self._cutting.cancel()
            self._cutting = None
        self._stage.announce(item.clips or (), self._begin(ROOM, self._room, item))

    def _play(self, id: str, queue: _Queue, item: _Item) -> None:
        self._stage.play(id, item.clips or (), self._begin(id, queue, item))

    def _begin(self, to: str, queue: _Queue, item: _Item) -> int:
        """Take an item out of its queue; its ticket. Its end is not waited for for ever."""
        queue.waiting.popleft()
        ticket = queue.ticket = -next(self._tickets)
        seconds = sum(clip.seconds for clip in item.clips or ())
        loop = asyncio.get_running_loop()
        queue.guard = loop.call_later(seconds + GRACE_S, self.ended, to, ticket)
        return ticket

    def close(self) -> None:
        """Nothing is said any more; nobody waits for the end of anything."""
        if self._cutting is not None:
            self._cutting.cancel()
        self._room.clear()
        for id in tuple(self._people):
            self.drop(id)
