"""`vestibule demo` in a process of its own, and the sounds its phrases have."""

import asyncio
import contextlib
import itertools
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from call.sound import Law
from ivr.phrase_file import load_book
from ivr.prompts import Phrase, Value
from ivr.testing.line import speech
from ivr.testing.script import Hears, ScriptedCaller
from ivr.voices.voice import PromptVoice, open_voice
from tests.wire.hearing import Pcm
from tests.wire.link import Address
from tests.wire.phone import literal
from tests.wire.rtp_line import LAWS
from vestibule.demo import PEOPLE

ROOT = Path(__file__).parents[2]
READY_S = 120.0
END_S = 120.0

HELD_UP = "media plane held up"

KNOWN: Mapping[str, Sequence[Value]] = {
    "company": ["Vestibule"],
    "name": [mailbox.name for mailbox, _ in PEOPLE],
    "extension": [mailbox.number for mailbox, _ in PEOPLE],
    "new": [0, 1, 2, 3],
    "old": [0, 1, 2, 3],
    "urgent": [0, 1],
}
"""What the demo can put into its sentences."""


@dataclass
class Demo:
    """A running demo: where it answers, its data, what it said on its output."""

    address: Address
    data: Path
    process: asyncio.subprocess.Process
    voice: PromptVoice
    said: list[str] = field(default_factory=list)
    log: Path | None = None
    """What it writes to standard error."""

    def times_held_up(self) -> int:
        """How often its media plane told that the machine held it up, which callers hear."""
        return 0 if self.log is None else self.log.read_text().count(HELD_UP)

    async def sounds(self, expected: Hears) -> list[Pcm]:
        """Every sound that would be what is expected, from the clips the server plays."""
        if expected.phrase is None:
            return [_received(expected.recording)] if expected.recording else []
        parameters = self.voice.book.parameters(expected.phrase)
        assert parameters is not None, f"no phrase {expected.phrase}"
        given = {name: [value] for name, value in expected.arguments.items()}
        values = [given.get(name) or KNOWN.get(name, []) for name in parameters]
        languages = [expected.language] if expected.language else sorted(self.voice.book.languages)
        return [
            await self._sound(
                Phrase(expected.phrase, language, tuple(zip(parameters, chosen, strict=True)))
            )
            for language in languages
            for chosen in itertools.product(*values)
        ]

    async def prepare(self, caller: ScriptedCaller) -> None:
        """Have every sound of a script made before the call.

        A synthetic voice never says a sentence twice alike: whoever makes it first is heard.
        """
        for step in caller.steps:
            if isinstance(step, Hears):
                await self.sounds(step)

    async def _sound(self, phrase: Phrase) -> Pcm:
        (clip,) = await self.voice.clips([phrase])
        return LAWS["PCMU"].decode(clip.file(Law.PCMU).read_bytes())

    def mails(self) -> list[Path]:
        """The e-mails written so far, in order."""
        return sorted((self.data / "mail").glob("**/*.eml"))


def _received(recording: Path) -> Pcm:
    """A recording as it sounds behind the law of the line."""
    law, pcm = LAWS["PCMU"], speech(recording)
    return law.decode(law.encode(pcm))


@contextlib.asynccontextmanager
async def running_demo(data: Path, host: str = "127.0.0.1") -> AsyncIterator[Demo]:
    """Run the demo on free loopback ports until the end of the block; SIGTERM must end it well."""
    listen = f"{literal(host)}:0"
    log = data.with_suffix(".log")
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from vestibule.cli import main; main()",
            "demo", "--listen", listen, "--data", str(data),
            stdout=asyncio.subprocess.PIPE, stderr=written, cwd=ROOT,
        )  # fmt: skip
    assert process.stdout is not None
    said: list[str] = []
    try:
        async with asyncio.timeout(READY_S):
            async for line in process.stdout:
                said.append(line.decode().rstrip())
                if said[-1] == "ready":
                    break
        assert said[-1:] == ["ready"], "\n".join(said)
        host, _, port = said[0].split()[3].rstrip(",").rpartition(":")
        book = load_book(ROOT / "prompts")
        async with open_voice(book, ROOT / "prompts", data / "frames") as voice:
            yield Demo((host.strip("[]"), int(port)), data, process, voice, said, log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(END_S):
            await process.wait()
        sys.stderr.write(log.read_text())
    assert process.returncode == 0
