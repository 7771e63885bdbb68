"""What a dialogue is doing, one thing at a time, and the actions that set it going."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from call.leg import HangUpCause
from ivr.actions import (
    Action,
    Activity,
    End,
    Hush,
    Pause,
    Perform,
    Report,
    Resume,
    Skip,
    Speak,
    StartRecording,
    StopRecording,
)
from ivr.flow import Held
from ivr.prompts import Segment


class Doing:
    """Each thing begun takes the place of the one before.

    Every Speak and Perform has a fresh ticket, so that the late end of an older one is known.
    """

    def __init__(self) -> None:
        self._activity = Activity.WORKING
        self._deadline: float | None = None
        self._ticket = 0
        self._actions: list[Action] = []

    @property
    def activity(self) -> Activity:
        return self._activity

    @property
    def deadline(self) -> float | None:
        """Set exactly while waiting, while paused, and until a recording's warning."""
        return self._deadline

    @property
    def paused(self) -> bool:
        """Whether what is said is paused."""
        return self._activity is Activity.SPEAKING and self._deadline is not None

    def taken(self) -> list[Action]:
        """The actions given since they were taken last, in order."""
        actions, self._actions = self._actions, []
        return actions

    def speaks(self, ticket: int) -> bool:
        """Whether this is what is being said."""
        return self._activity is Activity.SPEAKING and ticket == self._ticket

    def works(self, ticket: int) -> bool:
        """Whether this is the operation under way."""
        return self._activity is Activity.WORKING and ticket == self._ticket

    def speak(self, segments: Sequence[Segment]) -> None:
        """Say something."""
        self._ticket += 1
        self._activity = Activity.SPEAKING
        self._deadline = None
        self._actions.append(Speak(tuple(segments), self._ticket))

    def hush(self) -> None:
        """Stop what is being said, if anything is."""
        if self._activity is Activity.SPEAKING:
            self._actions.append(Hush())
            self.wait(None)

    def skip(self, seconds: float) -> None:
        """Go further in what is being said, or back."""
        self._actions.append(Skip(seconds))

    def pause(self, until: float) -> None:
        """Pause what is being said; it is time to go on then, in monotonic seconds."""
        self._deadline = until
        self._actions.append(Pause())

    def resume(self) -> None:
        """Go on with what is paused, if it is."""
        if self.paused:
            self._deadline = None
            self._actions.append(Resume())

    def wait(self, until: float | None) -> None:
        """Wait for keys until then, in monotonic seconds."""
        self._activity = Activity.WAITING
        self._deadline = until

    def record(
        self, path: Path, max_s: float, final_silence_s: float | None, warn_at: float | None
    ) -> None:
        """Record the caller, who is to be warned at an instant in monotonic seconds."""
        self._activity = Activity.RECORDING
        self._deadline = warn_at
        self._actions.append(StartRecording(path, max_s, final_silence_s))

    def stop_recording(self) -> None:
        """Ask for the end of the recording, which is then told."""
        self._deadline = None
        self._actions.append(StopRecording())

    def warn(self, segments: Sequence[Segment]) -> None:
        """Say something while the recording goes on; nobody waits for its end."""
        self._ticket += 1
        self._deadline = None
        if segments:
            self._actions.append(Speak(tuple(segments), self._ticket))

    def perform(self, operation: str, arguments: Mapping[str, Held]) -> None:
        """Have an operation done."""
        self._ticket += 1
        self._activity = Activity.WORKING
        self._deadline = None
        self._actions.append(Perform(operation, arguments, self._ticket))

    def report(self, fault: str) -> None:
        """Tell whoever runs the server."""
        self._actions.append(Report(fault))

    def hang_up(self, cause: HangUpCause) -> None:
        """End the call."""
        self._actions.append(End(cause))
        self.end()

    def send_away(self, cause: HangUpCause) -> None:
        """End the call as if the caller had: what a caller who goes wants done is done."""
        self._actions.append(End(cause))

    def end(self) -> None:
        """Do nothing any more."""
        self._activity = Activity.ENDED
        self._deadline = None
