"""The sending half of a wide call: what it is sent, joined from its two parts and encoded."""

from call.g711 import Octets, decode
from call.media import Wideband
from call.sound import Law
from telephony.media.wideband import make_encoder
from telephony.resampling import Joiner, Sound, WideFrame


class WideVoice:
    """One call's."""

    def __init__(self, codec: Wideband) -> None:
        self.codec = codec
        self._encoder = make_encoder(codec)
        self._joiner = Joiner()

    def encode(self, narrow: Octets, high: WideFrame | Sound | None) -> bytes:
        """The payload of the next frame: `narrow` in mu-law, and the high band, if there is any."""
        return self._encoder.encode(self._joiner.join(decode(narrow, Law.PCMU), high))
