"""Attendants of the company's own: flow files in the data folder, and the sounds of greetings.

A greeting brought as a sound lies beside its flow, as `<name>.<language>.wav`; without one the
words of the form are spoken by the synthetic voice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from ivr.flow import Held
from ivr.operations import Outcome

Arguments = Mapping[str, Held]

FOLDER = "flows"
"""Where the company's own flows lie in the data folder."""


def own_flows(data: Path) -> Path:
    """The folder of the company's own flows, which need not be there."""
    return data / FOLDER


def greeting_file(folder: Path, attendant: str, language: str) -> Path:
    """Where the sound of a greeting lies, if it was brought as one."""
    return folder / f"{attendant}.{language}.wav"


class Attending:
    """The operations of attendants made from a form."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names."""
        return {"attendant.greeting": self._greeting}

    async def _greeting(self, arguments: Arguments) -> Outcome:
        """The sound of a greeting; none where it is to be spoken."""
        if self._folder is None:
            return Outcome("done", {"greeting": None})
        path = greeting_file(self._folder, str(arguments["attendant"]), str(arguments["language"]))
        there = await asyncio.to_thread(path.is_file)
        return Outcome("done", {"greeting": path if there else None})
