"""A line with accounts, without network: who is let in, what is written down, what is left."""

from collections.abc import Collection, Sequence
from datetime import datetime

from call.clock import VirtualClock
from call.leg import HungUp
from telephony.access import AccessPolicy
from telephony.lamps import Lamps
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.sip.events import Binding, Peer
from telephony.sip.message import Request, Response
from telephony.telephones import Telephones
from tests.line.plane import FakePlane
from tests.line.scripted import ScriptedWire, SerialTokens
from tests.telephones.handset import HOME, REALM, Handset, People

OFFICE = AccessPolicy(allowed=("192.0.2.0/24",), phones=("192.0.2.128/25",))


class MemoryBook:
    """What is written down of the telephones, over all lives of the line."""

    def __init__(self) -> None:
        self.pages: dict[tuple[str, str], tuple[Binding, datetime]] = {}

    async def load(self) -> Sequence[tuple[Binding, datetime]]:
        return list(self.pages.values())

    async def write(
        self, kept: Collection[tuple[Binding, datetime]], gone: Collection[tuple[str, str]]
    ) -> None:
        for key in gone:
            self.pages.pop(key, None)
        for binding, until in kept:
            self.pages[binding.user, binding.uri] = (binding, until)


class Company:
    """An open line. Each call is answered, and kept until it is hung up."""

    def __init__(
        self,
        people: People | None = None,
        book: MemoryBook | None = None,
        policy: AccessPolicy = OFFICE,
        lamps: Lamps | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.people = people or People()
        self.book = book or MemoryBook()
        self.changed: list[str] = []
        self.wire = ScriptedWire(self.clock)
        self.legs: list[SipLeg] = []
        self.plane = FakePlane(8)
        self.telephones = Telephones(
            self.people, self.book, realm=REALM, changed=self.changed.append
        )
        self.line = SipLine(
            LineSettings(access=policy, linger_s=0.0),
            self.wire,
            self.plane,
            self.clock,
            SerialTokens(),
            self._attend,
            lambda number: True,
            lamps,
            accounts=self.telephones,
        )

    async def __aenter__(self) -> "Company":
        await self.line.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.line.stop()

    async def _attend(self, leg: SipLeg) -> None:
        self.legs.append(leg)
        while not isinstance(await leg.event(), HungUp):
            pass

    def handset(
        self, user: str = "101-abcd", password: str = "right", peer: Peer = HOME
    ) -> Handset:
        return Handset(self.carry, user, password, peer)

    def carry(self, octets: bytes, peer: Peer) -> list[Request | Response]:
        """What the line answers to one datagram."""
        before = len(self.wire.sent)
        self.wire.receive(octets, peer)
        return [message for _, message in self.wire.sent[before:]]
