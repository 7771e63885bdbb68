"""What wide sound costs: microseconds of processor a frame of 20 ms, for each step of it.

    python -m bench.wideband [SECONDS]

Speech-like noise goes through each codec and each filter, and through a whole engine in virtual
time: a call that is played to and listened to, narrow and wide, less the telephone at its end.
"""

import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from call.clock import VirtualClock
from call.g711 import encode
from call.media import Codec, Stream, Wideband
from call.sound import FRAME, FRAME_S, Law
from telephony import rtp
from telephony.codecs import FACTS
from telephony.media.engine import MediaSettings
from telephony.media.virtual import VirtualPlane
from telephony.media.wideband import make_decoder, make_encoder
from telephony.resampling import Joiner, Splitter, WideFrame

_CALLS = 20


def main() -> None:
    """Measure, and print a table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    frames = _speech(seconds)
    print(f"{'step':<28} {'us a frame':>10}")
    for codec in Wideband:
        encoder, decoder = make_encoder(codec), make_decoder(codec)
        packets = [encoder.encode(frame) for frame in frames]
        _tell(f"{codec} encode", _each(encoder.encode, frames))
        _tell(f"{codec} decode", _each(decoder.decode, packets))
        _tell(f"{codec} conceal", _each(partial(decoder.conceal, 2 * FRAME), packets))
        print(f"{codec} octets a packet{'':<7} {sum(map(len, packets)) / len(packets):>10.0f}")
    _tell("split in two parts", _each(Splitter().split, frames))
    narrow = [frame[::2].copy() for frame in frames]
    joiner = Joiner()
    _tell("join the parts", _each(lambda frame: joiner.join(frame, None), narrow))
    for codec in (Law.PCMU, *Wideband):
        _tell(f"a whole {codec} call", _engine(codec, frames, bridged=False))
        _tell(f"a whole {codec} call, bridged", _engine(codec, frames, bridged=True))


def _speech(seconds: float) -> list[WideFrame]:
    """Noise that falls by 6 dB an octave, swelling four times a second."""
    n = round(seconds / FRAME_S) * 2 * FRAME
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=n))
    hertz = np.fft.rfftfreq(n, 1 / 16000)
    spectrum *= (hertz > 80) / np.maximum(hertz, 200)
    sound = np.fft.irfft(spectrum, n) * (1 + np.sin(np.arange(n) * 2 * np.pi * 4 / 16000))
    return list((sound / sound.std() * 2000).clip(-32768, 32767).astype(np.int16).reshape(-1, 320))


def _each(work: Callable[..., object], values: list[WideFrame] | list[bytes]) -> float:
    """Microseconds of processor for each value; the least of three turns."""
    return min(_turn(work, values) for _ in range(3))


def _turn(work: Callable[..., object], values: list[WideFrame] | list[bytes]) -> float:
    begin = time.process_time()
    for value in values:
        work(value)
    return (time.process_time() - begin) / len(values) * 1e6


def _engine(codec: Codec, frames: list[WideFrame], *, bridged: bool) -> float:
    """Microseconds a frame of a call in an engine that does nothing else."""
    plane = VirtualPlane(VirtualClock(), MediaSettings(slots=_CALLS))
    facts = FACTS[codec]
    slots = [plane.open(lambda _: None) for _ in range(_CALLS)]
    for slot in slots:
        far = plane.far_end(slot)
        plane.connect(slot, Stream(codec, facts.payload_type, 101, far.address))
        far.silent = True
    for slot, other in zip(slots[::2], slots[1::2], strict=True):
        if bridged:
            plane.bridge(slot, other)
    payloads = _payloads(codec, frames[:250])
    used = 0.0
    for n, payload in enumerate(payloads):
        timestamp = n * facts.step
        packet = rtp.pack(rtp.RtpPacket(facts.payload_type, n, timestamp, 7, payload))
        for slot in slots:
            plane.far_end(slot).send(packet)
        begin = time.process_time()
        plane.advance(FRAME_S)
        used += time.process_time() - begin
    return used / len(payloads) / _CALLS * 1e6


def _payloads(codec: Codec, frames: list[WideFrame]) -> list[bytes]:
    if isinstance(codec, Law):
        return [encode(frame[::2], codec).tobytes() for frame in frames]
    encoder = make_encoder(codec)
    return [encoder.encode(frame) for frame in frames]


def _tell(what: str, microseconds: float) -> None:
    print(f"{what:<28} {microseconds:>10.1f}")


if __name__ == "__main__":
    main()
