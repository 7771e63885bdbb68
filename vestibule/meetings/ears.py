"""What is said in a conference, heard outside the plane: for who listens by the web."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from call.errors import Unavailable
from call.sound import FRAME
from conference.errors import NotHeld

FOLDER = "ears"
"""The folder in the data folder that the sockets lie in."""

Hear = Callable[[str, Path | None], None]
"""Send what is said in a conference, by its id, to a Unix datagram socket. Raises NotHeld."""

_FRAME_OCTETS = 2 * FRAME

_LONGEST = 107
"""Octets of the name of a socket (unix(7), `sun_path`)."""


class Ears:
    """Ears for conferences, in a folder of this server alone: what a crash left there goes."""

    def __init__(self, hear: Hear, folder: Path) -> None:
        self._hear = hear
        self._folder = folder.absolute()
        self._numbers = count(1)
        with contextlib.suppress(OSError):
            for left in self._folder.iterdir():
                left.unlink()

    def open(self, conference: str) -> "RoomEar":
        """An ear for a conference by its id.

        Raises NotHeld, and Unavailable where no socket can be had.
        """
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            return RoomEar(self._hear, conference, self._folder / str(next(self._numbers)))
        except OSError as fault:
            raise Unavailable(f"a conference cannot be heard: {fault.strerror}") from fault


class RoomEar:
    """A socket that the plane sends the sum of one room to, frame by frame."""

    def __init__(self, hear: Hear, conference: str, path: Path) -> None:
        """Raises NotHeld, and OSError where there can be no socket at that path."""
        self._hear = hear
        self._conference = conference
        self._path = path
        self._frames: list[bytes] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._open = contextlib.ExitStack()
        self._open.callback(self._socket.close)
        with contextlib.ExitStack() as failing:
            failing.push(self._open)
            name = self._named()
            self._socket.bind(name)
            self._open.callback(path.unlink, missing_ok=True)
            self._socket.setblocking(False)
            # Read as it comes: the kernel keeps ten datagrams, a fifth of a second, and no more.
            loop = asyncio.get_running_loop()
            loop.add_reader(self._socket, self._read)
            self._open.callback(loop.remove_reader, self._socket)
            hear(conference, Path(name))
            failing.pop_all()

    def take(self) -> Sequence[bytes]:
        """The frames that came since."""
        self._read()
        frames, self._frames = self._frames, []
        return frames

    def close(self) -> None:
        """Hear nothing more."""
        with contextlib.suppress(NotHeld):
            self._hear(self._conference, None)
        self._open.close()

    def _named(self) -> str:
        """What the socket is called, by our own processes too.

        A path too long for a name is reached by way of its folder, which is open meanwhile.
        """
        if len(os.fsencode(self._path)) <= _LONGEST:
            return str(self._path)
        folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._open.callback(os.close, folder)
        return f"/proc/{os.getpid()}/fd/{folder}/{self._path.name}"

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                frame = self._socket.recv(_FRAME_OCTETS)
                if len(frame) == _FRAME_OCTETS:
                    self._frames.append(frame)
