"""What a caller, or an owner who writes to somebody, asks for while a message is left."""

from dataclasses import dataclass
from pathlib import Path

from ivr.operations import Outcome
from tests.ivr.memory_boxes import LEAST_SPEECH_S, Box, Message, speech_in


class Spool:
    """Hands out one file after another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._takes = 0

    def next(self) -> Path:
        self._takes += 1
        return self._folder / f"{self._takes}.raw"


@dataclass
class Deposit:
    """A message being left: the take that counts, the one under way, and who speaks."""

    box: Box
    take: Path
    from_number: str
    from_name: str = ""
    retake: Path | None = None
    urgent: bool = False


class MemoryLeaving:
    """The operations of a deposit."""

    def __init__(self, boxes: dict[str, Box], spool: Spool, caller: str) -> None:
        self.boxes = boxes
        self.discarded = 0
        self._spool = spool
        self._caller = caller
        self._reached: Box | None = None
        self.deposit: Deposit | None = None

    def begin(self, box: Box, number: str, name: str = "") -> Path:
        """Begin a message to a box; one that nobody decided about is kept."""
        if self.deposit is not None:
            self.keep_deposit()
        self.deposit = Deposit(box, self._spool.next(), number, name)
        return self.deposit.take

    def open_deposit(self, mailbox: str, busy: bool) -> Outcome:
        box = self._reached = self.boxes.get(mailbox)
        if box is None:
            return Outcome("unknown")
        kinds = ("temporary", "busy", "unavailable") if busy else ("temporary", "unavailable")
        told = {
            "greeting": next((box.greetings[k] for k in kinds if k in box.greetings), None),
            "spoken_name": box.greetings.get("name"),
            "mailbox_name": box.name,
            "language": box.language,
            "zero_open": _leads(box, box.zero).name != "closed",
            "star_open": _leads(box, box.star).name != "closed",
        }
        if box.full:
            return Outcome("full", told)
        return Outcome("ready", {**told, "max_s": 180, "spool": self.begin(box, self._caller)})

    def keep_deposit(self) -> Outcome:
        deposit, self.deposit = self._open, None
        if speech_in(deposit.take) < LEAST_SPEECH_S:
            return Outcome("too_short")
        message = Message(
            deposit.take,
            urgent=deposit.urgent,
            from_number=deposit.from_number,
            from_name=deposit.from_name,
        )
        deposit.box.messages.append(message)
        return Outcome("kept")

    def discard_deposit(self) -> Outcome:
        self.deposit = None
        self.discarded += 1
        return Outcome("done")

    def check_deposit(self) -> Outcome:
        enough = speech_in(self._open.take) >= LEAST_SPEECH_S
        return Outcome("enough" if enough else "too_short")

    def open_retake(self) -> Outcome:
        self._open.retake = self._spool.next()
        return Outcome("ready", {"spool": self._open.retake})

    def accept_retake(self) -> Outcome:
        retake, self._open.retake = self._open.retake, None
        assert retake is not None, "no second take is under way"
        if speech_in(retake) < LEAST_SPEECH_S:
            return Outcome("too_short")
        retake.replace(self._open.take)
        return Outcome("taken")

    def toggle_urgent(self) -> Outcome:
        self._open.urgent = not self._open.urgent
        return Outcome("urgent" if self._open.urgent else "ordinary")

    def treatment(self, key: str) -> Outcome:
        assert self._reached is not None, "no mailbox was reached"
        return _leads(self._reached, {"zero": self._reached.zero, "star": self._reached.star}[key])

    @property
    def _open(self) -> Deposit:
        assert self.deposit is not None, "no deposit is open"
        return self.deposit


def _leads(box: Box, way: str) -> Outcome:
    """Where a key leads from a box; nowhere when it leads back to that box."""
    kind, _, target = way.partition(":")
    redirects = {
        "operator": {"redirect_flow": "extension", "redirect_mailbox": "100"},
        "extension": {"redirect_flow": "extension", "redirect_mailbox": target},
        "flow": {"redirect_flow": target, "redirect_mailbox": ""},
    }
    if kind not in redirects:
        return Outcome(kind)
    there = redirects[kind]
    if there["redirect_mailbox"] == box.number:
        return Outcome("closed")
    return Outcome("redirect", there)
