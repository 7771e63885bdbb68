"""What Prometheus reads of a running program."""

import asyncio
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from call.clock import SystemClock
from call.errors import Unavailable
from call.leg import HangUpCause
from call.media import MediaStatistics, PlaneLoad
from call.sound import Law
from telephony.line import LineStatistics
from telephony.record import CallRecord
from tests.acceptance.server import configured_server
from tests.ports import free_port
from tests.wire.phone import Phone
from tests.wire.rtp_line import RtpLine
from vestibule.doctor import Verdict, examine
from vestibule.meetings.viewing import Attendance
from vestibule.metrics import Figures, MailsWaiting, Present, PresentFigures
from vestibule.settings import BadSettings, Settings, settings_from
from voicemail.mail import Delivery

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
LOAD = PlaneLoad(0.42, 0.003, 7, 1, slots=3, bridges=1, rooms=2)
LINE = LineStatistics(3, 12, 4, 5, 6, {"full": 3, "no_slot": 1}, 0.002, overloaded=True)
SOUND = MediaStatistics(
    500, 480, 20, 2, 4.0, 0, codec=Law.PCMU, r_factor=81.0, mos=4.05, round_trip_ms=60.0,
    remote_lost=3, remote_loss=0.006, remote_jitter_ms=1.5, remote_r_factor=91.0, remote_mos=4.36,
)  # fmt: skip


def _call(sound: MediaStatistics | None = SOUND, setup_s: float | None = 0.03) -> CallRecord:
    talk_s = None if setup_s is None else 45.0
    return CallRecord("c1", False, setup_s, talk_s, HangUpCause.NORMAL, True, 2, (), sound)


def _parsed(page: bytes) -> dict[str, Metric]:
    """The families of a page, by name; the parser refuses what is not in the format."""
    return {each.name: each for each in text_string_to_metric_families(page.decode())}


async def _asked(address: tuple[str, int]) -> dict[str, Metric]:
    host, port = address
    where = f"[{host}]" if ":" in host else host

    def page() -> bytes:
        with urlopen(f"http://{where}:{port}/metrics", timeout=5) as answer:
            body: bytes = answer.read()
            return body

    return _parsed(await asyncio.to_thread(page))


def _value(page: Mapping[str, Metric], name: str, **labels: str) -> float:
    (sample,) = [
        each
        for metric in page.values()
        for each in metric.samples
        if each.name == name and each.labels == labels
    ]
    return float(sample.value)


async def _nothing_waits() -> int:
    return 9


def _present() -> Present:
    return Present(
        lambda: LINE,
        lambda: LOAD,
        MailsWaiting(_nothing_waits),
        conferences=lambda: Attendance(held=4, inside=11, waiting=6, recorded=1),
    )


def _page(figures: Figures, present: Present | None = None) -> dict[str, Metric]:
    figures.registry.register(PresentFigures(present or _present()))
    return _parsed(generate_latest(figures.registry))


@pytest.fixture
def figures() -> Figures:
    return Figures(("127.0.0.1", 0))


def test_a_call_is_counted_with_how_it_was_heard_on_both_sides(figures: Figures) -> None:
    figures.tally.over(_call())
    page = _page(figures)
    assert _value(page, "vestibule_calls_ended_total", cause="normal") == 1
    assert _value(page, "vestibule_call_setup_seconds_sum") == pytest.approx(0.03)
    assert _value(page, "vestibule_call_talk_seconds_sum") == 45
    assert _value(page, "vestibule_call_mos_sum", side="heard") == pytest.approx(4.05)
    assert _value(page, "vestibule_call_mos_bucket", side="heard", le="4.0") == 0
    assert _value(page, "vestibule_call_mos_bucket", side="heard", le="4.2") == 1
    assert _value(page, "vestibule_call_r_factor_sum", side="sent") == pytest.approx(91)
    assert _value(page, "vestibule_call_round_trip_seconds_sum") == pytest.approx(0.06)
    assert _value(page, "vestibule_call_jitter_seconds_sum", side="sent") == pytest.approx(0.0015)
    assert _value(page, "vestibule_packets_total", side="sent") == 500
    assert _value(page, "vestibule_packets_lost_total", side="heard") == 20
    assert _value(page, "vestibule_packets_lost_total", side="sent") == 3
    assert _value(page, "vestibule_packets_late_total") == 2


def test_a_call_that_was_never_answered_has_no_length(figures: Figures) -> None:
    figures.tally.over(_call(MediaStatistics(0, 0, 0, 0, 0.0, 0), setup_s=None))
    page = _page(figures)
    assert _value(page, "vestibule_call_setup_seconds_count") == 0
    assert _value(page, "vestibule_call_mos_count", side="heard") == 0


