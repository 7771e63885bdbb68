"""The keys at the edges of what is listened for: the last one, one too early, one too late."""

from pathlib import Path

import pytest

from call.media import KeyPressed, KeySource, PlayEnded
from ivr.actions import Action, Speak
from ivr.collector import Answer, Filled, Grammar, Key, Number, judge, settle
from ivr.dialogue import Dialogue
from ivr.flow import Collect, Listening
from ivr.prompts import PhraseBook
from tests.ivr.conftest import small_dialogue

LISTENING = Listening(6, 2.5, 1, "#", True, True, 3, 3, (), ())
MENU = Grammar(frozenset("17"), {"101": "extension"}, None, "#")
PIN = Grammar(frozenset("*"), {}, Collect((), LISTENING, "pin", 4, 6, False), "#")

ASKED = """
[states.first]
kind     = "collect"
prompt   = "common.one_moment"
into     = "number"
digits   = { min = 2, max = 4 }
on       = { filled = "one", max_no_input = "out", max_no_match = "out" }
"""


@pytest.mark.parametrize(
    ("typed", "answer"), [("1#", Key("1")), ("7#", Key("7")), ("101#", Number("101", "extension"))]
)
def test_the_pound_key_ends_a_choice_at_once(typed: str, answer: Answer) -> None:
    assert judge(typed, MENU) == answer


@pytest.mark.parametrize("typed", ["1234", "123456"])
def test_the_fewest_and_the_most_digits_are_an_answer(typed: str) -> None:
    assert judge(f"{typed}#", PIN) == settle(typed, PIN) == Filled(typed)


def pressed(dialogue: Dialogue, keys: str, at: float) -> list[Action]:
    return [
        action
        for key in keys
        for action in dialogue.receive(KeyPressed(key, KeySource.RFC4733, at), at)
    ]


def test_who_typed_all_the_digits_there_may_be_waits_a_second_and_not_the_usual_time(
    tmp_path: Path, book: PhraseBook
) -> None:
    call = small_dialogue(tmp_path, book, ASKED)
    (asked,) = call.start(0.0)
    assert isinstance(asked, Speak)
    call.receive(PlayEnded(asked.ticket), 1.0)
    pressed(call, "123", 2.0)
    usual = call.deadline
    pressed(call, "4", 2.0)
    whole = call.deadline
    assert usual is not None
    assert whole is not None
    assert 2.0 < whole < usual
    (said,) = call.tick(whole)
    assert isinstance(said, Speak)
    assert call.place == "small/one"


SAID = """
[states.first]
kind     = "play"
prompt   = "common.trouble"
barge_in = false
on       = { done = "menu" }
"""

CHOICE = """
[states.menu]
kind   = "menu"
prompt = "common.one_moment"
keys   = { 1 = "one", "#" = "out" }
on     = { max_no_input = "out", max_no_match = "out" }
"""


def test_what_was_typed_behind_a_wrong_key_was_meant_for_another_menu(
    tmp_path: Path, book: PhraseBook
) -> None:
    call = small_dialogue(tmp_path, book, SAID + CHOICE)
    (sentence,) = call.start(0.0)
    assert isinstance(sentence, Speak)
    pressed(call, "91", 1.0)
    (again,) = call.receive(PlayEnded(sentence.ticket), 2.0)
    assert isinstance(again, Speak)
    call.receive(PlayEnded(again.ticket), 4.0)
    assert call.place == "small/menu"
