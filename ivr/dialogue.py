"""The dialogue with one caller: events in, actions out, time as an input.

Theory of operation. At any moment the dialogue is in one state of the flow on top of its stack and
does one thing (`Activity`): it speaks, waits for keys until a deadline, records, waits for an
operation, or is over. Its owner feeds it what the leg tells and what operations return, carries
out the actions in order, and calls `tick` at `deadline`.

Keys enter one buffer and leave it when a state listens: that is type-ahead. A state that allows
barge-in is not spoken at all while keys are waiting for it. Sentences said on the way to a state
go before its prompt (`_preamble`), and are skipped with it. `Doing` tells what is done and knows
the late end of what is done no more. What a state makes of keys is its own: a `Question` where it
listens, a `Playback` where it speaks, a `Take` where it records.

When the caller goes away, an operation under way is awaited, then each flow of the stack, innermost
first, asks for its `on_hangup` if everything that names has a value; then it is over.
"""

from collections import deque
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from call.leg import HangUpCause, HungUp
from call.media import KeyPressed, PlayEnded, RecordEnded
from call.sound import EndOfRecording
from ivr.actions import Action, Activity, DialogueEvent, OperationEnded
from ivr.collector import Answer, Filled, Key, Number
from ivr.doing import Doing
from ivr.faults import DialogueMisuse
from ivr.flow import (
    Ask,
    Collect,
    Fork,
    HangUp,
    Held,
    Menu,
    Play,
    Prompt,
    Record,
    Redirect,
    Subflow,
)
from ivr.frames import Frame, Stack
from ivr.keypad import Keypad, StuckKey
from ivr.machine import Flows, key_trigger
from ivr.operations import FAILED, Outcome
from ivr.playback import Playback, Turn
from ivr.prompts import Phrase, Segment
from ivr.question import Question
from ivr.silence import Silence
from ivr.take import Take

TROUBLE = "common.trouble"
"""What a caller hears when an operation failed."""

CALLER_HUNG_UP = "caller_hung_up"
"""The outcome of a dialogue whose caller went away."""

HUNG_UP = "hung_up"
"""The outcome of a dialogue whose flow hung up."""


