"""A user agent alone with what is fed to it."""

import itertools

from telephony.sip.agent import UserAgent
from telephony.sip.core import Admit, Local
from telephony.sip.events import Output, Peer, Send, Transport

PEER = Peer(Transport.UDP, "192.0.2.1", 5060)


class Counting:
    """Tokens that a test can foresee."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def token(self) -> str:
        return f"token{next(self._numbers):016d}"


def lone_agent(*, lamps: bool = False) -> UserAgent:
    """A user agent that admits everybody, to its message lamps too where it has them."""
    local = Local("192.0.2.200", 5060, "Vestibule")
    return UserAgent(local, Counting(), gate=lambda request, source, now: Admit(), lamps=lamps)


def statuses(out: list[Output]) -> list[int]:
    """The status of each response that is sent."""
    sent = [each.data for each in out if isinstance(each, Send)]
    return [int(data.split(b" ", 2)[1]) for data in sent if data.startswith(b"SIP/2.0 ")]


def header_lines(out: list[Output], name: str) -> list[str]:
    """The lines of a header in the only message sent."""
    (sent,) = [each for each in out if isinstance(each, Send)]
    lines = sent.data.decode("utf-8", "surrogateescape").split("\r\n")
    return [line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")]
