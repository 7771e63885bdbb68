"""Which sound was heard, where, and how well: decided from samples alone.

All functions take int16 mono sound at 8 kHz. Positions are sample indices into the received
sound, levels are dBFS, scores are normalised cross-correlations: 1.0 is the same sound at any
volume, under 0.2 is another sound.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FRAME = 160

Pcm = NDArray[np.int16]
Floats = NDArray[np.float64]

FULL_SCALE = 32000
"""At and above, a decoded G.711 sample is at the end of its scale (32,124 or 32,256)."""

SILENT_DBFS = -55.0
"""Quieter than this is silence; idle G.711 lines are at -70 or less."""


ALIKE = 0.9
"""Score of a frame at and above which it is the same one; a law costs under a hundredth."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best place of a clip in a longer sound."""

    score: float
    at: int
    """Sample of the sound at which the clip begins."""

    @property
    def at_s(self) -> float:
        return self.at / RATE


def level_dbfs(sound: Pcm) -> float:
    """The RMS level; -120 for digital silence or no sound at all."""
    if len(sound) == 0:
        return -120.0
    rms = float(np.sqrt(np.mean(np.square(sound.astype(np.float64)))))
    return max(-120.0, 20 * math.log10(max(rms, 1e-9) / 32768))


def scores(sound: Pcm, clip: Pcm) -> Floats:
    """The score of `clip` at each place of `sound` where it fits whole."""
    places = len(sound) - len(clip) + 1
    energy = float(np.sum(np.square(clip, dtype=np.float64)))
    if places <= 0 or energy == 0:
        return np.zeros(max(places, 0))
    size = 1 << (len(sound) - 1).bit_length()  # what wraps around is no place where it fits whole
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(clip, size))
    products = np.fft.irfft(spectrum, size)[:places]
    sums = np.concatenate(([0.0], np.cumsum(np.square(sound, dtype=np.float64))))
    local = sums[len(clip) :] - sums[:places]
    audible = local > energy * 1e-4  # 40 dB quieter than the clip is not the clip
    result = np.zeros(places)
    result[audible] = products[audible] / np.sqrt(local[audible] * energy)
    return np.asarray(result, dtype=np.float64)


def find(sound: Pcm, clip: Pcm, *, since: int = 0) -> Found:
    """The best place of the whole clip at or after sample `since`; score 0 when it cannot fit."""
    found = scores(sound[since:], clip)
    if len(found) == 0:
        return Found(0.0, since)
    best = int(np.argmax(found))
    return Found(float(found[best]), since + best)


def which(
    sound: Pcm, clips: Mapping[str, Pcm], *, since: int = 0, least: float = 0.8
) -> list[tuple[str, Found]]:
    """Names of the clips that are in the sound, in the order in which they begin."""
    found = {name: find(sound, clip, since=since) for name, clip in clips.items()}
    heard = [(name, place) for name, place in found.items() if place.score >= least]
    return sorted(heard, key=lambda each: each[1].at)


def likeness(sound: Pcm, clip: Pcm, *, at: int) -> float:
    """The score of the clip over its whole length at one known place."""
    part = sound[at : at + len(clip)].astype(np.float64)
    if len(part) < len(clip):
        part = np.pad(part, (0, len(clip) - len(part)))
    whole = clip.astype(np.float64)
    norm = float(np.sqrt(np.sum(part**2) * np.sum(whole**2)))
    return float(np.sum(part * whole)) / norm if norm else 0.0


def drift(sound: Pcm, clip: Pcm, *, at: int, piece_s: float = 0.5, reach_s: float = 0.5) -> int:
    """By how many samples the worst piece of the clip is away from its place.

    A frame dropped, doubled or late shifts every piece after it; silent pieces are not judged.
    """
    worst = 0
    piece, reach = int(piece_s * RATE), int(reach_s * RATE)
    for start in range(0, len(clip) - piece + 1, piece):
        part = clip[start : start + piece]
        if level_dbfs(part) < SILENT_DBFS + 10:
            continue
        begin = max(0, at + start - reach)
        place = find(sound[: at + start + piece + reach], part, since=begin)
        if place.score >= 0.5:
            worst = max(worst, abs(place.at - (at + start)))
    return worst


def altered(sound: Pcm, pieces: Sequence[Pcm]) -> int:
    """How many frames of what was said are not in the sound, to the octet.

    Each piece is sought after the one before, and its frames at their places in it.
    """
    wrong, since = 0, 0
    for piece in pieces:
        found = scores(sound[since:], piece)
        # What is said more than once is found where it was said first.
        at = since + (int(np.argmax(found > found.max() - 1e-6)) if len(found) else 0)
        wrong += sum(
            not np.array_equal(sound[at + offset :][:FRAME], frame)
            for offset, frame in frames(piece)
        )
        since = at + len(piece)
    return wrong


def unlike_frames(sound: Pcm, clip: Pcm, *, at: int) -> int:
    """How many frames where the clip is audible are not as they are in it."""
    return sum(
        level_dbfs(frame) > SILENT_DBFS + 15 and likeness(sound, frame, at=at + offset) < ALIKE
        for offset, frame in frames(clip)
    )


def longest_gap_s(sound: Pcm, clip: Pcm, *, at: int) -> float:
    """Seconds of the longest hole: silence received where the clip is audible."""
    longest = run = 0
    for offset, frame in frames(clip):
        expected = level_dbfs(frame) > SILENT_DBFS + 15
        missing = level_dbfs(sound[at + offset : at + offset + FRAME]) < SILENT_DBFS - 5
        run = run + 1 if expected and missing else 0
        longest = max(longest, run)
    return longest * FRAME / RATE


def clipped_samples(sound: Pcm) -> int:
    """How many samples stand in flat tops: three or more at full scale in a row."""
    flat = np.abs(sound.astype(np.int32)) >= FULL_SCALE
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flat.astype(np.int8), [0]))))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= 3].sum())


def first_sound(sound: Pcm, *, since: int = 0) -> int | None:
    """The first sample of the first frame that is not silent; None when all is."""
    for offset, frame in frames(sound[since:]):
        if level_dbfs(frame) > SILENT_DBFS:
            return since + offset
    return None


def is_quiet(sound: Pcm, *, last_s: float) -> bool:
    """Whether the last `last_s` seconds were received and were silence."""
    tail = sound[-int(last_s * RATE) :]
    return len(tail) >= int(last_s * RATE) and level_dbfs(tail) < SILENT_DBFS


def frames(sound: Pcm) -> Iterator[tuple[int, Pcm]]:
    """Whole 20 ms frames with their offsets."""
    for offset in range(0, len(sound) - FRAME + 1, FRAME):
        yield offset, sound[offset : offset + FRAME]