class Dialogue:
    """One call's way through flows.

    `given` holds the parameters of the first flow, `extensions` and `codes` the numbers that the
    dial patterns "extension" and "code" stand for, `started_at` (aware) the instant that `start`
    is called; `offered` is what any flow may take that the call is redirected to (the company, its
    operator).
    """

    def __init__(
        self,
        flows: Flows,
        flow: str,
        *,
        given: Mapping[str, Held],
        language: str,
        started_at: datetime,
        extensions: Collection[str] = (),
        codes: Collection[str] = (),
        offered: Mapping[str, Held] = MappingProxyType({}),
    ) -> None:
        self._extensions = frozenset(extensions)
        self._codes = frozenset(codes)
        self._started_at = started_at
        self._epoch = 0.0
        self._stack = Stack(flows, offered)
        self._stack.enter(flow, given)
        self._language = language
        self._doing = Doing()
        self._keypad = Keypad()
        self._silence = Silence()
        self._stuck = StuckKey()
        self._at_hand: Question | Playback | Take | None = None
        self._preamble: list[Segment] = []
        self._caller_gone = False
        self._farewells: deque[tuple[str, Mapping[str, Held]]] = deque()
        self._outcome: str | None = None

    @property
    def activity(self) -> Activity:
        """What the dialogue is doing."""
        return self._doing.activity

    @property
    def deadline(self) -> float | None:
        """When `tick` is due, in monotonic seconds.

        Set exactly while waiting for keys, while what is said is paused, and in a recording until
        the caller is warned of its limit.
        """
        return self._doing.deadline

    @property
    def ended(self) -> bool:
        return self.activity is Activity.ENDED

    @property
    def outcome(self) -> str | None:
        """How it ended: the final state's outcome, HUNG_UP or CALLER_HUNG_UP."""
        return self._outcome

    @property
    def language(self) -> str:
        """The language of the call, as it is now."""
        return self._language

    @property
    def place(self) -> str:
        """The flow and the state it is in, for logs and transcripts; "" once it is over."""
        return self._stack.place

    def start(self, now: float) -> list[Action]:
        """Begin. `now` is in monotonic seconds, as everywhere."""
        self._epoch = now
        self._read_clock(now)
        self._arrive(now)
        return self._doing.taken()

    def receive(self, event: DialogueEvent, now: float) -> list[Action]:
        """Take in what happened. What comes too late to matter is ignored."""
        if self.ended:
            return []
        self._read_clock(now)
        match event:
            case KeyPressed(key=key) if not self._caller_gone:
                self._on_key(key, now)
            case PlayEnded(ticket=ticket) if self._doing.speaks(ticket):
                self._prompt_ended(now)
            case RecordEnded():
                self._on_record_ended(event, now)
            case OperationEnded(ticket=ticket, outcome=outcome) if self._doing.works(ticket):
                self._on_operation_ended(outcome, now)
            case HungUp():
                self._on_hung_up()
        return self._doing.taken()

    def tick(self, now: float) -> list[Action]:
        """The deadline has come; does nothing before it."""
        if self.deadline is None or now < self.deadline:
            return []
        self._read_clock(now)
        match self.activity:
            case Activity.SPEAKING:
                self._doing.resume()
            case Activity.RECORDING:
                self._take.warn(self._language)
            case _ if self._keypad.begun:
                self._answered(self._keypad.settled(), now)
            case _:
                self._no_input(now)
        return self._doing.taken()

    # ---- Where the dialogue is

    @property
    def _frame(self) -> Frame:
        return self._stack.top

    def _read_clock(self, now: float) -> None:
        self._stack.now = self._started_at + timedelta(seconds=now - self._epoch)

    def _follow(self, event: str, now: float) -> None:
        """Go where an event leads."""
        edge = self._frame.edge(event)
        if edge is None:
            raise DialogueMisuse(f"{self.place} has no way on after {event}")
        self._preamble += self._frame.segments(edge.say, self._language)
        self._go(edge.trigger, now)

    def _go(self, trigger: str, now: float) -> None:
        self._frame.move(trigger)
        self._arrive(now)

    def _arrive(self, now: float) -> None:
        """Do what the state just entered is for."""
        state = self._frame.state
        self._keypad.start_over()
        self._at_hand = None
        language = self._frame.value(state.language)
        if isinstance(language, str):
            self._language = language
        match state.step:
            case Fork():
                self._follow("enter", now)
            case Ask() as ask:
                self._doing.perform(ask.operation, self._frame.arguments(ask.arguments))
            case Subflow() as called:
                given = self._frame.arguments(called.arguments)
                self._stack.enter(called.flow, given)
                self._arrive(now)
            case Redirect() as step:
                self._redirect(step, now)
            case Menu() | Collect() as step:
                self._listen(step, now)
            case Play() as step:
                self._play(step, now)
            case Record() as step:
                self._at_hand = Take(step, self._frame.keys, self._frame, self._keypad, self._doing)
                self._say(step.prompt, now)
            case HangUp() as step:
                self._say(step.prompt, now)

    def _redirect(self, step: Redirect, now: float) -> None:
        """Begin another flow in place of all; where it cannot be, tell of the trouble and end."""
        fault = self._stack.redirect(
            self._frame.value(step.flow), self._frame.arguments(step.arguments)
        )
        if fault is None:
            self._arrive(now)
            return
        self._doing.report(fault)
        self._keypad.forget()
        self._preamble = [Phrase(TROUBLE, self._language)]
        self._say((), now)

    def _finish(self, outcome: str, now: float) -> None:
        """The flow on top has ended: the one below goes on, or the call is over."""
        self._stack.leave()
        if self._stack.empty:
            self._doing.hang_up(HangUpCause.NORMAL)
            self._over(outcome)
        else:
            self._follow(outcome, now)

    def _over(self, outcome: str) -> None:
        self._stack.leave_all()
        self._keypad.forget()
        self._doing.end()
        self._outcome = outcome

    # ---- Speaking

    def _say(self, prompt: Prompt, now: float) -> None:
        segments = (*self._preamble, *self._frame.segments(prompt, self._language))
        self._preamble.clear()
        if segments:
            self._doing.speak(segments)
        else:
            self._prompt_ended(now)

    def _prompt_ended(self, now: float) -> None:
        state = self._frame.state
        match state.step:
            case Menu() | Collect() as step:
                self._doing.wait(now + step.listening.first_digit_s)
                self._take_keys(now)
            case Play() if state.outcome is not None:
                self._finish(state.outcome, now)
            case Play():
                self._follow("done", now)
            case Record():
                self._take.begin(now)
            case HangUp() as step:
                self._doing.hang_up(step.cause)
                self._over(HUNG_UP)
            case Redirect():
                self._doing.hang_up(HangUpCause.NORMAL)
                self._over(HUNG_UP)

    def _play(self, step: Play, now: float) -> None:
        keys, idle = self._frame.keys, self._frame.idle_keys
        playback = self._at_hand = Playback(step, keys, idle, self._keypad, self._doing)
        turn = playback.ahead()
        if turn is Turn.STAY:
            self._say(step.prompt, now)
        else:
            self._turn(turn, now)

    def _turn(self, turn: Key | Turn, now: float) -> None:
        """A key has cut what is said."""
        self._preamble.clear()
        if isinstance(turn, Key):
            self._go(key_trigger(turn.key), now)
        else:
            self._prompt_ended(now)

    # ---- Keys

    def _on_key(self, key: str, now: float) -> None:
        self._silence.broken()
        if self._stuck.presses(key):
            self._doing.send_away(HangUpCause.NORMAL)
            return
        if self._keypad.is_late_terminator(key, now):
            return
        match self._at_hand:
            case Question() as question:
                self._keypad.keep(key)
                if self.activity is Activity.SPEAKING and not question.listening.barge_in:
                    return
                self._doing.hush()
                self._take_keys(now)
            case Playback() as playback:
                turn = playback.take(key, now)
                if turn is not Turn.STAY:
                    self._doing.hush()
                    self._turn(turn, now)
            case Take() as take:
                way = take.take(key)
                if way is not None:
                    self._doing.hush()
                    self._go(key_trigger(way.key), now)
            case None if not isinstance(self._frame.state.step, HangUp | Redirect):
                self._keypad.keep(key)

    def _listen(self, step: Menu | Collect, now: float) -> None:
        self._at_hand = Question(
            step, self._frame.keys, self._extensions, self._keypad, self._codes
        )
        if self._silence.passes(self.place):
            self._follow("max_no_input", now)
        elif self._keypad.ahead and step.listening.barge_in:
            self._preamble.clear()
            self._doing.wait(None)
            self._take_keys(now)
        else:
            self._say(step.prompt, now)

    def _take_keys(self, now: float) -> None:
        """Take keys from the buffer until they are an answer or there are none left."""
        answer = self._question.take(now)
        if isinstance(answer, float):
            self._doing.wait(answer)
        elif answer is not None:
            self._answered(answer, now)

    def _answered(self, answer: Answer, now: float) -> None:
        step = self._question.step
        match answer:
            case Key(key=key):
                self._go(key_trigger(key), now)
            case Number(digits=digits, pattern=pattern):
                self._keypad.forgive_terminator(now + step.listening.inter_digit_s)
                self._frame.variables["dialed"] = digits
                self._follow(f"dial_{pattern}", now)
            case Filled(digits=digits) if isinstance(step, Collect):
                self._keypad.forgive_terminator(now + step.listening.inter_digit_s)
                if step.secret:
                    self._frame.keep_secret(step.into, digits)
                else:
                    self._frame.variables[step.into] = digits
                self._follow("filled", now)
            case _:
                self._retry("max_no_match", self._question.after_no_match(), now)

    def _no_input(self, now: float) -> None:
        prompt = self._question.after_no_input()
        if prompt is None:
            self._silence.left()
        self._retry("max_no_input", prompt, now)

    def _retry(self, event: str, prompt: Prompt | None, now: float) -> None:
        """Ask once more, or go where the caller's last chance leads."""
        if prompt is None:
            self._follow(event, now)
        else:
            self._keypad.start_over()
            self._say(prompt, now)

    @property
    def _question(self) -> Question:
        if not isinstance(self._at_hand, Question):
            raise DialogueMisuse(f"{self.place} does not listen for keys")
        return self._at_hand

    # ---- Recording

    @property
    def _take(self) -> Take:
        if not isinstance(self._at_hand, Take):
            raise DialogueMisuse(f"{self.place} does not record")
        return self._at_hand

    def _on_record_ended(self, ended: RecordEnded, now: float) -> None:
        if self.activity is not Activity.RECORDING:
            return
        self._take.keep(ended)
        if ended.speech_s > 0:
            self._silence.broken()
        if ended.ended_by is EndOfRecording.HANG_UP:
            self._on_hung_up()
            return
        trigger = self._take.trigger(ended.ended_by)
        if trigger.startswith("dtmf."):
            self._go(trigger, now)
        else:
            self._follow(trigger, now)

    # ---- Operations, and the end

    def _on_operation_ended(self, outcome: Outcome, now: float) -> None:
        if self._caller_gone:
            self._farewell()
            return
        if outcome.name != FAILED and self._frame.edge(outcome.name) is not None:
            self._frame.variables.update(outcome.values)
            self._follow(outcome.name, now)
            return
        self._keypad.forget()
        self._preamble = [Phrase(TROUBLE, self._language)]
        if self._frame.state.leads_on(FAILED):
            self._follow(FAILED, now)
        else:
            self._go(FAILED, now)

    def _on_hung_up(self) -> None:
        if self._caller_gone:
            return
        self._caller_gone = True
        self._keypad.forget()
        self._farewells.extend(self._stack.farewells())
        if self.activity is not Activity.WORKING:
            self._farewell()

    def _farewell(self) -> None:
        """Ask for the next thing a caller who is gone wanted done; over after the last."""
        if self._farewells:
            self._doing.perform(*self._farewells.popleft())
        else:
            self._over(CALLER_HUNG_UP)
