"""The media plane in a process of its own, as call logic holds it.

The process is started by `start`, serves every slot, and is told everything through the seam. It
exits when its end of the seam is cut, so it never outlives the program, however that ended. When
it dies, the listeners of its slots are told PlaneDied, and a new one is started for new calls.
Ports are bound on this side: a call's SDP needs no answer from the other.
"""

import asyncio
import json
import logging
import os
import resource
import socket
import subprocess
import sys
from collections import deque
from dataclasses import asdict
from pathlib import Path

from call.errors import Unavailable
from call.media import MediaListener, PlaneLoad
from telephony.media import seam
from telephony.media.desk import Desk
from telephony.media.engine import MediaSettings
from telephony.media.ports import Pair, PortPairs
from telephony.media.slots import MediaMisuse

_READY_S = 60.0
_END_S = 5.0
_RESTART_S = 0.5
_SEAM_OCTETS = 1 << 20
_ROOT = Path(__file__).parents[2]

DESCRIPTORS_A_SLOT = 3
"""That the plane's process holds: two sockets and a recording."""

OTHER_DESCRIPTORS = 600
"""Of the same: the clips that are kept at hand, and what every process has."""

_log = logging.getLogger(__name__)


def slots_within(descriptors: int) -> int:
    """How many slots a process of so many descriptors at most can serve (RLIM_INFINITY: -1)."""
    if descriptors == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(1, (descriptors - OTHER_DESCRIPTORS) // DESCRIPTORS_A_SLOT)


class MediaProcess(Desk):
    """The real MediaPlane. Used from one event loop."""

    def __init__(
        self,
        host: str,
        *,
        first_port: int = 0,
        last_port: int = 0,
        settings: MediaSettings | None = None,
    ) -> None:
        """`host`: the IP address to listen on; ports from `first_port` to `last_port`, or any."""
        self._settings = settings or MediaSettings()
        super().__init__(self._settings)
        self._host = host
        self._ports = PortPairs(host, first_port, last_port)
        self._local: dict[int, int] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._record = bytearray(seam.LONGEST)
        self._view = memoryview(self._record)
        self._unsent: deque[tuple[bytes, Pair | None]] = deque()
        self._held_up = False
        self._ready = asyncio.Event()
        self._empty = asyncio.Event()
        self._stopping = False
        self._most = slots_within(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        self.priority = ""
        """What scheduling the process obtained: "SCHED_FIFO", "nice -10" or "normal"."""
        self.compiled = False
        """Whether the loops of its beat are compiled; numpy does their part else."""

    @property
    def host(self) -> str:
        return self._host

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        for probe in self._ports.bind():
            probe.close()
        self._stopping = False
        self._spawn()
        try:
            await self.restarted()
        except Unavailable:
            await self.stop()
            raise

    async def restarted(self) -> None:
        """Wait until the process takes calls, as it does again after a death.

        Raises Unavailable when it does not.
        """
        try:
            async with asyncio.timeout(_READY_S):
                await self._ready.wait()
        except TimeoutError as fault:
            raise Unavailable("the media plane does not start") from fault

    async def stop(self) -> None:
        self._stopping = True
        for slot in list(self._slots.taken):
            self.close(slot)
        for room in list(self._rooms.taken):
            self.close_room(room)
        if self._process is None:
            return
        self._empty.clear()
        self._note_empty()
        try:
            async with asyncio.timeout(_END_S):
                await self._empty.wait()
        except TimeoutError:
            _log.warning("media plane does not close its slots and rooms")
        self._cut()
        await self._reap()

    def open(self, listener: MediaListener) -> int:
        self._check_running()
        if len(self._slots.taken) >= self._most:
            raise Unavailable("no descriptors left for a call")
        slot = self._take_slot(listener)
        try:
            pair = self._ports.bind()
        except Unavailable:
            self._slots.release(slot)
            raise
        self._local[slot] = pair[0].getsockname()[1]
        self._send(("open", slot), pair)
        return slot

    def port(self, slot: int) -> int:
        if not self._slots.is_open(slot):
            raise MediaMisuse(f"slot {slot} is not open")
        return self._local[slot]

    def _post(self, name: str, *fields: object) -> None:
        self._send((name, *fields))

    def _check_running(self) -> None:
        if not self._ready.is_set() or self._stopping:
            raise Unavailable("the media plane is not running")

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (ours, theirs):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEAM_OCTETS)
        settings = json.dumps(asdict(self._settings))
        command = [sys.executable, "-m", "telephony.media", str(theirs.fileno()), settings]
        # What numpy multiplies in a beat is small: shared out over threads it would wait, on a busy
        # machine, for the one that has no processor just now.
        alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        try:
            self._process = subprocess.Popen(
                command,
                pass_fds=(theirs.fileno(),),
                cwd=_ROOT,
                env=alone,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as fault:
            ours.close()
            raise Unavailable(f"no process for the media plane: {fault.strerror}") from fault
        finally:
            theirs.close()
        self._link = ours
        asyncio.get_running_loop().add_reader(ours, self._receive)

    def _send(self, record: seam.Command, pair: Pair | None = None) -> None:
        data = seam.pack(record)
        if self._link is None:
            return
        self._unsent.append((data, pair))
        if len(self._unsent) == 1:
            self._flush()

    def _flush(self) -> None:
        link = self._link
        if link is None:
            return
        loop = asyncio.get_running_loop()
        while self._unsent:
            data, pair = self._unsent[0]
            try:
                if pair is None:
                    link.send(data)
                else:
                    socket.send_fds(link, [data], [each.fileno() for each in pair])
            except BlockingIOError:
                loop.add_writer(link, self._flush)
                self._held_up = True
                return
            except OSError:
                break  # the plane is gone; the reader is about to learn it
            self._forget_sent()
        if self._held_up:
            loop.remove_writer(link)
            self._held_up = False

    def _forget_sent(self) -> None:
        _, pair = self._unsent.popleft()
        for each in pair or ():
            each.close()

    def _receive(self) -> None:
        link = self._link
        while link is not None:
            try:
                size = link.recv_into(self._record)
            except BlockingIOError:
                return
            except OSError:
                size = 0
            if not size:
                self._die()
                return
            self._take(seam.news_of(self._view[:size]))
            link = self._link

    def _take(self, news: seam.News) -> None:
        match news:
            case seam.Told(slot, event):
                self._told(slot, event)
                self._note_empty()
            case seam.ToldOfRoom(room, event):
                self._told_of_room(room, event)
                self._note_empty()
            case PlaneLoad():
                self._load = news
            case seam.Ready(priority, compiled):
                self.priority, self.compiled = priority, compiled
                self._ready.set()
                if priority == "normal":
                    _log.warning("media plane runs at normal priority")

    def _note_empty(self) -> None:
        if not self._slots.taken and not self._rooms.taken:
            self._empty.set()

    def _die(self) -> None:
        """The other end of the seam is gone."""
        self._cut()
        self._empty.set()
        if not self._stopping:
            _log.error("media plane died", extra={"slots": len(self._slots.taken)})
            asyncio.get_running_loop().call_later(_RESTART_S, self._respawn)
        self._bereave()

    def _respawn(self) -> None:
        if self._stopping:
            return
        if self._process is not None:
            self._process.poll()
        try:
            self._spawn()
        except Unavailable:
            _log.exception("media plane cannot be restarted")
            asyncio.get_running_loop().call_later(_RESTART_S, self._respawn)

    def _cut(self) -> None:
        self._ready.clear()
        if self._link is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._link)
            loop.remove_writer(self._link)
            self._held_up = False
            self._link.close()
            self._link = None
        while self._unsent:
            self._forget_sent()

    async def _reap(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            await asyncio.to_thread(process.wait, _END_S)
        except subprocess.TimeoutExpired:
            _log.warning("media plane does not end; killed")
            process.kill()
            await asyncio.to_thread(process.wait)
