"""Whether browsers can listen to conferences: the address of the pages, and the encoder."""

import errno
from collections.abc import Iterator
from ipaddress import ip_address

from call.errors import Unavailable
from call.media import Wideband
from console.sockets import address_socket
from telephony.media.wideband import wideband_there
from vestibule.doctor import Finding, Verdict
from vestibule.settings import Settings


def examine_web(settings: Settings) -> list[Finding]:
    """What keeps the pages from being served, or nobody from reaching them."""
    return list(_findings(settings))


def _findings(settings: Settings) -> Iterator[Finding]:
    bound = settings.web.bound
    about = f"web.listen {settings.web.listen}"
    if bound is None:
        if settings.web.address:
            what = "web.address is told to nobody without web.listen"
            yield Finding(Verdict.NOTE, "web", what, "Set web.listen, or take web.address away.")
        return
    try:
        with address_socket(*bound):
            pass
    except Unavailable as fault:
        cause = fault.__cause__
        ours = not (isinstance(cause, OSError) and cause.errno == errno.EADDRNOTAVAIL)
        advice = "Stop what listens there (perhaps this server), or choose another address."
        other = "The address is not of this machine; choose one that `ip addr` shows."
        yield Finding(Verdict.BAD, about, str(fault), advice if ours else other)
        return
    if Wideband.OPUS not in wideband_there():
        advice = "Install vestibule[wideband]: the pages say that listening is not offered."
        yield Finding(Verdict.NOTE, about, "no encoder for Opus", advice)
    if not settings.web.address:
        advice = "Set it to what the world calls web.listen."
        yield Finding(Verdict.NOTE, about, "invitations tell no link without web.address", advice)
    elif settings.web.address.startswith("http:") and not ip_address(bound[0]).is_loopback:
        advice = "Put a proxy with TLS before it, and listen on loopback."
        yield Finding(Verdict.NOTE, about, "whoever is on the way hears what is said", advice)
    else:
        yield Finding(Verdict.GOOD, about, "free")
