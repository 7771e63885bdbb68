"""Sound files in other formats, through libsndfile, and through ffmpeg where it is installed."""

import asyncio
import io
import shutil
import warnings
from pathlib import Path
from types import MappingProxyType

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from call.sound import RATE
from voicemail.errors import SoundRefused, SoundUnavailable
from voicemail.message import Attachment

_FADE_MS = 30
_SILENCE_DBFS = -48.0
_SILENCE_KEPT_MS = 100
"""Of the silence before and after what is said; what is quieter in a levelled sound is silence."""

_HEADROOM_DB = 3.0
_LONGEST_S = 600

_CONTAINERS = MappingProxyType(
    {
        Attachment.WAV: ("WAV", "PCM_16"),
        Attachment.ULAW: ("WAV", "ULAW"),
        Attachment.MP3: ("MP3", "MPEG_LAYER_III"),
        Attachment.OPUS: ("OGG", "OPUS"),
    }
)
_BIT_RATES = MappingProxyType({Attachment.MP3: (64_000, 8_000), Attachment.OPUS: (256_000, 6_000)})
"""Bits a second, mono at 8 kHz, at level 0 and at level 1; LAME takes the nearest rate it has."""


class SoundFileFormats:
    """Encodes attachments and reads greetings, off the event loop."""

    async def encoded(
        self, wav: Path, attachment: Attachment, bit_rate: int | None = None
    ) -> bytes:
        try:
            if attachment is Attachment.WAV:
                return await asyncio.to_thread(wav.read_bytes)
            return await asyncio.to_thread(_written, wav, attachment, bit_rate)
        except (OSError, soundfile.LibsndfileError) as fault:
            raise SoundUnavailable(str(fault)) from fault

    async def decoded(self, path: Path) -> bytes:
        _load_pydub()
        return await asyncio.to_thread(_telephone_sound, path)


def _load_pydub() -> None:
    """Import pydub on the event loop's thread, without its warning that ffmpeg is missing: that
    is an error only for the file that needs it, and then says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydub  # noqa: F401


def _written(wav: Path, attachment: Attachment, bit_rate: int | None) -> bytes:
    pcm, rate = soundfile.read(wav, dtype="int16")
    container, subtype = _CONTAINERS[attachment]
    buffer = io.BytesIO()
    soundfile.write(
        buffer, pcm, rate, format=container, subtype=subtype, **_squeezed(attachment, bit_rate)
    )
    return buffer.getvalue()


def _squeezed(attachment: Attachment, bit_rate: int | None) -> dict[str, float | str]:
    """How libsndfile is told a bit rate: by a level between 0 and 1, in each format its own."""
    if bit_rate is None or attachment in (Attachment.WAV, Attachment.ULAW):
        return {}
    top, bottom = _BIT_RATES[attachment]
    level = min(max((top - bit_rate) / (top - bottom), 0.0), 1.0)
    if attachment is Attachment.MP3:
        return {"compression_level": level, "bitrate_mode": "CONSTANT"}
    return {"compression_level": level}


def _telephone_sound(path: Path) -> bytes:
    """Mono, 8 kHz, levelled to a little under full scale, without silence before and after, with
    soft ends."""
    try:
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
        mono = samples.astype(np.float32).mean(axis=1)
    except (OSError, soundfile.LibsndfileError):
        mono, rate = _through_ffmpeg(path)
    if not mono.size or mono.size > _LONGEST_S * rate or not np.any(mono):
        raise SoundRefused(f"{path.name} is empty, silent, or longer than {_LONGEST_S} s")
    pcm = np.clip(np.rint(soxr.resample(mono, rate, RATE)), -32768, 32767).astype(np.int16)
    return _edited(pcm)


def _edited(pcm: NDArray[np.int16]) -> bytes:
    from pydub import AudioSegment, effects
    from pydub.silence import detect_leading_silence

    segment = AudioSegment(pcm.tobytes(), frame_rate=RATE, sample_width=2, channels=1)
    levelled = effects.normalize(segment, headroom=_HEADROOM_DB)
    before_ms = detect_leading_silence(levelled, _SILENCE_DBFS) - _SILENCE_KEPT_MS
    after_ms = detect_leading_silence(levelled.reverse(), _SILENCE_DBFS) - _SILENCE_KEPT_MS
    said = levelled[max(0, before_ms) : len(levelled) - max(0, after_ms)]
    fade_ms = min(_FADE_MS, len(said) // 2)
    edited: bytes = said.fade_in(fade_ms).fade_out(fade_ms).raw_data
    return edited


def _through_ffmpeg(path: Path) -> tuple[NDArray[np.float32], int]:
    from pydub import AudioSegment
    from pydub.exceptions import CouldntDecodeError

    if not (shutil.which("ffmpeg") and shutil.which("ffprobe")):
        raise SoundRefused(f"{path.name} is not a sound file that can be read without ffmpeg")
    try:
        with path.open("rb") as file:
            segment = AudioSegment.from_file(file).set_channels(1).set_sample_width(2)
    except (OSError, CouldntDecodeError, IndexError, KeyError, ValueError) as fault:
        raise SoundRefused(f"{path.name} is not a sound file") from fault
    samples = np.frombuffer(segment.raw_data, dtype=np.int16).astype(np.float32)
    return samples, int(segment.frame_rate)
