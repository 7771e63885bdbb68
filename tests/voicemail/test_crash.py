"""The power goes, at every step and at random: each message is there once and mailed once."""

import asyncio
import json
import multiprocessing
import os
import random
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from call.clock import VirtualClock
from tests.voicemail.office import CALLER, Office, speak
from tests.voicemail.sounds import voice
from voicemail import Deposit, Kept, Mailbox, SoundUnavailable, Ticket
from voicemail.adapters.system_tokens import SystemTokens

P = ParamSpec("P")
T = TypeVar("T")

SPOKEN = voice(2)


class PowerCut(BaseException):
    """The program is gone, between two steps of its work."""


class Fuse:
    """Blows before or after the n-th thing asked of a port; knows what was done until then."""

    def __init__(self, step: int, *, after: bool) -> None:
        self._left = step
        self._after = after
        self.blown = False
        self.done: list[str] = []

    def arm(self, step: int, *, after: bool) -> None:
        """Count again from now on."""
        self._left, self._after = step, after

    def wired(self, port: object) -> "Wired":
        return Wired(port, self)

    async def pass_through(self, work: Callable[[], Awaitable[T]], name: str = "") -> T:
        if self.blown:
            raise PowerCut
        self._left -= 1
        self.blown = self._left < 0
        if self.blown and not self._after:
            raise PowerCut
        answer = await work()
        self.done.append(name)
        if self.blown:
            raise PowerCut
        return answer


class Wired:
    """A port behind a fuse."""

    def __init__(self, port: object, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[P, Awaitable[T]]:
        method: Callable[P, Awaitable[T]] = getattr(self._port, name)

        async def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            return await self._fuse.pass_through(lambda: method(*args, **kwargs), name)

        return guarded


def on_fuse(office: Office, fuse: Fuse) -> Office:
    ports = office.ports
    return office.on(
        store=fuse.wired(ports.store),
        sounds=fuse.wired(ports.sounds),
        spool=fuse.wired(ports.spool),
    )


async def one_call(office: Office) -> Deposit:
    """A caller leaves a message, and it is mailed."""
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, SPOKEN)
    await office.mailboxes.keep(deposit)
    await office.worker.work()
    return deposit


async def after_restart(office: Office, root: Path) -> Office:
    """What the next start does."""
    await office.close()
    restarted = await Office.open(root, office.clock)
    await restarted.mailboxes.recover()
    await restarted.ports.store.release("local")
    await restarted.worker.work()
    return restarted


STEPS = 21
"""How many things one call asks of the store, the sounds and the spool, mailing included."""


async def test_every_step_of_a_call_is_tried(office: Office) -> None:
    await office.hire()
    fuse = Fuse(STEPS, after=False)
    await one_call(on_fuse(office, fuse))
    assert not fuse.blown
    with pytest.raises(PowerCut):
        await fuse.pass_through(office.ports.store.mailboxes)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(STEPS))
async def test_whatever_the_step_a_spoken_message_is_there_once_and_mailed_once(
    tmp_path: Path, clock: VirtualClock, step: int, after: bool
) -> None:
    office = await Office.open(tmp_path, clock)
    await office.hire(Mailbox("101", "Camille", addresses=("c@example.org",), max_messages=1))
    with pytest.raises(PowerCut):
        await one_call(on_fuse(office, Fuse(step, after=after)))
    in_spool = any((tmp_path / "spool").glob("*.raw"))
    spoken = in_spool or await office.mailboxes.messages("101") != ()
    restarted = await after_restart(office, tmp_path)
    messages = await restarted.mailboxes.messages("101")
    mailed = [mail for mail in restarted.mails() if any(mail.iter_attachments())]
    assert len(messages) == len(mailed) == int(spoken)
    assert files_under(tmp_path / "spool") == []
    assert await restarted.ports.store.places("local") == ()
    for message in messages:
        heard = (await restarted.ports.sounds.local(message.sound)).read_bytes()[44:]
        assert heard == SPOKEN
    await restarted.close()


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_recording_too_short_to_keep_is_not_kept_after_a_crash_either(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(0.4))
    restarted = await after_restart(office, tmp_path / "data")
    assert await restarted.mailboxes.messages("101") == ()
    assert restarted.mails() == []
    assert files_under(tmp_path / "data" / "spool") == []
    await restarted.close()


async def test_a_sample_cut_in_two_costs_one_sample(office: Office, tmp_path: Path) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, SPOKEN + b"\x01")
    restarted = await after_restart(office, tmp_path / "data")
    (message,) = await restarted.mailboxes.messages("101")
    assert message.duration_s == 2.0
    assert message.received == deposit.ticket.started
    assert message.caller == CALLER
    await restarted.close()


async def test_a_call_under_way_is_left_alone_by_a_recovery(office: Office) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, SPOKEN)
    assert await office.mailboxes.recover() == 0
    assert isinstance(await office.mailboxes.keep(deposit), Kept)


