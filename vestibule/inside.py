"""What the telephones of the house have beside their calls: the parking lot, pickup, lamps, their
own settings by star codes, and the recording of calls that are to be recorded."""

from datetime import timedelta

from call.clock import Clock
from call.leg import Leg
from ivr.prompts import Voice
from vestibule.accounts import Accounts
from vestibule.connections import Connections
from vestibule.exchange.announcing import Announcer
from vestibule.exchange.own_telephone import Desk
from vestibule.exchange.parking import Parking
from vestibule.exchange.presence import LOOK_EVERY_S, Board, Presence
from vestibule.exchange.taping import Taping
from vestibule.housekeeping import AGAIN_S, Chore
from vestibule.mailroom import Mailroom
from vestibule.settings import Settings
from vestibule.shelves import choosing
from vestibule.tapes import Tapes
from voicemail.adapters.system_tokens import SystemTokens

DEFAULT_LANGUAGE = "fr"

TOKEN_OCTETS = 3
"""Two recordings of one second and the same people still have two names."""


class Inside:
    """The desk of a program. `show` what happens there once the line is made."""

    def __init__(
        self,
        settings: Settings,
        connections: Connections,
        mailroom: Mailroom,
        accounts: Accounts,
        voice: Voice,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._accounts = accounts
        self._presence: Presence | None = None
        announcer = Announcer(voice, self._language)
        self.parking = Parking(
            connections.connecting,
            clock,
            timeout_s=settings.parking.timeout_s,
            ring_back_s=settings.parking.ring_back_s,
            changed=self._slot_changed,
            say=announcer.say,
        )
        self.desk = Desk(
            connections.connecting,
            self.parking,
            choosing(mailroom.database, settings),
            settings.company.operator or "",
        )
        self.tapes = open_tapes(settings, mailroom, clock)
        self.taping = Taping(connections.exchange, connections.standings, self.tapes, announcer.say)

    def show(self, board: Board) -> None:
        """Tell the telephones that watch what extensions and slots are doing."""
        self._presence = Presence(
            board,
            self._connections.exchange.engaged,
            lambda: self._accounts.extensions,
            self._connections.bells.registered,
        )
        self._presence.look()

    @property
    def chores(self) -> tuple[Chore, ...]:
        """What is done beside the calls."""
        return (
            Chore("watched extensions", self._look, LOOK_EVERY_S),
            Chore("call recordings left in the spool", self.tapes.recover, AGAIN_S),
            Chore("old call recordings", self.tapes.sweep, AGAIN_S),
        )

    async def _look(self) -> None:
        if self._presence is not None:
            self._presence.look()

    def _slot_changed(self, slot: str, taken: bool) -> None:
        if self._presence is not None:
            self._presence.slot(slot, f"parked-{slot}" if taken else "")

    def _language(self, leg: Leg) -> str:
        """What somebody at a leg is spoken to in: their extension's language."""
        known = self._accounts.extensions.get(self._connections.exchange.party(leg).number)
        return DEFAULT_LANGUAGE if known is None else known.language


def open_tapes(settings: Settings, mailroom: Mailroom, clock: Clock) -> Tapes:
    """The recordings of calls, among the sounds of the mailboxes."""
    spool = settings.storage.spooled
    tokens = SystemTokens()
    return Tapes(
        mailroom.ports.sounds,
        spool / "calls",
        clock,
        lambda: tokens.token(TOKEN_OCTETS).hex(),
        timedelta(days=settings.recording.keep_days),
    )
