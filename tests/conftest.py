"""What holds over the whole suite."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.pace import Pace
from tests.secrets_in_logs import Search

# On a machine that others share, how long an example took says nothing about what is tested. The
# suite says the same of the same program each time; `--hypothesis-profile=explore` looks further.
_PATIENT = {"deadline": None, "suppress_health_check": (HealthCheck.too_slow,)}
settings.register_profile("suite", derandomize=True, **_PATIENT)
settings.register_profile("explore", print_blob=True, **_PATIENT)
settings.load_profile("suite")


_pace = Pace()
_AGAIN = pytest.mark.flaky(reruns=2, condition=_pace.was_lost)
"""What fails in real time is taken again, if the machine lost its pace meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs in real time comes first, and waits more than it computes.

    The many others, which keep every processor busy, begin when no module in real time is left to
    begin, and fill the time until the last of these has ended.
    """
    items.sort(key=_turn)
    for item in items:
        if _in_real_time(item):
            item.add_marker(_AGAIN)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """The pace counts from the start of a module, since all of its tests share its servers."""
    if _in_real_time(item) and item.path != _pace.of:
        _pace.begin(item.path)


def pytest_sessionfinish() -> None:
    """No process is left behind."""
    _pace.end()


def _in_real_time(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("wire", "peer"))


def _turn(item: pytest.Item) -> int:
    """When a test has its turn: the longest folders in real time first."""
    if not _in_real_time(item):
        return 3
    return {"acceptance": 0, "wire": 1}.get(item.path.parent.name, 2)


@pytest.fixture(scope="session", autouse=True)
def no_pin_is_logged_by_any_test() -> Iterator[None]:
    """Whatever a test makes the program log, no PIN and no guess is in it."""
    search = Search()
    logging.getLogger().addHandler(search)
    yield
    logging.getLogger().removeHandler(search)
    assert search.found == []
