"""What goes wrong with conferences."""

from call.errors import Misuse, PeerFault, Unavailable


class BadConference(PeerFault):
    """A conference cannot be arranged like this; the message names the field and what to do."""


class RoomTaken(BadConference):
    """Another conference has that room."""


class ConferenceUnknown(PeerFault):
    """There is no such conference, or no such person in it."""


class NotHeld(PeerFault):
    """Nobody is in this conference just now."""


class NotGranted(PeerFault):
    """What was asked for in a conference cannot be done; the message says why."""


class SessionUnknown(PeerFault):
    """No such session is known; the message says where to look."""


class NotRecorded(PeerFault):
    """A session has no recording, or none any more."""


class ReportUnavailable(Unavailable):
    """A report cannot be set just now."""


class RoomOver(Misuse):
    """A session that is over was told of something."""
