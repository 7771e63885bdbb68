"""What is asked of the sound of one call: playing, recording, keys, and whom its peer hears.

Commands are posted to the media plane and return at once. What comes of them is told to whoever
listens to the slot, which is the call's own business, as is how long any of this makes sense.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from call.media import MediaListener, MediaPlane, Side
from call.sound import Clip


class LegSound(ABC):
    """The slot of one call and its commands. Taken when made; raises Unavailable without a slot."""

    def __init__(self, plane: MediaPlane, listener: MediaListener) -> None:
        self._plane = plane
        self._slot = plane.open(listener)
        self._pressed_too: Self | None = None
        """On which leg a key told in signalling is pressed as well."""
        self._recording: tuple[Path, Side] | None = None
        """What is being recorded, as far as the plane has not told its end."""

    @property
    def slot(self) -> int:
        """The slot of its sound, for what joins legs."""
        return self._slot

    @abstractmethod
    def _may_sound(self) -> bool:
        """Whether the peer hears what is played now; raises Misuse where nobody answered yet."""

    @property
    @abstractmethod
    def _lasts(self) -> bool:
        """Whether the slot is to be asked anything more; once False, for good."""

    def play(self, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        if self._may_sound():
            self._plane.play(self._slot, clips, ticket, repeat=repeat)

    def stop_playing(self) -> None:
        if self._may_sound():
            self._plane.stop_playing(self._slot)

    def skip(self, seconds: float) -> None:
        if self._may_sound():
            self._plane.skip(self._slot, seconds)

    def pause(self) -> None:
        if self._may_sound():
            self._plane.pause(self._slot)

    def resume(self) -> None:
        if self._may_sound():
            self._plane.resume(self._slot)

    def record(
        self,
        path: Path,
        *,
        max_s: float,
        final_silence_s: float | None = None,
        side: Side = Side.RECEIVED,
    ) -> None:
        if self._may_sound():
            self._recording = path, side
            self._plane.record(
                self._slot, path, max_s=max_s, final_silence_s=final_silence_s, side=side
            )

    def stop_recording(self) -> None:
        if self._may_sound():
            self._plane.stop_recording(self._slot)

    def send_keys(self, keys: str) -> None:
        """Press keys towards the peer."""
        if self._may_sound():
            self._plane.send_keys(self._slot, keys)

    def bridge(self, other: Self, *, keys: bool = True) -> None:
        """Let both peers hear each other, in place of whomever either hears.

        It may be said before either is answered: what sounds then is the ringing that the
        network sends. With `keys`, what one presses is pressed on the other; it is told either way.
        """
        if not (self._lasts and other._lasts):
            return
        self._part()
        other._part()
        if keys:
            self._pressed_too, other._pressed_too = other, self
        self._plane.bridge(self._slot, other._slot, keys=keys)

    def unbridge(self) -> None:
        """Let this peer and the one it is bridged with hear each other no more."""
        self._part()
        if self._lasts:
            self._plane.unbridge(self._slot)

    def enter(self, room: int, *, muted: bool = False) -> None:
        """Hear everybody in a room of the plane, and be heard by them, unless `muted`.

        Any bridge or other room is left. Keys that are pressed are told by `event`; those that
        come as events of RFC 4733 are heard by nobody, those that come as tones are.
        """
        if self._lasts:
            self._part()
            self._plane.join(self._slot, room, muted=muted)

    def quit_room(self) -> None:
        """Be in no room."""
        if self._lasts:
            self._plane.leave(self._slot)

    def mute(self, on: bool) -> None:
        """Let the others of the room hear this peer no more, or again; forgotten when it leaves."""
        if self._lasts:
            self._plane.mute(self._slot, on)

    def set_volume(self, *, spoken_db: float = 0.0, heard_db: float = 0.0) -> None:
        """How much louder the others of the room hear this peer, and how much louder it hears them.

        From -40 to +20 dB; forgotten when it leaves.
        """
        if self._lasts:
            self._plane.set_volume(self._slot, spoken_db=spoken_db, heard_db=heard_db)

    def _part(self) -> None:
        other, self._pressed_too = self._pressed_too, None
        if other is not None:
            other._pressed_too = None
