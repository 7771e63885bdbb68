"""The phrases that ship, a folder to spoil them in, and voices that need no installed recording."""

import shutil
from pathlib import Path

import pytest

from ivr.phrase_file import load_book
from ivr.voices.voice import open_voice

PROMPTS = Path(__file__).parents[2] / "prompts"


@pytest.fixture(scope="session")
def book():
    return load_book(PROMPTS)


@pytest.fixture
def prompts(tmp_path):
    """A copy of the phrase files, to be changed at will."""
    return Path(shutil.copytree(PROMPTS, tmp_path / "prompts"))


@pytest.fixture
async def voice(book, tmp_path):
    """The voice of a machine on which no Debian recording is installed."""
    async with open_voice(book, PROMPTS, tmp_path / "frames", people=False) as voice:
        yield voice
