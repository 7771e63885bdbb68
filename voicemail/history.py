"""What was done to a mailbox, written down for its owner and the administrator to read."""

import logging

from call.clock import Clock
from call.errors import Unavailable
from voicemail.message import Deed
from voicemail.storage import Store

log = logging.getLogger(__name__)

OWNER, CALLER, PROGRAM = "owner", "caller", "program"
"""Who did it, beside the administrators: a caller is whoever could not show to be the owner."""

ADMINISTRATOR = "administrator"
"""What the names of administrators are written after."""


class History:
    """Writes deeds down. Never what was said, never a PIN."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(
        self, action: str, mailbox: str, detail: str = "", *, actor: str = OWNER
    ) -> None:
        """Write down what has been done. It stays done where its line cannot be written."""
        try:
            await self._store.note(Deed(self._clock.now(), actor, action, mailbox, detail))
        except Unavailable:
            log.exception("history not written", extra={"mailbox": mailbox, "action": action})
