"""What the database refuses."""

from call.errors import Unavailable


class StoreUnavailable(Unavailable):
    """The database did not answer, or refused to write."""
