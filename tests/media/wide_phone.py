"""A telephone with a wide codec at the far end of a slot of a virtual plane."""

from collections import deque
from collections.abc import Sequence

import numpy as np

from call.media import MediaEvent, Stream, Wideband
from call.sound import FRAME, FRAME_S
from telephony import rtp
from telephony.codecs import FACTS
from telephony.dtmf import press_packets
from telephony.media.virtual import VirtualPlane
from telephony.media.wideband import make_decoder, make_encoder
from telephony.resampling import WideFrame
from tests.media.plane import VirtualCall

WIDE = 2 * FRAME


def wide_tone(seconds: float, hertz: float, amplitude: float = 6000.0) -> WideFrame:
    """A plain tone at 16 kHz."""
    time = np.arange(round(seconds * 16000)) / 16000
    return (amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def wide_noise(seconds: float, below: float, seed: int = 1, rms: float = 2500.0) -> WideFrame:
    """Noise from 100 Hz up to `below`, at 16 kHz."""
    n = round(seconds * 16000)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=n))
    hertz = np.fft.rfftfreq(n, 1 / 16000)
    spectrum[(hertz < 100) | (hertz > below)] = 0
    sound = np.fft.irfft(spectrum, n)
    return (sound / sound.std() * rms).astype(np.int16)


def strength(sound: np.ndarray, hertz: float, rate: int = 16000) -> float:
    """The amplitude of a tone within a sound."""
    time = np.arange(len(sound)) / rate
    window = np.hanning(len(sound))
    return float(
        2 * abs(np.sum(sound * window * np.exp(-2j * np.pi * hertz * time))) / window.sum()
    )


def signal_to_noise(heard: np.ndarray, said: np.ndarray, latest: int = 1500) -> float:
    """In dB, at the delay that fits best."""
    length = len(said) - latest
    said = said[:length].astype(float)
    best = max(
        range(min(latest, len(heard) - length)),
        key=lambda n: float(np.dot(heard[n : n + length], said)),
    )
    error = heard[best : best + length] - said
    return float(10 * np.log10(np.mean(said**2) / np.mean(error**2)))


class WidePhone:
    """It sends a packet each 20 ms, and keeps what it hears."""

    def __init__(self, call: VirtualCall, codec: Wideband, stream: Stream) -> None:
        self.call = call
        self.stream = stream
        self.lost: set[int] = set()
        """The packets, by their number, that the network loses."""
        self._facts = FACTS[codec]
        self._codec = codec
        self._encoder = make_encoder(codec)
        self._words: deque[WideFrame] = deque()
        self._keys: deque[tuple[bytes, bool, int] | None] = deque()
        self._sent = 0
        self._sequence, self._timestamp, self._ssrc = 65530, 0xFFFFF000, 77
        call.far.silent = True

    def say(self, sound: WideFrame) -> None:
        """Say this, after what is being said."""
        self._words.extend(sound[: len(sound) // WIDE * WIDE].reshape(-1, WIDE))

    def press(self, keys: str) -> None:
        """Press keys, one after the other."""
        rate = self.stream.event_rate
        for key in keys:
            for event in press_packets(key, step=rate // 50):
                age = event.age * self._facts.clock // rate
                self._keys.append((event.payload, event.marker, age))
            self._keys.extend([None] * 4)

    def beat(self) -> None:
        """Send what is due in this frame."""
        self._timestamp = rtp.timestamp_after(self._timestamp, self._facts.step)
        event = self._keys.popleft() if self._keys else None
        if event is not None:
            payload, marker, age = event
            began = rtp.timestamp_after(self._timestamp, -age)
            self._send(self.stream.event_payload_type or 0, began, payload, marker)
        else:
            frame = self._words.popleft() if self._words else np.zeros(WIDE, dtype=np.int16)
            payload = self._encoder.encode(frame)
            self._send(self.stream.payload_type, self._timestamp, payload, False)

    def _send(self, payload_type: int, timestamp: int, payload: bytes, marker: bool) -> None:
        self._sequence = rtp.sequence_after(self._sequence)
        packet = rtp.RtpPacket(payload_type, self._sequence, timestamp, self._ssrc, payload, marker)
        if self._sent not in self.lost:
            self.call.far.send(rtp.pack(packet))
        self._sent += 1

    def packets(self) -> list[rtp.RtpPacket]:
        """The sound that arrived, packet by packet."""
        packets = [rtp.parse(packet) for _, packet in self.call.far.heard]
        return [p for p in packets if p.payload_type == self.stream.payload_type]

    def heard(self) -> WideFrame:
        """What was heard, at 16 kHz."""
        decoder = make_decoder(self._codec)
        return np.concatenate([decoder.decode(packet.payload) for packet in self.packets()])


def wide_call(
    plane: VirtualPlane, codec: Wideband, *, event_rate: int | None = None, events: int | None = 101
) -> WidePhone:
    """A call with a wide telephone."""
    facts = FACTS[codec]
    told: list[MediaEvent] = []
    slot = plane.open(told.append)
    remote = plane.far_end(slot).address
    stream = Stream(codec, facts.payload_type, events, remote, event_rate=event_rate or facts.clock)
    plane.connect(slot, stream)
    return WidePhone(VirtualCall(plane, slot, told), codec, stream)


def go_on(plane: VirtualPlane, seconds: float, phones: Sequence[WidePhone]) -> None:
    """Let time go by, the telephones sending."""
    for _ in range(round(seconds / FRAME_S)):
        for phone in phones:
            phone.beat()
        plane.advance(FRAME_S)
