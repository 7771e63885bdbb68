"""What is said in a conference, heard outside the plane: for who listens by the web."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from call.errors import Unavailable
from call.sound import FRAME
from conference.errors import NotHeld

Hear = Callable[[str, Path | None], None]
"""Send what is said in a conference, by its id, to a Unix datagram socket. Raises NotHeld."""

_FRAME_OCTETS = 2 * FRAME


class RoomEar:
    """A socket that the plane sends the sum of one room to, frame by frame."""

    def __init__(self, hear: Hear, conference: str) -> None:
        """Raises NotHeld, and Unavailable where no socket can be had."""
        self._hear = hear
        self._conference = conference
        try:
            # Not in the data folder: the name of a socket is 107 octets at most.
            self._folder = tempfile.TemporaryDirectory(prefix="vestibule-")
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            path = Path(self._folder.name) / "ear"
            self._socket.bind(str(path))
        except OSError as fault:
            raise Unavailable(f"a conference cannot be heard: {fault.strerror}") from fault
        self._frames: list[bytes] = []
        self._socket.setblocking(False)
        # Read as it comes: the kernel keeps ten datagrams, a fifth of a second, and no more.
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)
        try:
            hear(conference, path)
        except NotHeld:
            self._leave()
            raise

    def take(self) -> Sequence[bytes]:
        """The frames that came since."""
        self._read()
        frames, self._frames = self._frames, []
        return frames

    def close(self) -> None:
        """Hear nothing more."""
        with contextlib.suppress(NotHeld):
            self._hear(self._conference, None)
        self._leave()

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                frame = self._socket.recv(_FRAME_OCTETS)
                if len(frame) == _FRAME_OCTETS:
                    self._frames.append(frame)

    def _leave(self) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._folder.cleanup()
