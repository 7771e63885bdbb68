"""What an owner asks for: coming in, listening, sending."""

from dataclasses import replace

from ivr.operations import Outcome
from tests.ivr.memory_boxes import OWNERS_CLOCK, Box, Message, speech_in
from tests.ivr.memory_leaving import MemoryLeaving, Spool

TRIES = 3
INTRODUCTION_S = 120


class MemoryOwning:
    """The operations of an owner's visit; `own_phone` is the caller's extension, "" outside."""

    def __init__(
        self, boxes: dict[str, Box], spool: Spool, leaving: MemoryLeaving, own_phone: str
    ) -> None:
        self.boxes = boxes
        self._spool = spool
        self._leaving = leaving
        self._own_phone = own_phone
        self._owner: Box | None = None
        self._wrong = 0
        self._listed: list[Message] = []
        self._place: int | None = None
        self._introduction = spool.next()
        self._recipients: list[Box] = []

    # ---- Coming in

    def recognise(self) -> Outcome:
        box = self.boxes.get(self._own_phone)
        if box is None:
            return Outcome("stranger")
        if not box.trusts_own_phone:
            return Outcome("own", {"mailbox": box.number})
        return Outcome("open", {"mailbox": box.number, **self._enter(box)})

    def login(self, mailbox: str, pin: str) -> Outcome:
        box = self.boxes.get(mailbox)
        if box is None or box.pin != pin:
            self._wrong += 1
            return Outcome("locked" if self._wrong >= TRIES else "wrong")
        return Outcome("ok", self._enter(box))

    def _enter(self, box: Box) -> dict[str, str | bool]:
        self._owner = box
        self._list("new" if box.listed("new") else "old")
        return {"language": box.language, "name": box.name, "welcomed": box.welcomed}

    def welcome(self) -> Outcome:
        self.owner.welcomed = True
        return Outcome("done")

    def summary(self) -> Outcome:
        box = self.owner
        told = {
            "new": box.count(new=True),
            "old": box.count(new=False),
            "urgent": sum(message.urgent for message in box.listed("new")),
            "has_temporary": "temporary" in box.greetings,
            "temporary_until": box.temporary_until,
            "folder": "new" if box.listed("new") else "old",
        }
        return Outcome("done", told)

    # ---- Listening

    def open_folder(self, folder: str) -> Outcome:
        self._list(folder)
        return Outcome("done", {"folder": folder, "total": len(self._listed)})

    def _list(self, folder: str) -> None:
        self._listed = self.owner.listed(folder)
        self._place = None

    def select(self, move: str) -> Outcome:
        here = self._place
        place = 0 if move == "first" or here is None else here
        place += {"next": 1, "previous": -1}.get(move, 0) if here is not None else 0
        if not self._listed:
            return Outcome("none")
        if not 0 <= place < len(self._listed):
            return Outcome("no_more")
        self._place = place
        message = self.message
        told = {
            "sound": message.sound,
            "position": place + 1,
            "total": len(self._listed),
            "is_new": not message.heard,
            "is_urgent": message.urgent,
            "envelope": self.owner.envelope,
            "from_number": message.from_number,
            "from_name": message.from_name,
            "forwarded_by": message.forwarded_by,
            "received": message.received.astimezone(OWNERS_CLOCK),
            "duration_s": message.duration_s,
            "deleted": message.deleted,
        }
        return Outcome("message", told)

    def mark_heard(self) -> Outcome:
        if not self.message.heard:
            self.message.folder = "old"
        return Outcome("done")

    def toggle_deleted(self) -> Outcome:
        message = self.message
        if message.deleted and self.owner.full:
            return Outcome("full")
        message.deleted = not message.deleted
        return Outcome("deleted" if message.deleted else "restored")

    def file(self, folder: str) -> Outcome:
        message = self.message
        if message.deleted and self.owner.full:
            return Outcome("full")
        message.deleted, message.folder = False, folder
        return Outcome("filed", {"folder": folder})

    # ---- Sending

    def reply(self) -> Outcome:
        return self._write_to(self.message.from_number)

    def compose(self, mailbox: str) -> Outcome:
        return self._write_to(mailbox)

    def _write_to(self, number: str) -> Outcome:
        box = self.boxes.get(number)
        if not self.owner.can_send:
            return Outcome("refused")
        if box is None:
            return Outcome("unknown")
        if box.full:
            return Outcome("full")
        take = self._leaving.begin(box, self.owner.number, self.owner.name)
        return Outcome("ready", {"mailbox_name": box.name, "max_s": 180, "spool": take})

    def call_back(self) -> Outcome:
        if not self.owner.can_call_back:
            return Outcome("refused")
        number = self.message.from_number
        if number not in self.boxes:
            return Outcome("unknown")
        return Outcome("redirect", {"redirect_flow": "extension", "redirect_mailbox": number})

    def open_forward(self) -> Outcome:
        self._recipients = []
        self._introduction = self._spool.next()
        return Outcome("ready")

    def open_introduction(self) -> Outcome:
        self._introduction = self._spool.next()
        return Outcome("ready", {"spool": self._introduction, "max_s": INTRODUCTION_S})

    def add_recipient(self, mailbox: str) -> Outcome:
        box = self.boxes.get(mailbox)
        if box is None:
            return Outcome("unknown")
        if box is self.owner:
            return Outcome("own")
        if box.full:
            return Outcome("full")
        if box not in self._recipients:
            self._recipients.append(box)
        return Outcome("added", {"mailbox_name": box.name, "recipients": len(self._recipients)})

    def forward(self) -> Outcome:
        reached = [box for box in self._recipients if not box.full]
        introduced = speech_in(self._introduction) > 0
        for box in reached:
            copy = replace(
                self.message,
                folder="new",
                deleted=False,
                forwarded_by=self.owner.number,
                introduced=introduced,
            )
            box.messages.append(copy)
        if not reached:
            return Outcome("none")
        all_reached = len(reached) == len(self._recipients)
        return Outcome("sent" if all_reached else "some", {"recipients": len(reached)})

    def cancel_forward(self) -> Outcome:
        self._recipients = []
        return Outcome("done")

    @property
    def owner(self) -> Box:
        assert self._owner is not None, "nobody came in"
        return self._owner

    @property
    def message(self) -> Message:
        """The message selected."""
        assert self._place is not None, "no message is selected"
        return self._listed[self._place]
