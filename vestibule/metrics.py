"""Figures of the running program for Prometheus: what was done since the start, and what is now.

What happens is counted as it happens; what is now is read when somebody asks. Nothing here knows
who called, or whom. The figures are served by a thread of their own, on an address of their own,
where the settings name one: a page takes a millisecond or two to write, and sound, which is
another process's, does not notice. `docs/metrics.md` lists them all.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from call.errors import Unavailable
from call.media import MediaStatistics, PlaneLoad
from telephony.line import LineStatistics
from telephony.record import CallRecord
from vestibule.meetings.viewing import Attendance
from voicemail.mail import Delivery

SETUP_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
TALK_S = (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
ROUND_TRIP_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1)
JITTER_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
RATINGS = (50, 60, 70, 80, 90)
"""Where the satisfaction of callers changes (ITU-T G.109)."""
OPINIONS = (1.5, 2, 2.5, 3, 3.5, 3.6, 4, 4.2, 4.3, 4.4)

HEARD, SENT = "heard", "sent"
"""Which sound of a call: that of the peer as we heard it, ours as the peer heard it."""

LOOK_EVERY_S = 15.0
"""Seconds between two counts of the e-mails that wait."""

MAILS = MappingProxyType(
    {Delivery.ACCEPTED: "sent", Delivery.DEFERRED: "deferred", Delivery.REFUSED: "given_up"}
)


class Counts:
    """The Tally of `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(f"vestibule_{name}", what, labels, registry=registry)

        def histogram(name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"vestibule_{name}", what, labels, buckets=buckets, registry=registry)

        self._ended = counter("calls_ended", "Calls that ended, by why.", "cause")
        self._setup = histogram("call_setup_seconds", "From the INVITE to its 200.", SETUP_S)
        self._talk = histogram("call_talk_seconds", "From the 200 to the end.", TALK_S)
        self._mos = histogram("call_mos", "Mean opinion score of a call.", OPINIONS, "side")
        self._rating = histogram("call_r_factor", "R of ITU-T G.107 of a call.", RATINGS, "side")
        self._trip = histogram(
            "call_round_trip_seconds", "The way to the peer and back, in the mean.", ROUND_TRIP_S
        )
        self._jitter = histogram(
            "call_jitter_seconds", "Jitter at the end of a call.", JITTER_S, "side"
        )
        self._packets = counter("packets", "RTP packets of the calls that ended.", "side")
        self._lost = counter("packets_lost", "RTP packets that did not arrive.", "side")
        self._late = counter("packets_late", "RTP packets that came too late to be heard.")
        self._kept = counter("messages_kept", "Voice messages kept.")
        self._mails = counter("mails", "E-mails, once for each recipient's answer.", "outcome")
        for side in (HEARD, SENT):
            for instrument in (self._packets, self._lost, self._mos, self._rating, self._jitter):
                instrument.labels(side)
        for outcome in MAILS.values():
            self._mails.labels(outcome)

    def over(self, call: CallRecord) -> None:
        """A call is over."""
        self._ended.labels(call.cause.value if call.cause is not None else "failed").inc()
        if call.setup_s is not None:
            self._setup.observe(call.setup_s)
        if call.talk_s is not None:
            self._talk.observe(call.talk_s)
        if call.sound is not None:
            self._sounded(call.sound)

    def _sounded(self, sound: MediaStatistics) -> None:
        self._packets.labels(SENT).inc(sound.packets_sent)
        self._packets.labels(HEARD).inc(sound.packets_received)
        self._lost.labels(HEARD).inc(sound.packets_lost)
        self._lost.labels(SENT).inc(sound.remote_lost or 0)
        self._late.inc(sound.packets_late)
        if sound.packets_received:
            self._jitter.labels(HEARD).observe(sound.jitter_ms / 1000)
        for instrument, value in (
            (self._rating.labels(HEARD), sound.r_factor),
            (self._mos.labels(HEARD), sound.mos),
            (self._rating.labels(SENT), sound.remote_r_factor),
            (self._mos.labels(SENT), sound.remote_mos),
            (self._jitter.labels(SENT), _seconds(sound.remote_jitter_ms)),
            (self._trip, _seconds(sound.round_trip_ms)),
        ):
            if value is not None:
                instrument.observe(value)

    def kept(self) -> None:
        """A message was kept."""
        self._kept.inc()

    def mailed(self, delivery: Delivery) -> None:
        """A recipient's server answered."""
        self._mails.labels(MAILS[delivery]).inc()


@dataclass(frozen=True, slots=True)
class Present:
    """Where it is read what is now."""

    line: Callable[[], LineStatistics]
    load: Callable[[], PlaneLoad]
    waiting: "MailsWaiting"
    parked: Callable[[], int] = lambda: 0
    conferences: Callable[[], Attendance] = Attendance


class MailsWaiting:
    """E-mails that wait to be sent, as counted last: the database is not asked for each page."""

    def __init__(self, ask: Callable[[], Awaitable[int]]) -> None:
        self._ask = ask
        self.count = 0

    async def look(self) -> None:
        """Count them. Raises Unavailable."""
        self.count = await self._ask()


class PresentFigures(Collector):
    """What is now, read when it is asked for. Several threads may ask."""

    def __init__(self, present: Present) -> None:
        self._present = present

    def collect(self) -> Iterator[Metric]:
        line, load = self._present.line(), self._present.load()
        yield from _of_line(line)
        yield from _of_plane(load)
        yield _gauge("calls_parked", "Callers who wait in a slot.", self._present.parked())
        yield from _of_conferences(self._present.conferences())
        yield _gauge("loop_late_seconds", "How late the event loop runs.", line.lateness_s)
        yield _gauge("mails_waiting", "E-mails that wait to be sent.", self._present.waiting.count)


def _of_line(line: LineStatistics) -> Iterator[Metric]:
    yield _gauge("calls_active", "Calls under way.", line.active)
    yield _counter("calls_taken", "Calls that were taken.", line.taken)
    refused = CounterMetricFamily(
        "vestibule_calls_refused", "Calls that were refused, by why.", labels=["reason"]
    )
    for reason, count in line.refused_as.items():
        refused.add_metric([reason], count)
    yield refused
    yield _counter("strangers_refused", "Requests of strangers answered 403.", line.strangers)
    yield _counter("strangers_ignored", "Messages of strangers not even read.", line.scanners)
    yield _gauge("overloaded", "1 while calls are refused for too much work.", line.overloaded)


def _of_plane(load: PlaneLoad) -> Iterator[Metric]:
    yield _gauge("plane_busy_ratio", "Share of its time that the media plane works.", load.busy)
    yield _gauge("plane_late_seconds", "The worst beat of the last second.", load.late_s)
    yield _counter("plane_late_beats", "Beats more than 5 ms late.", load.late_beats)
    yield _counter("plane_held_up", "How often beats were left out.", load.held_up)
    yield _gauge("plane_slots_open", "Calls that have sound.", load.slots)
    yield _gauge("plane_bridges_open", "Bridges.", load.bridges)
    yield _gauge("plane_rooms_open", "Rooms.", load.rooms)


def _of_conferences(there: Attendance) -> Iterator[Metric]:
    yield _gauge("conferences_held", "Conferences that somebody is in.", there.held)
    yield _gauge("conferences_recorded", "Conferences that are recorded.", there.recorded)
    yield _gauge("conference_people_inside", "People in a conference.", there.inside)
    yield _gauge(
        "conference_people_waiting", "People who wait for an administrator.", there.waiting
    )


class Figures:
    """The figures of one run, and their page at `address`."""

    def __init__(self, address: tuple[str, int]) -> None:
        # When a counter was made is when the program started.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotation
        self._address = address
        self.registry = CollectorRegistry()
        self.tally = Counts(self.registry)

    @asynccontextmanager
    async def served(
        self, present: Present, plane_pid: Callable[[], int | None]
    ) -> AsyncIterator[tuple[str, int]]:
        """Answer whoever asks until the block ends; gives the address bound.

        Raises Unavailable when it cannot be had.
        """
        self.registry.register(PresentFigures(present))
        ProcessCollector(registry=self.registry)
        # What no process has, 0, is left out: between the death of a plane and the next one.
        ProcessCollector(namespace="plane", pid=lambda: plane_pid() or 0, registry=self.registry)
        host, port = self._address
        try:
            server, thread = start_http_server(port, host, self.registry)
        except OSError as fault:
            raise Unavailable(f"metrics: {host}:{port}: {fault.strerror}") from fault
        try:
            yield host, server.server_port
        finally:
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            thread.join()


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"vestibule_{name}", what, value=value)


def _counter(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(f"vestibule_{name}", what, value=value)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
