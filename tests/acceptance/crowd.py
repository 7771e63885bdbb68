"""Many light telephones at once: each keeps the last second it heard, and no more."""

from tests.wire.beat import Beat
from tests.wire.link import Address
from tests.wire.phone import Phone, PhoneCall
from tests.wire.rtp_line import RtpLine

_KEPT = 50


class LightLine(RtpLine):
    """A line that forgets what it heard long ago."""

    def serve(self, due: float) -> None:
        super().serve(due)
        self.arrivals = self.arrivals[-_KEPT:]


class LightPhone(Phone):
    """A telephone whose calls have light lines."""

    def __init__(self, number: str, beat: Beat) -> None:
        super().__init__(number, beat=beat)

    def _new_call(self, number: str, server: Address) -> PhoneCall:
        call = super()._new_call(number, server)
        call.line.close()
        call.line = LightLine(beat=self.beat)
        call.line.event_type = self.wire.event_type
        return call
