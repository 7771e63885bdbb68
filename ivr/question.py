"""What a state asks of the caller, from entering it to leaving it: the keys, and what went wrong.

A menu and a collect state ask alike: they take keys until these are an answer, and count by
themselves how often nothing came (no input) and how often it meant nothing (no match).
"""

from collections.abc import Collection, Mapping

from ivr.collector import Answer, Verdict, collect_grammar, menu_grammar
from ivr.flow import Collect, Listening, Menu, Prompt
from ivr.keypad import Keypad


class Question:
    """One question. Keys pressed ahead count, unless the state says otherwise."""

    def __init__(
        self,
        step: Menu | Collect,
        keys: Mapping[str, str],
        extensions: Collection[str],
        keypad: Keypad,
        codes: Collection[str] = (),
    ) -> None:
        self.step = step
        self._keypad = keypad
        self._no_input = 0
        self._no_match = 0
        if isinstance(step, Menu):
            keypad.listen(menu_grammar(step, keys, extensions, codes))
        else:
            keypad.listen(collect_grammar(step, keys))
        if not step.listening.type_ahead:
            keypad.forget()

    @property
    def listening(self) -> Listening:
        """How it waits for keys."""
        return self.step.listening

    def take(self, now: float) -> Answer | float | None:
        """Take keys until they are an answer; else until when to wait, None without any key."""
        answer = self._keypad.answer()
        if answer is Verdict.MORE:
            return now + self.listening.inter_digit_s
        if answer is Verdict.COMPLETE:
            return now + self.listening.terminator_s
        return answer

    def after_no_input(self) -> Prompt | None:
        """Nothing came: what to say now, None when it was the last time."""
        self._no_input += 1
        enough = self._no_input >= self.listening.max_no_input
        return None if enough else self._again(self.listening.no_input)

    def after_no_match(self) -> Prompt | None:
        """It meant nothing: what to say now, None when it was the last time.

        What was typed next was meant for another state: it is dropped.
        """
        self._no_match += 1
        self._keypad.forget()
        enough = self._no_match >= self.listening.max_no_match
        return None if enough else self._again(self.listening.no_match)

    def _again(self, sentence: Prompt) -> Prompt:
        return sentence + (self.listening.prompt_short or self.step.prompt)
