"""A company that closes: its flows, its closure message and its people, and ways to call it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from call.leg import Party
from directory.extension import Extension
from ivr.machine import Flows
from ivr.testing import PureCall, ScriptedCaller
from routing.closures import Closures
from tests.voicemail.office import Office
from tests.voicemail.sounds import hush, voice
from vestibule.closing import ClosureDesk
from vestibule.front import Front
from vestibule.looking_up import People
from vestibule.meetings.desk import open_desk
from vestibule.numbers import Destination
from vestibule.operations import CallOperations
from vestibule.settings import Company as Named
from vestibule.switchboard import Switchboard
from voicemail.adapters.folder_sounds import wav

CODE, TOGGLE, PIN = "8511", "8512", "4719"
NUMBER = "5145550100"
ZONE = "America/Toronto"

OUTSIDE = Party("4505550000")
INSIDE = Party("101", "Camille", internal=True)
CLIENT = ScriptedCaller("a client")
OWNER = ScriptedCaller("whoever closes")


@dataclass
class Closed:
    """Calls on the flows of one company."""

    office: Office
    closures: Closures
    flows: Flows
    folder: Path
    people: Sequence[Extension] = ()
    opened: set[str] = field(default_factory=set)
    """The numbers that are open."""
    own: Path | None = None

    def sound(self, pcm: bytes) -> Path:
        """Something to say, or not to."""
        path = self.folder / "said.wav"
        path.write_bytes(wav(pcm))
        return path

    @property
    def speech(self) -> Path:
        return self.sound(voice(4))

    @property
    def silence(self) -> Path:
        return self.sound(hush(2))

    async def calls(
        self, flow: str, script: ScriptedCaller, caller: Party = OUTSIDE, **given: str
    ) -> None:
        """Follow a script in a flow, then put the telephone down."""
        switchboard = self._switchboard()
        operations = CallOperations(
            self.office.mailboxes,
            caller,
            switchboard.redirect,
            front=self._front(),
            dialed=f"+1{NUMBER}",
            meeting=open_desk(self.office.database, self.office.ports, self.folder / "names"),
        )
        dialogue = await switchboard.dialogue(Destination(flow, tuple(given.items())))
        call = PureCall(dialogue, operations, self.office.clock)
        await call.begin()
        await script.calls(call)
        if not dialogue.ended:
            await call.hangs_up()
        await operations.close()

    async def manages(self, script: ScriptedCaller) -> None:
        """Follow a script after signing in to the closure message."""
        signed_in = ScriptedCaller("whoever closes").hears("closure.pin").presses(f"{PIN}#")
        whole = ScriptedCaller(script.name, (*signed_in.steps, *script.steps))
        await self.calls("closure_record", whole, closure=CODE)

    def _switchboard(self) -> Switchboard:
        return Switchboard(
            company=Named(name="Vestibule", operator="101", zone=ZONE),
            numbers=(),
            flows=self.flows,
            mailboxes=self.office.mailboxes,
            clock=self.office.clock,
            codes=self.closures.codes,
        )

    def _front(self) -> Front:
        async def is_open(number: str) -> bool:
            return number in self.opened

        async def everybody() -> Sequence[Extension]:
            return self.people

        async def spoken_name(number: str) -> Path | None:
            return (await self.office.mailboxes.heard(number, busy=False))[1]

        return Front(
            ClosureDesk(self.closures, (NUMBER,), ZONE, is_open),
            People(everybody, spoken_name),
            self.own or self.folder,
        )
