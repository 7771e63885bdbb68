"""Whatever happens to a call, in whatever order, it ends once and says nothing after."""

import asyncio
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from call.clock import VirtualClock
from call.leg import HangUpCause, HungUp, LegEvent, Party
from call.media import KeyPressed, KeySource, MediaLost, PlaneDied, PlayEnded, RecordEnded
from telephony.call_facts import CallFacts, LegSettings
from telephony.leg import NotAnswered, SipLeg
from telephony.sip.events import (
    CallConfirmed,
    CallEnded,
    InfoKey,
    OfferAnswered,
    OfferReceived,
    OfferRefused,
    TransferAsked,
)
from tests.line.plane import FakePlane
from tests.line.scripted import OFFER

NOWHERE = Path("/nonexistent/recording")


class Notebook:
    """Signals that are only written down."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def answer(self, sdp: bytes) -> None:
        self.said.append("answer")

    def reject(self, status: int) -> None:
        self.said.append("end")

    def cancel(self, *, elsewhere: bool = False) -> None:
        self.said.append("end")

    def bye(self) -> None:
        self.said.append("end")

    def accept_offer(self, sdp: bytes) -> None:
        self.said.append("accept")

    def refuse_offer(self, status: int) -> None:
        self.said.append("refuse")

    def wish_to_offer(self) -> None:
        self.said.append("wish to offer")

    def reoffer(self, sdp: bytes) -> None:
        self.said.append("reoffer")

    def ring(self) -> None:
        self.said.append("ring")

    def progress(self, sdp: bytes) -> None:
        self.said.append("progress")

    def transfer_told(self, status: int) -> None:
        self.said.append(f"transfer {status}")


class Call:
    """One leg, and everything that may happen to it, by name."""

    def __init__(self) -> None:
        self.plane = FakePlane()
        self.signals = Notebook()
        self.overs = 0
        self.closed_after = ""
        self.tasks: list[asyncio.Task[None]] = []
        self.leg = SipLeg(
            CallFacts("a", Party("4505550123"), "101", outgoing=False),
            LegSettings("192.0.2.1", close_s=0.0),
            signals=self.signals,
            plane=self.plane,
            clock=VirtualClock(),
            session_id=1,
            over=self._over,
        )
        self.leg.consider(OFFER)

    def _over(self, leg: SipLeg) -> None:
        self.overs += 1

    def happens(self, what: str) -> None:
        match what:
            case "answered":
                self.tasks.append(asyncio.ensure_future(self.leg.answer()))
            case "acknowledged":
                self.leg.told(CallConfirmed("a", None))
            case "we hang up":
                self.tasks.append(asyncio.ensure_future(self.leg.hang_up(HangUpCause.BUSY)))
            case "they hang up":
                self.leg.told(CallEnded("a", by_peer=True, status=None))
            case "plane dies":
                self.plane.slots[0].closed = True
                self.plane.tell(PlaneDied())
            case "plane hangs":
                self.plane.hangs = True
            case "silence":
                self.plane.tell(MediaLost(30.0))
            case "key":
                self.plane.tell(KeyPressed("5", KeySource.RFC4733, 1.0))
            case "info":
                self.leg.told(InfoKey("a", "5", 100))
            case "played":
                self.plane.tell(PlayEnded(1))
            case "offer":
                self.leg.told(OfferReceived("a", OFFER))
            case "bad offer":
                self.leg.told(OfferReceived("a", b"nonsense"))
            case "asked to offer":
                self.leg.told(OfferReceived("a", None))
            case "bad answer":
                self.leg.told(OfferAnswered("a", b"nonsense"))
            case "offer refused":
                self.leg.told(OfferRefused("a", 488))
            case "hold":
                self.leg.hold()
            case "ring":
                self.leg.ring()
            case "sound early":
                self.leg.progress()
            case "transfer asked":
                self.leg.told(TransferAsked("a", "102", ""))
            case _:
                self._commands(what)

    def _commands(self, what: str) -> None:
        try:
            if what == "record":
                self.leg.record(NOWHERE, max_s=9)
            elif what == "stop recording":
                self.leg.stop_recording()
            else:
                self.leg.play([], 1)
        except NotAnswered:
            assert not self.leg.up
            assert "progress" not in self.signals.said

    async def ends(self) -> list[LegEvent]:
        """Let everything finish; what was told, in order."""
        await self.leg.hang_up()
        await asyncio.gather(*self.tasks)
        events: list[LegEvent] = []
        while not events or not isinstance(events[-1], HungUp):
            events.append(await self.leg.event())
        return events


HAPPENINGS = (
    "answered", "acknowledged", "we hang up", "they hang up", "plane dies", "plane hangs",
    "silence", "key", "info", "played", "offer", "bad offer", "asked to offer", "bad answer",
    "offer refused", "hold", "record", "stop recording", "play", "ring", "sound early",
    "transfer asked",
)  # fmt: skip
FIRST = st.lists(st.just("answered"), max_size=1)


@settings(max_examples=300, deadline=None)
@given(FIRST, st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.booleans()), max_size=14))
def test_a_call_ends_once_and_says_nothing_after(
    first: list[str], then: list[tuple[str, bool]]
) -> None:
    async def live() -> None:
        call = Call()
        for what, pause in [*((each, True) for each in first), *then]:
            call.happens(what)
            if pause:
                await asyncio.sleep(0)
        async with asyncio.timeout(20):
            events = await call.ends()
        said, asked = list(call.signals.said), list(call.plane.slots[0].asked)
        for what, _ in then:
            call.happens(what)
        await asyncio.gather(*call.tasks)
        assert (call.signals.said, call.plane.slots[0].asked) == (said, asked)
        assert await call.leg.event() == await call.leg.end()  # and nothing else
        assert [type(event) for event in events].count(HungUp) == 1
        assert call.overs == 1
        assert said.count("end") <= 1
        assert call.plane.in_use == 0
        begun = asked.count("record 9")
        assert sum(isinstance(event, RecordEnded) for event in events) <= begun

    asyncio.run(live())
