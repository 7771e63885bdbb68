"""Whatever callers, owners and power cuts do in a day, the mailbox is what a dictionary says."""

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from call.clock import VirtualClock
from call.leg import Party
from tests.voicemail.office import PIN, Office, speak
from tests.voicemail.sounds import hush, voice
from voicemail import (
    Deposit,
    Folder,
    GreetingKind,
    Kept,
    Mailbox,
    MailboxFull,
    Move,
    Nothing,
    Selected,
    TooShort,
    Visit,
)
from voicemail.adapters.system_tokens import SystemTokens

T = TypeVar("T")

SPOKEN, SILENT = voice(1.3), hush(1.3)
PLACES = 4
OWNER = Party("")


@dataclass
class Expected:
    """What the dictionary holds of a message."""

    folder: Folder = Folder.NEW
    deleted: bool = False
    mailed: bool = False


class AnyDay(RuleBasedStateMachine):
    """One mailbox with four places, its owner, and callers."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self._root = Path(self._folder.name)
        self._clock = VirtualClock()
        self._office = self._run(Office.open(self._root, self._clock, SystemTokens()))
        self._run(
            self._office.hire(
                Mailbox("101", "C", addresses=("c@example.org",), max_messages=PLACES)
            )
        )
        self._messages: dict[str, Expected] = {}
        self._calls: list[tuple[Deposit, bytes]] = []
        self._temporary = False
        self._visit: Visit | None = None
        self._listed: list[str] = []
        self._at: int | None = None

    def _run(self, work: Coroutine[object, object, T]) -> T:
        return self._runner.run(work)

    def teardown(self) -> None:
        self._run(self._office.close())
        self._runner.close()
        self._folder.cleanup()

    def _taken(self) -> int:
        kept = sum(not message.deleted for message in self._messages.values())
        return kept + len(self._calls)

    def _in_order(self) -> list[str]:
        there = [id for id, message in self._messages.items() if not message.deleted]
        return sorted(there, key=lambda id: (self._messages[id].folder is not Folder.NEW, id))

    @rule(spoken=st.sampled_from([SPOKEN, SPOKEN, SILENT]))
    def somebody_calls(self, spoken: bytes) -> None:
        self._clock.advance(1)
        try:
            deposit = self._run(self._office.mailboxes.open_deposit("101", OWNER))
        except MailboxFull:
            assert self._taken() >= PLACES
            return
        assert self._taken() < PLACES
        speak(deposit, spoken)
        self._calls.append((deposit, spoken))

    @precondition(lambda self: self._calls)
    @rule()
    def the_caller_hangs_up(self) -> None:
        deposit, spoken = self._calls.pop(0)
        kept = self._run(self._office.mailboxes.keep(deposit, speak(deposit, spoken)))
        assert isinstance(kept, Kept if spoken is SPOKEN else TooShort)
        if isinstance(kept, Kept):
            self._messages[kept.message.id] = Expected()

    @precondition(lambda self: self._calls)
    @rule()
    def the_caller_thinks_better_of_it(self) -> None:
        deposit, _ = self._calls.pop()
        self._run(self._office.mailboxes.discard(deposit))

    @rule()
    def the_power_goes_and_comes_back(self) -> None:
        self._run(self._office.close())
        self._office = self._run(Office.open(self._root, self._clock, SystemTokens()))
        self._run(self._office.mailboxes.recover())
        for deposit, spoken in self._calls:
            if spoken is SPOKEN:
                self._messages[deposit.id] = Expected()
        self._calls.clear()
        self._visit = None

    @rule()
    def the_mail_leaves(self) -> None:
        self._run(self._office.worker.work())
        for message in self._messages.values():
            message.mailed = True

    @rule()
    def the_owner_comes_in(self) -> None:
        self._visit = self._run(self._office.mailboxes.login("101", PIN, OWNER))
        self._listed, self._at = self._in_order(), None

    @precondition(lambda self: self._visit)
    @rule(move=st.sampled_from(Move))
    def the_owner_goes_to_a_message(self, move: Move) -> None:
        assert self._visit is not None
        found = self._run(self._visit.select(move))
        if not self._listed:
            assert found is Nothing.EMPTY
            return
        at = 0 if self._at is None or move is Move.FIRST else self._at
        if self._at is not None:
            at += {Move.NEXT: 1, Move.PREVIOUS: -1}.get(move, 0)
        if not 0 <= at < len(self._listed):
            assert found is Nothing.END
            return
        self._at = at
        assert isinstance(found, Selected)
        expected = self._messages[self._listed[at]]
        assert (found.message.id, found.position) == (self._listed[at], at + 1)
        assert (found.deleted, found.message.folder) == (expected.deleted, expected.folder)

    @precondition(lambda self: self._visit and self._at is not None)
    @rule(action=st.sampled_from(["hear", "delete", "save"]))
    def the_owner_acts_on_it(self, action: str) -> None:
        assert self._visit is not None
        assert self._at is not None
        expected = self._messages[self._listed[self._at]]
        if action == "hear":
            self._run(self._visit.mark_heard())
            if expected.folder is Folder.NEW:
                expected.folder = Folder.OLD
        elif action == "delete":
            expected.deleted = not expected.deleted
            assert self._run(self._visit.toggle_deleted()) is expected.deleted
        else:
            self._run(self._visit.save())
            expected.folder, expected.deleted = Folder.SAVED, False

    @precondition(lambda self: self._visit)
    @rule(erase=st.booleans())
    def the_owner_changes_the_temporary_greeting(self, erase: bool) -> None:
        assert self._visit is not None
        if erase:
            erased = self._run(self._visit.erase_greeting(GreetingKind.TEMPORARY))
            assert erased is self._temporary
        else:
            self._run(self._record(self._visit))
        self._temporary = not erase

    async def _record(self, visit: Visit) -> None:
        opened = await visit.open_greeting(GreetingKind.TEMPORARY)
        await visit.keep_greeting(GreetingKind.TEMPORARY, speak(opened, SPOKEN))

    @invariant()
    def the_mailbox_is_what_the_dictionary_says(self) -> None:
        messages = self._run(self._office.mailboxes.messages("101"))
        assert [message.id for message in messages] == self._in_order()
        assert [m.folder for m in messages] == [self._messages[m.id].folder for m in messages]
        greeting = self._run(self._office.mailboxes.greeting("101"))
        assert (greeting is not None) is self._temporary

    @invariant()
    def each_message_was_mailed_once_at_most(self) -> None:
        mailed = {path.stem for path in (self._root / "mail").glob("*.eml")}
        assert mailed == {id for id, message in self._messages.items() if message.mailed}


AnyDay.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyDay = AnyDay.TestCase
