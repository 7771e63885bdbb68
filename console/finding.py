"""Who is meant: somebody in a conference, by a name, a number or an id as it is typed. Pure."""

from collections.abc import Callable, Sequence

from conference.errors import ConferenceUnknown
from conference.live import LivePerson, LiveRoom
from conference.names import begins, folded
from console.changes import called
from console.errors import PersonUnclear

_LEAST_DIGITS = 3


def person(room: LiveRoom, who: str) -> LivePerson:
    """The one person meant: by id or number, by name, by the beginnings of its words.

    Accents and capitals are not looked at, and of a number its last digits are enough. Raises
    ConferenceUnknown where nobody is, and PersonUnclear with all of them where several are.
    """
    for meant in _ways(who):
        found = [each for each in room.people if meant(each)]
        if len(found) == 1:
            return found[0]
        if found:
            raise PersonUnclear(f"{who} may be any of these, give the id: {_listed(found)}")
    there = "; ".join(called(each) for each in room.people) or "nobody"
    raise ConferenceUnknown(f"{who} is not in conference room {room.room}, but {there}")


def _ways(who: str) -> tuple[Callable[[LivePerson], bool], ...]:
    """What people are told by, the surest first."""
    words = folded(who)
    digits = "".join(c for c in who if c.isdigit())
    last = digits if len(digits) >= _LEAST_DIGITS and not _has_letters(who) else ""
    return (
        lambda each: each.id == who,
        lambda each: bool(each.number) and each.number == who,
        lambda each: bool(words) and folded(each.name) == words,
        lambda each: bool(last) and each.number.endswith(last),
        lambda each: begins(each.name, who),
    )


def _has_letters(text: str) -> bool:
    """Whether there is any letter in it: a number has none."""
    return any(c.isalpha() for c in text)


def _listed(people: Sequence[LivePerson]) -> str:
    return "; ".join(f"{called(each)}, id {each.id}" for each in people)
