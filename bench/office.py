"""What an office of registered telephones costs: registrations, calls between them, their sound.

    python -m bench.office [TELEPHONES] [CALLS] [SECONDS]

Starts `vestibule demo` with TELEPHONES (100) extensions of one telephone each, and, in this
process, the telephones themselves, on a SIP line and a media plane of our own: each registers and
proves itself. Then CALLS (30) of them call as many others by their extension; both ends talk for
SECONDS (20), and hang up. Prints how long registering and setting up took, what the server used
meanwhile, and how the sound arrived at both ends. Nothing is recorded.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.demo import running_demo
from bench.processor import usage
from call.clock import SystemClock
from call.leg import HungUp, Party
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
from directory.book import Directory, NewPhone
from directory.extension import Extension
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess
from telephony.record import CallRecord
from telephony.sip.events import Peer, Transport
from telephony.trunks import Trunk, Trunks
from vestibule.call_sounds import CallSounds, make_call_sounds
from vestibule.mailroom import open_mailroom
from vestibule.settings import settings_from
from vestibule.tokens import WireTokens
from voicemail.adapters.system_tokens import SystemTokens

_FIRST = 1001
_PATIENCE_S, _LOOK_S = 60.0, 0.005


async def _hire(data: Path, telephones: int) -> Sequence[NewPhone]:
    """Make the extensions and their telephones, before the server starts."""
    settings = settings_from({"storage": {"data": data}}, origin="bench")
    made = []
    async with open_mailroom(settings, SystemClock()) as mailroom:
        listing = SqlAlchemyListing(mailroom.database)
        directory = Directory(listing, SystemClock(), SystemTokens(), settings.sip.realm)
        for number in range(_FIRST, _FIRST + telephones):
            new = await directory.add(Extension(str(number), f"Poste {number}"), "bureau")
            assert new is not None
            made.append(new)
    return made


class Telephones:
    """All telephones, on one line: each is what a trunk is, somebody registered elsewhere."""

    def __init__(
        self, phones: Sequence[NewPhone], server: Peer, plane: MediaProcess, sounds: CallSounds
    ) -> None:
        self._server = server
        self._sounds = sounds
        self._clock = SystemClock()
        self.records: list[CallRecord] = []
        self.trunks = Trunks(
            [
                Trunk(
                    new.phone.user, server.host, server.port,
                    username=new.phone.user, password=new.password, register=True,
                )
                for new in phones
            ],
            _known, WireTokens(), str,
        )  # fmt: skip
        self._line = SipLine(
            LineSettings(),
            SipTransport("127.0.0.1", 0, self._clock),
            plane,
            self._clock,
            WireTokens(),
            self._answer,
            lambda dialed: True,
            trunks=self.trunks,
            over=self.records.append,
        )

    async def register(self, phones: Sequence[NewPhone]) -> float:
        """Register all; how many seconds it took."""
        began = time.monotonic()
        await self._line.start()
        for _ in range(round(_PATIENCE_S / _LOOK_S)):
            if all(self.trunks.registered(new.phone.user) for new in phones):
                break
            await asyncio.sleep(_LOOK_S)
        return time.monotonic() - began

    async def call(self, new: NewPhone, extension: str, seconds: float) -> None:
        """Call an extension, talk, and hang up."""
        trunk = self.trunks.trunk(new.phone.user)
        leg = self._line.dial(
            f"sip:{extension}@{self._server.host}:{self._server.port}",
            peer=self._server,
            from_uri=trunk.uri(trunk.username),
            caller=Party(trunk.username),
            credentials=trunk.credentials,
        )
        await leg.answer()
        self._talk(leg)
        await asyncio.sleep(seconds)
        await leg.hang_up()

    async def stop(self) -> None:
        """Give the registrations back."""
        await self._line.stop()

    async def _answer(self, leg: SipLeg) -> None:
        """Every telephone answers at once, and talks until it is hung up on."""
        await leg.answer()
        self._talk(leg)
        while not isinstance(await leg.event(), HungUp):
            pass

    def _talk(self, leg: SipLeg) -> None:
        if leg.up:
            leg.play([self._sounds.hold_music], 1, repeat=True)


async def _known(host: str) -> Sequence[str]:
    return [host]


async def measure(telephones: int, calls: int, seconds: float, data: Path) -> None:
    """Run the load and print what came of it."""
    phones = await _hire(data, telephones)
    sounds = await asyncio.to_thread(make_call_sounds, data / "sounds")
    with running_demo(data, calls=2 * calls + 20) as server:
        host, _, port = server.listen.rpartition(":")
        plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=4 * calls))
        await plane.start()
        office = Telephones(phones, Peer(Transport.UDP, host, int(port)), plane, sounds)
        before = usage(server.pid)
        took = await office.register(phones)
        used = usage(server.pid).since(before).total
        print(
            f"registered {telephones} in {took:.2f} s,"
            f" {1000 * used / telephones:.1f} ms of processor each"
        )
        callers, called = phones[:calls], phones[calls : 2 * calls]
        talks = [
            asyncio.create_task(office.call(one, other.phone.extension, seconds))
            for one, other in zip(callers, called, strict=True)
        ]
        await asyncio.sleep(2.0)
        before, began = usage(server.pid), time.monotonic()
        await asyncio.sleep(seconds - 3.0)
        used = usage(server.pid).since(before).total / (time.monotonic() - began)
        await asyncio.gather(*talks)
        await asyncio.sleep(1.0)
        _tell(office.records, calls, used)
        await office.stop()
        await plane.stop()


def _tell(records: Sequence[CallRecord], calls: int, used: float) -> None:
    placed = [each for each in records if each.outgoing]
    set_up = sorted(each.setup_s * 1000 for each in placed if each.setup_s is not None)
    sounds = [each.sound for each in records if each.sound is not None]
    print(
        f"calls answered {len(set_up)} of {calls},"
        f" heard by {sum(sound.packets_received > 100 for sound in sounds)} ends of {2 * calls}"
    )
    if set_up:
        print(f"set-up, two legs: p50 {set_up[len(set_up) // 2]:.0f} ms, worst {set_up[-1]:.0f} ms")
    print(f"processor while they talk: {100 * used:.1f} %, {100 * used / calls:.2f} % a call")
    print(
        f"packets lost {sum(sound.packets_lost for sound in sounds)}"
        f" of {sum(sound.packets_received for sound in sounds)},"
        f" jitter at most {max((sound.jitter_ms for sound in sounds), default=0):.1f} ms,"
        f" MOS at least {min((sound.mos or 0 for sound in sounds), default=0):.2f}"
    )


def main() -> None:
    """Take telephones, calls and seconds from the command line."""
    telephones = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    calls = min(telephones // 2, int(sys.argv[2]) if len(sys.argv) > 2 else 30)
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 20.0
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(telephones, calls, seconds, Path(folder) / "data"))


if __name__ == "__main__":
    main()
