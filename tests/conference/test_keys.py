"""What somebody in a conference gets by pressing keys."""

import pytest

from conference.conference import Role
from conference.happening import (
    Come,
    Expel,
    Finish,
    Go,
    Lock,
    Member,
    Mute,
    MuteAll,
    Record,
    Refusal,
    Refused,
    Wish,
)
from conference.keys import COMMANDS, LEAVING, LEAVING_S, Ask, Keypad
from conference.room import Room, Rules


@pytest.fixture
def room() -> Room:
    """Anne leads Paul and Pia, who came in this order."""
    room = Room(Rules())
    for member in (Member("anne", role=Role.ADMINISTRATOR), Member("paul"), Member("pia")):
        room.receive(Come(member), 0.0)
    return room


class Presser:
    """Somebody who presses keys, half a second apart."""

    def __init__(self, id: str, room: Room) -> None:
        self.keypad = Keypad(id, room)
        self.now = 0.0

    def __call__(self, keys: str) -> Ask | Wish | None:
        """What the last of some keys means."""
        wanted = None
        for key in keys:
            self.now += 0.5
            wanted = self.keypad.press(key, self.now)
        return wanted


@pytest.fixture
def anne(room: Room) -> Presser:
    return Presser("anne", room)


@pytest.fixture
def paul(room: Room) -> Presser:
    return Presser("paul", room)


@pytest.mark.parametrize("key", "0123456789#ABCD")
def test_a_key_alone_does_nothing(anne: Presser, key: str) -> None:
    assert anne(key) is None
    assert anne(key * 4) is None


def test_a_star_alone_does_nothing_yet(paul: Presser) -> None:
    assert paul("*") is None


def test_star_1_mutes_and_unmutes_oneself(room: Room, paul: Presser) -> None:
    wish = paul("*1")
    assert wish == Mute("paul", True, "paul")
    room.receive(wish, 1.0)
    assert paul("*1") == Mute("paul", False, "paul")


def test_star_1_of_somebody_whom_an_administrator_muted_is_refused_with_the_reason(
    room: Room, paul: Presser
) -> None:
    room.receive(Mute("paul", True, "anne"), 1.0)
    wish = paul("*1")
    assert isinstance(wish, Mute)
    assert room.receive(wish, 1.0) == [Refused("paul", Refusal.SILENCED)]


@pytest.mark.parametrize(
    ("keys", "first", "then"),
    [
        ("*2", Lock(True, "anne"), Lock(False, "anne")),
        ("*5", MuteAll(True, "anne"), MuteAll(False, "anne")),
        ("*#", Record(True, "anne"), Record(False, "anne")),
    ],
)
def test_an_administrator_turns_things_on_and_off_with_the_same_keys(
    room: Room, anne: Presser, keys: str, first: Wish, then: Wish
) -> None:
    assert anne(keys) == first
    room.receive(first, 1.0)
    assert anne(keys) == then


@pytest.mark.parametrize("keys", ["*2", "*3", "*5", "*#"])
def test_a_participant_is_refused_what_is_the_administrators(
    room: Room, paul: Presser, keys: str
) -> None:
    wish = paul(keys)
    assert wish is not None
    assert not isinstance(wish, Ask)
    assert room.receive(wish, 1.0) == [Refused("paul", Refusal.NOT_ADMINISTRATOR)]


def test_star_3_puts_out_who_came_last_but_no_administrator(room: Room, anne: Presser) -> None:
    room.receive(Come(Member("alain", role=Role.ADMINISTRATOR)), 1.0)
    assert anne("*3") == Expel("pia", "anne")


def test_star_3_with_no_participant_there_is_refused(room: Room, anne: Presser) -> None:
    for id in ("paul", "pia"):
        room.receive(Go(id), 1.0)
    wish = anne("*3")
    assert isinstance(wish, Expel)
    assert room.receive(wish, 1.0) == [Refused("anne", Refusal.NOT_HERE)]


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ("*4", Ask.HEAR_QUIETER),
        ("*6", Ask.HEAR_LOUDER),
        ("*7", Ask.SPEAK_QUIETER),
        ("*9", Ask.SPEAK_LOUDER),
        ("*8", Ask.COUNT),
        ("**", Ask.HELP),
        ("*A", Ask.WRONG),
    ],
)
def test_everybody_asks_for_what_is_their_own(paul: Presser, keys: str, wanted: Ask) -> None:
    assert paul(keys) is wanted


def test_star_0_lets_a_participant_leave(paul: Presser) -> None:
    assert paul("*0") is Ask.LEAVE


def test_star_0_asks_an_administrator_whether_to_end_it_for_everybody(anne: Presser) -> None:
    assert anne("*0") is Ask.HOW_TO_LEAVE
    assert anne("0") is Ask.LEAVE
    assert anne("*0") is Ask.HOW_TO_LEAVE
    assert anne("1") == Finish("anne")


def test_an_administrator_who_answers_wrongly_stays_and_nothing_is_ended(anne: Presser) -> None:
    assert anne("*05") is Ask.WRONG
    assert anne("1") is None


def test_an_administrator_may_listen_to_the_whole_question(anne: Presser) -> None:
    anne("*0")
    anne.now += 15.0
    assert anne("1") == Finish("anne")


def test_an_administrator_who_answers_nothing_stays(anne: Presser) -> None:
    anne("*0")
    anne.now += LEAVING_S
    assert anne("1") is None


def test_a_command_is_done_with_its_second_key(paul: Presser) -> None:
    assert paul("*8") is Ask.COUNT
    assert paul("8") is None


def test_a_lone_star_is_forgotten_after_five_seconds(paul: Presser) -> None:
    paul("*")
    paul.now += 5.0
    assert paul("8") is None
    assert paul("*") is None
    paul.now += 4.0
    assert paul("8") is Ask.COUNT


def test_a_star_after_a_forgotten_star_begins_anew(paul: Presser) -> None:
    paul("*")
    paul.now += 6.0
    assert paul("*") is None
    assert paul("8") is Ask.COUNT


def test_every_key_of_a_telephone_has_a_command() -> None:
    assert set(COMMANDS) == set("0123456789*#")
    assert set(LEAVING) == set("01")
