"""The line on a PBX that exists already, where the settings ask for one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

from call.media import MediaPlane
from vestibule.reception import Reception
from vestibule.settings import BadSettings, split_address
from vestibule.settings import PyVoipLine as PbxSettings

if TYPE_CHECKING:
    from telephony.adapters.pyvoip import Extension, PyVoipLeg, PyVoipLine

log = logging.getLogger(__name__)


class PbxCalls:
    """The calls of the PBX that are being attended to; none where there is no such line."""

    def __init__(self) -> None:
        self._line: PyVoipLine | None = None
        self._attending: set[asyncio.Task[None]] = set()

    def of(self, line: "PyVoipLine") -> None:
        """The line that the calls come by."""
        self._line = line

    def begin(self, leg: "PyVoipLeg", dialed: str, reception: Reception) -> None:
        """Have a call attended to, by a task of its own."""
        task = asyncio.create_task(_attend(leg, dialed, reception), name=leg.call_id)
        self._attending.add(task)
        task.add_done_callback(self._attending.discard)

    async def drain(self, limit_s: float | None) -> None:
        """Take no more calls, and give those under way `limit_s` seconds to end."""
        if self._line is not None:
            self._line.refuse_calls()
        if self._attending:
            await asyncio.wait(self._attending, timeout=limit_s)


@asynccontextmanager
async def open_pbx_line(
    settings: PbxSettings | None,
    plane: MediaPlane,
    reception: Reception,
    accepts: Callable[[str], bool],
    overloaded: Callable[[], bool] = lambda: False,
) -> AsyncIterator[PbxCalls]:
    """Attend to the calls of a PBX until the block ends; nothing without settings.

    A PBX that does not register us, yet or any more, is asked again and again; calls of other
    lines are not kept waiting for it. `accepts` tells whether a number leads anywhere, `overloaded`
    whether no call is to be taken just now. Raises BadSettings when the extra is not installed or
    the settings fit nowhere, and Unavailable when the local address cannot be had.
    """
    calls = PbxCalls()
    if settings is None:
        yield calls
        return
    extension = _extension(settings, plane.host, accepts)
    from telephony.adapters import pyvoip

    line = pyvoip.PyVoipLine(
        extension, plane, lambda leg: calls.begin(leg, settings.dials, reception), overloaded
    )
    calls.of(line)
    await line.start()
    try:
        yield calls
    finally:
        await line.stop()
        await calls.drain(None)


def _extension(
    settings: PbxSettings, media_host: str, accepts: Callable[[str], bool]
) -> "Extension":
    """The extension that the settings describe; `media_host` is where sound is received."""
    try:
        from telephony.adapters.pyvoip import Extension
    except ModuleNotFoundError as error:
        if error.name != "pyVoIP":
            raise
        raise BadSettings("pyvoip: not installed; run: pip install 'vestibule[pyvoip]'") from error
    if not accepts(settings.dials):
        raise BadSettings(f"pyvoip.dials: {settings.dials} leads nowhere; give it a [[numbers]]")
    registrar, port = split_address(settings.server)
    host, local_port = split_address(settings.listen)
    if host != media_host and not ip_address(media_host).is_unspecified:
        raise BadSettings(f"pyvoip.listen: {host}: sound is received on sip.listen, {media_host}")
    if ":" in host:
        raise BadSettings(f"pyvoip.listen: {host}: pyVoIP speaks IPv4 only")
    password = settings.password.get_secret_value()
    return Extension(registrar, port, settings.username, password, host, local_port)


async def _attend(leg: "PyVoipLeg", dialed: str, reception: Reception) -> None:
    """The one supervised task of a call: what goes wrong in it ends this call alone."""
    try:
        await reception.attend(leg, dialed)
    except Exception:
        log.exception("call failed", extra={"call_id": leg.call_id})
        await leg.hang_up()
