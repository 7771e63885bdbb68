"""Attends to one call: lets the flow its number leads to talk to the caller."""

from call.clock import Clock
from call.leg import HangUpCause, Leg
from ivr.prompts import Voice
from ivr.session import Session
from vestibule.logs import bound_call
from vestibule.operations import CallOperations
from vestibule.switchboard import Switchboard
from voicemail.mailboxes import Mailboxes


class Reception:
    """Every call's first stop."""

    def __init__(
        self, switchboard: Switchboard, voice: Voice, mailboxes: Mailboxes, clock: Clock
    ) -> None:
        self._switchboard = switchboard
        self._voice = voice
        self._mailboxes = mailboxes
        self._clock = clock

    async def attend(self, leg: Leg, dialed: str | None = None) -> None:
        """Talk with a caller until it is over. Nothing of the call is lost, however it ends.

        `dialed` stands for the number where the leg's own is not one of ours.
        """
        destination = self._switchboard.destination(dialed or leg.dialed)
        if destination is None:
            await leg.hang_up(HangUpCause.NOT_FOUND)
            return
        with bound_call(leg.call_id):
            operations = CallOperations(self._mailboxes, leg.caller, self._switchboard.redirect)
            try:
                dialogue = await self._switchboard.dialogue(destination)
                await Session(dialogue, leg, self._voice, operations, self._clock).run()
            finally:
                await operations.close()
