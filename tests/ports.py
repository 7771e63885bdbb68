"""Ports of loopback that a test hands to another program.

A port that the kernel chose may be chosen again, by any test that runs at the same time, before
the other program binds it. So these lie below those that the kernel gives out.
"""

import itertools
import os
import socket
from pathlib import Path

_FIRST = 20_000
_LAST = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
_PAIRS = (_LAST - _FIRST) // 2
_turn = itertools.count(os.getpid() * 211)


def free_port() -> int:
    """A port on which nobody listens, by UDP nor by TCP; another one each time."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first, an even one, of `count` such ports in a row."""
    while True:
        pairs = [turn % _PAIRS for turn in itertools.islice(_turn, (count + 1) // 2)]
        first = _FIRST + 2 * pairs[0]
        if pairs == sorted(pairs) and all(_is_free(first + n) for n in range(count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        try:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
