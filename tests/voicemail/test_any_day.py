"""Whatever callers, owners and power cuts do in a day, the mailboxes are what a dictionary says.

`ANY_DAYS=2000 ANY_STEPS=15 pytest tests/voicemail/test_any_day.py` lives through more days, and
shorter ones, than the suite does.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from call.clock import VirtualClock
from call.leg import Party
from tests.voicemail.day_model import Call, Day, Ledger, Letter, row_of
from tests.voicemail.office import PIN, Office, speak
from tests.voicemail.sounds import hush, voice
from tests.voicemail.test_crash import Fuse, PowerCut
from voicemail import (
    Deposit,
    Folder,
    GreetingKind,
    Kept,
    Mailbox,
    Mailboxes,
    MailboxFull,
    Move,
    Nothing,
    Selected,
    TooShort,
    Visit,
)
from voicemail.adapters.eml_folder import EmlFolder
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.errors import NothingSelected
from voicemail.forwarding import NotAdded
from voicemail.mail import Delivery, Envelope, MailConnection, Reply
from voicemail.message import Counts
from voicemail.visit import Toggled

T = TypeVar("T")

DAYS = int(os.environ.get("ANY_DAYS", "16"))
STEPS = int(os.environ.get("ANY_STEPS", "60"))


class Take(Enum):
    """What a caller says, or an owner in front of a message."""

    NOTHING = 0
    SILENCE = 1
    HELLO = 2
    HELLO_AGAIN = 3
    GOODBYE = 4


SOUNDS = {
    Take.NOTHING: None,
    Take.SILENCE: hush(1.3),
    Take.HELLO: voice(1.3),
    Take.HELLO_AGAIN: voice(1.4, seed=2),
    Take.GOODBYE: voice(1.5, seed=3),
}
SPOKEN = (Take.HELLO, Take.HELLO_AGAIN, Take.GOODBYE)
OWNER, CALLER = Party(""), Party("5145550123")
A_DAY_S = 86_400
DUE_AGAIN_S = 3_700
FUSE_OUT = 10**9
"""More than is asked of the ports in any test."""

BOXES = (
    Mailbox("101", "C", addresses=("c@example.org",), max_messages=4, trash_days=2),
    Mailbox("102", "W", addresses=("w@example.org",), max_messages=3, store_on_server=False),
    Mailbox("103", "É", max_messages=3, trash_days=0, retention_days=1),
)
COPY = "copy for "
"""Before the id of a message that was passed on is known: this, and its box."""

CUTS = st.none() | st.integers(0, 20)
"""The step of a longer piece of work before which the power goes, if it does."""

NUMBERS = tuple(box.number for box in BOXES)


class Cut(Enum):
    """The power went before an answer came."""

    POWER = 0


class MailServer:
    """Takes every e-mail, or none."""

    largest: int | None = None

    def __init__(self, folder: Path) -> None:
        self._folder = EmlFolder(folder)
        self.accepts = True

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[MailConnection]:
        yield self

    async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
        if self.accepts:
            return await self._folder.send(envelope)
        return {to: Reply(Delivery.REFUSED, "550 no") for to in envelope.recipients}


class AnyDay(RuleBasedStateMachine):
    """Three mailboxes: one kept and e-mailed, one only e-mailed, one only kept."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        memory = Path("/dev/shm")
        self._folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        self._root = Path(self._folder.name)
        self._clock = VirtualClock()
        self._server = MailServer(self._root / "mail")
        self._ledger = Ledger(self._root / "vestibule.sqlite")
        self._day = Day({})
        self._lamps: dict[str, Counts | None] = {}
        self._dim: set[str] = set()
        self._orphans: frozenset[str] = frozenset()
        self._run(self._opens())
        for box in BOXES:
            self._run(self._office.hire(box))
            self._day.boxes[box.number] = box
        self._look_at_lamps(NUMBERS)

    def teardown(self) -> None:
        self._ledger.close()
        self._run(self._office.close())
        self._runner.close()
        self._folder.cleanup()

    # ---- The program, and the power it runs on

    def _run(self, work: Coroutine[object, object, T]) -> T:
        return self._runner.run(work)

    async def _opens(self) -> None:
        """Start the program, on a fuse that is still whole."""
        self._office = await Office.open(self._root, self._clock, SystemTokens())
        self._ports = self._office.ports
        self._fuse = Fuse(FUSE_OUT, after=False)
        wired = self._office.on(
            **{port: self._fuse.wired(getattr(self._ports, port)) for port in FUSED}
        )
        wired.mail_through(self._server, changed=self._dim.add)
        self._mailboxes = Mailboxes(wired.ports, changed=self._dim.add)
        self._worker = wired.worker
        self._visit: Visit | None = None
        self._listed: list[str] = []
        self._at: int | None = None

    def _do(
        self,
        work: Coroutine[object, object, T],
        *futures: Day,
        leaves_sound: bool = False,
    ) -> T | Cut:
        """Do something; when the power goes meanwhile, one of the futures is what the next start
        finds, the day as it was among them. `leaves_sound`: sound nobody names may stay then."""
        try:
            answer = self._run(work)
        except PowerCut:
            self._starts_again([self._day, *futures], leaves_sound=leaves_sound)
            return Cut.POWER
        return answer

    def _starts_again(self, futures: list[Day], *, leaves_sound: bool = False) -> None:
        """What a start does, and what it may find."""
        self._run(self._office.close())
        self._run(self._opens())
        self._run(self._restores())
        for day in futures:
            day.recovers()
            day.mails(accepted=self._server.accepts)
            day.swept(self._clock.now())
        self._day = next((day for day in futures if self._explains(day)), futures[0])
        if leaves_sound:
            self._orphans |= self._run(self._nobody_s())
        self._look_at_lamps(NUMBERS)

    async def _restores(self) -> None:
        await self._mailboxes.recover()
        for number in NUMBERS:
            await self._mailboxes.administration("test").unlock(number)
        await self._ports.store.release("local")
        await self._worker.work()
        await self._mailboxes.sweep()

    async def _nobody_s(self) -> frozenset[str]:
        return await self._ports.sounds.names() - await self._ports.store.sounds()

    def _explains(self, day: Day) -> bool:
        """Whether a day is what the database holds; letters of unknown ids are given theirs."""
        there = self._ledger.messages()
        new = {id: row for id, row in there.items() if id not in day.letters}
        named: dict[str, str] = {}
        for id, letter in day.letters.items():
            found = [new_id for new_id, row in new.items() if row == row_of(letter, new_id)]
            free = [each for each in found if each not in named.values()]
            if id not in there and free:
                named[id] = free[0]
        day.named(named)
        self._name_what_is_gone(day)
        places = {number: box.max_messages for number, box in day.boxes.items()}
        return (
            there == {id: row_of(letter, id) for id, letter in day.letters.items()}
            and self._ledger.places() == {call.deposit.id for call in day.calls}
            and self._ledger.greetings() == int(day.temporary)
            and self._ledger.boxes() == places
            and self._mailed() == day.files
        )

    def _name_what_is_gone(self, day: Day) -> None:
        """A copy that was only to be e-mailed, and was, has its id in the name of its file."""
        gone = day.mailed_and_gone()
        ids = {name.partition("-")[0] for name in self._mailed()}
        nameless = sorted(id for id in gone if id.startswith(COPY))
        day.named(dict(zip(nameless, sorted(ids - gone - day.letters.keys()), strict=False)))

    def _mailed(self) -> set[str]:
        """The e-mails that left, but for those that tell the operator of others."""
        left = {path.stem for path in (self._root / "mail").glob("*.eml")}
        return {name for name in left if "-failed-" not in name}

    def _look_at_lamps(self, numbers: tuple[str, ...]) -> None:
        for number in numbers:
            self._lamps[number] = self._run(self._office.mailboxes.counts(number))
        self._dim.clear()

    @rule(seconds=st.integers(0, 60))
    def the_power_goes_and_comes_back(self, seconds: int) -> None:
        self._clock.advance(seconds)
        self._starts_again([self._day])

    @rule(step=st.integers(0, 12), after=st.booleans())
    def the_power_will_go(self, step: int, after: bool) -> None:
        self._fuse.arm(step, after=after)

    # ---- Callers

    @rule(number=st.sampled_from(NUMBERS), take=st.sampled_from(Take))
    def somebody_calls(self, number: str, take: Take) -> None:
        self._clock.advance(1)
        deposit = self._do(self._calls(number))
        if deposit is Cut.POWER:
            return
        assert (deposit is not None) is self._day.has_room(number)
        if deposit is not None:
            said = SOUNDS[take]
            if said is not None:
                speak(deposit, said)
            self._day.calls.append(Call(deposit, said, take in SPOKEN))

    @rule(number=st.sampled_from(NUMBERS), urgent=st.booleans())
    def somebody_leaves_a_message_at_once(self, number: str, urgent: bool) -> None:
        before = len(self._day.calls)
        self.somebody_calls(number, Take.HELLO)
        if len(self._day.calls) > before:
            if urgent:
                self.the_caller_makes_it_urgent_or_not(before)
            if len(self._day.calls) > before:
                self.the_caller_hangs_up(before)

    async def _calls(self, number: str) -> Deposit | None:
        try:
            return await self._mailboxes.open_deposit(number, CALLER)
        except MailboxFull:
            return None

    @precondition(lambda self: self._day.calls)
    @rule(at=st.integers(0, 9), take=st.sampled_from(Take), accepted=st.booleans())
    def the_caller_speaks_again(self, at: int, take: Take, accepted: bool) -> None:
        at %= len(self._day.calls)
        after = self._day.copy()
        replaces = accepted and take in SPOKEN
        if replaces:
            after.calls[at].said, after.calls[at].spoken = SOUNDS[take], True
        deposit = self._day.calls[at].deposit
        taken = self._do(self._speaks_again(deposit, take, accepted=accepted), after)
        if taken is not Cut.POWER:
            assert taken is replaces
            self._day = after

    async def _speaks_again(self, deposit: Deposit, take: Take, *, accepted: bool) -> bool:
        path, said = await self._mailboxes.open_retake(deposit), SOUNDS[take]
        if said is not None:
            await asyncio.to_thread(path.write_bytes, said)
        return accepted and await self._mailboxes.accept_retake(deposit)

    @precondition(lambda self: self._day.calls)
    @rule(at=st.integers(0, 9))
    def the_caller_makes_it_urgent_or_not(self, at: int) -> None:
        after = self._day.copy()
        call = after.calls[at % len(after.calls)]
        call.urgent = not call.urgent
        marked = self._do(self._mailboxes.mark_urgent(call.deposit, call.urgent), after)
        if marked is not Cut.POWER:
            call.deposit = marked
            self._day = after

    @precondition(lambda self: self._day.calls)
    @rule(at=st.integers(0, 9))
    def the_caller_hangs_up(self, at: int) -> None:
        after = self._day.copy()
        call = after.calls[at % len(after.calls)]
        after.ends(call)
        kept = self._do(self._mailboxes.keep(call.deposit), after)
        if kept is not Cut.POWER:
            is_message = call.said is not None and call.spoken
            assert isinstance(kept, Kept if is_message else TooShort)
            self._day = after

    @precondition(lambda self: self._day.calls)
    @rule(at=st.integers(0, 9))
    def the_caller_thinks_better_of_it(self, at: int) -> None:
        after = self._day.copy()
        call = after.calls.pop(at % len(after.calls))
        if self._do(self._mailboxes.discard(call.deposit), after) is not Cut.POWER:
            self._day = after

    # ---- Owners

    @rule(number=st.sampled_from(["101", "103"]))
    def an_owner_hears_everything_new(self, number: str) -> None:
        futures = [self._day]
        for id in self._day.in_order(number, Folder.NEW):
            futures.append(futures[-1].copy())
            futures[-1].letters[id].folder = Folder.OLD
        heard = self._do(self._hears_everything_new(number), *futures[1:])
        if heard is not Cut.POWER:
            assert heard == len(futures) - 1
            self._day = futures[-1]

    async def _hears_everything_new(self, number: str) -> int:
        visit = await self._mailboxes.login(number, PIN, OWNER)
        listed = await visit.open_folder(Folder.NEW)
        for _ in range(listed):
            assert isinstance(await visit.select(Move.NEXT), Selected)
            await visit.mark_heard()
        return listed

    @rule(number=st.sampled_from(["101", "103"]), folder=st.sampled_from(Folder))
    def the_owner_opens_a_folder(self, number: str, folder: Folder) -> None:
        if self._visit is None or self._visit.mailbox.number != number:
            visit = self._do(self._mailboxes.login(number, PIN, OWNER))
            if visit is Cut.POWER:
                return
            self._visit = visit
        listed = self._do(self._visit.open_folder(folder))
        if listed is not Cut.POWER:
            self._listed, self._at = self._day.in_order(number, folder), None
            assert listed == len(self._listed)

    @precondition(lambda self: self._visit)
    @rule(move=st.sampled_from(Move))
    def the_owner_goes_to_a_message(self, move: Move) -> None:
        assert self._visit is not None
        found = self._do(self._visit.select(move))
        if found is Cut.POWER:
            return
        at = self._goes(move)
        if isinstance(at, Nothing):
            assert found is at
            return
        assert isinstance(found, Selected)
        assert found.message.id == self._listed[at]
        assert (found.position, found.total) == (at + 1, len(self._listed))

    def _goes(self, move: Move) -> int | Nothing:
        """The place a move leads to; what was forgotten for good leaves the list."""
        while self._listed:
            at = 0 if self._at is None or move is Move.FIRST else self._at
            if self._at is not None:
                at += {Move.NEXT: 1, Move.PREVIOUS: -1}.get(move, 0)
            if not 0 <= at < len(self._listed):
                return Nothing.END
            if self._listed[at] in self._day.letters:
                self._at = at
                return at
            del self._listed[at]
            if self._at is not None and at < self._at:
                self._at -= 1
        return Nothing.EMPTY

    @property
    def _selected(self) -> str:
        """The message the owner is at; "" where that is gone."""
        assert self._at is not None
        there = self._at < len(self._listed) and self._listed[self._at] in self._day.letters
        return self._listed[self._at] if there else ""

    @precondition(lambda self: self._visit and self._at is not None)
    @rule(folder=st.sampled_from([None, None, None, *Folder]))
    def the_owner_hears_or_files_it(self, folder: Folder | None) -> None:
        assert self._visit is not None
        work = self._visit.mark_heard() if folder is None else self._visit.file(folder)
        if not self._selected:
            self._finds_nothing(work)
            return
        half, after = self._day.copy(), self._day.copy()
        letter = after.letters[self._selected]
        there = folder is None or letter.deleted is None or self._day.has_room(letter.box)
        if folder is not None and there:
            half.letters[self._selected].deleted = letter.deleted = None
            letter.folder = folder
        elif folder is None and letter.folder is Folder.NEW:
            letter.folder = Folder.OLD
        filed = self._do(work, half, after)
        if filed is not Cut.POWER:
            assert folder is None or filed is there
            self._day = after

    @precondition(lambda self: self._visit and self._at is not None)
    @rule()
    def the_owner_deletes_it_or_brings_it_back(self) -> None:
        assert self._visit is not None
        if not self._selected:
            self._finds_nothing(self._visit.toggle_deleted())
            return
        after = self._day.copy()
        letter = after.letters[self._selected]
        if letter.deleted is None:
            letter.deleted, expected = self._clock.now(), Toggled.DELETED
        elif self._day.has_room(letter.box):
            letter.deleted, expected = None, Toggled.RESTORED
        else:
            expected = Toggled.FULL
        toggled = self._do(self._visit.toggle_deleted(), after)
        if toggled is not Cut.POWER:
            assert toggled is expected
            self._day = after

    @precondition(lambda self: self._visit and self._at is not None)
    @rule(
        to=st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=2, unique=True),
        introduced=st.booleans(),
    )
    def the_owner_passes_it_on(self, to: list[str], introduced: bool) -> None:
        assert self._visit is not None
        introduction = SOUNDS[Take.HELLO] if introduced else None
        work = self._passes_on(self._visit, to, introduction)
        if not self._selected:
            self._finds_nothing(work)
            return
        sender = self._visit.mailbox.number
        letter = self._day.letters[self._selected]
        said = (introduction, *letter.said) if introduction else letter.said
        futures = [self._day]
        reached = [box for box in to if box != sender and self._day.has_room(box)]
        for box in reached:
            futures.append(futures[-1].copy())
            copy = Letter(box, said, letter.received, letter.urgent, forwarded_by=sender)
            futures[-1].arrives(f"{COPY}{box}", copy)
        sent = self._do(work, *futures[1:], leaves_sound=True)
        if sent is not Cut.POWER:
            assert list(sent) == reached
            self._day = futures[-1]
            assert self._explains(self._day)

    async def _passes_on(
        self, visit: Visit, to: list[str], introduction: bytes | None
    ) -> tuple[str, ...]:
        forward = await visit.open_forward()
        if introduction is not None:
            spool = await forward.open_introduction()
            await asyncio.to_thread(spool.write_bytes, introduction)
        for number in to:
            added = await forward.add(number)
            assert (added is NotAdded.OWN) is (number == visit.mailbox.number)
            assert (added is NotAdded.FULL) is (
                number != visit.mailbox.number and not self._day.has_room(number)
            )
        return await forward.send()

    def _finds_nothing(self, work: Coroutine[object, object, object]) -> None:
        """An owner acts on a message that was forgotten for good meanwhile."""
        with suppress(NothingSelected):
            assert self._do(work) is Cut.POWER

    @precondition(lambda self: self._visit and self._visit.mailbox.number == "101")
    @rule(erase=st.booleans())
    def the_owner_changes_the_temporary_greeting(self, erase: bool) -> None:
        assert self._visit is not None
        after = self._day.copy()
        after.temporary = not erase
        work = self._erases(self._visit) if erase else self._records(self._visit)
        erased = self._do(work, after, leaves_sound=True)
        if erased is not Cut.POWER:
            assert erased is (erase and self._day.temporary)
            self._day = after

    async def _erases(self, visit: Visit) -> bool:
        return await visit.erase_greeting(GreetingKind.TEMPORARY)

    async def _records(self, visit: Visit) -> bool:
        speak(await visit.open_greeting(GreetingKind.TEMPORARY), voice(1.3))
        await visit.keep_greeting(GreetingKind.TEMPORARY)
        return False

    # ---- What goes on beside the calls

    @rule(accepted=st.booleans(), cut=CUTS)
    def the_mail_leaves(self, accepted: bool, cut: int | None) -> None:
        if cut is not None:
            self.the_power_will_go(cut, after=accepted)
        self._server.accepts = accepted
        self._clock.advance(DUE_AGAIN_S)
        after = self._day.copy()
        after.mails(accepted=accepted)
        if self._do(self._worker.work()) is not Cut.POWER:
            self._day = after

    @rule(days=st.integers(0, 3), cut=CUTS)
    def the_trash_is_emptied(self, days: int, cut: int | None) -> None:
        if cut is not None:
            self.the_power_will_go(cut, after=False)
        self._clock.advance(days * A_DAY_S)
        after = self._day.copy()
        after.swept(self._clock.now())
        if self._do(self._mailboxes.sweep()) is not Cut.POWER:
            self._day = after

    @rule(number=st.sampled_from(NUMBERS), places=st.integers(1, 5))
    def the_administrator_changes_the_places(self, number: str, places: int) -> None:
        after = self._day.copy()
        after.boxes[number] = replace(after.boxes[number], max_messages=places)
        work = self._mailboxes.administration("test").edit(after.boxes[number])
        if self._do(work, after) is not Cut.POWER:
            self._day = after

    # ---- What always holds

    @invariant()
    def the_mailboxes_are_what_the_dictionary_says(self) -> None:
        assert self._explains(self._day)

    @invariant()
    def every_message_has_its_sound_and_every_sound_its_message(self) -> None:
        for id, letter in self._day.letters.items():
            sound = self._root / "audio" / f"messages/{letter.box}/{id}.wav"
            assert sound.read_bytes()[44:] == letter.sound
        there = len(list((self._root / "audio").rglob("*.wav")))
        named = len(self._day.letters) + self._day.temporary
        assert there == named + len(self._orphans)

    @invariant()
    def the_lamps_and_the_counts_are_true(self) -> None:
        """Each lamp shows what was there when its mailbox was last said to have changed."""
        for number in self._dim:
            listed = self._run(self._office.mailboxes.messages(number))
            assert [message.id for message in listed] == self._day.in_order(number)
            assert self._run(self._office.mailboxes.counts(number)) == self._day.counts(number)
        self._look_at_lamps(tuple(self._dim))
        for number in NUMBERS:
            counts, lamp = self._day.counts(number), self._lamps[number]
            assert lamp is not None
            assert replace(lamp, taken=counts.taken) == counts

    @invariant()
    def each_message_and_each_notice_was_mailed_once_at_most(self) -> None:
        assert self._mailed() == self._day.files


FUSED = ("store", "sounds", "spool")


AnyDay.TestCase.settings = settings(
    max_examples=DAYS,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestAnyDay = AnyDay.TestCase
