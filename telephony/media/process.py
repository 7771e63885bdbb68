"""The media plane in a process of its own, as call logic holds it.

The process is started by `start`, serves every slot, and is told everything through the seam. It
exits when its end of the seam is cut, so it never outlives the program, however that ended. When
it dies, the listeners of its slots are told PlaneDied, and a new one is started for new calls.
Ports are bound on this side: a call's SDP needs no answer from the other.
"""

import asyncio
import json
import logging
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path

from call.errors import Misuse, Unavailable
from call.media import MediaListener, MediaStatistics, PlaneDied, Stream
from call.sound import Clip
from telephony.media import seam
from telephony.media.engine import MediaMisuse, MediaSettings
from telephony.media.ports import Pair, PortPairs

_READY_S = 15.0
_END_S = 5.0
_RESTART_S = 0.5
_SEAM_OCTETS = 1 << 20
_ROOT = Path(__file__).parents[2]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Taken:
    listener: MediaListener
    port: int
    closing: bool = False


class MediaProcess:
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
        self._host = host
        self._settings = settings or MediaSettings()
        self._ports = PortPairs(host, first_port, last_port)
        self._taken: dict[int, _Taken] = {}
        self._free = deque(range(self._settings.slots))
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._record = bytearray(seam.LONGEST)
        self._unsent: deque[tuple[bytes, Pair | None]] = deque()
        self._ready = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._stopping = False
        self.priority = ""
        """What scheduling the process obtained: "SCHED_FIFO", "nice -10" or "normal"."""

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
        for slot in list(self._taken):
            self.close(slot)
        if self._process is None:
            return
        try:
            async with asyncio.timeout(_END_S):
                await self._empty.wait()
        except TimeoutError:
            _log.warning("media plane does not close its slots")
        self._cut()
        await self._reap()

    def open(self, listener: MediaListener) -> int:
        if not self._ready.is_set() or self._stopping:
            raise Unavailable("the media plane is not running")
        if not self._free:
            raise Unavailable("every media slot is taken")
        pair = self._ports.bind()
        slot = self._free.popleft()
        self._taken[slot] = _Taken(listener, pair[0].getsockname()[1])
        self._empty.clear()
        self._send(["open", slot], pair)
        return slot

    def port(self, slot: int) -> int:
        taken = self._taken.get(slot)
        if taken is None:
            raise MediaMisuse(f"slot {slot} is not open")
        return taken.port

    def connect(self, slot: int, stream: Stream) -> None:
        try:
            ip_address(stream.remote[0])
        except ValueError as fault:
            raise MediaMisuse("a stream goes to an IP address, not to a name") from fault
        self._command(slot, "connect", *seam.stream_fields(stream))

    def play(self, slot: int, clips: Sequence[Clip], ticket: int) -> None:
        self._command(slot, "play", ticket, seam.clip_fields(clips))

    def stop_playing(self, slot: int) -> None:
        self._command(slot, "stop_playing")

    def skip(self, slot: int, seconds: float) -> None:
        self._command(slot, "skip", seconds)

    def pause(self, slot: int) -> None:
        self._command(slot, "pause")

    def resume(self, slot: int) -> None:
        self._command(slot, "resume")

    def record(
        self, slot: int, path: Path, *, max_s: float, final_silence_s: float | None = None
    ) -> None:
        self._command(slot, "record", str(path.absolute()), max_s, final_silence_s)

    def stop_recording(self, slot: int) -> None:
        self._command(slot, "stop_recording")

    def send_keys(self, slot: int, keys: str) -> None:
        self._command(slot, "send_keys", keys)

    def close(self, slot: int) -> None:
        self._command(slot, "close")
        if slot in self._taken:
            self._taken[slot].closing = True

    def _command(self, slot: int, name: str, *fields: seam.Field) -> None:
        """Post a command; a slot that is gone takes none, as its end may cross any command."""
        taken = self._taken.get(slot)
        if taken is not None and not taken.closing:
            self._send([name, slot, *fields])

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (ours, theirs):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEAM_OCTETS)
        settings = json.dumps(asdict(self._settings))
        command = [sys.executable, "-m", "telephony.media", str(theirs.fileno()), settings]
        try:
            self._process = subprocess.Popen(
                command,
                pass_fds=(theirs.fileno(),),
                cwd=_ROOT,
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

    def _send(self, record: seam.Record, pair: Pair | None = None) -> None:
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
                return
            except OSError:
                break  # the plane is gone; the reader is about to learn it
            self._forget_sent()
        loop.remove_writer(link)

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
            self._take(seam.parse(self._record[:size]))
            link = self._link

    def _take(self, record: seam.Record) -> None:
        name, *fields = record
        if name == "ready":
            self.priority = seam.text(fields[0])
            self._ready.set()
            if self.priority == "normal":
                _log.warning("media plane runs at normal priority")
            return
        if name != "event":
            raise Misuse(f"the plane told an unknown record: {name}")
        slot = seam.whole(fields[0])
        event = seam.event_of(fields[1:])
        taken = self._taken.get(slot)
        if isinstance(event, MediaStatistics):
            self._taken.pop(slot, None)
            self._free.append(slot)
            self._note_empty()
        if taken is not None:
            taken.listener(event)

    def _note_empty(self) -> None:
        if not self._taken:
            self._empty.set()

    def _die(self) -> None:
        """The other end of the seam is gone."""
        self._cut()
        lost, self._taken = self._taken, {}
        self._note_empty()
        self._free = deque(range(self._settings.slots))
        if not self._stopping:
            _log.error("media plane died", extra={"slots": len(lost)})
            asyncio.get_running_loop().call_later(_RESTART_S, self._respawn)
        for taken in lost.values():
            taken.listener(PlaneDied())

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
