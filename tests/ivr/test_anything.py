"""Whatever a caller does, the dialogue speaks, waits until a deadline, records, works, or ended."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from call.leg import HangUpCause, HungUp
from call.media import KeyPressed, KeySource, PlayEnded, RecordEnded
from call.sound import EndOfRecording
from ivr.actions import (
    Action,
    Activity,
    End,
    OperationEnded,
    Perform,
    Speak,
    StartRecording,
    StopRecording,
)
from ivr.dialogue import Dialogue
from ivr.machine import Flows
from ivr.operations import CATALOGUE, FAILED, Outcome
from ivr.prompts import Value
from tests.ivr.conftest import ATTENDANT, dialogue_of

CALLER_DOES = st.one_of(
    st.sampled_from([f"key {key}" for key in "0123456789*#"]),
    st.sampled_from(["played", "old play", "recorded", "silence", "tick", "late"]),
    st.tuples(st.just("answered"), st.integers(0, 9)),
    st.just("hang up"),
)


def sample_value(name: str) -> Value:
    """Something of the right type for any value an operation gives."""
    if name in {"sound", "spool"}:
        return Path("somewhere")
    if name in {"max_s", "new", "old", "urgent", "position", "total", "duration_s", "recipients"}:
        return 3
    if name in {"has_temporary", "is_new", "is_urgent", "envelope", "deleted", "welcomed"}:
        return True
    if name in {"zero_open", "star_open"}:
        return True
    if name in {"received", "temporary_until"}:
        return datetime(2027, 7, 1, 9, 0, tzinfo=UTC)
    words = {"language": "en", "folder": "work", "redirect_flow": "extension"}
    return None if name in {"greeting", "spoken_name"} else words.get(name, "101")


BEGINNINGS: Mapping[str, Mapping[str, Value]] = {
    "main_attendant": ATTENDANT,
    "voicemail_leave": {"mailbox": "101"},
    "voicemail_main": {"mailbox": "101"},
    "voicemail_messages": {},
    "voicemail_folders": {"filing": True},
    "voicemail_greeting": {"kind": "temporary"},
    "voicemail_forward": {},
    "voicemail_advanced": {"selected": True},
    "voicemail_options": {},
    "voicemail_first_login": {},
}
"""Flows a caller may be in, with what each begins with; deep ones are begun by themselves too."""


class Owner:
    """Carries actions out by remembering what is under way."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue
        self.now = 0.0
        self.speak: Speak | None = None
        self.perform: Perform | None = None
        self.take: StartRecording | None = None
        self.ended = False
        self.gone = False
        self.carry_out(dialogue.start(0.0))

    def carry_out(self, actions: list[Action]) -> None:
        assert not (self.ended and actions), "nothing is asked for after the end"
        for action in actions:
            match action:
                case Speak():
                    assert action.segments
                    self.speak = action
                case Perform():
                    self.perform = action
                case StartRecording():
                    self.take = action
                case StopRecording():
                    assert self.take is not None, "only what records is stopped"
                case End():
                    self.ended = True

    def does(self, what: str | tuple[str, int]) -> None:
        self.now += 0.1
        match what:
            case "played" if self.speak:
                self.receive(PlayEnded(self.speak.ticket))
            case "old play":
                self.receive(PlayEnded(0))
            case "recorded" if self.take:
                self.recorded(EndOfRecording.STOPPED)
            case "silence" if self.take:
                self.recorded(EndOfRecording.SILENCE)
            case "tick":
                self.now += 10
                self.carry_out(self.dialogue.tick(self.now))
            case "late":
                self.receive(OperationEnded(-1, Outcome(FAILED)))
            case "hang up" if not self.gone:
                self.hangs_up()
            case ("answered", choice) if self.perform:
                self.answered(self.perform, int(choice))
            case str() if what.startswith("key") and not self.gone:
                self.receive(KeyPressed(what[-1], KeySource.RFC4733, self.now))

    def receive(
        self, event: PlayEnded | RecordEnded | OperationEnded | HungUp | KeyPressed
    ) -> None:
        self.carry_out(self.dialogue.receive(event, self.now))

    def recorded(self, why: EndOfRecording) -> None:
        take, self.take = self.take, None
        if take is not None:
            self.receive(RecordEnded(take.path, 2.0, 2.0, why))

    def hangs_up(self) -> None:
        self.gone = True
        self.recorded(EndOfRecording.HANG_UP)
        self.receive(HungUp(HangUpCause.NORMAL, by_caller=True))

    def answered(self, perform: Perform, choice: int) -> None:
        self.perform = None
        spec = CATALOGUE[perform.operation]
        assert perform.arguments.keys() == spec.parameters
        names = [*sorted(spec.outcomes), FAILED, "nonsense"]
        name = names[choice % len(names)]
        values = {value: sample_value(value) for value in spec.outcomes.get(name, ())}
        self.receive(OperationEnded(perform.ticket, Outcome(name, values)))


def assert_alive(owner: Owner) -> None:
    dialogue = owner.dialogue
    match dialogue.activity:
        case Activity.SPEAKING:
            assert owner.speak is not None
        case Activity.WAITING:
            assert dialogue.deadline is not None
            assert dialogue.deadline <= owner.now + 30
        case Activity.RECORDING:
            assert owner.take is not None
        case Activity.WORKING:
            assert owner.perform is not None
        case Activity.ENDED:
            assert owner.ended or owner.gone
            assert dialogue.outcome


@settings(max_examples=600, deadline=None)
@given(
    flow=st.sampled_from(sorted(BEGINNINGS)),
    doings=st.lists(CALLER_DOES, max_size=60),
)
def test_no_caller_is_ever_left_in_silence(
    flows: Flows, flow: str, doings: list[str | tuple[str, int]]
) -> None:
    owner = Owner(dialogue_of(flows, flow, **BEGINNINGS[flow]))
    assert_alive(owner)
    for what in doings:
        owner.does(what)
        assert_alive(owner)
    while not owner.dialogue.ended:
        owner.does("hang up")
        owner.does(("answered", 0))
