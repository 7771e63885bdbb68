"""What telephones cost that register: `python -m bench.registering [TELEPHONES...]`.

A line in a process of its own, with accounts and bindings in a database on disk; all telephones
register at once (as after a power cut), then once more, then stay for a while and answer the
OPTIONS that keep their way open. Then the line is killed, and started again.
"""

import asyncio
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from sqlalchemy import insert

from bench.processor import processor_s
from call.clock import SystemClock
from directory.adapters import tables
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing, SqlAlchemyRegistrations
from directory.extension import proofs_of
from storage.database import Database, sqlite_url
from telephony.access import AccessPolicy
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.sip.digest import Credentials, authorization, challenge_of
from telephony.sip.message import Request, Response, read
from telephony.telephones import Telephones
from tests.line.plane import FakePlane
from vestibule.accounts import LOOK_EVERY_S, Accounts
from vestibule.registrations import KeptBindings
from vestibule.tokens import WireTokens

HOST = "127.0.0.1"
REALM = "vestibule"
AGAIN_S = 0.5
STAY_S = 60.0
_KEPT = ("Via", "From", "To", "Call-ID", "CSeq")


async def serve(folder: Path) -> None:
    """The line, until it is killed; its port is printed once it listens."""
    database = Database(sqlite_url(folder / "vestibule.db"))
    await database.open()
    accounts = Accounts(SqlAlchemyListing(database), REALM)
    await accounts.look()
    book = KeptBindings(SqlAlchemyRegistrations(database))
    clock = SystemClock()

    async def attend(leg: SipLeg) -> None:
        await leg.hang_up()

    begun = time.monotonic()
    telephones = Telephones(accounts, book, realm=REALM)
    line = SipLine(
        LineSettings(access=AccessPolicy(allowed=("127.0.0.0/8",))),
        SipTransport(HOST, 0, clock),
        FakePlane(1),
        clock,
        WireTokens(),
        attend,
        lambda number: False,
        accounts=telephones,
    )
    _, port = await line.start()
    taken_ms = (time.monotonic() - begun) * 1000
    print(f"{port} {telephones.bound} {taken_ms:.0f}", flush=True)
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await accounts.look()


@dataclass
class Phone:
    """One telephone: where it is in its REGISTER, and how long that took."""

    user: str
    cseq: int = 0
    begun: float = 0.0
    took_s: float | None = None
    octets: bytes = b""
    waits: asyncio.TimerHandle | None = field(default=None, repr=False)


class Phones(asyncio.DatagramProtocol):
    """Many telephones behind one address."""

    def __init__(self, count: int, server: tuple[str, int]) -> None:
        self.phones = {f"{n}-bench": Phone(f"{n}-bench") for n in range(1000, 1000 + count)}
        self.server = server
        self.repeated = 0
        self.asked = 0
        self.registered = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    async def all_register(self) -> list[float]:
        """Every telephone registers, all at once; how long each took, in milliseconds."""
        self.registered.clear()
        for phone in self.phones.values():
            phone.begun, phone.took_s = time.monotonic(), None
            self._register(phone, "")
        await asyncio.wait_for(self.registered.wait(), 60)
        return sorted(phone.took_s * 1000 for phone in self.phones.values() if phone.took_s)

    def _register(self, phone: Phone, proof: str) -> None:
        phone.cseq += 1
        lines = (
            f"REGISTER sip:{HOST} SIP/2.0",
            f"Via: SIP/2.0/UDP 10.0.0.7:5062;rport;branch=z9hG4bK{phone.user}{phone.cseq}",
            "Max-Forwards: 70",
            f"From: <sip:{phone.user}@{HOST}>;tag=1",
            f"To: <sip:{phone.user}@{HOST}>",
            f"Call-ID: {phone.user}",
            f"CSeq: {phone.cseq} REGISTER",
            f"Contact: <sip:{phone.user}@10.0.0.7:5062>",
            "Expires: 3600",
            *([f"Authorization: {proof}"] if proof else []),
            "Content-Length: 0",
        )
        phone.octets = "\r\n".join(lines).encode() + b"\r\n\r\n"
        self._send(phone)

    def _send(self, phone: Phone, again_s: float = AGAIN_S) -> None:
        assert self._transport is not None
        self._transport.sendto(phone.octets, self.server)
        loop = asyncio.get_running_loop()
        phone.waits = loop.call_later(again_s, self._repeat, phone, again_s * 2)

    def _repeat(self, phone: Phone, again_s: float) -> None:
        self.repeated += 1
        self._send(phone, min(again_s, 4.0))

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        message = read(data)
        if isinstance(message, Request):
            self._answer(message)
            return
        phone = self.phones[message.call_id]
        if message.cseq[0] != phone.cseq or phone.took_s is not None:
            return
        if phone.waits is not None:
            phone.waits.cancel()
        if message.status == 401:
            self._prove(phone, message)
        elif message.status == 200:
            phone.took_s = time.monotonic() - phone.begun
            if all(each.took_s is not None for each in self.phones.values()):
                self.registered.set()

    def _prove(self, phone: Phone, response: Response) -> None:
        challenge = challenge_of(response)
        assert challenge is not None
        who = Credentials(phone.user, "secret")
        uri = f"sip:{HOST}"
        proof = authorization(challenge, who, method="REGISTER", uri=uri, cnonce="bench")
        self._register(phone, proof)

    def _answer(self, request: Request) -> None:
        assert self._transport is not None
        self.asked += 1
        kept = tuple(pair for pair in request.headers if pair[0] in _KEPT)
        self._transport.sendto(bytes(Response(kept, b"", 200, "OK")), self.server)


