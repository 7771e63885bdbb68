"""What flows may ask for, done: the names of `ivr.operations` bound to the mailboxes.

One object serves one call. It holds what the call has under way, a deposit or an owner's visit, so
that a flow can name neither a message nor a mailbox it was not let into.
"""

from collections.abc import Awaitable, Callable, Mapping

from call.errors import Misuse
from call.leg import Party
from call.sound import Recording
from ivr.flow import Held
from ivr.operations import Outcome
from ivr.prompts import Value
from vestibule.leaving import Leaving, Resolve
from voicemail.errors import LockedOut, WrongPin
from voicemail.mailboxes import Mailboxes
from voicemail.message import Folder, GreetingKind, TooShort
from voicemail.visit import Move, Nothing, Visit

Arguments = Mapping[str, Held]


class CallOperations:
    """Answers for the flows of one call. `close` it when the call is over."""

    def __init__(self, mailboxes: Mailboxes, caller: Party, resolve: Resolve) -> None:
        self._leaving = Leaving(mailboxes, caller, resolve)
        self._entrance = mailboxes.entrance(caller)
        self._visit: Visit | None = None
        self._bound: Mapping[str, Callable[[Arguments], Awaitable[Outcome]]] = {
            **self._leaving.bound,
            "voicemail.login": self._login,
            "voicemail.summary": self._summary,
            "voicemail.select": self._select,
            "voicemail.mark_heard": self._mark_heard,
            "voicemail.toggle_deleted": self._toggle_deleted,
            "voicemail.file": self._file,
            "voicemail.open_greeting": self._open_greeting,
            "voicemail.keep_greeting": self._keep_greeting,
            "voicemail.discard_greeting": self._discard_greeting,
            "voicemail.erase_greeting": self._erase_greeting,
        }

    @property
    def names(self) -> frozenset[str]:
        """Every operation that can be asked for."""
        return frozenset(self._bound)

    async def perform(self, name: str, arguments: Arguments) -> Outcome:
        """Do what a flow asks. Raises Misuse for a name nothing is bound to."""
        if name not in self._bound:
            raise Misuse(f"no operation is bound to {name!r}")
        return await self._bound[name](arguments)

    async def close(self) -> None:
        """Let nothing of the call be lost: a deposit nobody decided about is kept."""
        try:
            await self._leaving.close()
        finally:
            if self._visit is not None:
                await self._visit.discard_greeting()

    async def _login(self, arguments: Arguments) -> Outcome:
        try:
            self._visit = await self._entrance.login(
                str(arguments["mailbox"]), str(arguments["pin"])
            )
        except WrongPin:
            return Outcome("wrong")
        except LockedOut:
            return Outcome("locked")
        mailbox = self._visit.mailbox
        return Outcome("ok", {"language": mailbox.language, "name": mailbox.name})

    async def _summary(self, _: Arguments) -> Outcome:
        summary = await self._visiting.summary()
        values = {"new": summary.new, "old": summary.old, "has_temporary": summary.has_temporary}
        return Outcome("done", values)

    async def _select(self, arguments: Arguments) -> Outcome:
        selected = await self._visiting.select(Move(str(arguments["move"])))
        if isinstance(selected, Nothing):
            return Outcome(selected.value)
        message = selected.message
        values: dict[str, Value] = {
            "sound": selected.sound,
            "position": selected.position,
            "total": selected.total,
            "is_new": selected.is_new,
            "from_number": message.caller.number,
            "from_name": message.caller.name,
            "received": selected.received,
            "duration_s": round(message.duration_s),
            "deleted": selected.deleted,
        }
        return Outcome("message", values)

    async def _mark_heard(self, _: Arguments) -> Outcome:
        await self._visiting.mark_heard()
        return Outcome("done")

    async def _toggle_deleted(self, _: Arguments) -> Outcome:
        return Outcome("deleted" if await self._visiting.toggle_deleted() else "restored")

    async def _file(self, arguments: Arguments) -> Outcome:
        folder = Folder(str(arguments["folder"]))
        filed = await self._visiting.file(folder)
        return Outcome("filed", {"folder": folder.value}) if filed else Outcome("full")

    async def _open_greeting(self, arguments: Arguments) -> Outcome:
        opened = await self._visiting.open_greeting(_kind(arguments))
        return Outcome("ready", {"spool": opened.spool, "max_s": opened.max_s})

    async def _keep_greeting(self, arguments: Arguments) -> Outcome:
        recording = arguments["recording"]
        if not isinstance(recording, Recording):
            raise Misuse("voicemail.keep_greeting needs a recording")
        kept = await self._visiting.keep_greeting(_kind(arguments), recording)
        return Outcome("too_short" if isinstance(kept, TooShort) else "kept")

    async def _discard_greeting(self, _: Arguments) -> Outcome:
        await self._visiting.discard_greeting()
        return Outcome("done")

    async def _erase_greeting(self, arguments: Arguments) -> Outcome:
        erased = await self._visiting.erase_greeting(_kind(arguments))
        return Outcome("erased" if erased else "nothing")

    @property
    def _visiting(self) -> Visit:
        if self._visit is None:
            raise Misuse("nobody has signed in")
        return self._visit


def _kind(arguments: Arguments) -> GreetingKind:
    return GreetingKind(str(arguments["kind"]))
