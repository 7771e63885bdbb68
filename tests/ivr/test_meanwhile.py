"""What happens while the dialogue waits for somebody else: keys are kept, ends are told once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from call.leg import HangUpCause, HungUp
from call.media import KeyPressed, KeySource, PlayEnded, RecordEnded
from call.sound import EndOfRecording
from ivr.actions import Action, Activity, OperationEnded, Perform, Speak, StopRecording
from ivr.dialogue import Dialogue
from ivr.operations import Outcome
from ivr.prompts import Phrase, PhraseBook
from tests.ivr.conftest import small_dialogue

ASKS_THEN_LISTENS = """
[states.first]
kind = "action"
do   = "voicemail.summary"
on   = { done = { say = "common.one_moment", to = "choice" }, failed = "out" }

[states.choice]
kind   = "menu"
prompt = "vm.main"
keys   = { 1 = "one", 2 = "first" }
on     = { max_no_input = "out", max_no_match = "out" }
"""

RECORDS = """
params = { spool = "file" }
[states.first]
kind  = "record"
prompt = "common.beep"
into  = "recording"
spool = "$spool"
max   = "60s"
keys  = { 0 = "one" }
on    = { done = "choice" }
on_hangup = { do = "voicemail.keep_deposit" }

[states.choice]
kind   = "menu"
prompt = "vm.main"
keys   = { 1 = "one", 2 = "first" }
on     = { max_no_input = "out", max_no_match = "out" }
"""

Begun = Callable[..., tuple[Dialogue, list[Action]]]


@pytest.fixture
def begun(tmp_path: Path, book: PhraseBook) -> Begun:
    def begin(states: str, **given: Path) -> tuple[Dialogue, list[Action]]:
        dialogue = small_dialogue(tmp_path, book, states, **given)
        return dialogue, dialogue.start(0.0)

    return begin


def pressed(key: str) -> KeyPressed:
    return KeyPressed(key, KeySource.RFC4733, 1.0)


def done(perform: Action) -> OperationEnded:
    assert isinstance(perform, Perform)
    values = {"new": 0, "old": 0, "urgent": 0, "has_temporary": False, "folder": "old"}
    return OperationEnded(perform.ticket, Outcome("done", values | {"temporary_until": None}))


def said(actions: list[Action]) -> list[str]:
    spoken = [segment for each in actions if isinstance(each, Speak) for segment in each.segments]
    return [segment.id for segment in spoken if isinstance(segment, Phrase)]


def test_a_key_pressed_while_an_operation_works_answers_the_menu_after_it(begun: Begun) -> None:
    dialogue, (asked,) = begun(ASKS_THEN_LISTENS)
    assert dialogue.receive(pressed("1"), 1.0) == []
    assert "vm.main" not in said(dialogue.receive(done(asked), 2.0))


def test_what_is_said_on_the_way_is_said_once(begun: Begun) -> None:
    dialogue, (asked,) = begun(ASKS_THEN_LISTENS)
    first = dialogue.receive(done(asked), 1.0)
    assert said(first) == ["common.one_moment", "vm.main"]
    (*_, again) = dialogue.receive(pressed("7"), 2.0)
    assert "common.one_moment" not in said([again])


def recording(begun: Begun, folder: Path) -> Dialogue:
    dialogue, (beep,) = begun(RECORDS, spool=folder / "take.raw")
    assert isinstance(beep, Speak)
    dialogue.receive(PlayEnded(beep.ticket), 0.3)
    assert dialogue.activity is Activity.RECORDING
    return dialogue


def ended(folder: Path, why: EndOfRecording) -> RecordEnded:
    return RecordEnded(folder / "take.raw", 3.0, 3.0, why)


def test_a_key_pressed_after_the_end_of_a_recording_answers_what_follows(
    begun: Begun, tmp_path: Path
) -> None:
    dialogue = recording(begun, tmp_path)
    assert dialogue.receive(pressed("#"), 3.0) == [StopRecording()]
    assert dialogue.receive(pressed("1"), 3.1) == []
    answered = dialogue.receive(ended(tmp_path, EndOfRecording.STOPPED), 3.2)
    assert "vm.main" not in said(answered)


def test_a_key_pressed_before_a_recording_means_nothing_in_it_or_after_it(
    begun: Begun, tmp_path: Path
) -> None:
    dialogue = recording(begun, tmp_path)
    for key in "#21":
        dialogue.receive(pressed(key), 3.0)
    (beep,) = dialogue.receive(ended(tmp_path, EndOfRecording.STOPPED), 3.3)
    assert said([beep]) == ["common.beep"]
    assert isinstance(beep, Speak)
    dialogue.receive(PlayEnded(beep.ticket), 3.6)
    assert dialogue.activity is Activity.RECORDING
    dialogue.receive(pressed("#"), 6.0)
    assert said(dialogue.receive(ended(tmp_path, EndOfRecording.STOPPED), 6.1)) == ["vm.main"]


def test_a_hang_up_told_by_the_recording_alone_is_enough_and_counts_once(
    begun: Begun, tmp_path: Path
) -> None:
    dialogue = recording(begun, tmp_path)
    (kept,) = dialogue.receive(ended(tmp_path, EndOfRecording.HANG_UP), 3.0)
    assert isinstance(kept, Perform)
    assert kept.operation == "voicemail.keep_deposit"
    assert dialogue.receive(HungUp(HangUpCause.NORMAL, by_caller=True), 3.1) == []
    dialogue.receive(OperationEnded(kept.ticket, Outcome("kept")), 3.2)
    assert dialogue.ended
