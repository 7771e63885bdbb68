"""The page of standards names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/rfc.md").read_text())


def test_the_page_names_tests() -> None:
    assert len(NAMED) > 40


@pytest.mark.parametrize(("module", "name"), sorted(set(NAMED)))
def test_a_standard_is_shown_by_a_test_that_exists(module: str, name: str) -> None:
    text = (ROOT / module).read_text()
    assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE)
