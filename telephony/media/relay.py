"""Frames sent on to another process of this machine, which may listen or not."""

import socket
import weakref
from pathlib import Path


class Relay:
    """Sends to a Unix datagram socket. It never waits: what is not taken at once is lost."""

    __slots__ = ("__weakref__", "_path", "_socket", "close")

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        # By address each time, and not connected: who listens may come, go and come back.
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        # So that it is closed as well where a whole plane is let go of.
        self.close = weakref.finalize(self, self._socket.close)
        """Sends nothing more."""

    def send(self, frame: bytes) -> None:
        """Send one frame, if somebody takes it."""
        try:
            self._socket.sendto(frame, self._path)
        except OSError:
            return  # nobody is there, or they are behind
