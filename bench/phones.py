"""Many telephones in one process: each sends sound every 20 ms and notes when sound arrives.

A telephone says nothing until somebody sends to it, then speaks to that address only. It may press
one key after a while. The calls themselves are set up by others, who are told where it listens.
"""

import multiprocessing
import select
import socket
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from bench.arrivals import ROOM_FOR_STAMP, Arrivals, stamp, stamped_at
from call.sound import FRAME, FRAME_S
from telephony import rtp
from telephony.dtmf import EventPacket, press_packets

SPREAD = 10
"""Parts of a frame over which the telephones are spread."""

AUDIO, EVENTS = 0, 101
"""Payload types: PCMU, and the telephone events callers offer."""

_READY_S = 30.0


@dataclass(frozen=True, slots=True)
class Habit:
    """What every telephone does: sends `speech` (µ-law) round and round, and may press a key."""

    speech: bytes
    key: str = ""
    key_after_s: float = 0.0


@dataclass(slots=True)
class Phone:
    """One telephone, on a pair of ports as RTP has them."""

    sound: socket.socket
    reports: socket.socket
    ssrc: int
    talks: bool = False
    arrivals: Arrivals = field(default_factory=Arrivals)
    sent: int = 0
    presses: deque[EventPacket] = field(default_factory=deque)

    def hear(self) -> None:
        """Take one packet; the first one tells whom to speak to."""
        try:
            packet, extra, _, source = self.sound.recvmsg(2048, ROOM_FOR_STAMP)
        except OSError:
            return  # the other end is gone, and the kernel says so here
        if len(packet) < rtp.HEADER.size or packet[1] & 0x7F != AUDIO:
            return
        if not self.arrivals.times:
            self.sound.connect(source)
            self.talks = True
        self.arrivals.add(stamped_at(extra), int.from_bytes(packet[2:4], "big"))

    def speak(self, habit: Habit) -> None:
        """Send the next packet: sound, or a press under way."""
        if habit.key and self.sent == int(habit.key_after_s / FRAME_S):
            self.presses.extend(press_packets(habit.key))
        sequence, timestamp = self.sent & 0xFFFF, self.sent * FRAME
        if self.presses:
            press = self.presses.popleft()
            kind, payload = EVENTS | press.marker << 7, press.payload
            timestamp -= press.age
        else:
            begin = timestamp % len(habit.speech)
            kind, payload = AUDIO, habit.speech[begin : begin + FRAME]
        self.sent += 1
        try:
            self.sound.send(rtp.HEADER.pack(0x80, kind, sequence, timestamp, self.ssrc) + payload)
        except OSError:
            self.talks = False  # the call is over


class Phones:
    """So many telephones, in a process of their own until `hang_up`."""

    def __init__(self, count: int, habit: Habit) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_be_phones, args=(count, habit, theirs), daemon=True)
        self._process.start()
        theirs.close()
        if not self._ours.poll(_READY_S):
            raise TimeoutError("the telephones do not start")
        self.ports: list[int] = self._ours.recv()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def hang_up(self) -> list[Arrivals]:
        """Stop; what each telephone heard."""
        self._ours.send("stop")
        heard: list[Arrivals] = self._ours.recv()
        self._process.join()
        return heard


def _be_phones(count: int, habit: Habit, pipe: Connection) -> None:
    phones = [Phone(*_pair(), ssrc=n + 1) for n in range(count)]
    pipe.send([phone.sound.getsockname()[1] for phone in phones])
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _converse(phones, habit, pipe)
        pipe.send([phone.arrivals for phone in phones])


def _converse(phones: list[Phone], habit: Habit, pipe: Connection) -> None:
    """Keep the 20 ms beat of all telephones until the pipe says something."""
    poll = select.epoll()
    by_fd = {phone.sound.fileno(): phone for phone in phones}
    for fd in (*by_fd, pipe.fileno()):
        poll.register(fd, select.EPOLLIN)
    start, step = time.monotonic(), 0
    while True:
        due = start + step * FRAME_S / SPREAD
        if time.monotonic() >= due:
            for phone in phones[step % SPREAD :: SPREAD]:
                if phone.talks:
                    phone.speak(habit)
            step += 1
            continue
        for fd, _ in poll.poll(due - time.monotonic(), len(by_fd) + 1):
            if fd == pipe.fileno():
                return
            by_fd[fd].hear()


def _pair() -> tuple[socket.socket, socket.socket]:
    """An even port and the next one (RFC 3550, section 11), the first with stamps."""
    while True:
        sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sound.bind(("127.0.0.1", 0))
        port = sound.getsockname()[1]
        reports = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if port % 2:
                raise OSError("an odd port")
            reports.bind(("127.0.0.1", port + 1))
        except OSError:
            sound.close()
            reports.close()
            continue
        sound.setblocking(False)
        sound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        stamp(sound)
        return sound, reports
