"""A call of pyVoIP whose sound is a slot of our plane."""

from collections.abc import Callable
from typing import Any

from call.leg import HangUpCause, Party
from call.media import Direction, Stream
from call.sound import Law
from telephony.adapters.pyvoip.client import Client
from telephony.adapters.pyvoip.extension import LineDown
from telephony.adapters.pyvoip.leg import PyVoipLeg
from telephony.adapters.pyvoip.library import RTP, VoIP


class Sound:
    """Stands where pyVoIP keeps an RTP client: tells the answer our port, law and events."""

    def __init__(self, port: int, assoc: dict[int, Any]) -> None:
        self.inPort = port
        self.assoc = assoc
        self.outIP = ""
        self.outPort = 0

    def start(self) -> None:
        """The slot is connected by the leg."""

    def stop(self) -> None:
        """The slot is closed by the leg."""


class Call(VoIP.VoIPCall):
    """One call: pyVoIP answers and ends it; `leg` is told what becomes of it.

    `post` has work done in the event loop, for pyVoIP tells of it from threads of its own.
    """

    sip: Client

    def __init__(
        self,
        phone: VoIP.VoIPPhone,
        request: Any,
        session: int,
        leg: PyVoipLeg,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self.leg = leg
        self.acceptable = False
        self._post = post
        super().__init__(
            phone, VoIP.CallState.RINGING, request, session, phone.myIP, sendmode=phone.recvmode
        )
        leg.ring(self)

    def create_rtp_clients(
        self, codecs: dict[int, Any], ip: str, port: int, request: Any, baseport: int
    ) -> None:
        """Choose one law and the events; `port`, which pyVoIP drew, is not used."""
        laws = [kind for kind, codec in codecs.items() if str(codec) in Law.__members__]
        if not laws or self.RTPClients:
            return
        self.acceptable = True
        events = [kind for kind, codec in codecs.items() if codec is RTP.PayloadType.EVENT]
        chosen = {kind: codecs[kind] for kind in (laws[0], *events[:1])}
        self.RTPClients.append(Sound(self.leg.port, chosen))  # type: ignore[arg-type]  # stands in
        self.stream = Stream(
            codec=Law(str(codecs[laws[0]])),
            payload_type=laws[0],
            event_payload_type=events[0] if events else None,
            remote=(request.body["c"][-1]["address"], baseport),
            direction=Direction.SENDRECV,
        )

    def renegotiate(self, request: Any) -> None:
        """A repeated INVITE, or one that moves the sound: the same answer, the new address."""
        super().renegotiate(request)
        audio = next((each for each in request.body["m"] if each["type"] == "audio"), None)
        if audio is None:
            return
        stream = Stream(
            codec=self.stream.codec,
            payload_type=self.stream.payload_type,
            event_payload_type=self.stream.event_payload_type,
            remote=(request.body["c"][-1]["address"], audio["port"]),
        )
        if stream != self.stream:
            self.stream = stream
            self._post(lambda: self.leg.moved(stream))

    def take(self) -> None:
        """Answer 200. Raises LineDown when it is too late."""
        self._do(self.answer)

    def refuse(self) -> None:
        """Answer 486. Raises LineDown when it is too late."""
        self._do(self.deny)

    def end(self) -> None:
        """Send BYE. Raises LineDown when the call is over already."""
        self._do(self.hangup)

    def _do(self, command: Callable[[], None]) -> None:
        try:
            command()
        except (OSError, VoIP.InvalidStateError, KeyError) as error:
            raise LineDown(f"{command.__name__}: {type(error).__name__}") from error

    def bye(self) -> None:
        """The PBX ended the call."""
        super().bye()
        self._post(lambda: self.leg.ended(HangUpCause.NORMAL, by_caller=True))

    def cancelled(self) -> None:
        """The caller gave up before the answer: 487 to the INVITE (RFC 3261 section 9.2)."""
        if self.state is not VoIP.CallState.RINGING:
            return
        self.state = VoIP.CallState.ENDED
        self.phone.calls.pop(self.call_id, None)
        refusal = self.sip.gen_busy(self.request).replace("486 Busy Here", "487 Request Terminated")
        self.sip.tell(refusal)
        self._post(lambda: self.leg.ended(HangUpCause.NORMAL, by_caller=True))

    def party(self, header: str) -> Party:
        """Number and name in From or To."""
        told = self.request.headers[header]
        return Party(told["number"] or "", (told["caller"] or "").strip(' "'))
