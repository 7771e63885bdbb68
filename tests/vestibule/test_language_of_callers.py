"""Somebody at a telephone of the house is spoken to in the language of their extension."""

import pytest

from call.leg import Party
from ivr.testing import FakeLeg, FakeVoice
from tests.voicemail.office import Office
from vestibule.numbers import Destination
from vestibule.reception import Reception


class Begun(Exception):
    """A dialogue was about to begin."""


class Board:
    """A switchboard that notes the language asked for, and goes no further."""

    asked = ""

    def destination(self, dialed: str) -> Destination:
        return Destination("outgoing", (("number", dialed),))

    async def redirect(self, _: object) -> None:
        return None

    async def dialogue(self, destination: Destination, *, language: str = "") -> None:
        self.asked = language
        raise Begun


@pytest.mark.parametrize(
    ("caller", "language"),
    [
        (Party("103", internal=True), "en"),
        (Party("999", internal=True), ""),
        (Party("103"), ""),
    ],
)
async def test_the_language_of_an_extension_is_that_of_its_owner_alone(
    office: Office, caller: Party, language: str
) -> None:
    board = Board()
    reception = Reception(
        board,  # type: ignore[arg-type]  # a board as far as it is asked here
        FakeVoice(),
        office.mailboxes,
        office.clock,
        language_of={"103": "en"}.get,  # type: ignore[arg-type]  # None is no language, as ""
    )
    leg = FakeLeg(FakeVoice(), lambda segment, at: None, caller=caller, call_id="call")
    with pytest.raises(Begun):
        await reception.attend(leg, "5145550199")
    assert board.asked == language
