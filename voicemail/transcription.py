"""What callers said, written down for the e-mail: when there is an engine, and while it is quick.

An e-mail waits for its text a moment, then goes without it; the text may still come, and is kept
with the message. One message is written down at a time, a few may wait, more go without.
"""

import asyncio
import logging

from call.errors import Fault
from voicemail.message import Message
from voicemail.ports import AudioStore, Transcriber
from voicemail.storage import Store

log = logging.getLogger(__name__)

WAITING = 8
"""Messages written down or waiting for it: some minutes of work, then the office is too busy."""


class Transcripts:
    """Texts of messages. `close` it: it leaves nothing running."""

    def __init__(
        self,
        engine: Transcriber,
        *,
        store: Store,
        sounds: AudioStore,
        wait_s: float = 20.0,
        waiting: int = WAITING,
    ) -> None:
        self._engine = engine
        self._store = store
        self._sounds = sounds
        self._wait_s = wait_s
        self._waiting = waiting
        self._turn = asyncio.Lock()
        self._begun: dict[str, asyncio.Task[str]] = {}

    async def of(self, message: Message, language: str) -> str:
        """What is said in a message; "" when that is not known within `wait_s`."""
        if message.transcript:
            return message.transcript
        task = self._begun.get(message.id) or self._begin(message, language)
        if task is None:
            log.warning("message not transcribed", extra={"message_id": message.id, "why": "busy"})
            return ""
        done, _ = await asyncio.wait({task}, timeout=self._wait_s)
        return task.result() if done and not task.cancelled() else ""

    async def close(self) -> None:
        """Give up what is under way."""
        begun = tuple(self._begun.values())
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    def _begin(self, message: Message, language: str) -> asyncio.Task[str] | None:
        if len(self._begun) >= self._waiting:
            return None
        task = asyncio.create_task(self._written_down(message, language))
        self._begun[message.id] = task
        task.add_done_callback(lambda _: self._begun.pop(message.id, None))
        return task

    async def _written_down(self, message: Message, language: str) -> str:
        try:
            async with self._turn:
                wav = await self._sounds.local(message.sound)
                text = " ".join((await self._engine.text(wav, language)).split())
            if text:
                await self._store.set_transcript(message.id, text)
        except Fault as fault:
            why = str(fault)
        except Exception as fault:
            why = type(fault).__name__
        else:
            return text
        log.warning("message not transcribed", extra={"message_id": message.id, "why": why})
        return ""
