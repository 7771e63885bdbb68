"""What the lamps of telephones show of extensions and parking slots."""

from collections.abc import Sequence

import pytest

from telephony.presence import ExtensionCall
from telephony.sip.dialog_info import CallStage
from vestibule.exchange.engaged import Engaged, Engagement
from vestibule.exchange.presence import Presence, State


class Board:
    """Remembers what each lamp shows."""

    def __init__(self) -> None:
        self.shows: dict[str, tuple[ExtensionCall, ...]] = {}
        self.there: dict[str, bool] = {}

    def changed(self, extension: str, calls: Sequence[ExtensionCall] | None) -> None:
        if calls is None:
            del self.shows[extension]
        else:
            self.shows[extension] = tuple(calls)

    def reachable(self, extension: str, there: bool) -> None:
        self.there[extension] = there


class House:
    """Two extensions; the telephone of 102 is unplugged."""

    def __init__(self) -> None:
        self.board = Board()
        self.engaged = Engaged()
        self.extensions = ["101", "102"]
        self.plugged = {"101"}
        self.presence = Presence(
            self.board, self.engaged, lambda: self.extensions, lambda number: number in self.plugged
        )


@pytest.fixture
def house() -> House:
    house = House()
    house.presence.look()
    return house


def test_everybody_and_every_slot_can_be_watched_from_the_start(house: House) -> None:
    assert house.board.shows == dict.fromkeys(
        ["101", "102", *(str(slot) for slot in range(701, 710))], ()
    )


def test_a_telephone_that_rings_is_shown_as_called_and_then_as_talking(house: House) -> None:
    house.engaged.note("leg", "101", Engagement.RINGING)
    assert house.board.shows["101"] == (ExtensionCall("leg", CallStage.EARLY, called=True),)
    assert house.presence.state("101") is State.RINGING
    house.engaged.answered("leg")
    assert house.board.shows["101"] == (
        ExtensionCall("leg", CallStage.CONFIRMED, called=True, taken_by_key=False),
    )
    assert house.presence.state("101") is State.IN_CALL
    house.engaged.drop("leg")
    assert house.board.shows["101"] == ()
    assert house.presence.state("101") is State.AVAILABLE


def test_somebody_who_dials_is_shown_as_calling(house: House) -> None:
    house.engaged.note("leg", "101", Engagement.TALKING)
    assert house.board.shows["101"] == (
        ExtensionCall("leg", CallStage.CONFIRMED, called=False, taken_by_key=False),
    )


def test_a_second_call_that_rings_is_shown_beside_the_first(house: House) -> None:
    house.engaged.note("first", "101", Engagement.TALKING)
    house.engaged.note("second", "101", Engagement.RINGING)
    assert [call.stage for call in house.board.shows["101"]] == [
        CallStage.CONFIRMED,
        CallStage.EARLY,
    ]
    house.engaged.drop("first")
    assert [call.call_id for call in house.board.shows["101"]] == ["second"]


def test_an_unplugged_telephone_is_offline(house: House) -> None:
    assert house.presence.state("102") is State.OFFLINE
    assert house.board.there == {"101": True, "102": False}
    house.plugged.add("102")
    house.presence.look()
    assert house.board.there["102"]


def test_a_slot_is_lit_while_somebody_waits_in_it(house: House) -> None:
    house.presence.slot("701", "guest")
    (call,) = house.board.shows["701"]
    assert call.stage is CallStage.CONFIRMED
    assert not call.taken_by_key
    house.presence.slot("701", "")
    assert house.board.shows["701"] == ()


def test_an_extension_that_is_made_can_be_watched_and_one_that_is_gone_no_more(
    house: House,
) -> None:
    house.extensions = ["101", "103"]
    house.presence.look()
    assert "102" not in house.board.shows
    house.engaged.note("leg", "103", Engagement.RINGING)
    assert [call.call_id for call in house.board.shows["103"]] == ["leg"]
    house.engaged.note("other", "102", Engagement.RINGING)
    assert "102" not in house.board.shows
