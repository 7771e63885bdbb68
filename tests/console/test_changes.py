"""What is told, line by line, to an administrator who watches."""

from dataclasses import replace

from conference.live import LivePerson, LiveRoom
from conference.room import Phase
from console.changes import changes
from tests.console.held import BOARD, CAMILLE, MARC

WAITING = replace(
    BOARD,
    phase=Phase.WAITING,
    began=None,
    people=(replace(MARC, inside=False),),
)
BEGUN = replace(BOARD, people=(MARC, CAMILLE))


def told(before: LiveRoom | None, after: LiveRoom | None) -> list[str]:
    was, now = ([room] if room else [] for room in (before, after))
    return list(changes(was, now))


def with_marc(**changed: bool) -> LiveRoom:
    def so(one: LivePerson) -> LivePerson:
        return replace(one, **changed)  # type: ignore[arg-type]  # each is a bool of LivePerson

    return replace(BOARD, people=(CAMILLE, so(MARC)))


def test_who_comes_first_waits() -> None:
    assert told(None, WAITING) == [
        "4321  Réunion du lundi waits for an administrator",
        "4321  Marc Tremblay (+15145550123) has come, waiting",
    ]


def test_a_conference_begins_with_its_administrator() -> None:
    assert told(WAITING, BEGUN) == [
        "4321  Réunion du lundi begins",
        "4321  Marc Tremblay (+15145550123) comes in",
        "4321  Camille Côté (101) has come, inside",
        "4321  Camille Côté (101) talks",
    ]


def test_it_is_interrupted_and_resumes() -> None:
    interrupted = replace(WAITING, began=BOARD.began)
    assert told(BEGUN, interrupted)[0] == (
        "4321  Réunion du lundi is interrupted: everybody waits for an administrator"
    )
    assert told(interrupted, BEGUN)[0] == "4321  Réunion du lundi resumes"


def test_mutes_are_told_by_whose_they_are() -> None:
    base, own, by_admin = with_marc(), with_marc(muted=True), with_marc(muted=True, silenced=True)
    name = "4321  Marc Tremblay (+15145550123)"
    assert told(base, own) == [f"{name} mutes themself"]
    assert told(own, base) == [f"{name} speaks again"]
    assert told(base, by_admin) == [f"{name} is muted by an administrator"]
    assert told(by_admin, base) == [f"{name} may speak again"]


def test_the_door_the_recording_and_announcements_are_told() -> None:
    base = with_marc()
    after = replace(base, locked=True, recording=True, announced=False)
    assert told(base, after) == [
        "4321  Réunion du lundi is locked",
        "4321  Réunion du lundi is recorded from now on",
        "4321  Réunion du lundi announces arrivals no more",
    ]


def test_a_session_that_is_over_is_told_with_who_was_there() -> None:
    alone = replace(BOARD, people=(CAMILLE,))
    assert told(alone, None) == [
        "4321  Camille Côté (101) has gone",
        "4321  Réunion du lundi is over",
    ]
    assert told(alone, alone) == []
