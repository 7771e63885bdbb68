"""What goes wrong with what the web is asked."""

from call.errors import PeerFault, Unavailable


class BadWish(PeerFault):
    """What was asked for is not written as it should be; the message names the field."""


class PersonUnclear(PeerFault):
    """Several people in a conference are called like this; the message lists them."""


class TooManyListeners(Unavailable):
    """As many listen by the web as may."""
