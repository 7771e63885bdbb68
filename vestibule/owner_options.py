"""What an owner sets in their mailbox, bound for flows: greetings, PIN, language."""

from collections.abc import Awaitable, Callable, Mapping

from ivr.flow import Held
from ivr.operations import Outcome
from voicemail.greetings import NotEnded
from voicemail.message import GreetingKind, TooShort
from voicemail.visit import Visit

Arguments = Mapping[str, Held]


class OwnerOptions:
    """The operations of "Options". `visiting` gives the visit of whoever signed in, or raises."""

    def __init__(self, visiting: Callable[[], Visit]) -> None:
        self._visiting = visiting

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names."""
        return {
            "voicemail.welcome": self._welcome,
            "voicemail.open_greeting": self._open_greeting,
            "voicemail.keep_greeting": self._keep_greeting,
            "voicemail.discard_greeting": self._discard_greeting,
            "voicemail.hear_greeting": self._hear_greeting,
            "voicemail.erase_greeting": self._erase_greeting,
            "voicemail.end_temporary": self._end_temporary,
            "voicemail.change_pin": self._change_pin,
            "voicemail.set_language": self._set_language,
        }

    async def _welcome(self, _: Arguments) -> Outcome:
        await self._visiting().welcome()
        return Outcome("done")

    async def _open_greeting(self, arguments: Arguments) -> Outcome:
        opened = await self._visiting().open_greeting(_kind(arguments))
        return Outcome("ready", {"spool": opened.spool, "max_s": opened.max_s})

    async def _keep_greeting(self, arguments: Arguments) -> Outcome:
        kept = await self._visiting().keep_greeting(_kind(arguments))
        return Outcome("too_short" if isinstance(kept, TooShort) else "kept")

    async def _discard_greeting(self, _: Arguments) -> Outcome:
        await self._visiting().discard_greeting()
        return Outcome("done")

    async def _hear_greeting(self, arguments: Arguments) -> Outcome:
        sound = await self._visiting().greeting(_kind(arguments))
        return Outcome("nothing") if sound is None else Outcome("there", {"sound": sound})

    async def _erase_greeting(self, arguments: Arguments) -> Outcome:
        erased = await self._visiting().erase_greeting(_kind(arguments))
        return Outcome("erased" if erased else "nothing")

    async def _end_temporary(self, arguments: Arguments) -> Outcome:
        until = await self._visiting().end_temporary(str(arguments["date"]))
        if isinstance(until, NotEnded):
            return Outcome(until.value)
        return Outcome("set", {"temporary_until": until})

    async def _change_pin(self, arguments: Arguments) -> Outcome:
        pin, again = str(arguments["pin"]), str(arguments["again"])
        return Outcome((await self._visiting().change_pin(pin, again)).value)

    async def _set_language(self, arguments: Arguments) -> Outcome:
        language = str(arguments["language"])
        await self._visiting().set_language(language)
        return Outcome("done", {"language": language})


def _kind(arguments: Arguments) -> GreetingKind:
    return GreetingKind(str(arguments["kind"]))
