"""No PIN and no guess is told anywhere: by no command, in no log of a call, in no file."""

import asyncio
import contextlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest
from typer.main import get_command

from call.clock import SystemClock
from call.errors import Misuse
from call.leg import Party
from ivr.operations import CATALOGUE
from tests.vestibule.shell import Shell
from vestibule.cli import app
from vestibule.front import open_front
from vestibule.logs import log_to_stderr
from vestibule.mailroom import open_mailroom
from vestibule.operations import CallOperations
from vestibule.settings import settings_from
from voicemail.message import Treatment

ROOT = Path(__file__).parents[2]
GREETING = str(ROOT / "audio_fixtures" / "greeting_3s.wav")

FIRST, SECOND, THIRD, FOURTH = "7391846205", "8264017395", "5173920864", "9017362854"
GUESS, SLIP, EARLY = "4862915037", "6093517284", "2750438196"
WEAK = "33333333"
SECRETS = (FIRST, SECOND, THIRD, FOURTH, GUESS, SLIP, EARLY, WEAK)
"""Every PIN that was, is or will be; a guess, a slip of the keys, one typed where a number was
asked, one that is refused. Long, so that no file has one by accident."""

NOT_TYPED = {"serve", "demo", "prompts build"}
"""Two that end when they are told to, whose calls are those below; one that knows phrases alone."""

ARGUMENTS = MappingProxyType(
    {
        "mailbox": "102", "busy": False, "key": "0", "move": "first", "folder": "new",
        "kind": "busy", "date": "0701", "language": "fr", "pin": GUESS, "again": SLIP,
    }
)  # fmt: skip
"""What a call gives the operations that need something."""

NUMBER = "5145550100"

KEYS_NEED_A_FILE = {"keys new", "keys rotate", "keys check"}
"""They are refused here, and must tell nothing all the same."""


@pytest.fixture
def loud(shell: Shell) -> Iterator[Shell]:
    """A shell in which everything is logged to the screen, down to the last detail."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log_to_stderr("DEBUG")
    yield shell
    root.handlers[:], root.level = handlers, level


class Walk:
    """Types commands, and keeps all that was printed and which there were."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.printed = ""
        self.typed: set[str] = set()

    def types(self, command: str, *words: str, keys: str = "", elsewhere: bool = False) -> str:
        log_to_stderr("DEBUG")
        there = () if elsewhere else ("--data", str(self._shell.data))
        answer = self._shell.types(*command.split(), *words, *there, keys=keys)
        self.typed.add(command)
        self.printed += answer.out + answer.err
        assert "Traceback" not in answer.err
        return answer.out


def every_command() -> set[str]:
    def under(command: object, path: str) -> Iterator[str]:
        found = getattr(command, "commands", None)
        if found is None:
            yield path
        else:
            for name, each in found.items():
                yield from under(each, f"{path} {name}".strip())

    return set(under(get_command(app), ""))


def test_no_command_and_no_call_tells_a_pin(loud: Shell, tmp_path: Path) -> None:
    walk, data = Walk(loud), loud.data
    administers(walk, loud, tmp_path)
    log = calls(loud)
    assert every_command() - walk.typed == NOT_TYPED
    walk.types("mailbox history")
    assert "login refused" in log
    assert "PIN changed" in walk.printed
    assert [pin for pin in SECRETS if pin in walk.printed + log] == []
    passwords = re.findall(r"^password: +(\S+)", walk.printed, re.MULTILINE)
    assert [walk.printed.count(each) for each in passwords] == [1, 1, 1]
    files = [path for path in (*data.rglob("*"), *tmp_path.glob("*")) if path.is_file()]
    assert data / "vestibule.db" in files
    kept = {path.name: path.read_bytes().decode("latin-1") for path in files}
    told = {*SECRETS, *passwords}
    assert {(name, each) for name, text in kept.items() for each in told if each in text} == set()
    assert [each for each in passwords if each in log] == []


