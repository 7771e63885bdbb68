"""A mutant is its module but for one thing that somebody could notice."""

from pathlib import Path

import pytest

from bench.mutants import mutants, unchanged

MODULE = '''"""A module."""

import logging

log = logging.getLogger("mutants")


class Box:
    def __init__(self) -> None:
        self.open = False

    def unlock(self, pin: str, tries: int = 3) -> bool:
        """Open it, unless there were too many tries."""
        if tries < 1:
            raise ValueError("too many tries")
        log.info("unlocked", extra={"tries": tries})
        self.open = pin == "4711"
        return self.open
'''


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "box.py"
    path.write_text(MODULE)
    return path


def test_each_change_is_told_with_its_line(module: Path) -> None:
    assert [(each.line, each.change) for each in mutants(module)] == [
        (5, "'mutants'  ->  'mutantsX'"),
        (10, "False  ->  True"),
        (12, "3  ->  4"),
        (14, "if tries < 1:  ->  if not tries < 1:"),
        (14, "tries < 1  ->  tries <= 1"),
        (14, "1  ->  2"),
        (15, "raise ValueError('too many tries')  ->  left out"),
        (17, "self.open = pin == '4711'  ->  left out"),
        (17, "pin == '4711'  ->  pin != '4711'"),
        (17, "'4711'  ->  '4711X'"),
        (18, "return self.open  ->  return None"),
    ]


def test_a_mutant_is_changed_in_one_place_and_the_file_in_none(module: Path) -> None:
    (wrong,) = (each for each in mutants(module) if "'4711X'" in each.change)
    names: dict[str, object] = {}
    exec(wrong.code, names)
    box = names["Box"]()  # type: ignore[operator]
    assert (box.unlock("4711"), box.unlock("4711X")) == (False, True)
    assert module.read_text() == MODULE


def test_a_module_with_nothing_changed_does_what_it_did(module: Path) -> None:
    names: dict[str, object] = {}
    exec(unchanged(module).code, names)
    assert names["Box"]().unlock("4711")  # type: ignore[operator]
