"""The SIP line: calls come in as legs, each attended by one supervised task.

The line joins what knows nothing of each other: the SIP core, the sockets, the media plane, the
door, and whoever attends to calls. It owns every leg and every task, and nothing of a call
outlives it. The plane is shared with others: it is started and stopped by whoever made it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from call.clock import Clock
from call.errors import Misuse, Unavailable
from call.leg import HangUpCause, Party
from call.masking import masked
from call.media import Address, Codec, MediaPlane
from telephony.access import AccessPolicy, Doorkeeper, Outcome
from telephony.admission import Admission, Refusal
from telephony.call_facts import CallFacts, LegSettings
from telephony.codecs import NARROW
from telephony.crypto import UNENCRYPTED, Secrecy
from telephony.heartbeat import Heartbeat
from telephony.lamps import Lamps
from telephony.leg import SipLeg
from telephony.legs import Legs
from telephony.overload import Load
from telephony.presence import WATCHED, Presence
from telephony.record import CallRecord
from telephony.signals import CallSignals, Wire
from telephony.sip.agent import UserAgent
from telephony.sip.core import Local, SessionPolicy, Tokens
from telephony.sip.digest import Credentials
from telephony.sip.diverting import write_diversions
from telephony.sip.events import (
    Binding,
    BindingEvent,
    CallProgress,
    Diversion,
    IncomingCall,
    LampEvent,
    Peer,
    RegistrationHeld,
    RegistrationLost,
    SipEvent,
    SubscribeReceived,
    TransferAsked,
)
from telephony.sip.fields import parse_uri
from telephony.sip.message import Pairs
from telephony.sip.replacing import DialogName
from telephony.sip.transaction import Times
from telephony.telephones import Telephones
from telephony.trunks import Trunks

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a line presents itself, and whom it lets in.

    `advertised` is the address put into Contact and into descriptions; "" takes the one we listen
    on, which must then be a real one. `close_s` is the seconds the media plane is given to
    complete a recording when a call ends; `grace_s` what an operation is given to end after it;
    `linger_s` what peers are given to acknowledge the last BYE, sent again meanwhile.
    """

    advertised: str = ""
    product: str = "Vestibule"
    access: AccessPolicy = field(default_factory=AccessPolicy)
    session: SessionPolicy = field(default_factory=SessionPolicy)
    times: Times = field(default_factory=Times)
    close_s: float = 5.0
    grace_s: float = 5.0
    linger_s: float = 1.0


@dataclass(frozen=True, slots=True)
class LineStatistics:
    """What a line has done since its start, and does now."""

    active: int
    taken: int
    refused: int
    strangers: int
    scanners: int
    refused_as: Mapping[str, int]
    """Calls refused, by why; strangers and scanners apart."""
    lateness_s: float
    """How late the event loop runs."""
    overloaded: bool
    """Whether calls are refused just now because there is too much to do."""


def _nobody_asks(_: CallRecord) -> None:
    """No book is kept of the calls; the log tells of each."""


NO_ROOM = (Outcome.FULL, Outcome.OVERLOADED, Outcome.DRAINING)
"""Why the door refuses a call of somebody who may call."""


class NoAdvertisedAddress(Misuse):
    """Peers would be told an address they cannot send to."""


