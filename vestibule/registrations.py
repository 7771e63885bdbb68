"""Where telephones are, as the registrar says it and as the directory keeps it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from directory.extension import Registration
from directory.ports import Registrations
from telephony.sip.events import Binding, Peer, Transport


class KeptBindings:
    """The book of a line's telephones, in the tables of the directory. Raises StoreUnavailable."""

    def __init__(self, registrations: Registrations) -> None:
        self._registrations = registrations

    async def load(self) -> Sequence[tuple[Binding, datetime]]:
        kept = await self._registrations.registrations()
        return [(_binding(each), each.expires) for each in kept]

    async def write(
        self,
        kept: Collection[tuple[Binding, datetime]],
        gone: Collection[tuple[str, str]],
    ) -> None:
        registrations = [_registration(binding, until) for binding, until in kept]
        await self._registrations.write_registrations(registrations, gone)


def _registration(binding: Binding, until: datetime) -> Registration:
    peer = binding.peer
    return Registration(
        user=binding.user,
        contact=binding.uri,
        source=f"{peer.transport} {peer.host} {peer.port}",
        instance=binding.instance,
        call_id=binding.call_id[:255],
        cseq=binding.cseq,
        preference=binding.preference,
        agent=binding.agent,
        expires=until,
    )


def _binding(kept: Registration) -> Binding:
    return Binding(
        user=kept.user,
        uri=kept.contact,
        peer=_peer(kept.source),
        call_id=kept.call_id,
        cseq=kept.cseq,
        preference=kept.preference,
        instance=kept.instance,
        agent=kept.agent,
    )


def _peer(source: str) -> Peer:
    transport, host, port = source.split(" ")
    return Peer(Transport(transport), host, int(port))
