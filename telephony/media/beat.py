"""The plane's process: takes commands from the seam, and keeps the beat until the seam is cut.

The process has no will of its own: when the other end of the seam is gone, whatever the reason, it
ends its recordings, writes what is left, and exits. Signals meant for the program are left to the
program, which decides when calls end.
"""

import gc
import json
import logging
import os
import resource
import secrets
import select
import signal
import socket
import sys
import time
from array import array
from collections import deque
from collections.abc import Sequence

from call.clock import SystemClock
from call.errors import Fault, Misuse
from call.media import PlaneDied
from telephony.media import seam
from telephony.media.compiled import Loops
from telephony.media.compiling import load_loops
from telephony.media.engine import TICK_S, Engine, MediaSettings
from telephony.media.line import UdpLine, UdpWire
from telephony.media.load import LoadMeter
from telephony.media.outbound import GROUPS
from telephony.media.secure_line import load_srtp
from telephony.media.writer import ThreadWriter

_HELD_UP_S = 0.2  # further behind than this, ticks are skipped: a burst would help nobody
_LATE_S = 0.005
_NICE = -10
_CONVERSE_S = 0.0005  # that commands get in every gap between two ticks, however short it is
_SPARE_S = 0.001  # left of a gap, when commands take the rest of it
_FOLLOWS_S = 0.004  # a command is seldom alone: a stop is followed by what is played instead
_PAIR = ("sound", "reports")  # the sockets of a slot, in the order they travel
_ROOM_FOR_SOCKETS = socket.CMSG_LEN(len(_PAIR) * array("i").itemsize)
_UNTOLD = 100_000  # events that may wait for call logic; it is stuck for good beyond

_log = logging.getLogger(__name__)


