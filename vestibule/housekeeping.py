"""What is done beside the calls: mail what is due, make what is said often, empty old trash.

A chore never ends a call and never stops the program. One that finds something missing just now,
or that fails outright, is logged and begun again after a pause; the other chores do not notice.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from call.clock import Clock
from call.errors import Unavailable
from ivr.prompts import Phrase
from ivr.voices.catalogue import build_prompts
from ivr.voices.voice import PromptVoice
from vestibule.mailroom import Mailroom
from voicemail.adapters.opened_sounds import FORGET_EVERY_S, OpenedSounds

log = logging.getLogger(__name__)

AGAIN_S = 3600.0
"""Seconds between two looks into the trash, the ready sounds and what owners forget."""

PAUSE_S = 60.0
"""Seconds before a chore that failed begins again."""

RECORDINGS_KEPT = timedelta(hours=1)
PHRASES_KEPT = timedelta(days=30)
"""How long a ready sound may lie unused; it is made again when it is wanted."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done beside the calls.

    It is done every `again_s` seconds, or once where that is None. At the end `stop` tells it to
    come to its own end; a chore without `stop` is cut short.
    """

    name: str
    do: Callable[[], Awaitable[object]]
    again_s: float | None = None
    stop: Callable[[], None] | None = None


def chores(mailroom: Mailroom, voice: PromptVoice, clock: Clock, company: str) -> tuple[Chore, ...]:
    """The chores of a running program. The company's own greeting is made before all else said."""
    welcome = Phrase("aa.welcome", "fr", (("company", company),))

    async def forget_sounds() -> None:
        voice.forget_recordings(clock.now() - RECORDINGS_KEPT)
        voice.forget_phrases(clock.now() - PHRASES_KEPT)

    async def forget_deleted() -> None:
        mailroom.deleted.sweep(clock.now())

    async def make_prompts() -> None:
        await build_prompts(voice.book, voice, extra=(welcome,))

    return (
        Chore("outbox", mailroom.worker.run, stop=mailroom.worker.stop),
        Chore("prompts", make_prompts),
        Chore("trash", mailroom.mailboxes.sweep, AGAIN_S),
        Chore("deleted mailboxes", forget_deleted, AGAIN_S),
        Chore("late messages", mailroom.mailboxes.retry, PAUSE_S),
        Chore("reminders", mailroom.mailboxes.remind, AGAIN_S),
        Chore("ready sounds", forget_sounds, AGAIN_S),
        *_opened_sounds(mailroom.opened, voice, clock),
    )


def _opened_sounds(
    opened: OpenedSounds | None, voice: PromptVoice, clock: Clock
) -> tuple[Chore, ...]:
    """Where recordings lie sealed: an opened one goes within the hour, its frames an hour after
    they were last played."""
    if opened is None:
        return ()
    unused = RECORDINGS_KEPT - timedelta(seconds=FORGET_EVERY_S)

    async def forget() -> None:
        opened.forget_old()
        voice.forget_recordings(clock.now() - unused)

    return (Chore("opened sounds", forget, FORGET_EVERY_S),)


@asynccontextmanager
async def housekeeping(chores: Sequence[Chore]) -> AsyncIterator[None]:
    """Do the chores until the block ends, and wait for those that come to an end of their own."""
    closing = asyncio.Event()
    tasks = {
        asyncio.create_task(_keep_doing(chore, closing), name=chore.name): chore for chore in chores
    }
    try:
        yield
    finally:
        closing.set()
        for task, chore in tasks.items():
            if chore.stop is None:
                task.cancel()
            else:
                chore.stop()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_doing(chore: Chore, closing: asyncio.Event) -> None:
    while not closing.is_set():
        wait_s = chore.again_s
        try:
            await chore.do()
        except Unavailable as fault:
            log.warning("chore put off", extra={"chore": chore.name, "why": str(fault)})
            wait_s = PAUSE_S
        except Exception:
            log.exception("chore failed", extra={"chore": chore.name})
            wait_s = PAUSE_S
        if wait_s is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await closing.wait()
