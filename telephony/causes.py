"""Why calls end, in the words of `call.leg` and in SIP statuses (RFC 3261 §21)."""

from collections.abc import Mapping
from types import MappingProxyType

from call.leg import HangUpCause

REFUSALS: Mapping[HangUpCause, int] = MappingProxyType(
    {
        HangUpCause.NORMAL: 603,
        HangUpCause.REJECTED: 603,
        HangUpCause.BUSY: 486,
        HangUpCause.NOT_FOUND: 404,
        HangUpCause.NO_ANSWER: 480,
        HangUpCause.UNAVAILABLE: 480,
        HangUpCause.MEDIA_LOST: 500,
        HangUpCause.SHUTDOWN: 503,
        HangUpCause.FAILED: 500,
    }
)
"""What a caller is told when its call is ended before it was answered."""

CAUSES: Mapping[int, HangUpCause] = MappingProxyType(
    {
        403: HangUpCause.REJECTED,
        404: HangUpCause.NOT_FOUND,
        408: HangUpCause.NO_ANSWER,
        410: HangUpCause.NOT_FOUND,
        480: HangUpCause.NO_ANSWER,
        484: HangUpCause.NOT_FOUND,
        486: HangUpCause.BUSY,
        487: HangUpCause.NO_ANSWER,
        503: HangUpCause.UNAVAILABLE,
        600: HangUpCause.BUSY,
        603: HangUpCause.REJECTED,
        604: HangUpCause.NOT_FOUND,
    }
)
"""Why a call that we made came to nothing."""
