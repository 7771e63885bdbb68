"""The reference of conferences shows the machine and the keys that run."""

import re
from pathlib import Path

from conference.keys import COMMANDS
from conference.room import MOVES, Phase

REFERENCE = (Path(__file__).parents[2] / "docs" / "conferences.md").read_text()


def test_the_diagram_of_a_room_has_every_move_and_no_other() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+): (\w+)$", REFERENCE, re.MULTILINE))
    run = {(before.value, after.value, told.__name__) for (before, told), after in MOVES.items()}
    assert drawn == run


def test_the_diagram_begins_with_waiting_and_ends_with_over() -> None:
    assert f"[*] --> {Phase.WAITING.value}\n" in REFERENCE
    assert f"{Phase.OVER.value} --> [*]\n" in REFERENCE


def test_every_key_is_in_the_table_of_keys() -> None:
    keys = re.findall(r"`\*([0-9*#])`", REFERENCE)
    assert sorted(keys) == sorted(COMMANDS)
