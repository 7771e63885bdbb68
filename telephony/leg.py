"""A SIP call and its sound, as one `call.leg.Leg`.

A leg goes one way through its phases and never back:

    RINGING (they call)  -> ANSWERED (our 200, no ACK yet) -> UP -> CLOSING -> OVER
    CALLING (we call)    ------------------------------------^

Sound may flow before the answer: ours to a caller from `progress` on, the callee's network's to us
from its first description on.

Whoever ends the call first, `_close` is entered once: the slot is closed, the plane completes the
recording and says so, then HungUp is told, and nothing after it. A command that comes too late
finds the phase past UP and does nothing; so a hang-up wins every race.
"""

import asyncio
import logging
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from pathlib import Path

from call.clock import Clock
from call.errors import Misuse
from call.leg import HangUpCause, HungUp, LegEvent, Party
from call.media import (
    AddressLearned,
    Direction,
    KeyPressed,
    KeySource,
    MediaEvent,
    MediaLost,
    MediaPlane,
    MediaStatistics,
    PlaneDied,
    PlayEnded,
    RecordEnded,
    Side,
)
from call.sound import RATE, EndOfRecording
from call.telling import Telling
from telephony.agreement import Agreement
from telephony.call_facts import CallFacts, LegSettings
from telephony.causes import CAUSES, REFUSALS
from telephony.keys import KeyMerger
from telephony.leg_sound import LegSound
from telephony.offer import Negotiation
from telephony.signals import Signals
from telephony.sip.events import (
    CallAnswered,
    CallConfirmed,
    CallEnded,
    CallProgress,
    Diversion,
    InfoKey,
    OfferAnswered,
    OfferDue,
    OfferReceived,
    OfferRefused,
    SipEvent,
    TransferAsked,
)
from telephony.watcher import Transfer, Watcher

log = logging.getLogger(__name__)

MAX_UNREAD = 512
"""Events that may wait to be read; keys beyond are those of a machine, not of a finger."""


class NotAnswered(Misuse):
    """Sound was asked for before the call was answered."""


class Phase(IntEnum):
    """How far a leg has gone."""

    RINGING = 0
    CALLING = 1
    ANSWERED = 2
    UP = 3
    CLOSING = 4
    OVER = 5


