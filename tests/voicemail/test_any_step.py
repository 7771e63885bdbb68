"""One long piece of work, and the power going before each of its steps: nothing is lost, doubled
or left behind. The days are those of `test_any_day`, scripted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.voicemail.test_any_day import AnyDay, Take
from voicemail import Folder, Move


@contextmanager
def a_day() -> Iterator[AnyDay]:
    day = AnyDay()
    try:
        yield day
    finally:
        day.teardown()


def checked(day: AnyDay) -> None:
    """What always holds, held now."""
    day.the_mailboxes_are_what_the_dictionary_says()
    day.every_message_has_its_sound_and_every_sound_its_message()
    day.the_lamps_and_the_counts_are_true()
    day.each_message_and_each_notice_was_mailed_once_at_most()


def emptying(day: AnyDay, cut: int) -> None:
    """What was heard goes to the trash, what lay there is forgotten, the e-mailed is spent."""
    for number in ("103", "103", "102"):
        day.somebody_leaves_a_message_at_once(number, urgent=False)
    day.an_owner_hears_everything_new("103")
    day.the_trash_is_emptied(3, None)
    day.somebody_leaves_a_message_at_once("103", urgent=True)
    day.an_owner_hears_everything_new("103")
    checked(day)
    day.the_trash_is_emptied(2, cut)


def mailing(day: AnyDay, cut: int, *, accepted: bool) -> None:
    """A message that stays and one that is only e-mailed leave, or are refused."""
    for number in ("101", "102"):
        day.somebody_leaves_a_message_at_once(number, urgent=True)
    checked(day)
    day._server.accepts = accepted
    day.the_power_will_go(cut, after=False)
    day.the_mail_leaves(accepted, None)


def passing_on(day: AnyDay, cut: int) -> None:
    """A message is passed on to two others, with an introduction."""
    day.somebody_leaves_a_message_at_once("101", urgent=True)
    day.the_owner_opens_a_folder("101", Folder.NEW)
    day.the_owner_goes_to_a_message(Move.FIRST)
    checked(day)
    day.the_power_will_go(cut, after=False)
    day.the_owner_passes_it_on(["103", "102"], introduced=True)


def speaking_again(day: AnyDay, cut: int) -> None:
    """An urgent message is spoken again, and kept."""
    day.somebody_calls("101", Take.HELLO)
    day.the_caller_makes_it_urgent_or_not(0)
    checked(day)
    day.the_power_will_go(cut, after=True)
    day.the_caller_speaks_again(0, Take.GOODBYE, accepted=True)
    if day._day.calls:
        day.the_caller_hangs_up(0)


@pytest.mark.parametrize(
    ("work", "steps"),
    [
        pytest.param(emptying, 20, id="emptying"),
        pytest.param(lambda day, cut: mailing(day, cut, accepted=True), 24, id="mailing"),
        pytest.param(lambda day, cut: mailing(day, cut, accepted=False), 32, id="refusing"),
        pytest.param(passing_on, 20, id="passing on"),
        pytest.param(speaking_again, 10, id="speaking again"),
    ],
)
def test_the_power_may_go_before_any_step(work: Callable[[AnyDay, int], None], steps: int) -> None:
    cuts = 0
    for cut in range(steps + 1):
        with a_day() as day:
            whole = day._fuse
            work(day, cut)
            checked(day)
            cuts += day._fuse is not whole
    assert 0 < cuts <= steps, "the last cut comes after the work has ended"
