"""The exchange of a program, plugged together: what rings, who is who, what telephones may ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from call.clock import Clock
from call.leg import Party
from ivr.dialogue import Dialogue
from ivr.flow import Held
from ivr.prompts import Voice
from routing.handling import Outgoing
from telephony.line import SipLine
from vestibule.accounts import Accounts
from vestibule.arrivals import Arrivals, Rejection
from vestibule.call_sounds import CallSounds
from vestibule.closures import SharedAttempts
from vestibule.exchange.calling_out import CallingOut
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.lines import LineBells
from vestibule.exchange.outside import Outside
from vestibule.exchange.screening import Screening
from vestibule.exchange.standings import Standings
from vestibule.exchange.transfers import Places, Transfers
from vestibule.extensions import Extensions
from vestibule.mailroom import Mailroom
from vestibule.numbers import Destination
from vestibule.reception import Reception
from vestibule.shelves import handlings
from vestibule.switchboard import Switchboard
from vestibule.tokens import WireTokens
from voicemail.mailboxes import Ports


@dataclass(frozen=True, slots=True)
class Connections:
    """The exchange, and all that stands around it."""

    exchange: Exchange
    connecting: Connecting
    bells: LineBells
    standings: Standings
    arrivals: Arrivals
    clock: Clock

    def serve(self, reception: Reception, line: SipLine, places: Places | None = None) -> None:
        """Ring by this line, and have the reception attend to whom is sent somewhere.

        `places` are where callers can be parked.
        """
        self.bells.attach(line)
        self.exchange.attended_by(reception.receive)
        self.exchange.watcher = Transfers(self.exchange, self.leads, places)

    async def leads(self, number: str, by: Party) -> bool:
        """Whether a number leads anywhere for whoever sends somebody there."""
        arrival = await self.arrivals.explain(number, by, self.clock.now())
        return not isinstance(arrival.to, Rejection)

    def lead_outside(self, outside: Outside, ports: Ports) -> None:
        """Let extensions call numbers outside, and calls be sent on there."""
        attempts = SharedAttempts(ports.store, ports.clock)
        rung = self.exchange.rung
        calling = CallingOut(outside, self.outgoing, ports.hasher, attempts, rung)
        self.connecting.calling_out = calling
        self.bells.leads_outside(calling.bell)

    async def outgoing(self, extension: str) -> Outgoing:
        """What an extension may call, and as whom. Raises StoreUnavailable."""
        return (await self.standings.handling(extension)).outgoing


def plug(
    accounts: Accounts,
    mailroom: Mailroom,
    extensions: Extensions,
    switchboard: Switchboard,
    arrivals: Arrivals,
    voice: Voice,
    sounds: CallSounds,
    clock: Clock,
    *,
    spool: Path,
    host: str,
) -> Connections:
    """The exchange of a program; what callers say of their name lies in `spool` meanwhile.

    `host` is what telephones are shown beside a caller's number.
    """
    exchange = Exchange(sounds)
    bells = LineBells(exchange, accounts, host)
    shelf = handlings(mailroom.database)
    standings = Standings(shelf, extensions, accounts, bells, exchange, clock)
    exchange.music = lambda extension: sounds.music(standings.hold_music(extension))

    async def begin(flow: str, given: Mapping[str, Held], extension: str) -> Dialogue:
        known = accounts.extensions.get(extension)
        language = "" if known is None else known.language
        return await switchboard.dialogue(Destination(flow), given, language)

    screening = Screening(exchange, begin, voice, clock)
    names = Names(accounts, spool)
    connecting = Connecting(exchange, bells, standings, names, names.spool, screening)
    return Connections(exchange, connecting, bells, standings, arrivals, clock)


class Names:
    """What people are called; and where callers say what they are called.

    What was said in calls that a crash cut off is removed at the start.
    """

    def __init__(self, accounts: Accounts, folder: Path) -> None:
        self._accounts = accounts
        self._folder = folder
        self._tokens = WireTokens()
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.raw"):
            left.unlink()

    def name(self, extension: str) -> str:
        """The name of an extension; "" where it has none."""
        known = self._accounts.extensions.get(extension)
        return "" if known is None else known.name

    def spool(self) -> Path:
        """A new file for what a caller says of their name."""
        return self._folder / f"{self._tokens.token()}.raw"
