"""What an e-mail that is due tells: gathered from the store, with the sound made to fit."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from email.message import EmailMessage

from voicemail.attaching import encodings
from voicemail.mail import MailTask, TaskKind
from voicemail.message import Mailbox, Message
from voicemail.notice import Enclosure, Facts, Notices
from voicemail.ports import AudioFormats, AudioStore
from voicemail.storage import Store
from voicemail.transcription import Transcripts

log = logging.getLogger(__name__)

LARGEST = 10_000_000
"""Octets of an e-mail, all of it as it travels; what most servers take."""


class Composer:
    """Makes the e-mails of the outbox.

    `changed` is called with the number of a mailbox in which a message now lies because no e-mail
    could take its sound.
    """

    def __init__(
        self,
        *,
        store: Store,
        sounds: AudioStore,
        formats: AudioFormats,
        notices: Notices,
        changed: Callable[[str], None],
        transcripts: Transcripts | None = None,
        largest: int = LARGEST,
    ) -> None:
        self._store = store
        self._sounds = sounds
        self._formats = formats
        self._notices = notices
        self._changed = changed
        self._transcripts = transcripts
        self._largest = largest

    async def compose(self, task: MailTask, largest: int | None = None) -> EmailMessage | None:
        """The e-mail of a task, of `largest` octets at most if there is a sound to make smaller.

        None when what it was about is gone.
        """
        mailbox = await self._store.mailbox(task.mailbox)
        message = await self._store.message(task.message) if task.message else None
        if mailbox is None or (task.message and message is None):
            return None
        facts = Facts(await self._store.counts(mailbox.number), message)
        if task.kind is TaskKind.MESSAGE and message is not None:
            facts = await self._told(facts, message, mailbox)
            return await self._with_sound(task, mailbox, facts, message, largest)
        if task.kind is TaskKind.FAILURE:
            facts = replace(facts, deliveries=await self._store.deliveries(task.message))
        return await self._written(task, mailbox, facts)

    async def _told(self, facts: Facts, message: Message, mailbox: Mailbox) -> Facts:
        """With what was said, and by whom the message was forwarded."""
        forwarder = (
            await self._store.mailbox(message.forwarded_by) if message.forwarded_by else None
        )
        return replace(
            facts,
            forwarder=forwarder.name if forwarder else "",
            transcript=await self._transcript(message, mailbox),
        )

    async def _transcript(self, message: Message, mailbox: Mailbox) -> str:
        if not mailbox.transcribe:
            return ""
        if self._transcripts is None:
            return message.transcript
        return await self._transcripts.of(message, mailbox.language)

    async def _with_sound(
        self, task: MailTask, mailbox: Mailbox, facts: Facts, message: Message, largest: int | None
    ) -> EmailMessage:
        """The e-mail with the largest encoding of the sound that fits, or else without it."""
        most = min(self._largest, largest or self._largest)
        async for sound in self._encoded(message, mailbox, most):
            mail = await self._written(task, mailbox, replace(facts, sound=sound))
            if len(await asyncio.to_thread(mail.as_bytes)) <= most:
                return mail
        log.warning("sound too large for an e-mail", extra={"message_id": message.id})
        return await self._written(task, mailbox, await self._listed(facts, message))

    async def _encoded(
        self, message: Message, mailbox: Mailbox, most: int
    ) -> AsyncIterator[Enclosure]:
        wav = await self._sounds.local(message.sound)
        for step in encodings(mailbox.attachment):
            if not step.too_large(message.duration_s, most):
                octets = await self._formats.encoded(wav, step.attachment, step.bit_rate)
                yield Enclosure(octets, step.attachment)

    async def _listed(self, facts: Facts, message: Message) -> Facts:
        """The sound does not travel: whatever the mailbox was set to, it has to stay in it."""
        if not message.in_box:
            await self._store.admit(message.id)
            self._changed(message.mailbox)
        return replace(facts, message=replace(message, in_box=True))

    async def _written(self, task: MailTask, mailbox: Mailbox, facts: Facts) -> EmailMessage:
        return await asyncio.to_thread(self._notices.compose, task, mailbox, facts)
