"""Leaving a message, bound for flows: a caller's in a mailbox, or an owner's reply to somebody.

One object serves one call. It holds the one deposit the call has open, so that a flow can keep,
retake or discard nothing else, and knows which mailbox the caller reached last, so that keys 0 and
* lead where that mailbox says, also when it is full.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from call.errors import Misuse
from call.leg import Party
from ivr.flow import Held
from ivr.operations import Outcome
from ivr.prompts import Value
from voicemail.errors import MailboxFull, MailboxUnknown
from voicemail.mailboxes import Mailboxes
from voicemail.message import Deposit, Mailbox, TooShort, Treatment, TreatmentKind

Arguments = Mapping[str, Held]

Resolve = Callable[[Treatment], Awaitable[tuple[str, str] | None]]
"""Where a treatment leads now: a flow and its mailbox ("" for none); None when it is closed."""


class Leaving:
    """The operations of "Leaving a message" for one call. `close` it when the call is over."""

    def __init__(self, mailboxes: Mailboxes, caller: Party, resolve: Resolve) -> None:
        self._mailboxes = mailboxes
        self._caller = caller
        self._resolve = resolve
        self._deposit: Deposit | None = None
        self._reached: Mailbox | None = None

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names; made anew, so that a call that is over leaves no cycle."""
        return {
            "voicemail.open_deposit": self._open_deposit,
            "voicemail.keep_deposit": self._keep_deposit,
            "voicemail.discard_deposit": self._discard_deposit,
            "voicemail.check_deposit": self._check_deposit,
            "voicemail.open_retake": self._open_retake,
            "voicemail.accept_retake": self._accept_retake,
            "voicemail.toggle_urgent": self._toggle_urgent,
            "voicemail.treatment": self._treatment,
        }

    async def begin(self, number: str, sender: Party, *, busy: bool = False) -> Deposit:
        """Open a deposit, which every operation acts on from now on; one still open is kept.

        Raises MailboxUnknown, MailboxFull or Unavailable.
        """
        await self._keep_what_is_open()
        self._deposit = await self._mailboxes.open_deposit(number, sender, busy=busy)
        return self._deposit

    async def close(self) -> None:
        """Let nothing of the call be lost: a deposit nobody decided about is kept."""
        await self._keep_what_is_open()

    async def _keep_what_is_open(self) -> None:
        if self._deposit is not None:
            with contextlib.suppress(MailboxUnknown):  # the recording is set aside, and logged
                await self._mailboxes.keep(self._take())

    async def _open_deposit(self, arguments: Arguments) -> Outcome:
        number, busy = str(arguments["mailbox"]), arguments["busy"] is True
        try:
            deposit = await self.begin(number, self._caller, busy=busy)
            self._reached = await self._mailboxes.show(number)
        except MailboxUnknown:
            return Outcome("unknown")
        except MailboxFull:
            return await self._full(number, busy=busy)
        reached = await self._told(self._reached, deposit.greeting, deposit.spoken_name)
        return Outcome("ready", {**reached, "max_s": deposit.max_s, "spool": deposit.spool})

    async def _full(self, number: str, *, busy: bool) -> Outcome:
        """A full mailbox still greets its callers, and its keys still lead elsewhere."""
        self._reached = await self._mailboxes.show(number)
        heard = await self._mailboxes.heard(number, busy=busy)
        return Outcome("full", await self._told(self._reached, *heard))

    async def _told(
        self, mailbox: Mailbox, greeting: Path | None, spoken_name: Path | None
    ) -> dict[str, Value]:
        """What a caller is told of the mailbox they reached."""
        return {
            "greeting": greeting,
            "spoken_name": spoken_name,
            "mailbox_name": mailbox.name,
            "language": mailbox.language,
            "zero_open": await self._leads(mailbox, mailbox.zero) is not None,
            "star_open": await self._leads(mailbox, mailbox.star) is not None,
        }

    async def _keep_deposit(self, _: Arguments) -> Outcome:
        kept = await self._mailboxes.keep(self._take())
        return Outcome("too_short" if isinstance(kept, TooShort) else "kept")

    async def _discard_deposit(self, _: Arguments) -> Outcome:
        await self._mailboxes.discard(self._take())
        return Outcome("done")

    async def _check_deposit(self, _: Arguments) -> Outcome:
        enough = await self._mailboxes.is_enough(self._held)
        return Outcome("enough" if enough else "too_short")

    async def _open_retake(self, _: Arguments) -> Outcome:
        return Outcome("ready", {"spool": await self._mailboxes.open_retake(self._held)})

    async def _accept_retake(self, _: Arguments) -> Outcome:
        taken = await self._mailboxes.accept_retake(self._held)
        return Outcome("taken" if taken else "too_short")

    async def _toggle_urgent(self, _: Arguments) -> Outcome:
        urgent = not self._held.ticket.urgent
        self._deposit = await self._mailboxes.mark_urgent(self._held, urgent)
        return Outcome("urgent" if urgent else "ordinary")

    async def _treatment(self, arguments: Arguments) -> Outcome:
        mailbox = self._reached
        if mailbox is None:
            raise Misuse("no mailbox was reached")
        chosen = mailbox.zero if arguments["key"] == "zero" else mailbox.star
        outcome = await self._leads(mailbox, chosen)
        return outcome or Outcome("closed")

    async def _leads(self, mailbox: Mailbox, treatment: Treatment) -> Outcome | None:
        """Where a key leads from a mailbox; None for nowhere, or back to that same mailbox."""
        if treatment.kind is TreatmentKind.CLOSED:
            return None
        if treatment.kind is TreatmentKind.LOGIN:
            return Outcome("login")
        found = await self._resolve(treatment)
        if found is None or found[1] == mailbox.number:
            return None
        return Outcome("redirect", {"redirect_flow": found[0], "redirect_mailbox": found[1]})

    @property
    def _held(self) -> Deposit:
        if self._deposit is None:
            raise Misuse("no deposit is open")
        return self._deposit

    def _take(self) -> Deposit:
        deposit, self._deposit = self._held, None
        return deposit
