"""An owner in their mailbox, bound for flows: coming in, listening, sending.

One object serves one call. It holds the visit of whoever signed in, so that a flow can name
neither a message nor a mailbox that the caller was not let into.
"""

from collections.abc import Awaitable, Callable, Mapping

from call.errors import Misuse
from call.leg import Party
from ivr.flow import Held
from ivr.operations import Outcome
from ivr.prompts import Value
from vestibule.leaving import Leaving, Resolve
from vestibule.owner_options import OwnerOptions
from voicemail.errors import LockedOut, MailboxFull, MailboxUnknown, WrongPin
from voicemail.forwarding import NotAdded, OpenForward
from voicemail.listing import Move
from voicemail.mailboxes import Mailboxes
from voicemail.message import Folder, Treatment, TreatmentKind
from voicemail.visit import Nothing, Selected, Visit

Arguments = Mapping[str, Held]


class Owning:
    """The operations of an owner for one call. `close` it when the call is over."""

    def __init__(
        self, mailboxes: Mailboxes, caller: Party, leaving: Leaving, resolve: Resolve
    ) -> None:
        self._entrance = mailboxes.entrance(caller)
        self._leaving = leaving
        self._resolve = resolve
        self._visit: Visit | None = None
        self._forward: OpenForward | None = None

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names, those of the options among them."""
        return {
            "voicemail.recognise": self._recognise,
            "voicemail.login": self._login,
            "voicemail.summary": self._summary,
            "voicemail.open_folder": self._open_folder,
            "voicemail.select": self._select,
            "voicemail.mark_heard": self._mark_heard,
            "voicemail.toggle_deleted": self._toggle_deleted,
            "voicemail.file": self._file,
            "voicemail.reply": self._reply,
            "voicemail.compose": self._compose,
            "voicemail.call_back": self._call_back,
            "voicemail.open_forward": self._open_forward,
            "voicemail.open_introduction": self._open_introduction,
            "voicemail.add_recipient": self._add_recipient,
            "voicemail.forward": self._send_forward,
            "voicemail.cancel_forward": self._cancel_forward,
            **OwnerOptions(lambda: self._visiting).bound,
        }

    async def close(self) -> None:
        """Forget what was not confirmed: a greeting, a message that was to be passed on."""
        try:
            await self._drop_forward()
        finally:
            if self._visit is not None:
                await self._visit.discard_greeting()

    # ---- Coming in

    async def _recognise(self, _: Arguments) -> Outcome:
        found = await self._entrance.recognise()
        if found is None:
            return Outcome("stranger")
        if not isinstance(found, Visit):
            return Outcome("own", {"mailbox": found.number})
        return Outcome("open", {"mailbox": found.mailbox.number, **await self._let_in(found)})

    async def _login(self, arguments: Arguments) -> Outcome:
        number, pin = str(arguments["mailbox"]), str(arguments["pin"])
        try:
            visit = await self._entrance.login(number, pin)
        except WrongPin:
            return Outcome("wrong")
        except LockedOut:
            return Outcome("locked")
        return Outcome("ok", await self._let_in(visit))

    async def _let_in(self, visit: Visit) -> Mapping[str, Value]:
        """Begin a visit in place of any other; tells what the owner is called by."""
        await self.close()
        self._visit = visit
        mailbox = visit.mailbox
        return {
            "language": mailbox.language,
            "name": mailbox.name,
            "welcomed": mailbox.welcomed,
        }

    async def _summary(self, _: Arguments) -> Outcome:
        told = await self._visiting.summary()
        values: dict[str, Value] = {
            "new": told.new,
            "old": told.old,
            "urgent": told.urgent,
            "has_temporary": told.has_temporary,
            "temporary_until": told.temporary_until,
            "folder": told.folder.value,
        }
        return Outcome("done", values)

    # ---- Listening

    async def _open_folder(self, arguments: Arguments) -> Outcome:
        folder = Folder(str(arguments["folder"]))
        total = await self._visiting.open_folder(folder)
        return Outcome("done", {"folder": folder.value, "total": total})

    async def _select(self, arguments: Arguments) -> Outcome:
        selected = await self._visiting.select(Move(str(arguments["move"])))
        if isinstance(selected, Nothing):
            return Outcome(selected.value)
        return Outcome("message", _read_out(selected, envelope=self._visiting.mailbox.envelope))

    async def _mark_heard(self, _: Arguments) -> Outcome:
        await self._visiting.mark_heard()
        return Outcome("done")

    async def _toggle_deleted(self, _: Arguments) -> Outcome:
        return Outcome((await self._visiting.toggle_deleted()).value)

    async def _file(self, arguments: Arguments) -> Outcome:
        folder = Folder(str(arguments["folder"]))
        filed = await self._visiting.file(folder)
        return Outcome("filed", {"folder": folder.value}) if filed else Outcome("full")

    # ---- Sending

    async def _reply(self, _: Arguments) -> Outcome:
        return await self._begin_message((await self._visiting.current()).caller.number)

    async def _compose(self, arguments: Arguments) -> Outcome:
        return await self._begin_message(str(arguments["mailbox"]))

    async def _begin_message(self, number: str) -> Outcome:
        """Let the owner leave a message in somebody's mailbox, in their own name."""
        owner = self._visiting.mailbox
        if not owner.can_send:
            return Outcome("refused")
        try:
            deposit = await self._leaving.begin(number, Party(owner.number, owner.name))
        except MailboxUnknown:
            return Outcome("unknown")
        except MailboxFull:
            return Outcome("full")
        values: dict[str, Value] = {
            "mailbox_name": deposit.name,
            "max_s": deposit.max_s,
            "spool": deposit.spool,
        }
        return Outcome("ready", values)

    async def _call_back(self, _: Arguments) -> Outcome:
        caller = (await self._visiting.current()).caller
        if not self._visiting.mailbox.can_call_back:
            return Outcome("refused")
        found = await self._resolve(Treatment(TreatmentKind.EXTENSION, caller.number))
        if found is None:
            return Outcome("unknown")
        flow, mailbox = found
        return Outcome("redirect", {"redirect_flow": flow, "redirect_mailbox": mailbox})

    async def _open_forward(self, _: Arguments) -> Outcome:
        await self._drop_forward()
        self._forward = await self._visiting.open_forward()
        return Outcome("ready")

    async def _open_introduction(self, _: Arguments) -> Outcome:
        forward = self._forwarding
        spool = await forward.open_introduction()
        return Outcome("ready", {"spool": spool, "max_s": forward.max_s})

    async def _add_recipient(self, arguments: Arguments) -> Outcome:
        forward = self._forwarding
        added = await forward.add(str(arguments["mailbox"]))
        if isinstance(added, NotAdded):
            return Outcome(added.value)
        values: dict[str, Value] = {
            "mailbox_name": added.name,
            "recipients": len(forward.recipients),
        }
        return Outcome("added", values)

    async def _send_forward(self, _: Arguments) -> Outcome:
        forward, self._forward = self._forwarding, None
        reached = await forward.send()
        if not reached:
            return Outcome("none")
        all_reached = len(reached) == len(forward.recipients)
        return Outcome("sent" if all_reached else "some", {"recipients": len(reached)})

    async def _cancel_forward(self, _: Arguments) -> Outcome:
        if self._visit is None:
            raise Misuse("nobody has signed in")
        await self._drop_forward()
        return Outcome("done")

    async def _drop_forward(self) -> None:
        forward, self._forward = self._forward, None
        if forward is not None:
            await forward.cancel()

    @property
    def _visiting(self) -> Visit:
        if self._visit is None:
            raise Misuse("nobody has signed in")
        return self._visit

    @property
    def _forwarding(self) -> OpenForward:
        if self._forward is None:
            raise Misuse("no message is being passed on")
        return self._forward


def _read_out(selected: Selected, *, envelope: bool) -> dict[str, Value]:
    """A message as a flow reads it out; `envelope`: whether its caller, day and hour are told."""
    message = selected.message
    return {
        "sound": selected.sound,
        "position": selected.position,
        "total": selected.total,
        "is_new": selected.is_new,
        "is_urgent": message.urgent,
        "envelope": envelope,
        "from_number": message.caller.number,
        "from_name": message.caller.name,
        "forwarded_by": message.forwarded_by,
        "received": selected.received,
        "duration_s": round(message.duration_s),
        "deleted": selected.deleted,
    }
