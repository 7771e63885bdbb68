"""What callers hear while nobody speaks: ringing, busy, hold music, chimes. Made once and kept."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType

from call.errors import Unavailable
from call.sound import RATE, Clip, Pcm
from ivr.voices.chimes import Chime, chime
from ivr.voices.frames import FrameCache
from ivr.voices.music import hold_music
from ivr.voices.shaping import faded, levelled, pcm, wave
from ivr.voices.signals import Signal, signal
from ivr.voices.soundfiles import SoundUnavailable, read_sound

log = logging.getLogger(__name__)

REVISION = 1
"""Part of every key: a change in how they are made makes all clips anew."""

LONGEST_S = 600
"""Seconds of one's own music: the plane maps it whole into memory, in the midst of its beat."""


@dataclass(frozen=True, slots=True)
class CallSounds:
    """The clips. Signals and music are one round each, to be played with `repeat`."""

    signals: Mapping[Signal, Clip]
    hold_music: Clip
    chimes: Mapping[Chime, Clip]
    """To be announced in a room when somebody comes or goes."""
    pieces: Mapping[str, Clip] = field(default_factory=lambda: MappingProxyType({}))
    """Further hold music, by name."""

    def music(self, name: str) -> Clip:
        """The hold music of that name; what everybody hears, where there is none."""
        return self.pieces.get(name, self.hold_music)


def make_call_sounds(
    folder: Path,
    music: Path | None = None,
    pieces: Mapping[str, Path] = MappingProxyType({}),
) -> CallSounds:
    """The sounds, made where `folder` does not have them yet; it takes a second the first time.

    `music` is a sound of the company's own, of any format and level; where it cannot be read, the
    log says so and ours is heard. `pieces` are more of them, by name. Raises Unavailable when the
    folder takes no sound.
    """
    try:
        cache = FrameCache(folder)
        signals = {each: _clip(cache, each.value, partial(signal, each)) for each in Signal}
        chimes = {each: _clip(cache, each.value, partial(chime, each)) for each in Chime}
        named = {name: _music(cache, path) for name, path in pieces.items()}
        return CallSounds(signals, _music(cache, music), chimes, named)
    except OSError as fault:
        raise Unavailable(f"the folder {folder} takes no sound: {fault}") from fault


def own_music(path: Path) -> Pcm:
    """The first ten minutes of somebody's own sound, fit to be heard round and round.

    Raises SoundUnavailable.
    """
    return pcm(faded(levelled(wave(read_sound(path)[: LONGEST_S * RATE]))))


def _music(cache: FrameCache, own: Path | None) -> Clip:
    if own is not None:
        try:
            stat = own.stat()
            key = f"music {own.absolute()} {stat.st_mtime_ns} {stat.st_size}"
            return _clip(cache, key, partial(own_music, own))
        except (SoundUnavailable, OSError) as fault:
            log.warning("hold music cannot be read", extra={"fault": str(fault)})
    return _clip(cache, "music", hold_music)


def _clip(cache: FrameCache, key: str, make: Callable[[], Pcm]) -> Clip:
    key = f"{REVISION} {key}"
    return cache.find(key) or cache.store(key, make())
