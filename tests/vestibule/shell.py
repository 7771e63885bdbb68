"""A keyboard for commands: types them in a folder of its own, and reads what was printed."""

import asyncio
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from call.clock import SystemClock
from call.leg import Party
from tests.voicemail.office import speak
from tests.voicemail.sounds import voice
from vestibule.cli import main
from vestibule.mailroom import open_mailroom
from vestibule.settings import settings_from


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str


@dataclass
class Shell:
    """Types commands in a folder of its own."""

    data: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def types(self, *words: str, keys: str = "") -> Answer:
        self.patch.setattr("sys.argv", ["vestibule", *words])
        self.patch.setattr("sys.stdin", io.StringIO(keys))
        self.capture.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        printed = self.capture.readouterr()
        code = end.value.code
        if isinstance(code, str):  # the interpreter prints it, and ends with 1
            return Answer(1, printed.out, f"{printed.err}{code}\n")
        return Answer(int(code or 0), printed.out, printed.err)

    def does(self, *words: str, keys: str = "") -> str:
        """Type a command that ends well; what it prints."""
        answer = self.types(*words, keys=keys)
        assert answer.status == 0, answer
        return answer.out

    def fails(self, *words: str) -> str:
        """Type a command that is refused in one line; that line."""
        answer = self.types(*words)
        assert (answer.status, answer.out) == (1, ""), answer
        (line,) = answer.err.splitlines()
        return line

    def mailbox(self, *words: str) -> tuple[str, ...]:
        return ("mailbox", *words, "--data", str(self.data))

    def hires(self, number: str = "103", name: str = "Élise Côté") -> None:
        self.does(*self.mailbox("add", number, name, "--pin", "4719", "--language", "fr"))

    def leaves(self, number: str = "103") -> str:
        """Leave a message of three seconds; its id."""
        settings = settings_from({"storage": {"data": self.data}}, origin="test")

        async def call() -> str:
            async with open_mailroom(settings, SystemClock()) as mailroom:
                caller = Party("5145550123", "Marc")
                deposit = await mailroom.mailboxes.open_deposit(number, caller)
                speak(deposit, voice(3.0))
                await mailroom.mailboxes.keep(deposit)
                return deposit.id

        return asyncio.run(call())
