"""Who is sent to, without a socket."""

from collections.abc import Callable

from telephony.media.line import NO_SOCKET


class Ears:
    """A line that keeps what is sent."""

    descriptor = NO_SOCKET

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, packet: memoryview | bytes) -> None:
        self.sent.append(bytes(packet))

    def quickest(self) -> Callable[[memoryview], object]:
        return self.send