async def test_what_is_now_is_read_when_it_is_asked_for(figures: Figures) -> None:
    present = _present()
    await present.waiting.look()
    page = _page(figures, present)
    assert _value(page, "vestibule_calls_active") == 3
    assert _value(page, "vestibule_calls_refused_total", reason="full") == 3
    assert _value(page, "vestibule_overloaded") == 1
    assert _value(page, "vestibule_plane_busy_ratio") == 0.42
    assert _value(page, "vestibule_plane_late_beats_total") == 7
    assert _value(page, "vestibule_plane_rooms_open") == 2
    assert _value(page, "vestibule_mails_waiting") == 9
    assert _value(page, "vestibule_conferences_held") == 4
    assert _value(page, "vestibule_conferences_recorded") == 1
    assert _value(page, "vestibule_conference_people_inside") == 11
    assert _value(page, "vestibule_conference_people_waiting") == 6


def test_messages_and_mails_are_counted(figures: Figures) -> None:
    figures.tally.kept()
    for delivery in (Delivery.ACCEPTED, Delivery.ACCEPTED, Delivery.REFUSED):
        figures.tally.mailed(delivery)
    page = _page(figures)
    assert _value(page, "vestibule_messages_kept_total") == 1
    assert _value(page, "vestibule_mails_total", outcome="sent") == 2
    assert _value(page, "vestibule_mails_total", outcome="given_up") == 1
    assert _value(page, "vestibule_mails_total", outcome="deferred") == 0


def test_the_page_about_the_figures_lists_them_all_and_no_other(figures: Figures) -> None:
    figures.tally.over(_call())
    page = _page(figures)
    rows = re.findall(
        r"^\| `(vestibule_\w+)` \| (\w+) \| (?:`(\w+)`)? ?\|", DOCS.read_text(), re.MULTILINE
    )
    served = {
        (
            metric.name + ("_total" if metric.type == "counter" else ""),
            metric.type,
            ",".join({name for each in metric.samples for name in each.labels} - {"le"}),
        )
        for metric in page.values()
        if metric.name.startswith("vestibule_")
    }
    assert set(rows) == served


def test_every_name_says_its_unit_as_prometheus_asks(figures: Figures) -> None:
    """Base units, and `_total` on counters alone."""
    page = _page(figures)
    assert not [name for name in page if re.search(r"_(ms|milliseconds|percent|minutes)$", name)]
    assert all(metric.documentation for metric in page.values())


async def test_an_address_that_is_taken_stops_the_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        figures = Figures(("127.0.0.1", taken.getsockname()[1]))
        with pytest.raises(Unavailable, match="metrics"):
            await figures.served(_present(), lambda: None).__aenter__()


async def test_the_page_goes_with_the_program(figures: Figures) -> None:
    async with figures.served(_present(), lambda: None) as address:
        await _asked(address)
    with pytest.raises(OSError, match="refused"):
        await _asked(address)


def _settings(tmp_path: Path, **metrics: str) -> Settings:
    values: dict[str, object] = {"storage": {"data": tmp_path}, "metrics": metrics}
    return settings_from(values, origin="test")


async def test_the_doctor_tells_whether_the_address_is_free(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        findings = await examine(_settings(tmp_path, listen=listen), SystemClock())
        (told,) = [each for each in findings if each.about == f"metrics.listen {listen}"]
        assert told.verdict is Verdict.BAD
    findings = await examine(_settings(tmp_path, listen="0.0.0.0:0"), SystemClock())
    (told,) = [each for each in findings if each.about.startswith("metrics.listen")]
    assert told.verdict is Verdict.NOTE


def test_a_name_is_no_address_for_figures(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"metrics\.listen"):
        _settings(tmp_path, listen="localhost:9464")


PROGRAM = """
[sip]
listen = "127.0.0.1:{port}"
[metrics]
listen = "127.0.0.1:{page}"
[media]
first_port = 0
[storage]
data = "{data}"
[[numbers]]
number = "8500"
flow = "voicemail_main"
"""


def _hears_some(line: RtpLine) -> bool:
    return len(line.arrivals) >= 10


@pytest.mark.wire
async def test_after_a_real_call_prometheus_reads_it(tmp_path: Path) -> None:
    port, page_port = free_port(), free_port()
    config = tmp_path / "vestibule.toml"
    config.write_text(PROGRAM.format(port=port, page=page_port, data=tmp_path / "data"))
    address = ("127.0.0.1", page_port)
    async with configured_server(config, f"127.0.0.1:{port}", tmp_path / "data") as server:
        async with Phone("5145550123") as phone:
            call = await phone.gets_through("8500", server.address)
            assert await asyncio.to_thread(call.line.wait, _hears_some, 60.0)
            during = await _asked(address)
            await call.hang_up()
        async with asyncio.timeout(60):
            while not _value(
                page := await _asked(address), "vestibule_call_mos_count", side="heard"
            ):
                pass
    assert _value(during, "vestibule_calls_active") == 1
    assert _value(page, "vestibule_calls_active") == 0
    assert _value(page, "vestibule_calls_taken_total") == 1
    assert _value(page, "vestibule_calls_ended_total", cause="normal") == 1
    assert _value(page, "vestibule_call_setup_seconds_count") == 1
    assert _value(page, "vestibule_packets_total", side="sent") > 0
    assert _value(page, "plane_process_cpu_seconds_total") > 0
    assert _value(page, "process_resident_memory_bytes") > 0