class SipLeg(LegSound):
    """One call. Takes a slot of the plane when made; raises Unavailable when none is free.

    `session_id` names the session in our descriptions; `over` is called once when all is done.
    """

    def __init__(
        self,
        facts: CallFacts,
        settings: LegSettings,
        *,
        signals: Signals,
        plane: MediaPlane,
        clock: Clock,
        session_id: int,
        over: Callable[["SipLeg"], None],
    ) -> None:
        self.facts = facts
        """What was known of the call from the beginning."""
        self.watcher: Watcher | None = None
        """Who is told of hold, ringing and transfers. Without one, transfers are refused."""
        self._sounds_early = False
        self._holds = False
        self._taken_elsewhere = False
        self._signals = signals
        self._clock = clock
        self._close_s = settings.close_s
        self._tell_over = over
        self._phase = Phase.CALLING if facts.outgoing else Phase.RINGING
        self._events = Telling()
        self._settled = asyncio.Event()
        self._is_over = asyncio.Event()
        self._keys = KeyMerger()
        self._farewell: HungUp | None = None
        self.status: int | None = None
        """The SIP status that ended a call we made before it was answered; None for none yet."""
        self._limit: asyncio.TimerHandle | None = None
        self._statistics: MediaStatistics | None = None
        self.began_at = clock.monotonic()
        """When the call came, or was made, in monotonic seconds."""
        self.answered_at: float | None = None
        """When its 200 was sent, or came."""
        super().__init__(plane, self._heard)
        port = plane.port(self._slot)
        negotiation = Negotiation(
            settings.advertised, port, session_id, settings.secrecy, settings.codecs, facts.heard_at
        )
        # Connected by the plane, not by a method of the leg: what refers to each other would stay
        # until the collector comes, and it would stop every other call meanwhile.
        self._agreement = Agreement(
            facts.call_id, negotiation, signals, partial(plane.connect, self._slot)
        )

    # who and what

    @property
    def call_id(self) -> str:
        return self.facts.call_id

    @property
    def caller(self) -> Party:
        return self.facts.caller

    @property
    def dialed(self) -> str:
        return self.facts.dialed

    @property
    def outgoing(self) -> bool:
        """Whether we call."""
        return self.facts.outgoing

    @property
    def diversions(self) -> tuple[Diversion, ...]:
        """What the call was sent on from, the oldest first."""
        return self.facts.diversions

    @property
    def replaces(self) -> str:
        """The `call_id` of the leg whose place this one takes, "" for none."""
        return self.facts.replaces

    @property
    def trunk(self) -> str:
        """The trunk that carries the call, "" for none."""
        return self.facts.trunk

    @property
    def up(self) -> bool:
        """Whether sound may flow."""
        return self._phase in (Phase.ANSWERED, Phase.UP)

    @property
    def held(self) -> bool:
        """Whether the call is on hold, by either side."""
        return self._agreement.held

    @property
    def over(self) -> bool:
        """Whether HungUp was told."""
        return self._phase is Phase.OVER

    @property
    def farewell(self) -> HungUp | None:
        """How it ends; known from its closing on."""
        return self._farewell

    @property
    def keys(self) -> KeyMerger:
        """The presses of this call, counted, and the ways they were told."""
        return self._keys

    @property
    def statistics(self) -> MediaStatistics | None:
        """How the sound went; known when the leg is over."""
        return self._statistics

    # the call

    def consider(self, offer: bytes | None) -> None:
        """Prepare our description: the answer to `offer`, or our own offer when there is none.

        Raises MalformedDescription or NoCommonCodec; the call is then to be refused.
        """
        self._agreement.consider(offer)

    @property
    def description(self) -> bytes:
        """What `consider` prepared."""
        return self._agreement.description

    def ring(self) -> None:
        """Tell the caller that it rings, while the call is not answered."""
        if self._phase is Phase.RINGING:
            self._signals.ring()

    def progress(self) -> bool:
        """Let sound flow before the answer.

        The caller then hears what is played and whom it is bridged with, and pays nothing (183).
        False where a caller described no sound of its own: it waits for the answer.
        """
        if self._phase is not Phase.RINGING:
            return self.up
        if not self._sounds_early and self._agreement.reached:
            self._sounds_early = True
            self._agreement.connect()
            self._signals.progress(self._agreement.description)
        return self._sounds_early

    async def answer(self) -> None:
        """Take the call; where we call, wait until it is taken. Returns too when it ends."""
        if self._phase is Phase.RINGING:
            self._phase = Phase.ANSWERED
            self.answered_at = self._clock.monotonic()
            # Before the 200: its answer may be sound that overtakes the ACK.
            self._agreement.connect()
            self._signals.answer(self._agreement.description)
        await self._settled.wait()

    async def event(self) -> LegEvent:
        return await self._events.next()

    async def end(self) -> HungUp:
        return await self._events.end()

    async def hang_up(self, cause: HangUpCause = HangUpCause.NORMAL) -> None:
        if self._phase < Phase.CLOSING:
            self._end(cause)
        await self._is_over.wait()

    def taken_elsewhere(self) -> None:
        """Somebody else took the call: when this telephone stops ringing, it shows none missed."""
        self._taken_elsewhere = True

    def refuse(self, status: int) -> None:
        """Refuse a call that nobody will attend to, with a SIP status."""
        if self._phase is Phase.RINGING:
            self._phase = Phase.CLOSING
            self._signals.reject(status)
            self._close(HungUp(HangUpCause.REJECTED, by_caller=False))

    def hold(self) -> None:
        """Tell the peer that we do not listen; `unhold` undoes it. Nothing when not up."""
        self._reoffer(Direction.SENDONLY)

    def unhold(self) -> None:
        """Let sound flow both ways again."""
        self._reoffer(Direction.SENDRECV)

    def _reoffer(self, direction: Direction) -> None:
        if self._phase is Phase.UP:
            self._agreement.offer_again(direction)

    def transfer_told(self, status: int) -> None:
        """Tell the telephone how the transfer goes that it asked for, in SIP statuses.

        A final one is the last. It is told after the leg is over, too: who transfers hangs up.
        """
        self._signals.transfer_told(status)

    # what it takes for sound to flow

    def _may_sound(self) -> bool:
        if self._phase < Phase.ANSWERED and not self._sounds_early:
            raise NotAnswered(self.call_id)
        return self._lasts

    @property
    def _lasts(self) -> bool:
        return self._phase <= Phase.UP

    # what the plane tells

    def _heard(self, event: MediaEvent) -> None:
        match event:
            case KeyPressed():
                self._key(event)
            case PlayEnded() if self._lasts:
                self._events.tell(event)
            case RecordEnded():
                self._recorded(event)
            case MediaLost() if self.up and not self.held:
                log.info("no sound arrives", extra={"call_id": self.call_id})
                self._end(HangUpCause.MEDIA_LOST)
            case MediaStatistics():
                self._statistics = event
                self._finish()
            case PlaneDied():
                self._bereave()
            case AddressLearned():
                log.debug("sound comes from elsewhere", extra={"call_id": self.call_id})
            case _:
                pass

    def _key(self, report: KeyPressed) -> None:
        press = self._keys.take(report) if self.up else None
        if press is None:
            return
        if report.source is KeySource.SIP_INFO:
            self._press_across(press.key)
        if len(self._events) < MAX_UNREAD:
            self._events.tell(press)

    def _press_across(self, key: str) -> None:
        """Press a key told in signalling on the leg that this one is bridged with.

        Keys in the sound go across in the plane, and most telephones tell a key both ways if they
        ever do: who has pressed one that the plane heard presses none here.
        """
        heard = self._keys.reports(KeySource.RFC4733) + self._keys.reports(KeySource.INBAND)
        other = self._pressed_too
        if other is not None and other.up and not heard:
            other.send_keys(key)

    def _recorded(self, event: RecordEnded) -> None:
        if self._phase is Phase.OVER:
            return
        if self._recording is not None and self._recording[0] == event.path:
            self._recording = None  # else it is the one that a newer one took the place of
        self._events.tell(event)

    def _bereave(self) -> None:
        """The slot is gone, most often with the plane: end the call without asking it anything."""
        if self._phase < Phase.CLOSING:
            log.error("the media plane holds the call no more", extra={"call_id": self.call_id})
            phase, self._phase = self._phase, Phase.CLOSING
            self._farewell = HungUp(HangUpCause.FAILED, by_caller=False)
            self._signal_end(phase, HangUpCause.FAILED)
        self._finish()

    # what the SIP core tells

    def told(self, event: SipEvent) -> None:
        """Take what happened to this call. Nothing counts any more once it is closing."""
        if self._phase >= Phase.CLOSING:
            return
        match event:
            case CallConfirmed():
                self._confirmed(event.answer)
            case OfferReceived():
                self._offered_again(event.offer)
            case OfferAnswered():
                self._read_answer(event.answer)
            case OfferDue():
                self._agreement.offer_due()
            case OfferRefused():
                self._agreement.withdraw()
            case InfoKey():
                at = self._clock.monotonic() - event.duration_ms / 1000
                self._key(KeyPressed(event.key, KeySource.SIP_INFO, at))
            case TransferAsked():
                self._transfer_asked(Transfer(event.target, event.replaces))
            case CallProgress():
                self._rings(event)
            case CallAnswered():
                self._taken(event.answer)
            case CallEnded():
                self.status = event.status
                self._close(HungUp(self._cause(event), by_caller=event.by_peer))
            case _:
                pass

    def _confirmed(self, answer: bytes | None) -> None:
        if answer is not None and not self._read_answer(answer):
            return
        if not self._agreement.reached:
            # The peer acknowledged our offer without answering it: there is no session.
            self._end(HangUpCause.FAILED)
            return
        self._phase = Phase.UP
        self._settled.set()

    def _taken(self, answer: bytes | None) -> None:
        """The callee took the call; its answer may already have come with early media."""
        self._phase = Phase.UP
        self.answered_at = self._clock.monotonic()
        self._confirmed(answer)

    def _read_answer(self, answer: bytes) -> bool:
        """Take the answer to our offer; an unusable one ends the call."""
        if self._agreement.read_answer(answer):
            self._see_hold()
            return True
        self._end(HangUpCause.FAILED)
        return False

    def _offered_again(self, offer: bytes | None) -> None:
        if self.up:
            self._agreement.answer_again(offer)
            self._see_hold()
        else:
            self._signals.refuse_offer(488)

    def _see_hold(self) -> None:
        holds = self._agreement.peer_holds
        if holds is not self._holds:
            self._holds = holds
            if self.watcher is not None:
                self.watcher.held(self, holds)

    def _rings(self, event: CallProgress) -> None:
        early = self.facts.early and event.body is not None
        if early and event.body is not None:
            self._agreement.read_early(event.body)
        if self.watcher is not None:
            self.watcher.rings(self, early)

    def _transfer_asked(self, transfer: Transfer) -> None:
        if self.watcher is None:
            self.transfer_told(603)
        else:
            self.watcher.transfer_asked(self, transfer)

    def _cause(self, event: CallEnded) -> HangUpCause:
        if self._phase is Phase.CALLING and event.status is not None:
            return CAUSES.get(event.status, HangUpCause.FAILED)
        # By neither side: no ACK came, or the session timer ran out.
        return HangUpCause.NORMAL if event.by_peer else HangUpCause.UNAVAILABLE

    # the end

    def _end(self, cause: HangUpCause) -> None:
        phase, self._phase = self._phase, Phase.CLOSING
        self._signal_end(phase, cause)
        self._close(HungUp(cause, by_caller=False))

    def _signal_end(self, phase: Phase, cause: HangUpCause) -> None:
        match phase:
            case Phase.RINGING:
                self._signals.reject(REFUSALS[cause])
            case Phase.CALLING:
                self._signals.cancel(elsewhere=self._taken_elsewhere)
            case _:
                self._signals.bye()

    def _close(self, farewell: HungUp) -> None:
        """Close the slot; what it still has to tell comes before HungUp."""
        self._farewell = farewell
        self._phase = Phase.CLOSING
        self._settled.set()
        self._part()
        loop = asyncio.get_running_loop()
        self._limit = loop.call_later(self._close_s, self._finish)
        self._plane.close(self._slot)

    def _finish(self) -> None:
        if self._phase is not Phase.CLOSING or self._farewell is None:
            return
        if self._limit is not None:
            self._limit.cancel()
        if self._recording is not None:
            self._events.tell(_salvage(*self._recording))
        self._phase = Phase.OVER
        self._settled.set()
        self._events.tell(self._farewell)
        self._is_over.set()
        self._tell_over(self)


def _salvage(path: Path, side: Side) -> RecordEnded:
    """What a plane that cannot tell any more has left on disk: all of it counts as speech."""
    octets = path.stat().st_size if path.exists() else 0
    seconds = octets / (2 * side.channels * RATE)
    return RecordEnded(path, seconds, speech_s=seconds, ended_by=EndOfRecording.HANG_UP)
