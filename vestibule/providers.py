"""The trunks of the settings, plugged to the line, to the choices of extensions, to their codes."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from ipaddress import ip_address

from call.clock import Clock
from routing.numbers import EMERGENCY, OUTSIDE, NumberForm, national
from routing.outgoing import Route
from telephony.sip.events import Transport
from telephony.trunks import LookUp, Trunk, Trunks
from vestibule import settings as written
from vestibule.exchange.outside import Outside, Patience
from vestibule.settings import BadSettings, Settings
from vestibule.shelves import local_calls
from vestibule.tokens import WireTokens

log = logging.getLogger(__name__)

CALLS_FOR_HELP = frozenset({EMERGENCY, OUTSIDE + EMERGENCY})
"""What our own telephones reach however much there is to do."""


def open_trunks(settings: Settings, look_up: LookUp | None = None) -> Trunks:
    """The trunks of the line. Raises BadSettings where a password cannot be read."""
    host, _ = settings.sip.address
    return Trunks(
        [_trunk(each) for each in settings.trunks],
        look_up or look_up_addresses(ipv6=":" in host),
        WireTokens(),
        national,
    )


def open_outside(settings: Settings, trunks: Trunks, clock: Clock) -> Outside:
    """The way outside by these trunks."""
    outgoing = settings.outgoing
    return Outside(
        routes_of(settings),
        trunks,
        clock,
        company=settings.company.name,
        local=local_calls(settings),
        patience=Patience(outgoing.heard_within_s, outgoing.rings_within_s),
    )


def routes_of(settings: Settings) -> tuple[Route, ...]:
    """The trunks as far as it matters to which calls take them."""
    return tuple(_route(each) for each in settings.trunks)


async def addresses_of(trunk: written.Trunk, settings: Settings) -> Sequence[str]:
    """Where a trunk's server is just now; empty while its name is not found."""
    host, _ = trunk.address
    try:
        return [str(ip_address(host))]
    except ValueError:
        ours, _ = settings.sip.address
        return await look_up_addresses(ipv6=":" in ours)(host)


def look_up_addresses(*, ipv6: bool) -> LookUp:
    """Looks host names up by the system, for addresses of the family that we listen on."""
    family = socket.AF_INET6 if ipv6 else socket.AF_INET

    async def look_up(name: str) -> Sequence[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                name, None, family=family, type=socket.SOCK_DGRAM
            )
        except OSError as fault:
            log.warning("name not found", extra={"host": name, "why": str(fault)})
            return ()
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    return look_up


def _trunk(each: written.Trunk) -> Trunk:
    host, port = each.address
    try:
        password = each.secret()
    except OSError as fault:
        raise BadSettings(f"trunks: {each.name}: {fault.filename}: {fault.strerror}") from fault
    return Trunk(
        each.name,
        host,
        port,
        Transport.TCP if each.transport == "tcp" else Transport.UDP,
        domain=each.domain,
        username=each.username,
        password=password,
        username_in_from=each.username_in_from,
        register=each.registers,
        expires_s=each.expires_s,
        calls_from=each.calls_from,
    )


def _route(each: written.Trunk) -> Route:
    return Route(
        each.name,
        each.numbers,
        NumberForm(each.sends),
        each.priority,
        each.max_calls,
        each.any_number,
    )
