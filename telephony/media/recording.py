"""One recording under way: what it heard so far, and when it is over."""

import webrtcvad

from call.sound import FRAME, FRAME_S, RATE, EndOfRecording
from telephony.media.writer import Sink, Writer

LOUD_DBFS = -35.0
"""A frame at least this loud counts as sound whatever it is: to keep a noise costs less than to
lose a message."""

LOUD = (32768 * 10 ** (LOUD_DBFS / 20)) ** 2 * FRAME
"""The squares of the samples of such a frame, added up."""

_FLUSH = 10  # frames between writes: what dies with the machine is under 200 ms
_LENIENT = 1  # webrtcvad's mode: 0 takes most for speech, 3 least


class Recording:
    """Counts frames and speech; hands what it heard to the writer."""

    __slots__ = (
        "_detector", "_final_silence", "_limit", "_pending", "_phase", "_quiet", "_spoken",
        "_writer", "ended_by", "frames", "sink",
    )  # fmt: skip

    def __init__(
        self,
        writer: Writer,
        sink: Sink,
        max_s: float,
        final_silence_s: float | None,
        phase: int = 0,
    ) -> None:
        """`phase` spreads over the frames the writes of recordings begun together."""
        self.sink = sink
        self.frames = 0
        self.ended_by: EndOfRecording | None = None
        self._writer = writer
        self._limit = max(1, round(max_s / FRAME_S))
        self._final_silence = None if final_silence_s is None else round(final_silence_s / FRAME_S)
        self._detector = webrtcvad.Vad(_LENIENT)
        self._pending: list[bytes] = []
        self._phase = phase
        self._spoken = 0
        self._quiet = 0

    def hear(
        self, frame: bytes, *, loud: bool, received: bytes | None = None
    ) -> EndOfRecording | None:
        """Take one frame of 20 ms; why the recording should end now, if it should.

        `received`: the 320 octets in which speech is sought, where they are not the frame itself.
        """
        if self.sink.failed:
            return EndOfRecording.STOPPED
        self.frames += 1
        self._pending.append(frame)
        if (self.frames + self._phase) % _FLUSH == 0:
            self._flush()
        if loud or self._detector.is_speech(received or frame, RATE):
            self._spoken += 1
            self._quiet = 0
        else:
            self._quiet += 1
        if self.frames >= self._limit:
            return EndOfRecording.LIMIT
        if self._final_silence is not None and self._quiet >= self._final_silence:
            return EndOfRecording.SILENCE
        return None

    def end(self, cause: EndOfRecording) -> None:
        """Hear no more; the sink is finished once its last octet is written."""
        self.ended_by = cause
        self._flush()
        self._writer.finish(self.sink)

    @property
    def seconds(self) -> float:
        """Duration so far."""
        return self.frames * FRAME_S

    @property
    def speech_s(self) -> float:
        """Seconds in which something was said so far."""
        return self._spoken * FRAME_S

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self.frames >= self._limit

    def _flush(self) -> None:
        if self._pending:
            self._writer.append(self.sink, b"".join(self._pending))
            self._pending.clear()
