"""When the outbox looks for e-mail to send, and when it leaves the database alone."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from call.clock import VirtualClock
from ivr.testing import run_in_virtual_time
from tests.voicemail.office import CAMILLE, Office, ReversedPins, SeededTokens
from tests.voicemail.test_outbox import REFUSED, ScriptedServer
from voicemail import OutboxWorker, Ports, StoreUnavailable
from voicemail.adapters.audio_formats import SoundFileFormats
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.adapters.folder_spool import FolderSpool
from voicemail.adapters.vad_ear import VadEar
from voicemail.mail import LeasedTask, MailTask, TaskKind
from voicemail.storage import Store


class Idle:
    """A store that has no e-mail for anybody; it tells when it is asked, and what is due next."""

    def __init__(self, clock: VirtualClock, due_in_s: float | None, failing: int = 0) -> None:
        self._clock = clock
        self._began = clock.now()
        self._due = None if due_in_s is None else self._began + timedelta(seconds=due_in_s)
        self._failing = failing
        self.asked_at: list[float] = []

    async def release(self, worker: str) -> None:
        self._asked()
        if self._failing:
            self._failing -= 1
            raise StoreUnavailable("disk full")

    async def claim(
        self, worker: str, now: datetime, lease: timedelta, most: int
    ) -> tuple[LeasedTask, ...]:
        self._asked()
        if self._due is not None and self._due <= now:
            self._due = None
        return ()

    async def next_due(self) -> datetime | None:
        return self._due

    def _asked(self) -> None:
        assert len(self.asked_at) < 20, "it asks without waiting"
        self.asked_at.append(round((self._clock.now() - self._began).total_seconds(), 3))


def worker_on(idle: Idle, clock: VirtualClock, folder: Path) -> OutboxWorker:
    ports = Ports(
        store=cast(Store, idle),
        sounds=FolderSounds(folder / "audio"),
        spool=FolderSpool(folder / "spool"),
        hasher=ReversedPins(),
        ear=VadEar(),
        formats=SoundFileFormats(),
        clock=clock,
        tokens=SeededTokens(),
    )
    return Office._worker(ports, folder)


def asked_within(
    folder: Path, due_in_s: float | None, hours: float, *, failing: int = 0, woken: bool = False
) -> list[float]:
    """The seconds at which a worker asks the store, over so many hours."""

    async def main(clock: VirtualClock) -> list[float]:
        idle = Idle(clock, due_in_s, failing)
        worker = worker_on(idle, clock, folder)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run())
            await asyncio.sleep(hours * 1800)
            if woken:
                worker.wake()
            await asyncio.sleep(hours * 1800)
            worker.stop()
        return idle.asked_at

    return run_in_virtual_time(main)


def test_while_nothing_is_due_it_asks_once(tmp_path: Path) -> None:
    assert asked_within(tmp_path, None, 10) == [0, 0]


def test_it_asks_again_when_something_was_added(tmp_path: Path) -> None:
    assert asked_within(tmp_path, None, 2, woken=True) == [0, 0, 3600]


def test_it_asks_again_when_something_is_due(tmp_path: Path) -> None:
    assert asked_within(tmp_path, 90, 0.04) == [0, 0, 90]


def test_it_asks_at_least_once_an_hour_in_case_the_clock_was_set(tmp_path: Path) -> None:
    assert asked_within(tmp_path, 90_000, 2.5) == [0, 0, 3600, 7200]


def test_a_database_that_does_not_answer_is_asked_again_after_half_a_minute(
    tmp_path: Path,
) -> None:
    assert asked_within(tmp_path, None, 1, failing=2) == [0, 30, 60, 60]


async def test_what_became_due_meanwhile_is_not_waited_for(
    tmp_path: Path, clock: VirtualClock
) -> None:
    class Slow(Idle):
        async def next_due(self) -> datetime | None:
            clock.advance(10)
            return await super().next_due()

    assert await worker_on(Slow(clock, 5), clock, tmp_path).work() == 0


async def test_an_email_about_a_box_that_fails_moves_no_lamp(office: Office) -> None:
    seen: list[str] = []
    await office.hire()
    office.mail_through(ScriptedServer(REFUSED), changed=seen.append)
    now = office.clock.now()
    locked = MailTask("told", TaskKind.LOCKOUT, "101", "", CAMILLE.addresses, now)
    await office.ports.store.queue(locked)
    await office.worker.work()
    assert seen == []
