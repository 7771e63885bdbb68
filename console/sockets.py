"""The sockets that applications are served on: a file in a folder, or an address."""

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from call.errors import Unavailable

CONTROL = "control.sock"
"""The socket in the data folder by which commands steer the server."""

_BACKLOG = 64
_SEND_OCTETS = 1 << 15
"""What the kernel holds back for one listener, twice this: a slow one is noticed soon."""
_STUCK_MS = 20_000
"""After this, one who takes nothing that was sent is gone: the sockets of those who call have it of
the one that listens."""


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """What a socket at `path` is called just now: a name of `sun_path` is 107 octets at most.

    A longer one is reached through its folder, which is open meanwhile. Raises OSError where there
    is no such folder.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


@contextmanager
def folder_socket(path: Path) -> Iterator[socket.socket]:
    """Listen at `path`, for its owner alone, until the block ends; one left by a crash is replaced.

    Whoever calls holds the folder as its one server. Raises Unavailable.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable(path) as name:
            _make_way(path)
            listening.bind(name)
            path.chmod(0o600)  # nobody is let in before `listen`
            listening.listen(_BACKLOG)
    except OSError as fault:
        listening.close()
        raise Unavailable(f"{path}: {fault.strerror}") from fault
    try:
        yield listening
    finally:
        listening.close()
        with contextlib.suppress(OSError):
            path.unlink()


@contextmanager
def address_socket(host: str, port: int) -> Iterator[socket.socket]:
    """Listen at an IP address and a port, 0 for any. Raises Unavailable."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_OCTETS)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STUCK_MS)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as fault:
        listening.close()
        raise Unavailable(f"web: {host}:{port}: {fault.strerror}") from fault
    try:
        yield listening
    finally:
        listening.close()


def _make_way(path: Path) -> None:
    """Remove a socket that nobody listens at; anything else stays, and stands in the way."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
