"""The line on a PBX that exists already, where the settings ask for one."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from call.clock import Clock
from call.media import MediaPlane
from vestibule.reception import Reception
from vestibule.settings import BadSettings, PyVoipLine, split_address

if TYPE_CHECKING:
    from telephony.adapters.pyvoip_line import PyVoipLeg

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_pbx_line(
    settings: PyVoipLine | None, plane: MediaPlane, clock: Clock, reception: Reception
) -> AsyncIterator[None]:
    """Register on the PBX and attend to its calls until the block ends; nothing without settings.

    Raises BadSettings when the extra is not installed, Unavailable when the PBX does not register
    the extension.
    """
    if settings is None:
        yield
        return
    try:
        from telephony.adapters import pyvoip_line
    except ImportError as error:
        raise BadSettings("pyvoip: not installed; run: pip install 'vestibule[pyvoip]'") from error
    registrar, port = split_address(settings.server)
    local_host, local_port = split_address(settings.listen)
    extension = pyvoip_line.Extension(
        registrar,
        port,
        settings.username,
        settings.password.get_secret_value(),
        local_host,
        local_port,
    )
    attending: set[asyncio.Task[None]] = set()

    def attend(leg: "PyVoipLeg") -> None:
        task = asyncio.create_task(_attend(leg, settings.dials, reception), name=leg.call_id)
        attending.add(task)
        task.add_done_callback(attending.discard)

    line = pyvoip_line.PyVoipLine(extension, plane, clock, attend)
    await line.start()
    log.info("pbx line open", extra={"server": settings.server, "user": settings.username})
    try:
        yield
    finally:
        await line.stop()
        if attending:
            await asyncio.wait(attending)


async def _attend(leg: "PyVoipLeg", dialed: str, reception: Reception) -> None:
    """The one supervised task of a call: what goes wrong in it ends this call alone."""
    try:
        await reception.attend(leg, dialed)
    except Exception:
        log.exception("call failed", extra={"call_id": leg.call_id})
        await leg.hang_up()