class Plane:
    """The engine at one end of the seam."""

    def __init__(self, link: socket.socket, settings: MediaSettings, loops: Loops | None) -> None:
        self._link = link
        self._record = bytearray(seam.LONGEST)
        self._view = memoryview(self._record)
        self._asked = select.poll()
        self._asked.register(link, select.POLLIN)
        self._untold: deque[bytes] = deque(maxlen=_UNTOLD)
        self._writer = ThreadWriter()
        self._wire = UdpWire()
        clock = SystemClock()
        self._engine = Engine(
            settings,
            self._wire,
            self._writer,
            clock,
            _draw,
            lambda slot, event: self._tell(seam.Told(slot, event)),
            lambda room, event: self._tell(seam.ToldOfRoom(room, event)),
            loops,
        )
        self._compiled = loops is not None
        self._linked = True
        self._meter = LoadMeter()

    def run(self, priority: str) -> None:
        """Serve until the seam is cut."""
        self._tell(seam.Ready(priority, self._compiled))
        start, number = time.monotonic(), 0
        while self._linked:
            if self._engine.idle:
                self._rest()
                number = max(number, int((time.monotonic() - start) / TICK_S))
            if not self._engine.serves(number):
                number += 1
            due, woke = start + number * TICK_S, time.monotonic()
            if woke < due:
                self._wait(due)
                woke = time.monotonic()
            late = woke - due
            if late > _HELD_UP_S:
                ticks = int(late / TICK_S) // GROUPS * GROUPS
                self._engine.step_over(ticks)
                number += ticks
            elif late > _LATE_S:
                self._engine.late_ticks += 1
            self._engine.tick(number)
            number += 1
            if self._untold or self._asked.poll(0):
                self._converse(start + number * TICK_S - _SPARE_S)
            if not self._engine.idle and self._meter.note(woke, time.monotonic(), late):
                self._tell_load()
        self._end(number)

    def _tell_load(self) -> None:
        self._tell(self._engine.load(self._meter.busy, self._meter.late_s))

    def _end(self, number: int) -> None:
        for call in self._engine.calls:
            try:
                self._engine.close(call)
            except Misuse:
                continue  # it closes already
        for room in self._engine.rooms:
            self._engine.obey("close_room", room)
        self._writer.close()
        self._engine.tick(number)
        self._wire.close()

    def _wait(self, due: float) -> None:
        """Sleep until then; where a tick is left out on the way, commands are done as they come.

        To wake costs more than an idle tick. So it is done for the first command and those that
        follow it at once, and not for each.
        """
        left = due - time.monotonic()
        if left > TICK_S:
            asked, _, _ = select.select([self._link], [], [], left)
            if not asked:
                return
            _sleep_until(min(time.monotonic() + _FOLLOWS_S, due - _SPARE_S))
            self._converse(due - _SPARE_S)
        _sleep_until(due)

    def _rest(self) -> None:
        """No slot is open: wait for a command, however long."""
        if self._meter.rest():
            self._tell_load()
        waiting = select.POLLIN | (select.POLLOUT if self._untold else 0)
        poll = select.poll()
        poll.register(self._link, waiting)
        poll.poll()
        self._converse(time.monotonic() + TICK_S)

    def _converse(self, until: float) -> None:
        """Tell what is untold, and do what is asked, until then; the rest waits for the next gap.

        A plane that is nearly at its limit so puts off commands, which can wait, and not frames.
        """
        while self._untold:
            try:
                self._link.send(self._untold[0])
            except BlockingIOError:
                break
            except OSError:
                self._linked = False
                return
            self._untold.popleft()
        until = max(until, time.monotonic() + _CONVERSE_S)
        while time.monotonic() < until:
            try:
                size, ancillary, _, _ = self._link.recvmsg_into([self._record], _ROOM_FOR_SOCKETS)
            except BlockingIOError:
                return
            except OSError:
                size, ancillary = 0, []
            if not size:
                self._linked = False
                return
            sockets = array("i")
            for _, _, descriptors in ancillary:
                sockets.frombytes(descriptors)
            self._obey(self._view[:size], sockets)

    def _obey(self, record: memoryview, sockets: Sequence[int]) -> None:
        name, fields = seam.command_of(record)
        try:
            self._command(name, fields, sockets)
        except Fault:
            # A command that crossed the end of its call, or a bug of call logic: that call's
            # business, and no reason to stop the others.
            _log.exception("command refused", extra={"command": name})

    def _command(self, name: str, fields: Sequence[object], sockets: Sequence[int]) -> None:
        if name == "open":
            opened = [socket.socket(fileno=fd) for fd in sockets]
            if len(opened) < len(_PAIR):
                self._turn_away(fields, opened)
                return
            fields = (*fields, UdpLine(*opened))
        self._engine.obey(name, *fields)

    def _turn_away(self, fields: Sequence[object], opened: Sequence[socket.socket]) -> None:
        """This process may hold no more descriptors, and got none, or one, of the slot's pair."""
        for each in opened:
            each.close()
        slot = fields[0]
        assert isinstance(slot, int)
        _log.error("no descriptors left for a call", extra={"slot": slot})
        self._tell(seam.Told(slot, PlaneDied()))

    def _tell(self, news: seam.News) -> None:
        self._untold.append(seam.pack(news))


def _sleep_until(due: float) -> None:
    time.sleep(max(0.0, due - time.monotonic()))


def _draw() -> tuple[int, int, int]:
    # The sequence starts in the lower half, so that no short call wraps (RFC 3711, 3.3.1).
    return secrets.randbits(32), secrets.randbits(15), secrets.randbits(32)


def _raise_priority() -> str:
    """Ask for a better place in the queue for this thread and those it makes; what was obtained."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        try:
            os.setpriority(os.PRIO_PROCESS, 0, _NICE)
        except OSError:
            return "normal"
        return f"nice {_NICE}"
    return "SCHED_FIFO"


def _raise_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Run the plane on the descriptor and with the settings given as arguments."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # By its lowest number: `select` takes none above 1023, and the program has many files.
    link = socket.socket(fileno=os.dup(int(sys.argv[1])))
    os.close(int(sys.argv[1]))
    link.setblocking(False)
    _raise_files()
    # This takes a second of a processor, which nobody else gets from one that is before all others.
    load_srtp()
    loops = load_loops()
    # Before the writer's thread is made, so that it has the same place: one that waits for a
    # processor while it holds the interpreter would make the beat wait with it. A short switch
    # interval gives the beat the interpreter back in time.
    priority = _raise_priority()
    plane = Plane(link, MediaSettings(**json.loads(sys.argv[2])), loops)
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.disable()
    plane.run(priority)