def administers(walk: Walk, shell: Shell, folder: Path) -> None:
    """Every command once at least, with right PINs and refused ones."""
    walk.types("mailbox add", "101", "Camille", "--pin", FIRST, "--email", "c@example.org")
    walk.types("mailbox add", "101", "Camille", "--pin", SECOND)
    walk.types("mailbox add", "102", "William", "--pin", WEAK)
    walk.types("mailbox add", "102", "William", "--pin", SECOND)
    walk.types("mailbox pin", "101", "--pin", WEAK)
    walk.types("mailbox pin", "199", "--pin", THIRD)
    walk.types("mailbox pin", "101", "--pin", THIRD)
    walk.types("mailbox edit", "101", "--zero", "extension:102")
    walk.types("mailbox edit", "101", "--zero", "extension:199")
    id = shell.leaves("101")
    walk.types("mailbox greeting set", "101", "busy", GREETING)
    walk.types("mailbox greeting get", "101", "busy", str(folder / "busy.wav"))
    walk.types("mailbox greeting erase", "101", "busy", "--yes")
    walk.types("message list", "101")
    walk.types("message show", id)
    walk.types("message delete", id)
    walk.types("message undelete", id)
    walk.types("message export", id, str(folder / "message.wav"))
    walk.types("mailbox export", "101", str(folder / "box.zip"))
    walk.types("mailbox import", str(folder / "box.zip"), "--as", "103", "--pin", WEAK)
    walk.types("mailbox import", str(folder / "box.zip"), "--as", "103", "--pin", FOURTH)
    walk.types("mailbox empty", "103", "--yes", "--greetings")
    walk.types("mailbox delete", "103", "--yes")
    walk.types("mailbox list", "--json")
    walk.types("mailbox show", "101", "--json")
    walk.types("mailbox unlock", "101")
    walk.types("mailbox history")
    leads(walk, folder)
    closes(walk)
    meets(walk)
    walk.types("audit", "--mend")
    walk.types("doctor", "--listen", "127.0.0.1:0")
    for command in KEYS_NEED_A_FILE:
        walk.types(command)
    walk.types("prompts list")
    walk.types("mail preview", "lockout", elsewhere=True)
    walk.types("flow check", elsewhere=True)
    walk.types("flow draw", "--into", str(folder / "drawn"), elsewhere=True)
    walk.types("flow run", "temporary greeting", elsewhere=True)
    walk.types("call", "8500", keys=f"101\n{GUESS}#\n{GUESS}#\n{GUESS}#\n", elsewhere=True)


def leads(walk: Walk, folder: Path) -> None:
    """Extensions and telephones, hours and restrictions, and what comes of them."""
    walk.types("extension add", "101", "Camille")
    user = re.findall(r"101-\w{4}", walk.printed)[0]
    walk.types("extension set", "101", "--long-distance", "with_code", "--access-code", WEAK)
    walk.types("extension set", "101", "--long-distance", "with_code", "--access-code", FIRST)
    walk.types("extension rename", "101", "Camille Côté")
    for command in ("list", "show 101", "calls"):
        walk.types(f"extension {command.split()[0]}", *command.split()[1:])
    walk.types("phone add", "101", "portable")
    walk.types("phone list")
    walk.types("phone password", user)
    walk.types("phone remove", user, "--yes")
    walk.types("hours set", NUMBER, "mon-fri", "08:30-17:00")
    walk.types("hours override", NUMBER, "closed")
    walk.types("hours show")
    walk.types("hours preview")
    walk.types("exception add", NUMBER, "2999-07-18")
    walk.types("exception edit", NUMBER, "1", "--last", "2999-07-20")
    walk.types("exception list")
    walk.types("exception remove", NUMBER, "1")
    walk.types("holidays add", NUMBER, "quebec")
    walk.types("holidays list")
    walk.types("holidays remove", NUMBER, "canada_day")
    walk.types("restriction add", "block", "equals", "5149073400")
    walk.types("restriction edit", "1", "--digits", "5149073401")
    walk.types("restriction answer", "refusal")
    walk.types("restriction anonymous", "reject")
    walk.types("restriction list")
    walk.types("restriction remove", "1")
    walk.types("restriction clear", "--yes")
    walk.types("trunk list")
    walk.types("trunk route", "418-555-0111", "--from", "101")
    walk.types("recording list")
    walk.types("recording export", "nothing", str(folder / "call.wav"))
    walk.types("recording remove", "nothing")
    walk.types("simulate", "--to", NUMBER, "--from", "5145551234", "--press", f"8500,101#,{THIRD}#")
    walk.types("extension remove", "101", "--yes")


