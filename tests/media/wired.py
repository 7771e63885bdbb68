"""An engine on real sockets of loopback in virtual time: what was sent is there at a beat."""

import random
import socket
from dataclasses import dataclass, field
from typing import Self

from call.clock import VirtualClock
from call.media import MediaEvent, Stream
from telephony.media.compiled import Loops
from telephony.media.engine import TICK_S, Engine, MediaSettings
from telephony.media.line import UdpLine, UdpWire
from telephony.media.outbound import GROUPS
from telephony.media.writer import DirectWriter
from tests.media.plane import stream
from tests.ports import free_port


def a_socket(port: int = 0) -> socket.socket:
    """A socket of loopback that waits for nothing."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", port))
    opened.setblocking(False)
    return opened


@dataclass
class Peer:
    """A telephone's socket, and where it sends to."""

    socket: socket.socket
    to: tuple[str, int]
    call: int
    heard: list[bytes] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The port it is heard from."""
        port: int = self.socket.getsockname()[1]
        return port

    def send(self, packet: bytes) -> None:
        """Send this to the plane."""
        self.socket.sendto(packet, self.to)

    def listen(self) -> None:
        """Take what has come."""
        while True:
            try:
                self.heard.append(self.socket.recv(2048))
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue


class Wired:
    """The engine, its wire, and the telephones."""

    def __init__(self, loops: Loops | None, calls: int = 4, seed: int = 0) -> None:
        dice = random.Random(seed)
        self.clock, self.wire = VirtualClock(), UdpWire()
        self.told: list[tuple[int, MediaEvent]] = []
        self.peers: list[Peer] = []
        self.engine = Engine(
            MediaSettings(slots=calls), self.wire, DirectWriter(), self.clock,
            lambda: (dice.getrandbits(32), 0xFFFA, 0xFFFFFFFF - 900),
            lambda call, event: self.told.append((call, event)),
            lambda room, event: None, loops,
        )  # fmt: skip
        self._tick = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        for call in list(self.engine.calls):
            self.engine.close(call)
        for peer in self.peers:
            peer.socket.close()
        self.wire.close()

    def call(self, agreed: Stream | None = None) -> Peer:
        """A call that is up; a stream agreed on is told where it goes."""
        # Ports that the kernel chose would be given back to it when a lock is dissolved; and beside
        # an even one nobody listens, to whom reports would come.
        sound, phone = a_socket(free_port()), a_socket(free_port())
        peer = Peer(phone, sound.getsockname(), len(self.peers))
        self.peers.append(peer)
        self.engine.open(peer.call, UdpLine(sound, a_socket()))
        self.engine.connect(peer.call, agreed or stream(port=peer.port))
        return peer

    def frame(self, frames: int = 1) -> None:
        """Serve so many frames, and let the telephones hear."""
        for _ in range(frames * GROUPS):
            self.clock.advance(TICK_S)
            self._tick += 1
            self.engine.tick(self._tick)
        for peer in self.peers:
            if peer.socket.fileno() >= 0:
                peer.listen()
