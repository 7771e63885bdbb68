"""Runs one dialogue on one leg: carries out its actions, tells it what happens, wakes it on time.

Nothing else: what is said comes from the dialogue, sound from the voice, work from the operations.
End a session by hanging up its leg, never by cancelling it: a hang-up lets the saving of a message
come to its end.
"""

import asyncio
import logging

from call.clock import Clock
from call.leg import HungUp, Leg
from ivr.actions import (
    Action,
    Control,
    DialogueEvent,
    End,
    Hush,
    OperationEnded,
    Pause,
    Perform,
    Report,
    Resume,
    Skip,
    Speak,
    StartRecording,
    StopRecording,
)
from ivr.dialogue import Dialogue
from ivr.operations import FAILED, Operations, Outcome
from ivr.prompts import Voice

log = logging.getLogger(__name__)


class Session:
    """One dialogue on one leg; `run` it once.

    The leg is answered when there is something to say or to record, and not before: an operation
    that comes first finds it ringing. With `stays`, it is not hung up when the dialogue is over.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        leg: Leg,
        voice: Voice,
        operations: Operations,
        clock: Clock,
        *,
        stays: bool = False,
    ) -> None:
        self._dialogue = dialogue
        self._leg = leg
        self._voice = voice
        self._operations = operations
        self._clock = clock
        self._stays = stays
        self._left = False
        self._inbox: asyncio.Queue[DialogueEvent | None] = asyncio.Queue()
        self._speaking: asyncio.Task[None] | None = None
        self._controls: list[Control] = []

    async def run(self) -> str:
        """Talk until it is over; tells the dialogue's outcome.

        An error in the dialogue ends this call: the leg is hung up before it is raised.
        """
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._listen(), name=f"listen {self._leg.call_id}")
            try:
                await self._talk(tasks)
            except BaseException:
                self._stays = False
                raise
            finally:
                listening.cancel()
                self._hush()
                if not self._stays:
                    await self._leg.hang_up()
        return self._dialogue.outcome or ""

    def leave(self) -> None:
        """Stop talking once the operation under way is over, and leave the leg to somebody else."""
        self._stays = self._left = True
        self._inbox.put_nowait(None)

    async def _talk(self, tasks: asyncio.TaskGroup) -> None:
        await self._carry_out(self._dialogue.start(self._clock.monotonic()), tasks)
        while not (self._dialogue.ended or self._left):
            event = await self._next()
            now = self._clock.monotonic()
            if event is None:
                actions = self._dialogue.tick(now)
            else:
                actions = self._dialogue.receive(event, now)
            await self._carry_out(actions, tasks)

    async def _listen(self) -> None:
        """Pass on what the leg tells, to its last event."""
        while True:
            event = await self._leg.event()
            self._inbox.put_nowait(event)
            if isinstance(event, HungUp):
                return

    async def _next(self) -> DialogueEvent | None:
        """What happens next; None when the dialogue's deadline comes first, or nobody talks on."""
        deadline = self._dialogue.deadline
        wait = None if deadline is None else max(0.0, deadline - self._clock.monotonic())
        try:
            async with asyncio.timeout(wait):
                return await self._inbox.get()
        except TimeoutError:
            return None

    async def _carry_out(self, actions: list[Action], tasks: asyncio.TaskGroup) -> None:
        for action in actions:
            match action:
                case Speak():
                    self._hush()
                    await self._leg.answer()
                    self._speaking = tasks.create_task(self._speak(action))
                case Hush():
                    self._hush()
                case Skip() | Pause() | Resume():
                    self._control(action)
                case StartRecording(path=path, max_s=max_s, final_silence_s=silence):
                    await self._leg.answer()
                    self._leg.record(path, max_s=max_s, final_silence_s=silence)
                case StopRecording():
                    self._leg.stop_recording()
                case Perform():
                    tasks.create_task(self._perform(action))
                case Report(fault=fault):
                    log.error("call cannot go on", extra={"fault": fault})
                case End(cause=cause) if not self._stays:
                    await self._leg.hang_up(cause)

    async def _speak(self, action: Speak) -> None:
        """Make the sound and play it; a later Speak or Hush cancels this while it is being made."""
        clips = await self._voice.clips(action.segments)
        self._leg.play(clips, action.ticket)
        controls, self._controls = self._controls, []
        for control in controls:
            self._move(control)

    def _control(self, control: Control) -> None:
        """Move what is played; if its sound is still being made, as soon as it is."""
        if self._speaking is None or self._speaking.done():
            self._move(control)
        else:
            self._controls.append(control)

    def _move(self, control: Control) -> None:
        match control:
            case Skip(seconds=seconds):
                self._leg.skip(seconds)
            case Pause():
                self._leg.pause()
            case Resume():
                self._leg.resume()

    def _hush(self) -> None:
        self._controls.clear()
        if self._speaking is not None:
            self._speaking.cancel()
            self._speaking = None
            self._leg.stop_playing()

    async def _perform(self, action: Perform) -> None:
        try:
            outcome = await self._operations.perform(action.operation, action.arguments)
        except Exception:
            log.exception("operation failed", extra={"operation": action.operation})
            outcome = Outcome(FAILED)
        self._inbox.put_nowait(OperationEnded(action.ticket, outcome))
