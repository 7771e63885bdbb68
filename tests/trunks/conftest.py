"""A shell for the commands of trunks."""

from tests.vestibule.conftest import shell

__all__ = ["shell"]
