"""What a simulated caller heard, as sound."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from call.g711 import decode
from call.sound import RATE, Law, Pcm
from ivr.voices.shaping import silence
from vestibule.simulation.story import Heard

LONGEST_S = 900.0
"""A quarter of an hour is enough to hear what callers hear."""


def sound_of(heard: Sequence[Heard]) -> Pcm:
    """Everything in its place, with the silences between."""
    length = max((_end(each) for each in heard), default=0.0)
    sound = silence(min(length, LONGEST_S))
    for each in heard:
        begin = round(each.at_s * RATE)
        room = sound[begin : round(_end(each) * RATE)]
        clip = _samples(each)
        if each.repeat and len(clip):
            clip = np.resize(clip, len(room))
        room[: len(clip)] = clip[: len(room)]
    return sound


def _end(heard: Heard) -> float:
    natural = None if heard.repeat else heard.at_s + heard.clip.seconds
    ends = [end for end in (natural, heard.until_s) if end is not None]
    return min(ends, default=heard.at_s)


def _samples(heard: Heard) -> Pcm:
    octets = heard.clip.file(Law.PCMU).read_bytes()
    return decode(np.frombuffer(octets, dtype=np.uint8), Law.PCMU)


def write_sound(sound: Pcm, path: Path) -> None:
    """A WAV file of it. Raises Unavailable."""
    import soundfile

    from call.errors import Unavailable

    try:
        soundfile.write(path, sound, RATE, subtype="PCM_16", format="WAV")
    except (OSError, soundfile.LibsndfileError) as fault:
        raise Unavailable(f"{path}: cannot be written: {fault}") from fault
