"""When ports or descriptors run out, a call is refused whole, and the others do not notice."""

import os
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from call.errors import Unavailable
from call.media import MediaStatistics, PlaneDied
from telephony.media.engine import MediaSettings
from telephony.media.process import DESCRIPTORS_A_SLOT, MediaProcess, slots_within
from tests.media.test_process import Ear, call_of
from tests.ports import free_ports

pytestmark = pytest.mark.wire


@pytest.fixture
async def plane() -> AsyncIterator[MediaProcess]:
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=8))
    await plane.start()
    yield plane
    await plane.stop()


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextmanager
def _no_more_descriptors(pid: int) -> Iterator[None]:
    """Let a process open nothing more for a while."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


async def test_when_ports_run_out_a_call_is_refused_and_taken_when_one_is_free() -> None:
    first = free_ports(4)
    settings = MediaSettings(slots=8)
    plane = MediaProcess("127.0.0.1", first_port=first, last_port=first + 3, settings=settings)
    await plane.start()
    try:
        ears = [Ear(), Ear()]
        slots = [plane.open(ear) for ear in ears]
        before = _descriptors(os.getpid())
        for _ in range(20):  # more often than there are slots: none is left half open
            with pytest.raises(Unavailable, match="no free pair of ports"):
                plane.open(Ear())
        assert _descriptors(os.getpid()) <= before
        plane.close(slots[0])
        await ears[0].hears(MediaStatistics)
        plane.open(Ear())
    finally:
        await plane.stop()


async def test_when_our_descriptors_run_out_a_call_is_refused_and_nothing_leaks(
    plane: MediaProcess,
) -> None:
    phone, slot = await call_of(plane, Ear())
    await phone.hears(2)
    before = _descriptors(os.getpid())
    with _no_more_descriptors(os.getpid()):
        for _ in range(20):
            with pytest.raises(Unavailable, match="no socket"):
                plane.open(Ear())
    assert _descriptors(os.getpid()) == before
    await phone.hears(2)
    assert plane.open(Ear()) != slot
    phone.transport.close()


async def test_when_the_planes_descriptors_run_out_that_call_ends_and_the_others_go_on(
    plane: MediaProcess,
) -> None:
    phone, _ = await call_of(plane, Ear())
    await phone.hears(2)
    assert plane.pid is not None
    unlucky = Ear()
    with _no_more_descriptors(plane.pid):
        slot = plane.open(unlucky)
        assert await unlucky.hears(PlaneDied) == PlaneDied()
        plane.stop_playing(slot)  # crossing the news: no harm
    await phone.hears(10)
    later, _ = await call_of(plane, Ear())
    await later.hears(2)
    phone.transport.close()
    later.transport.close()


def test_no_more_slots_are_taken_than_there_are_descriptors_for() -> None:
    assert slots_within(resource.RLIM_INFINITY) > 1_000_000
    assert slots_within(524_288) > 100_000
    few = slots_within(1024)
    assert 100 < few < 1024 // DESCRIPTORS_A_SLOT
    assert slots_within(10) == 1


async def test_a_plane_with_few_descriptors_refuses_before_it_runs_out(
    plane: MediaProcess,
) -> None:
    plane._most = 2
    for _ in range(2):
        plane.open(Ear())
    with pytest.raises(Unavailable, match="no descriptors left"):
        plane.open(Ear())
