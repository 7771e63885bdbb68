"""Many telephones in one process: each sends sound every 20 ms and notes when sound arrives.

A telephone says nothing until somebody sends to it, then speaks to that address, until another
one sends to it: that is its next call. It may press one key after a while. The calls themselves are
set up by others, who are told where it listens.
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
from call.media import Address
from call.sound import FRAME, FRAME_S
from telephony import rtp
from telephony.dtmf import EventPacket, press_packets

SPREAD = 10
"""Parts of a frame over which the telephones are spread."""

AUDIO, EVENTS = 0, 101
"""Payload types: PCMU, and the telephone events callers offer."""

PATIENCE = 50
"""Frames without any sound, after which a telephone takes the call to be over."""

_READY_S = 30.0


@dataclass(frozen=True, slots=True)
class Habit:
    """What every telephone does: sends `speech` (µ-law) round and round, and may press a key."""

    speech: bytes
    key: str = ""
    key_after_s: float = 0.0
    notes: bool = True
    """Whether it notes when packets come; an hour of them would fill its memory."""
    keeps: int = 0
    """So many packets are kept whole from the press on."""


@dataclass(slots=True)
class Heard:
    """What one telephone noticed; times in seconds of the realtime clock."""

    arrivals: Arrivals = field(default_factory=Arrivals)
    pressed: list[float] = field(default_factory=list)
    """When it sent each packet of its press."""
    kept: list[tuple[float, int, bytes]] = field(default_factory=list)
    """Packets from the press on: when they came, their sequence, their sound."""


@dataclass(slots=True)
class Phone:
    """One telephone, on a pair of ports as RTP has them."""

    sound: socket.socket
    reports: socket.socket
    ssrc: int
    target: Address | None = None
    talks: bool = False
    heard: Heard = field(default_factory=Heard)
    sent: int = 0
    last_heard: int = 0
    """What `sent` was when something came last."""
    presses: deque[EventPacket] = field(default_factory=deque)

    def hear(self, habit: Habit) -> None:
        """Take one packet; the first one of a call tells whom to speak to."""
        try:
            packet, extra, _, source = self.sound.recvmsg(2048, ROOM_FOR_STAMP)
        except OSError:
            return  # the other end is gone, and the kernel says so here
        if len(packet) < rtp.HEADER.size or packet[1] & 0x7F != AUDIO:
            return
        if source != self.target:
            self.target, self.talks, self.sent = source, True, 0
            self.presses.clear()
        self.last_heard = self.sent
        at, sequence = stamped_at(extra), int.from_bytes(packet[2:4], "big")
        if habit.notes:
            self.heard.arrivals.add(at, sequence)
        if self.heard.pressed and len(self.heard.kept) < habit.keeps:
            self.heard.kept.append((at, sequence, packet[rtp.HEADER.size :]))

    def speak(self, habit: Habit) -> None:
        """Send the next packet: sound, or a press under way. Say nothing when the call is over."""
        self.talks = self.sent - self.last_heard < PATIENCE
        if not self.talks or self.target is None:
            return
        if habit.key and self.sent == int(habit.key_after_s / FRAME_S):
            self.presses.extend(press_packets(habit.key))
        sequence, timestamp = self.sent & 0xFFFF, self.sent * FRAME
        if self.presses:
            press = self.presses.popleft()
            kind, payload = EVENTS | press.marker << 7, press.payload
            timestamp -= press.age
            self.heard.pressed.append(time.time())
        else:
            begin = timestamp % len(habit.speech)
            kind, payload = AUDIO, habit.speech[begin : begin + FRAME]
        self.sent += 1
        packet = rtp.HEADER.pack(0x80, kind, sequence, timestamp, self.ssrc) + payload
        with suppress(OSError):  # lost, as on a network
            self.sound.sendto(packet, self.target)


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

    def hang_up(self) -> list[Heard]:
        """Stop; what each telephone heard."""
        self._ours.send("stop")
        heard: list[Heard] = self._ours.recv()
        self._process.join()
        return heard


def _be_phones(count: int, habit: Habit, pipe: Connection) -> None:
    phones = [Phone(*_pair(), ssrc=n + 1) for n in range(count)]
    pipe.send([phone.sound.getsockname()[1] for phone in phones])
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _converse(phones, habit, pipe)
        pipe.send([phone.heard for phone in phones])


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
            by_fd[fd].hear(habit)


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
