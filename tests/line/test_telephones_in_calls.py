"""Real telephones that hold, transfer and watch, at a line and its exchange."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from call.clock import Clock, SystemClock
from call.leg import Leg, Party
from call.media import Address
from call.sound import Clip
from ivr.voices.chimes import Chime
from ivr.voices.signals import Signal
from telephony.access import AccessPolicy
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.presence import ExtensionCall
from telephony.sip.agent import UserAgent
from telephony.sip.dialog_info import CallStage
from telephony.sip.events import Output, Peer, SipEvent, Transport
from tests.line.baresip_contacts import contacts
from tests.line.baresip_phone import baresip
from tests.line.linphone_phone import linphone
from tests.line.plane import FakePlane
from vestibule.call_sounds import CallSounds
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.guest import Visit
from vestibule.exchange.transfers import Transfers
from vestibule.tokens import WireTokens

HOST = "127.0.0.1"
PATIENCE_S = 30.0


class LoopbackPlane(FakePlane):
    """Nothing is heard, and nothing leaves this machine."""

    @property
    def host(self) -> str:
        return HOST


class Overheard(SipTransport):
    """The sockets, and all that came in by them."""

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        super().__init__(host, port, clock)
        self.heard: list[bytes] = []

    def attach(
        self,
        core: UserAgent,
        tell: Callable[[SipEvent], None],
        hears: Callable[[str, float], bool],
    ) -> None:
        feed = core.feed

        def listen(data: bytes, source: Peer, now: float) -> list[Output]:
            self.heard.append(data)
            return feed(data, source, now)

        core.feed = listen
        super().attach(core, tell, hears)


@dataclass
class Company:
    """A line whose callers reach the telephone of whatever extension they dial."""

    telephones: dict[str, Address] = field(default_factory=dict)
    rung: dict[str, list[SipLeg]] = field(default_factory=dict)
    address: Address = ("", 0)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        silence = Clip(Path("/dev/null"), 0)
        sounds = CallSounds(dict.fromkeys(Signal, silence), silence, dict.fromkeys(Chime, silence))
        self.plane = LoopbackPlane(16)
        self.exchange = Exchange(sounds)
        self.transport = Overheard(HOST, 0, SystemClock())
        self.line = SipLine(
            LineSettings(access=AccessPolicy(phones=(HOST,)), linger_s=0.0),
            self.transport, self.plane, SystemClock(), WireTokens(),
            self.attend, lambda number: number in self.telephones,
        )  # fmt: skip
        self.exchange.watcher = Transfers(self.exchange, self._leads)
        self.exchange.attended_by(self.receive)

    async def _leads(self, number: str, by: Party) -> bool:
        return number in self.telephones

    async def attend(self, leg: Leg) -> None:
        await self.receive(leg, Visit(leg.dialed, leg.caller))

    async def receive(self, leg: Leg, visit: Visit) -> None:
        """Ring who was dialled, and join both, as long as the caller is here."""
        assert isinstance(leg, SipLeg)
        if visit.dialed == "700":
            assert leg.progress()
            async with self.changed:
                await self.changed.wait()
            await leg.answer()
            await leg.end()
            return
        guest = self.exchange.welcome(leg, visit)
        upcoming: Visit | None = visit
        while upcoming is not None:
            await self._ring(leg, upcoming.dialed)
            upcoming = await guest.next()
        await leg.end()
        self.exchange.see_off(guest)

    async def _ring(self, leg: SipLeg, extension: str) -> None:
        host, port = self.telephones[extension]
        other = self.line.dial(
            f"sip:{extension}@{host}:{port}",
            peer=Peer(Transport.UDP, host, port),
            from_uri=f"sip:{leg.caller.number}@{HOST}",
            caller=leg.caller,
        )
        await other.answer()
        async with self.changed:
            self.rung.setdefault(extension, []).append(other)
            self.changed.notify_all()
        patch = self.exchange.join(leg, other)
        await leg.answer()
        await patch.without(leg)

    async def leg_with(self, extension: str) -> SipLeg:
        """The leg with a telephone that was rung, as soon as it is up."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(lambda: self.rung.get(extension))
            return self.rung[extension][-1]

    def heard(self, method: str) -> bool:
        """Whether a telephone has asked for something."""
        return any(data.startswith(method.encode()) for data in self.transport.heard)

    @property
    def uri(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    there = Company()
    there.address = await there.line.start()
    yield there
    await there.line.stop()
    await there.exchange.close()


async def test_a_linphone_transfers_a_caller_and_is_told_that_it_did(
    company: Company, tmp_path: Path
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        phones = {
            user: await stack.enter_async_context(linphone(tmp_path / user, user))
            for user in ("101", "102", "103")
        }
        company.telephones |= {user: phone.address for user, phone in phones.items()}
        phones["101"].does(f"call sip:102@{company.uri}")
        await phones["101"].tells("call 1 running")
        await phones["102"].tells("call 1 running")
        phones["102"].does(f"transfer sip:103@{company.uri}")
        await phones["102"].tells("transfer connected")
        await phones["102"].tells("call 1 released")
        await phones["103"].tells("call 1 running")
        leg = await company.leg_with("103")
        patch = company.exchange.patch(leg)
        assert patch is not None
        assert patch.other(leg).caller.number == "101"


async def test_a_linphone_asks_first_and_then_joins_both(company: Company, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        phones = {
            user: await stack.enter_async_context(linphone(tmp_path / user, user))
            for user in ("101", "102", "103")
        }
        company.telephones |= {user: phone.address for user, phone in phones.items()}
        phones["101"].does(f"call sip:102@{company.uri}")
        await phones["102"].tells("call 1 running")
        phones["102"].does("pause")
        await phones["102"].tells("call 1 paused")
        phones["102"].does(f"call sip:103@{company.uri}")
        await phones["102"].tells("call 2 running")
        await phones["103"].tells("call 1 running")
        phones["102"].does("attended")
        await phones["102"].tells("transfer connected")
        await phones["102"].tells("released")
        leg = await company.leg_with("103")
        patch = company.exchange.patch(leg)
        assert patch is not None
        assert patch.other(leg).caller.number == "101"
        assert leg.up


async def test_a_baresip_holds_and_the_other_side_hears_music_until_it_is_back(
    company: Company, tmp_path: Path
) -> None:
    silence = tmp_path / "silence.wav"
    write_silence(silence)
    async with (
        baresip(tmp_path / "baresip", silence) as holder,
        linphone(tmp_path / "linphone", "102") as other,
    ):
        company.telephones["102"] = other.address
        await holder.call(f"sip:102@{company.uri}")
        leg = await company.leg_with("102")
        asked = company.plane.slots[leg.slot].asked
        await until(lambda: company.heard("ACK"))  # the caller knows that its call is taken
        await holder.do("hold")
        await until(lambda: "repeat -1" in asked)
        await holder.do("resume")
        await until(lambda: asked[-1] != "repeat -1")
        assert leg.up


async def test_a_baresip_transfers_the_one_it_called(company: Company, tmp_path: Path) -> None:
    silence = tmp_path / "silence.wav"
    write_silence(silence)
    async with (
        baresip(tmp_path / "baresip", silence) as phone,
        linphone(tmp_path / "one", "102") as one,
        linphone(tmp_path / "two", "103") as two,
    ):
        company.telephones |= {"102": one.address, "103": two.address}
        await phone.call(f"sip:102@{company.uri}")
        leg = await company.leg_with("102")
        await until(lambda: company.heard("ACK"))  # the caller knows that its call is taken
        await phone.do(f"transfer sip:103@{company.uri}")
        await two.tells("call 1 running")
        other = await company.leg_with("103")
        patch = company.exchange.patch(leg)
        assert patch is not None
        assert patch.other(leg) is other


async def test_a_linphone_hears_sound_before_its_call_is_answered(
    company: Company, tmp_path: Path
) -> None:
    async with linphone(tmp_path / "linphone", "102") as phone:
        company.telephones["700"] = ("", 0)
        phone.does(f"call sip:700@{company.uri}")
        await phone.tells("call 1 early")
        async with company.changed:
            company.changed.notify_all()
        await phone.tells("call 1 running")


async def test_a_linphone_that_watches_sees_an_extension_ring_talk_and_hang_up(
    company: Company, tmp_path: Path
) -> None:
    async with linphone(tmp_path / "linphone", "102") as phone:
        presence = company.line.presence
        presence.changed("101", ())
        phone.does(f"watch sip:101@{company.uri}")
        assert "</dialog-info>" in await phone.tells('state="full"')
        for stage in (CallStage.EARLY, CallStage.CONFIRMED):
            presence.changed("101", (ExtensionCall("a", stage, called=True),))
            await phone.tells(f"<state>{stage}</state>")
        presence.changed("101", ())
        await phone.tells("<state>terminated</state>")


async def test_a_linphone_sees_whether_somebody_is_there(company: Company, tmp_path: Path) -> None:
    async with linphone(tmp_path / "linphone", "102") as phone:
        presence = company.line.presence
        presence.changed("101", ())
        phone.does(f"befriend sip:101@{company.uri}")
        await phone.tells("Disponible")
        presence.changed("101", (ExtensionCall("a", CallStage.CONFIRMED, called=True),))
        await phone.tells("En appel")
        presence.changed("101", ())
        await phone.tells("Disponible")
        presence.reachable("101", False)
        await phone.tells("Déconnecté")


async def test_a_baresip_shows_its_contact_online_busy_and_offline(
    company: Company, tmp_path: Path
) -> None:
    presence = company.line.presence
    presence.changed("101", ())
    us, them = f"sip:102@{company.uri}", f"sip:101@{company.uri}"
    async with contacts(tmp_path / "baresip", us, them) as phone:
        await phone.shows("is ready")
        await until(lambda: company.heard("SUBSCRIBE"))
        presence.changed("101", (ExtensionCall("a", CallStage.CONFIRMED, called=True),))
        await phone.shows("Busy")
        presence.changed("101", ())
        await phone.shows("Online")
        presence.reachable("101", False)
        await phone.shows("Offline")


def write_silence(path: Path) -> None:
    soundfile.write(path, np.zeros(8000 * 60, dtype=np.int16), 8000, subtype="PCM_16")


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not so():  # noqa: ASYNC110 - a list tells nobody that it grew
            await asyncio.sleep(0.05)