def closes(walk: Walk) -> None:
    """The closure message and attendants of an administrator."""
    walk.types("closure add", "8511", "--pin", WEAK)
    walk.types("closure add", "8511", "--pin", FIRST, "--toggle", "8512")
    walk.types("closure pin", "8511", "--pin", WEAK)
    walk.types("closure pin", "8511", "--pin", SECOND)
    walk.types("closure record", "8511", GREETING)
    walk.types("closure edit", "8511", "--first", "2999-12-24")
    for command in ("show", "off", "on", "unlock"):
        walk.types(f"closure {command}", "8511")
    walk.types("closure list")
    walk.types("closure remove", "8511", "--yes")
    walk.types("closure add", "8511", "--pin", FOURTH)
    walk.types("attendant add", "ventes", "--greeting", "Bonjour.", "--key", "1=extension:101")
    walk.types("attendant list")
    walk.types("attendant remove", "ventes", "--yes")


def meets(walk: Walk) -> None:
    """Conferences: their codes are told where they are asked for, and nowhere else."""
    before = len(walk.printed)
    walk.types("conference add", "Lancement", "--room", "4321", "--generic")
    walk.types("conference add", "Lancement", "--room", "4321", "--start", "2999-01-01 10:00")
    walk.types("conference invite", "4321", "Ava Reed", "ava@example.org")
    walk.types("conference person", "4321", "Ava Reed", "--role", "administrator")
    walk.types("conference change", "4321", "--title", "Autre")
    shown = [walk.types(f"conference {command}", "4321") for command in ("show", "codes")]
    walk.types("conference resend", "4321", "--all")
    shown.append(walk.types("conference preview", "4321", "Ava Reed"))
    walk.types("conference list", "--json")
    walk.types("conference uninvite", "4321", "Ava Reed", "--yes")
    walk.types("conference remove", "4321", "--yes")
    walk.types("conference history", "4321", "--json")
    for command in ("session", "report", "recording"):
        files = () if command == "session" else ("never-written",)
        walk.types(f"conference {command}", "4321", *files)
    for command in ("live", "watch"):
        walk.types(f"conference {command}", "--json")
    for command in ("mute", "unmute", "expel", "volume"):
        walk.types(f"conference {command}", "4321", "Ava Reed")
    for command in ("mute-all", "unmute-all", "lock", "unlock", "end"):
        walk.types(f"conference {command}", "4321")
    for command in ("record", "announce"):
        walk.types(f"conference {command}", "4321", "on")
    walk.types("conference call", "4321", "5145550177")
    codes = set(re.findall(r"(?:administrator|participant) +(\d{4})\b", "".join(shown)))
    elsewhere = walk.printed[before:]
    for told in shown:
        elsewhere = elsewhere.replace(told, "")
    assert len(codes) == 3
    assert [code for code in codes if re.search(rf"(?<![\w:.-]){code}(?![\w:.-])", elsewhere)] == []


def calls(shell: Shell) -> str:
    """An owner's call and a guesser's, operation by operation; all that was logged meanwhile."""
    settings = settings_from({"storage": {"data": shell.data}}, origin="test")

    async def nowhere(_: Treatment) -> None:
        return None

    async def talk() -> None:
        async with open_mailroom(settings, SystemClock()) as mailroom:
            call = CallOperations(mailroom.mailboxes, Party("5145550123", "Marc"), nowhere)
            for number, pin in ((EARLY, GUESS), ("101", GUESS), ("101", THIRD)):
                await call.perform("voicemail.login", {"mailbox": number, "pin": pin})
            for pin, again in ((WEAK, WEAK), (FIRST, SLIP), (FIRST, FIRST)):
                await call.perform("voicemail.change_pin", {"pin": pin, "again": again})
            for name, operation in CATALOGUE.items():
                given = {each: ARGUMENTS.get(each, "102") for each in operation.parameters}
                with contextlib.suppress(Misuse):  # what comes too early is refused
                    await call.perform(name, given)
            await call.close()
            front = open_front(settings, mailroom, SystemClock())
            for _ in range(3):
                party = Party("5145550199")
                guesser = CallOperations(mailroom.mailboxes, party, nowhere, front=front)
                for _ in range(3):
                    await guesser.perform("voicemail.login", {"mailbox": "101", "pin": GUESS})
                for code, pin in (("8511", FOURTH), ("8511", GUESS), (EARLY, GUESS)):
                    await guesser.perform("closure.login", {"closure": code, "pin": pin})
                await guesser.close()
            await mailroom.worker.work()

    shell.capture.readouterr()
    log_to_stderr("DEBUG")
    asyncio.run(talk())
    return shell.capture.readouterr().err
