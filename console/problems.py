"""How faults are told to programs: problem details (RFC 9457), with a sentence for people.

No trade knows a number of HTTP; here each kind of fault has its own.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from call.errors import Fault, Misuse, PeerFault, Unavailable
from conference.errors import ConferenceUnknown, NotGranted, NotHeld
from console.errors import BadWish

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[Fault], HTTPStatus] = MappingProxyType(
    {
        NotHeld: HTTPStatus.NOT_FOUND,
        ConferenceUnknown: HTTPStatus.NOT_FOUND,
        NotGranted: HTTPStatus.CONFLICT,
        BadWish: HTTPStatus.UNPROCESSABLE_ENTITY,
        PeerFault: HTTPStatus.BAD_REQUEST,
        Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
        Misuse: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)
"""The nearest class of a fault has its number."""


def problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Problem details of no type of their own: their title is that of the number."""
    told = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return JSONResponse(told, int(status), headers, MEDIA_TYPE)


async def tell_fault(_: Request, fault: Exception) -> Response:
    """Why something could not be done; nothing of what is ours alone."""
    status = next((STATUS[kind] for kind in type(fault).__mro__ if kind in STATUS), None)
    if status is None or status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed; its log says more.")
    return problem(status, str(fault))


async def tell_http(_: Request, fault: Exception) -> Response:
    """An address that leads nowhere, a method that it does not know."""
    if not isinstance(fault, HTTPException):
        raise fault
    status = HTTPStatus(fault.status_code)
    return problem(status, fault.detail, fault.headers)


TELLING: Mapping[object, Callable[[Request, Exception], Awaitable[Response]]] = MappingProxyType(
    {Fault: tell_fault, HTTPException: tell_http}
)
"""For an application's `exception_handlers`."""
