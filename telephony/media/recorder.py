"""Recordings of slots, from the command that begins one to the word that it is whole on disk."""

from collections.abc import Callable
from pathlib import Path

from call.media import MediaEvent, RecordEnded, Side
from call.sound import EndOfRecording
from telephony.media.hearing import Hearing
from telephony.media.listening import Listening
from telephony.media.outbound import GROUPS
from telephony.media.recording import Recording
from telephony.media.slot import Slot
from telephony.media.slots import Slots
from telephony.media.taping import Tapes
from telephony.media.writer import Sink, Writer


class Recorder:
    """Begins and ends recordings; what is heard of either side is handed to them elsewhere.

    `drain` takes what a line still holds, so that a recording begins and ends in the present;
    `written` is told each slot of which one recording less waits to be written.
    """

    def __init__(
        self,
        slots: Slots,
        hearing: Hearing,
        listening: Listening,
        tapes: Tapes,
        writer: Writer,
        emit: Callable[[int, MediaEvent], None],
        *,
        drain: Callable[[Slot], None],
        written: Callable[[Slot], None],
    ) -> None:
        self._slots = slots
        self._hearing = hearing
        self._listening = listening
        self._tapes = tapes
        self._writer = writer
        self._emit = emit
        self._drain = drain
        self._written = written
        self._writing: dict[Sink, tuple[int, Recording]] = {}

    @property
    def writing(self) -> bool:
        """Whether a recording waits to be whole on disk."""
        return bool(self._writing)

    def record(
        self, call: int, path: Path, max_s: float, final_silence_s: float | None, side: Side
    ) -> None:
        """Record one side from now on, or both; a recording under way is ended first."""
        slot = self._slots.open(call)
        self.stop(call)
        self._drain(slot)
        recording = Recording(self._writer, Sink(path), max_s, final_silence_s, call // GROUPS)
        if side is Side.RECEIVED:
            self._hearing.listen(slot)
            self._listening.record(call, recording, self._slots.frame)
        else:
            self._hearing.take_live(call)
            self._tapes.record(call, recording, side)

    def stop(self, call: int, cause: EndOfRecording = EndOfRecording.STOPPED) -> None:
        """End the recording under way, if any, with all that has arrived."""
        slot = self._slots.open(call)
        if (taped := self._tapes.stop(call)) is not None:
            self.tape_ended(call, taped, cause)
        if self._listening.recording(call) is None:
            return
        self._drain(slot)
        recording = self._listening.stop(call, self._slots.frame)
        if recording is not None:
            self.ended(call, recording, cause)

    def tape_ended(self, call: int, recording: Recording, cause: EndOfRecording) -> None:
        """A recording of what was heard live is over."""
        self._hearing.take_live(call, False)
        self.ended(call, recording, cause)

    def ended(self, call: int, recording: Recording, cause: EndOfRecording) -> None:
        """A recording is over; what it still holds is written."""
        slot = self._slots[call]
        self._hearing.settle(slot)
        slot.writing += 1
        self._writing[recording.sink] = (call, recording)
        recording.end(cause)

    def finished(self, sink: Sink) -> None:
        """The last octet of a recording is written: tell so."""
        call, recording = self._writing.pop(sink)
        slot = self._slots[call]
        slot.writing -= 1
        cause = recording.ended_by or EndOfRecording.STOPPED
        seconds, speech_s = recording.seconds, recording.speech_s
        self._emit(call, RecordEnded(recording.sink.path, seconds, speech_s, cause))
        self._written(slot)