async def prepared(folder: Path, count: int) -> None:
    """A database with so many accounts."""
    database = Database(sqlite_url(folder / "vestibule.db"))
    await database.open()
    made = SystemClock().now()
    numbers = [str(n) for n in range(1000, 1000 + count)]
    extensions = [
        {"number": number, "name": f"Poste {number}", "language": "fr", "listed": True}
        for number in numbers
    ]
    phones = []
    for number in numbers:
        proofs = proofs_of(f"{number}-bench", REALM, "secret")
        phones.append(
            {
                "user": f"{number}-bench", "extension": number, "name": "bench", "made": made,
                "realm": REALM, "md5": proofs.md5, "sha256": proofs.sha256,
            }
        )  # fmt: skip
    await database.transact(
        lambda connection: connection.execute(insert(tables.extension), extensions)
    )
    await database.transact(lambda connection: connection.execute(insert(tables.phone), phones))
    await database.close()


async def started(folder: Path) -> tuple[asyncio.subprocess.Process, int, int, float]:
    """A line under way: its process, port, the telephones it took up, and in how many ms."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.registering", "--serve", str(folder),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    said = (await process.stdout.readline()).decode()
    match = re.match(r"(\d+) (\d+) (\d+)", said)
    assert match is not None, said
    return process, int(match[1]), int(match[2]), float(match[3])


async def try_with(count: int) -> None:
    """Print what so many telephones cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await prepared(folder, count)
        process, port, _, _ = await started(folder)
        try:
            phones = Phones(count, (HOST, port))
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(lambda: phones, local_addr=(HOST, 0))
            print(f"{count} telephones")
            for what in ("all at once", "once more"):
                before, begun = processor_s(process.pid), time.monotonic()
                took = await phones.all_register()
                whole_s = time.monotonic() - begun
                cost_ms = (processor_s(process.pid) - before) / count * 1000
                middle, late = statistics.median(took), took[int(len(took) * 0.99)]
                print(
                    f"  {what}: {whole_s:.2f} s; one took {middle:.0f} ms (p99 {late:.0f}); "
                    f"{cost_ms:.2f} ms of processor each; {phones.repeated} repeated"
                )
            asked, before = phones.asked, processor_s(process.pid)
            await asyncio.sleep(STAY_S)
            share = (processor_s(process.pid) - before) / STAY_S * 100
            a_second = (phones.asked - asked) / STAY_S
            print(f"  at rest: {share:.1f} % of a core, {a_second:.1f} OPTIONS a second")
            process.kill()
            await process.wait()
            process, _, bound, taken_ms = await started(folder)
            print(f"  killed and started again: {bound} still registered, in {taken_ms:.0f} ms")
            transport.close()
        finally:
            process.kill()
            await process.wait()


async def main() -> None:
    for count in [int(word) for word in sys.argv[1:]] or [100, 1000]:
        await try_with(count)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(Path(sys.argv[2])))
    else:
        asyncio.run(main())