class SipLine:
    """A line others call, and can be called from.

    `on_call` attends to one call: it answers the leg, and returns or raises when done; the leg is
    hung up then if it is not yet. `accepts` tells whether a dialled number exists. `secrecy` is
    what we want encrypted, `codecs` what we take, as we offer it. `over` is told of each leg at its
    end.
    """

    def __init__(
        self,
        settings: LineSettings,
        wire: Wire,
        plane: MediaPlane,
        clock: Clock,
        tokens: Tokens,
        on_call: Callable[[SipLeg], Awaitable[None]],
        accepts: Callable[[str], bool],
        lamps: Lamps | None = None,
        *,
        trunks: Trunks | None = None,
        accounts: Telephones | None = None,
        secrecy: Secrecy = UNENCRYPTED,
        codecs: Sequence[Codec] = NARROW,
        over: Callable[[CallRecord], None] = _nobody_asks,
    ) -> None:
        self._settings = settings
        self._wire = wire
        self._plane = plane
        self._clock = clock
        self._tokens = tokens
        self._on_call = on_call
        self._lamps = lamps
        self._trunks = trunks
        self._accounts = accounts
        advertised = settings.advertised or plane.host
        legs = LegSettings(advertised, settings.close_s, secrecy, tuple(codecs))
        self._legs = Legs(plane, clock, legs, over)
        self._door = Doorkeeper(settings.access, self._load)
        self._admission = Admission(self._legs, self._door, accepts, trunks, accounts)
        self._heartbeat = Heartbeat(self._look)
        self.presence = Presence()
        """What telephones see of extensions on their keys and lamps."""
        self._core: UserAgent | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._taken = 0
        self._refusals: Counter[str] = Counter()
        self._overloaded_since: float | None = None

    async def start(self) -> Address:
        """Listen; gives the address bound.

        Raises Unavailable when it cannot be had, and NoAdvertisedAddress.
        """
        _check_reachable(self._settings.advertised or self._plane.host)
        host, port = await self._wire.open()
        contact = self._settings.advertised or host
        try:
            _check_reachable(contact)
        except NoAdvertisedAddress:
            await self._wire.close()
            raise
        self._core = UserAgent(
            Local(contact, port, self._settings.product),
            self._tokens,
            gate=self._door.judge,
            times=self._settings.times,
            session=self._settings.session,
            lamps=self._lamps is not None,
            presence=True,
            registers=self._accounts is not None,
            stands_for=self._admission.stands_for,
        )
        if self._lamps is not None:
            await self._lamps.load()
        if self._accounts is not None:
            self._door.post(self._accounts.guard(self._tokens.token))
            await self._accounts.load()
        self._wire.attach(self._core, self._told, self._door.hears)
        if self._lamps is not None:
            await self._lamps.start(self._core, self._wire.carry, self._clock, self._door.expect)
        self.presence.attach(
            self._core, self._wire.carry, self._clock, self._dialog_of, self._may_watch
        )
        if self._accounts is not None:
            self._accounts.start(self._core, self._wire.carry, self._clock, self._door.welcome)
        if self._trunks is not None:
            self._door.trust(self._trunks.may_call)
            await self._trunks.start(self._core, self._wire.carry, self._clock, self._door.expect)
        self._heartbeat.start()
        log.info("line open", extra={"host": host, "port": port})
        return host, port

    async def drain(self, limit_s: float) -> None:
        """Take no more calls, and wait for those under way; after `limit_s` seconds end them."""
        self._door.draining = True
        log.info("line draining", extra={"active": self.active})
        # Those that nobody attends to any more talk with each other.
        ends = [asyncio.ensure_future(leg.end()) for leg in self._legs]
        if ends or self._tasks:
            await asyncio.wait([*ends, *self._tasks], timeout=limit_s)
        for end in ends:
            end.cancel()
        await self.stop()

    async def stop(self) -> None:
        """End every call, give each task its time, close the sockets. May be repeated."""
        self._door.draining = True
        await asyncio.gather(*(leg.hang_up(HangUpCause.SHUTDOWN) for leg in self._legs))
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._settings.grace_s)
            for task in late:
                log.warning("call cut short", extra={"task": task.get_name()})
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._linger()
        if self._trunks is not None:
            await self._trunks.stop()
        if self._accounts is not None:
            await self._accounts.stop()
        if self._lamps is not None:
            await self._lamps.stop()
        self.presence.detach()
        if self._core is not None:
            log.info("line closed", extra={"taken": self._taken})
        self._core = None
        self._heartbeat.stop()
        await self._wire.close()

    async def _linger(self) -> None:
        """Wait until every BYE is answered: one that is lost would leave its caller in silence."""
        limit = self._clock.monotonic() + self._settings.linger_s
        while self._core is not None and self._core.calls and self._clock.monotonic() < limit:
            await self._heartbeat.next()

    @property
    def active(self) -> int:
        """How many calls are under way."""
        return len(self._legs)

    @property
    def overloaded(self) -> bool:
        """Whether calls are refused just now because there is too much to do."""
        return self._overloaded_since is not None

    @property
    def statistics(self) -> LineStatistics:
        """What was done until now."""
        refused = {each.value: self._door.count(each) for each in NO_ROOM} | self._refusals
        return LineStatistics(
            active=self.active,
            taken=self._taken,
            refused=sum(refused.values()),
            strangers=self._door.count(Outcome.STRANGER),
            scanners=self._door.count(Outcome.SCANNER),
            refused_as=refused,
            lateness_s=self._heartbeat.lateness_s,
            overloaded=self.overloaded,
        )

    def dial(
        self,
        target: str,
        *,
        peer: Peer,
        from_uri: str,
        caller: Party,
        credentials: Credentials | None = None,
        diversions: Sequence[Diversion] = (),
        early: bool = True,
        headers: Pairs = (),
        heard_within_s: float | None = None,
        trunk: str = "",
    ) -> SipLeg:
        """Call `target` (a SIP URI) by way of `peer`; the leg's `answer` waits until it is taken.

        `diversions` are what the call was sent on from, the oldest first. Without `early`, sound
        that the callee's network sends before the answer is not heard. `headers` go with it as
        they are. Where nothing at all is heard within `heard_within_s` seconds, the leg ends. It
        counts as a call of `trunk`.

        Raises Unavailable when the line is not open or no slot is free. The leg is the caller's
        to attend to and to hang up.
        """
        if self._core is None or self._door.draining:
            raise Unavailable("the line takes no calls")
        self._door.expect(peer.host)
        signals = CallSignals(self._core, self._wire, self._clock)
        facts = CallFacts(
            self._tokens.token(),
            caller,
            target,
            outgoing=True,
            diversions=tuple(diversions),
            early=early,
            heard_at=peer.host if self._admission.lives_at(peer) else "",
            trunk=trunk,
        )
        leg = self._legs.make(facts, signals)
        leg.consider(None)
        signals.call, outputs = self._core.invite(
            target,
            from_uri=from_uri,
            display_name=caller.name,
            sdp=leg.description,
            credentials=credentials,
            peer=peer,
            now=self._clock.monotonic(),
            headers=(*headers, *write_diversions(diversions, target, parse_uri(from_uri).host)),
            heard_within_s=heard_within_s,
        )
        self._legs.keep(signals.call, leg)
        log.info("call made", extra={"call_id": leg.call_id, "to": masked(target)})
        self._wire.carry(outputs)
        return leg

    def calls_on(self, trunk: str) -> int:
        """How many calls a trunk carries just now, either way."""
        return self._legs.on(trunk)

    def leg(self, call_id: str) -> SipLeg | None:
        """The leg of that `call_id`, while it is there."""
        return self._legs.named(call_id)

    def telephones(self, user: str) -> Sequence[Binding]:
        """Where the telephones of an account can be reached just now, the preferred first.

        `dial` calls one: its `uri` by way of its `peer`.
        """
        return () if self._accounts is None else self._accounts.at(user)

    # what the core tells

    def _told(self, event: SipEvent) -> None:
        if isinstance(event, IncomingCall):
            self._invited(event)
        elif isinstance(event, SubscribeReceived) and event.package in WATCHED:
            self.presence.asked(event)
        elif isinstance(event, LampEvent):
            if self._lamps is not None:
                self._lamps.told(event)
        elif isinstance(event, RegistrationHeld | RegistrationLost):
            if self._trunks is not None:
                self._trunks.told(event)
        elif isinstance(event, BindingEvent):
            if self._accounts is not None:
                self._accounts.told(event)
        elif isinstance(event, TransferAsked):
            self._transfer_asked(event)
        elif (leg := self._legs.of(event.call)) is not None:
            leg.told(event)
            if isinstance(event, CallProgress):
                self.presence.dialog_known(leg.call_id)

    def _dialog_of(self, call_id: str) -> DialogName | None:
        call = self._legs.call_of(call_id)
        return self._core.dialog_of(call) if self._core is not None and call is not None else None

    def _may_watch(self, event: SubscribeReceived) -> bool:
        return event.user != "" or self._door.vouches_for(event.source.host)

    def _transfer_asked(self, event: TransferAsked) -> None:
        """Legs know each other by `call_id`, and nothing of the names that the core gives."""
        leg, replaced = self._legs.of(event.call), self._legs.of(event.replaces)
        if leg is not None:
            name = replaced.call_id if replaced is not None else ""
            leg.told(replace(event, replaces=name))

    def _invited(self, event: IncomingCall) -> None:
        if self._core is None:
            return
        event, trunk = self._admission.read(event)
        signals = CallSignals(self._core, self._wire, self._clock, event.call)
        fields = {
            "call_id": event.call,
            "sip_call_id": event.sip_call_id,
            "from": masked(event.caller.number),
            "to": masked(event.dialed),
        } | ({"trunk": trunk} if trunk else {})
        leg = self._admission.admit(event, trunk, signals)
        if isinstance(leg, Refusal):
            self._refusals[leg.counted_as] += 1
            log.info("call refused", extra={**fields, "status": leg.status, "why": leg.why})
            retry = str(self._settings.access.retry_after_s)
            signals.reject(leg.status, (("Retry-After", retry),) if leg.status == 503 else ())
            return
        self._taken += 1
        log.info("call taken", extra=fields)
        signals.ring()
        self._attend(leg)

    # who attends

    def _attend(self, leg: SipLeg) -> None:
        task = asyncio.get_running_loop().create_task(
            self._supervise(leg), name=f"call {leg.call_id}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _supervise(self, leg: SipLeg) -> None:
        cause = HangUpCause.NORMAL
        try:
            await self._on_call(leg)
        except Exception:
            log.exception("call failed", extra={"call_id": leg.call_id})
            cause = HangUpCause.FAILED
        await leg.hang_up(cause)

    # how much there is to do

    def _load(self) -> Load:
        plane = self._plane.load
        lateness_s = max(self._heartbeat.lateness_s, self._wire.behind_s)
        return Load(self.active, lateness_s, plane.busy, plane.late_s)

    def _look(self) -> None:
        """Say when the door closes because there is too much to do, and when it opens again."""
        now = self._clock.monotonic()
        overloaded, since = self._door.look(now), self._overloaded_since
        if overloaded and since is None:
            self._overloaded_since = now
            log.warning("overloaded: calls are refused", extra=_told(self._load()))
        elif not overloaded and since is not None:
            self._overloaded_since = None
            log.warning("calls are taken again", extra={"seconds": round(now - since, 1)})


def _told(load: Load) -> dict[str, object]:
    return {
        "active": load.calls,
        "busy": round(load.busy, 2),
        "plane_late_ms": round(load.plane_late_s * 1000, 1),
        "loop_late_ms": round(load.lateness_s * 1000, 1),
    }


def _check_reachable(host: str) -> None:
    """What peers are told must be one real address: `0.0.0.0` in a description means hold."""
    try:
        real = not ip_address(host).is_unspecified
    except ValueError:
        real = False
    if not real:
        raise NoAdvertisedAddress(f"{host!r} cannot be sent to: say which address to advertise")