@pytest.mark.parametrize("ticket", [None, b"", b"{}", b"[1]", b"\xff"])
async def test_sound_nobody_can_be_found_for_is_set_aside_never_deleted(
    office: Office, ticket: bytes | None
) -> None:
    spool = office.root / "spool"
    spool.mkdir()
    (spool / "lost.raw").write_bytes(SPOKEN)
    if ticket is not None:
        (spool / "lost.json").write_bytes(ticket)
    assert await office.mailboxes.recover() == 0
    assert (spool / "unclaimed" / "lost.raw").read_bytes() == SPOKEN


async def test_sound_for_a_mailbox_that_is_no_more_is_set_aside(office: Office) -> None:
    ticket = Ticket("lost", "999", CALLER, office.clock.now())
    (await office.ports.spool.open(ticket)).write_bytes(SPOKEN)
    assert await office.mailboxes.recover() == 0
    assert (office.root / "spool" / "unclaimed" / "lost.raw").read_bytes() == SPOKEN


async def test_a_disk_that_fails_costs_the_message_nothing(office: Office, tmp_path: Path) -> None:
    class Full:
        async def put(self, name: str, pcm: bytes) -> None:
            raise SoundUnavailable("no space left")

    await office.hire()
    failing = office.on(sounds=Full())
    deposit = await failing.mailboxes.open_deposit("101", CALLER)
    speak(deposit, SPOKEN)
    with pytest.raises(SoundUnavailable):
        await failing.mailboxes.keep(deposit)
    restarted = await after_restart(office, tmp_path / "data")
    assert len(await restarted.mailboxes.messages("101")) == 1
    await restarted.close()


KILLS = 20
CALLERS = 4


class Diary:
    """What callers did and heard, on disk before the next thing happens."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, event: str, id: str) -> None:
        os.write(self._file, f"{json.dumps([event, id])}\n".encode())


def read_diary(path: Path) -> set[tuple[str, str]]:
    return {(event, id) for event, id in map(json.loads, path.read_text().splitlines())}


def entries(diary: Path) -> int:
    return diary.read_bytes().count(b"\n") if diary.exists() else 0


async def until_written(diary: Path, count: int) -> None:
    """Wait until callers got so far, on however busy a machine."""
    async with asyncio.timeout(60):
        while entries(diary) < count:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.005)


async def answering_until_killed(root: Path, up: Connection) -> None:
    """A server where callers leave messages one after the other, for ever."""
    office = await Office.open(root, VirtualClock(), SystemTokens())
    await office.mailboxes.recover()
    diary = Diary(root / "diary")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(office.worker.run())
        for _ in range(CALLERS):
            tasks.create_task(caller_after_caller(office, diary))
        up.send("up")


async def caller_after_caller(office: Office, diary: Diary) -> None:
    while True:
        deposit = await office.mailboxes.open_deposit("101", CALLER)
        with deposit.spool.open("ab", buffering=0) as spool:
            for at in range(0, len(SPOKEN), 1600):
                spool.write(SPOKEN[at : at + 1600])
                await asyncio.sleep(0)
        diary.write("hung up", deposit.id)
        await office.mailboxes.keep(deposit)
        diary.write("heard the confirmation", deposit.id)
        office.worker.wake()


def server_process(root: Path, up: Connection) -> None:
    asyncio.run(answering_until_killed(root, up))


@pytest.mark.wire
async def test_killed_twenty_times_at_random_no_message_is_lost_or_doubled(tmp_path: Path) -> None:
    everybody = Mailbox("101", "Camille", addresses=("c@example.org",), max_messages=9999)
    office = await Office.open(tmp_path, VirtualClock(), SystemTokens())
    await office.ports.store.add_mailbox(everybody, "no PIN")  # past the cap: callers never stop
    await office.close()
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    chance = random.Random(20270701)
    diary = tmp_path / "diary"
    for _ in range(KILLS):
        here, there = processes.Pipe()
        before = entries(diary)
        server = processes.Process(target=server_process, args=(tmp_path, there))
        server.start()
        await asyncio.to_thread(here.poll, 30)
        await until_written(diary, before + chance.randrange(5))
        server.join(chance.uniform(0, 0.2))
        server.kill()
        server.join()
        here.close()
        there.close()
    office = await Office.open(tmp_path, VirtualClock(), SystemTokens())
    await office.mailboxes.recover()
    await office.ports.store.release("local")
    await office.worker.work()
    messages = await office.mailboxes.messages("101")
    kept = [message.id for message in messages]
    told = read_diary(diary)
    assert len(told) > KILLS
    assert {id for _, id in told} <= set(kept)
    assert len(kept) == len(set(kept))
    mailed = sorted(path.stem for path in (tmp_path / "mail").iterdir())
    assert mailed == sorted(kept)
    assert files_under(tmp_path / "spool") == []
    assert await office.ports.store.places("local") == ()
    for message in messages:
        heard = (await office.ports.sounds.local(message.sound)).read_bytes()[44:]
        assert SPOKEN.startswith(heard)
    await office.close()
