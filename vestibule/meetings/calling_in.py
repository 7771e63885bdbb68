"""Calling somebody into a conference that is being held: an extension, or a number outside.

Numbers outside are called by leave of the extension that arranged the conference, and as it. One
that an administrator of the company arranged has no such extension: from there only what everybody
may call is called. Whoever answers says by pressing 1 that they come; the voicemail of a mobile
telephone says nothing.
"""

from collections.abc import Sequence

from call.leg import Party
from conference.conference import Conference
from conference.errors import NotGranted
from routing.numbers import parse_number
from routing.outgoing import Leave
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.ports import Bell, Shown, SwitchedLeg
from vestibule.exchange.ringing import Ringing, Taken
from vestibule.exchange.screening import Asking, Screening

RING_S = 45.0
"""How long somebody is rung who is called in."""

ASK = "conference_screen"
"""The flow that asks whoever answers; it is given the `title`."""


class CallingIn:
    """Rings people for conferences. `screening` begins its flows in a language, by its code."""

    def __init__(self, connecting: Connecting, screening: Screening) -> None:
        self._connecting = connecting
        self._screening = screening

    async def call(
        self, conference: Conference, number: str, language: str
    ) -> tuple[SwitchedLeg, Party] | None:
        """Whoever came, and who that is; None where nobody did. Raises NotGranted.

        Cancelled, nothing rings any more.
        """
        bells = await self._bells(conference, number)
        screen = Asking(self._screening, language, {"title": conference.title}, ASK)
        ringing = Ringing(bells, RING_S, self._connecting.dismiss, screen)
        came = await ringing.run(_unheard)
        if not isinstance(came, Taken):
            return None
        return came.leg, self._connecting.exchange.party(came.leg)

    async def _bells(self, conference: Conference, number: str) -> Sequence[Bell]:
        owner = conference.owner
        by = self._connecting.own(owner) if owner else Party("", conference.title)
        shown = Shown(by, owner)
        standing = (await self._connecting.standings.lookup())(number)
        if standing is None:
            return (await self._outside(number, owner, shown),)
        if standing.handling.do_not_disturb:
            raise NotGranted(f"{number} does not want to be disturbed")
        title = Party(conference.room, conference.title, internal=True)
        bells = self._connecting.bells.telephones(number, Shown(title, owner))
        if not bells:
            raise NotGranted(f"no telephone of {number} is registered")
        return bells

    async def _outside(self, number: str, owner: str, shown: Shown) -> Bell:
        calling, parsed = self._connecting.calling_out, parse_number(number)
        if parsed is None:
            raise NotGranted(f"{number} is neither an extension nor a number")
        if calling is None or not calling.outside.leads_anywhere:
            raise NotGranted("no trunk leads outside")
        if parsed.is_emergency or await calling.leave(parsed, owner) is not Leave.GIVEN:
            whose = f"extension {owner}" if owner else "a conference without an owner"
            raise NotGranted(f"{whose} may not call {number}")
        return self._connecting.bells.outside(number, shown)


def _unheard(leg: SwitchedLeg, early: bool) -> None:
    """Nobody listens to how a telephone rings."""
