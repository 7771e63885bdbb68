"""E-mail as files: one .eml for each message, for a company that has not set up a mail server."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from voicemail.adapters.folder_files import write_durably
from voicemail.errors import MailUnavailable
from voicemail.mail import Delivery, Envelope, MailConnection, Reply


class EmlFolder:
    """A mail transport that writes `<id>.eml`. The id names the file, so that an e-mail handed
    over twice, around a crash, is there once."""

    largest: int | None = None
    """A file may have any size."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[MailConnection]:
        yield self

    async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
        path = self._folder / f"{envelope.id}.eml"
        try:
            octets = await asyncio.to_thread(envelope.mail.as_bytes)
            await asyncio.to_thread(write_durably, path, octets)
        except OSError as fault:
            raise MailUnavailable(str(fault)) from fault
        return {to: Reply(Delivery.ACCEPTED, path.name) for to in envelope.recipients}
