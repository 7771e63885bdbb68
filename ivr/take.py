"""One recording of a record state, from entering it to leaving it: what ends it, and where to.

Keys end a recording or mean nothing; those pressed between its end and the news of it wait for the
next state.
"""

from collections.abc import Collection
from pathlib import Path

from call.media import RecordEnded
from call.sound import EndOfRecording, Recording
from ivr.actions import Activity
from ivr.collector import Key
from ivr.doing import Doing
from ivr.faults import DialogueMisuse
from ivr.flow import Record
from ivr.frames import Frame
from ivr.keypad import Keypad
from ivr.machine import key_trigger


class Take:
    """One take. What was taken before in the same state counts no more."""

    def __init__(
        self, step: Record, keys: Collection[str], frame: Frame, keypad: Keypad, doing: Doing
    ) -> None:
        self._step = step
        self._keys = keys
        self._frame = frame
        self._keypad = keypad
        self._doing = doing
        self._after: str | None = None
        keypad.forget()
        frame.variables.pop(step.into, None)

    def begin(self, now: float) -> None:
        """The prompt has ended: record. Raises DialogueMisuse without a file or a limit."""
        path = self._frame.value(self._step.spool)
        longest = self._frame.value(self._step.max_s)
        if not isinstance(longest, int | float) or not isinstance(path, Path):
            place = f"{self._frame.flow.name}/{self._frame.state.name}"
            raise DialogueMisuse(f"{place} has no file or no limit to record with")
        final_silence_s, before_s = self._step.final_silence_s, self._step.warning_s
        warned = before_s is not None and longest >= 2 * before_s
        warn_at = now + longest - before_s if before_s is not None and warned else None
        self._doing.record(path, float(longest), final_silence_s, warn_at)

    def warn(self, language: str) -> None:
        """The recording is near its limit: say so, while it goes on."""
        self._doing.warn(self._frame.segments(self._step.warning_prompt, language))

    def take(self, key: str) -> Key | None:
        """What a key does: a way out of the prompt, or nothing more than to end the recording.

        The terminator means nothing before the recording has begun.
        """
        if self._after is not None:
            self._keypad.keep(key)
            return None
        bound = key in self._keys
        if self._doing.activity is Activity.RECORDING:
            if bound or key == self._step.terminator:
                self._after = key_trigger(key) if bound else "done"
                self._doing.stop_recording()
            return None
        return Key(key) if bound else None

    def keep(self, ended: RecordEnded) -> None:
        """Hold what was recorded in the state's variable."""
        self._frame.variables[self._step.into] = Recording(
            ended.path, ended.seconds, ended.speech_s, ended.ended_by
        )

    def trigger(self, ended_by: EndOfRecording) -> str:
        """Where the end leads: the trigger of the key that asked for it, or an event."""
        return self._after or self._frame.state.event_after(ended_by)
