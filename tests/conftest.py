"""What holds over the whole suite."""

import logging
from collections.abc import Iterator

import pytest

from tests.secrets_in_logs import Search


@pytest.fixture(scope="session", autouse=True)
def no_pin_is_logged_by_any_test() -> Iterator[None]:
    """Whatever a test makes the program log, no PIN and no guess is in it."""
    search = Search()
    logging.getLogger().addHandler(search)
    yield
    logging.getLogger().removeHandler(search)
    assert search.found == []
