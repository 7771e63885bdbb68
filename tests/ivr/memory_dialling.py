"""Calls to the outside in memory, as flows ask for them from one telephone."""

from dataclasses import dataclass

from ivr.operations import Outcome

ENDS = {
    "5145550186": "busy",
    "5145550180": "no_answer",
    "5145550103": "refused",
    "5145550183": "announced",
    "5145550153": "no_trunk",
}
"""What becomes of calls to these numbers; whoever has any other takes the call."""


@dataclass
class MemoryDialling:
    """What a telephone may call: locally anybody, far away with the code, abroad nobody."""

    code: str = "7391"
    tries: int = 3
    unlocked: bool = False

    def dial(self, number: str) -> Outcome:
        if number.startswith("011"):
            return Outcome("not_allowed")
        if len(number) < 10:
            return Outcome("unknown")
        if not number.startswith("514") and not self.unlocked:
            return Outcome("code")
        return Outcome(ENDS.get(number, "talked"))

    def unlock(self, code: str) -> Outcome:
        if code == self.code:
            self.unlocked = True
            return Outcome("ok")
        self.tries -= 1
        return Outcome("wrong" if self.tries else "locked")
