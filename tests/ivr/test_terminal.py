"""The telephone in the terminal."""

from collections.abc import Iterable

from ivr.machine import Flows
from ivr.prompts import PhraseBook
from ivr.terminal import Terminal
from tests.ivr.conftest import dialogue_of
from tests.ivr.memory_mailbox import MemoryMailbox


async def typed(
    flows: Flows, book: PhraseBook, mailbox: MemoryMailbox, lines: Iterable[str]
) -> tuple[str, str]:
    """What a terminal prints when these lines are typed, and how the call ended."""
    printed: list[str] = []
    waiting = iter(lines)

    async def read() -> str | None:
        return next(waiting, None)

    terminal = Terminal(dialogue_of(flows), book, mailbox, read=read, write=printed.append)
    outcome = await terminal.run()
    return "\n".join(printed), outcome


async def test_prompts_are_printed_as_they_are_spoken(
    flows: Flows, book: PhraseBook, mailbox: MemoryMailbox
) -> None:
    printed, outcome = await typed(flows, book, mailbox, ["", "9", "hang"])
    assert "fr: Bonjour. Vous avez bien joint Vestibule." in printed
    assert "\nen: " in printed
    assert outcome == "caller_hung_up"


async def test_a_message_is_left_from_the_terminal(
    flows: Flows, book: PhraseBook, mailbox: MemoryMailbox
) -> None:
    lines = ["101", "#", "say 4", "#", "1", "", "", ""]
    printed, outcome = await typed(flows, book, mailbox, lines)
    assert len(mailbox.boxes["101"].messages) == 1
    assert "fr: Au revoir." in printed
    assert outcome == "hung_up"


async def test_what_is_no_key_prints_the_help(
    flows: Flows, book: PhraseBook, mailbox: MemoryMailbox
) -> None:
    printed, _ = await typed(flows, book, mailbox, ["hello"])
    assert printed.count("Enter alone waits") == 2
