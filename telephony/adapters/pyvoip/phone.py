"""pyVoIP's telephone, with our calls, no thread per call, and no second of delay."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from call.errors import Unavailable
from telephony.adapters.pyvoip.call import Call
from telephony.adapters.pyvoip.client import Client
from telephony.adapters.pyvoip.extension import Extension
from telephony.adapters.pyvoip.leg import PyVoipLeg
from telephony.adapters.pyvoip.library import SIP, PhoneStatus, VoIP

Answer = TypeVar("Answer")

REGISTER_S = 5
"""Seconds that a registration waits for an answer; calls wait meanwhile."""


class Line(Protocol):
    """The line that a telephone works for, reached from pyVoIP's threads."""

    def post(self, work: Callable[[], None]) -> None:
        """Do `work` in the event loop, soon."""

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """The answer that the event loop gives. Raises TimeoutError."""

    def lost(self) -> None:
        """In the loop: pyVoIP gave up."""

    def rings(self, call: Call) -> None:
        """In the loop: a call came in whose offer we can take."""

    def new_leg(self) -> PyVoipLeg:
        """In the loop: a leg with an open slot. Raises Unavailable when no slot is free."""


class Phone(VoIP.VoIPPhone):
    """One extension as pyVoIP keeps it. Its threads reach `line` by `post` and `ask` alone."""

    def __init__(self, extension: Extension, line: Line) -> None:
        self.line = line
        super().__init__(
            extension.registrar,
            extension.port,
            extension.user,
            extension.password,
            myIP=extension.local_host,
            sipPort=extension.local_port,
        )
        self.client = Client(
            extension.registrar,
            extension.port,
            extension.user,
            extension.password,
            phone=self,
            myIP=extension.local_host,
            myPort=extension.local_port,
            callCallback=self.callback,
            fatalCallback=self.fatal,
        )
        self.client.default_expires = extension.expires_s
        self.client.register_timeout = REGISTER_S
        self.sip = self.client

    @property
    def registered(self) -> bool:
        return bool(self.get_status() is PhoneStatus.REGISTERED)

    @property
    def refusal(self) -> int | None:
        """The status by which the PBX last refused a registration; None where it did not."""
        told = self.client.told
        return None if told is None or told < 300 else told

    def close(self) -> None:
        """Deregister and free the port; blocks until pyVoIP's threads have ended."""
        self.sip.stop()
        self._status = PhoneStatus.INACTIVE

    def adopt(self, other: "Phone") -> None:
        """Go on with the calls of a telephone that was given up."""
        self.calls.update(other.calls)
        self.client.tagLibrary.update(other.client.tagLibrary)
        for call in other.calls.values():
            call.phone, call.sip = self, self.client

    def fatal(self) -> None:
        """pyVoIP stopped after too many failed registrations."""
        self._status = PhoneStatus.FAILED
        self.line.post(self.line.lost)

    def request_port(self, blocking: bool = True) -> int:
        """pyVoIP draws a port for each medium; the slot's own is used instead."""
        return 0

    def release_ports(self, call: Any = None) -> None:
        """Nothing to release, and no live call is ever forgotten."""

    def callback(self, request: Any) -> None:
        if request.type == SIP.SIPMessageType.MESSAGE and request.method == "CANCEL":
            call = self.calls.get(request.headers["Call-ID"])
            if isinstance(call, Call):
                call.cancelled()
            return
        super().callback(request)

    def _callback_MSG_Invite(self, request: Any) -> None:
        call_id = request.headers["Call-ID"]
        known = self.calls.get(call_id)
        if known is not None:
            if known.state is VoIP.CallState.ANSWERED:
                known.renegotiate(request)
            return
        call = self._taken(request)
        if call is None:
            self.client.tell(self.client.gen_busy(request))
            return
        self.client.tell(self.client.gen_ringing(request))
        self.calls[call_id] = call
        self.line.post(lambda: self.line.rings(call))

    def _taken(self, request: Any) -> Call | None:
        """The call of an INVITE, or None when we have no slot for it or no law in common."""
        if not {"c", "m"} <= request.body.keys():
            return None
        try:
            leg = self.line.ask(self.line.new_leg)
        except (Unavailable, TimeoutError):
            return None
        call = Call(self, request, next_session(self.session_ids), leg, self.line.post)
        if not call.acceptable:
            self.line.post(leg.discard)
            return None
        return call


def next_session(taken: list[int]) -> int:
    """A session id for the description, unique on this line."""
    taken.append(len(taken) + 1)
    return taken[-1]
