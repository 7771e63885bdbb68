"""The synthetic voice's own process: reads sentences on stdin, writes samples on stdout.

It stands alone (no import of this program), because libespeak-ng is under the GPL and keeps its
state in globals: it never enters the process that answers calls. It ends when its stdin closes, so
that nothing survives the program however it dies.

Protocol, one exchange at a time:
  request   one line of JSON: {"text", "voice", "words_per_minute", "pitch"}
  answer    one line of JSON: {"rate", "octets"} followed by that many octets of int16 samples
            in the machine's order, or {"error"}
"""

import ctypes
import json
import os
import sys
from typing import BinaryIO

import espeakng_loader

SYNCHRONOUS = 2
"""AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback, before espeak_Synth returns."""

DONT_EXIT = 0x8000
UTF8 = 1
RATE_PARAMETER = 1
PITCH_PARAMETER = 3

_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Engine:
    """libespeak-ng, loaded once. Raises OSError when it cannot be."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate = int(self._library.espeak_Initialize(SYNCHRONOUS, 0, data, DONT_EXIT))
        if self.rate <= 0:
            raise OSError("libespeak-ng does not find its data")
        self._chunks: list[bytes] = []
        # The library keeps the pointer, so the callback must live as long as the engine.
        self._callback = _CALLBACK(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: str, words_per_minute: int, pitch: int) -> bytes:
        """The samples of a sentence. Raises ValueError for a voice it does not have."""
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise ValueError(f"there is no voice {voice!r}")
        self._library.espeak_SetParameter(RATE_PARAMETER, words_per_minute, 0)
        self._library.espeak_SetParameter(PITCH_PARAMETER, pitch, 0)
        self._chunks.clear()
        octets = text.replace("\0", " ").encode() + b"\0"
        size = ctypes.c_size_t(len(octets))
        if self._library.espeak_Synth(octets, size, 0, 0, 0, UTF8, None, None):
            raise ValueError("the sentence was refused")
        return b"".join(self._chunks)

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, count * 2))
        return 0


def answer(engine: Engine, line: bytes) -> tuple[dict[str, int | str], bytes]:
    """What one request line gets: a header, and samples."""
    try:
        request = json.loads(line)
        samples = engine.say(
            str(request["text"]),
            str(request["voice"]),
            int(request["words_per_minute"]),
            int(request["pitch"]),
        )
    except (ValueError, KeyError, TypeError) as fault:
        return {"error": str(fault)}, b""
    return {"rate": engine.rate, "octets": len(samples)}, samples


def private_stdout() -> BinaryIO:
    """Keeps stdout for the protocol: whatever the library prints goes to stderr."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def main() -> None:
    """Serves until stdin closes."""
    out = private_stdout()
    engine = Engine()
    for line in sys.stdin.buffer:
        header, samples = answer(engine, line)
        try:
            out.write(json.dumps(header).encode() + b"\n" + samples)
            out.flush()
        except BrokenPipeError:
            os._exit(0)  # nobody listens, and closing `out` would fail again


if __name__ == "__main__":
    main()
