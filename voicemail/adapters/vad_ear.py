"""Speech heard by WebRTC's voice activity detector."""

import asyncio

import numpy as np
import webrtcvad

from call.sound import FRAME, FRAME_S, RATE

_AGGRESSIVENESS = 2
"""Of 0 to 3: lets line noise pass as silence and keeps quiet voices."""

_WINDOW = 9
_MAJORITY = 6
"""A frame is speech when this many of the nine around it are: a click is not a word."""


class VadEar:
    """Hears speech in recordings."""

    async def speech_s(self, pcm: bytes) -> float:
        return await asyncio.to_thread(_speech_s, pcm)


def _speech_s(pcm: bytes) -> float:
    detector = webrtcvad.Vad(_AGGRESSIVENESS)
    step = 2 * FRAME
    starts = range(0, len(pcm) - step + 1, step)
    heard = np.array([detector.is_speech(pcm[at : at + step], RATE) for at in starts], dtype=int)
    if not heard.size:
        return 0.0
    around = np.convolve(heard, np.ones(_WINDOW, dtype=int))[_WINDOW // 2 :][: heard.size]
    return float(np.count_nonzero(around >= _MAJORITY) * FRAME_S)
