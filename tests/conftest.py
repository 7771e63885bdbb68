"""What holds over the whole suite."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.secrets_in_logs import Search

# On a machine that others share, how long an example took says nothing about what is tested.
settings.register_profile("suite", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs in real time is not torn apart: a folder at a time, by one worker, in order."""
    for item in items:
        if any(item.get_closest_marker(name) for name in ("wire", "peer")):
            item.add_marker(pytest.mark.xdist_group(item.path.parent.name))


@pytest.fixture(scope="session", autouse=True)
def no_pin_is_logged_by_any_test() -> Iterator[None]:
    """Whatever a test makes the program log, no PIN and no guess is in it."""
    search = Search()
    logging.getLogger().addHandler(search)
    yield
    logging.getLogger().removeHandler(search)
    assert search.found == []
