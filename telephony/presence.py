"""What extensions are doing, shown on the keys and lamps of telephones that watch them.

Keys subscribe to the calls of an extension (RFC 4235), softphones also to its presence (RFC 3856).

Whoever knows what an extension does says it by `changed`; everything is kept in memory, and told
at once to those who watch. Only our own telephones may: whom somebody speaks with is not for
strangers. Subscriptions outlive a restart where the line has message lamps, whose book they are
written in; other telephones subscribe anew.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from call.clock import Clock
from call.leg import Party
from call.masking import masked
from telephony.sip.agent import UserAgent
from telephony.sip.dialog_info import PACKAGE as DIALOG
from telephony.sip.dialog_info import Calls, CallStage, ShownCall
from telephony.sip.events import Output, SubscribeReceived
from telephony.sip.packages import State
from telephony.sip.pidf import PACKAGE as PIDF
from telephony.sip.pidf import Activity, Doing
from telephony.sip.replacing import DialogName

log = logging.getLogger(__name__)

WATCHED = (DIALOG, PIDF)
"""The event packages that tell what extensions do."""

Named = Callable[[str], DialogName | None]
"""From a leg's `call_id`, the dialog with its telephone; None while it is not known."""


@dataclass(frozen=True, slots=True)
class ExtensionCall:
    """One call of an extension: the leg with its telephone, or with one of those that ring.

    `called` says that the extension is called, not calling. `other` is whom it speaks with, None
    where watchers are not to know. Where `taken_by_key`, who watches may pick the call up with the
    key of a lamp while it rings; a call that is talked in is nobody else's.
    """

    call_id: str
    stage: CallStage
    called: bool
    other: Party | None = None
    taken_by_key: bool = True


class Presence:
    """What the telephones of one line may watch."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[ExtensionCall, ...]] = {}
        self._away: set[str] = set()
        self._core: UserAgent | None = None
        self._carry: Callable[[Sequence[Output]], None] = lambda outputs: None
        self._clock: Clock | None = None
        self._named: Named = lambda call_id: None
        self._trusts: Callable[[SubscribeReceived], bool] = lambda event: False

    # what the program says

    def changed(self, extension: str, calls: Sequence[ExtensionCall] | None) -> None:
        """What an extension does now: its calls, none when it is free; None when it is no more.

        Say it of each extension before the line opens, so that telephones may watch it.
        """
        if calls is None:
            self._calls.pop(extension, None)
        else:
            self._calls[extension] = tuple(calls)
        self._tell(extension)

    def reachable(self, extension: str, there: bool) -> None:
        """Whether an extension has a telephone that is registered; it has until this is said."""
        if there:
            self._away.discard(extension)
        else:
            self._away.add(extension)
        if extension in self._calls:
            self._tell(extension)

    # what the line says

    def attach(
        self,
        core: UserAgent,
        carry: Callable[[Sequence[Output]], None],
        clock: Clock,
        named: Named,
        trusts: Callable[[SubscribeReceived], bool],
    ) -> None:
        """Begin to tell; `trusts` judges whether a telephone may watch."""
        self._core, self._carry, self._clock = core, carry, clock
        self._named, self._trusts = named, trusts
        for extension in self._calls:
            self._tell(extension)

    def detach(self) -> None:
        """Tell no more."""
        self._core = None

    def asked(self, event: SubscribeReceived) -> None:
        """A telephone wants to watch an extension, or goes on watching it."""
        if self._core is None or self._clock is None:
            return
        subscriptions, now = self._core.subscriptions, self._clock.monotonic()
        if event.fresh and not self._trusts(event):
            log.info("not shown to strangers", extra={"extension": masked(event.account)})
            self._carry(subscriptions.refuse(event.ask, 403, now))
        elif event.account not in self._calls:
            self._carry(subscriptions.refuse(event.ask, 404, now))
        else:
            state = self._state(event.account, event.package)
            self._carry(subscriptions.grant(event.ask, state, now))

    def dialog_known(self, call_id: str) -> None:
        """The dialog with a telephone is named by now: it can be taken over."""
        for extension, calls in self._calls.items():
            if any(each.call_id == call_id for each in calls):
                self._tell(extension)

    def _tell(self, extension: str) -> None:
        if self._core is None or self._clock is None:
            return
        tell, now = self._core.subscriptions.tell, self._clock.monotonic()
        for package in WATCHED:
            state = self._state(extension, package) if extension in self._calls else None
            self._carry(tell(extension, state, now, package))

    def _state(self, extension: str, package: str) -> State:
        calls = self._calls[extension]
        if package == PIDF:
            return Doing(self._activity(extension, calls))
        return Calls(tuple(self._show(each) for each in calls))

    def _activity(self, extension: str, calls: Sequence[ExtensionCall]) -> Activity:
        if any(each.stage is CallStage.CONFIRMED for each in calls):
            return Activity.TALKING
        if calls:
            return Activity.RINGING
        return Activity.AWAY if extension in self._away else Activity.FREE

    def _show(self, call: ExtensionCall) -> ShownCall:
        shown = ShownCall(call.call_id, call.stage, call.called, call.other)
        rings = call.called and call.stage is not CallStage.CONFIRMED
        named = self._named(call.call_id) if call.taken_by_key and rings else None
        return replace(shown, dialog=named)
