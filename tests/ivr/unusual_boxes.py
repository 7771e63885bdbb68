"""Calls on mailboxes that are not as they come: full, closed, or set otherwise by their owner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.flow import Held
from ivr.testing import ScriptedCaller
from tests.ivr.memory_boxes import Box

Preparing = Callable[[Mapping[str, Box]], None]


@dataclass(frozen=True)
class Unusual:
    """A caller, and what is unusual about the mailboxes they meet."""

    prepare: Preparing
    caller: ScriptedCaller
    flow: str = "voicemail_leave"
    given: Mapping[str, Held] = field(default_factory=lambda: {"mailbox": "101"})


def _set(number: str, **fields: object) -> Preparing:
    def prepare(boxes: Mapping[str, Box]) -> None:
        for name, value in fields.items():
            setattr(boxes[number], name, value)

    return prepare


def _greeted(**paths: str) -> Preparing:
    return _set("101", greetings={kind: Path(path) for kind, path in paths.items()})


def _caller(name: str) -> ScriptedCaller:
    return ScriptedCaller(name)


_FULL = _set("101", most=0)
_FULL_AND_CLOSED = _set("101", most=0, zero="closed", star="closed")
_CLOSED = _set("101", zero="closed", star="closed")

UNUSUAL = (
    # ---- Full
    Unusual(
        _FULL,
        _caller("a full mailbox greets, says so, and lets the caller go")
        .hears("vm.leave.unavailable_name", "fr")
        .hears("vm.leave.full", "fr")
        .hears("vm.leave.zero")
        .hears("common.goodbye")
        .hears_hang_up(),
    ),
    Unusual(
        _set("102", most=0),
        _caller("a full mailbox says so in its own language")
        .hears("vm.leave.full", "en")
        .hears("common.goodbye", "en")
        .hears_hang_up(),
        given={"mailbox": "102"},
    ),
    Unusual(
        _set("102", most=0),
        _caller("a full mailbox says so in the caller's language, where they have one")
        .hears("vm.leave.full", "fr")
        .hears_hang_up(),
        given={"mailbox": "102", "keep_language": True},
    ),
    Unusual(
        _FULL,
        _caller("0 still leads to the reception during a full mailbox's greeting")
        .hears("vm.leave.unavailable_name")
        .presses("0")
        .hears("common.one_moment")
        .hears("vm.leave.unavailable_name", name="la réception"),
    ),
    Unusual(
        _FULL,
        _caller("the star still leads to the login during a full mailbox's greeting")
        .hears("vm.leave.full")
        .presses("*")
        .hears("vm.login.pin"),
    ),
    Unusual(
        _FULL,
        _caller("0 still acts a little after it was said that the mailbox is full")
        .hears("vm.leave.zero")
        .waits(4.0)
        .presses("0")
        .hears("common.one_moment"),
    ),
    Unusual(
        _FULL,
        _caller("the star still acts a little after it was said that the mailbox is full")
        .hears("vm.leave.zero")
        .waits(4.0)
        .presses("*")
        .hears("vm.login.pin"),
    ),
    Unusual(
        _FULL,
        _caller("another key after it was said that the mailbox is full ends the call")
        .hears("vm.leave.zero")
        .waits(4.0)
        .presses("5")
        .hears("common.goodbye")
        .hears_hang_up(),
    ),
    Unusual(
        _FULL_AND_CLOSED,
        _caller("a full mailbox whose keys are closed lets itself be heard to the end")
        .hears("vm.leave.full")
        .presses("0*5")
        .waits(1.0)
        .hears("common.goodbye")
        .hears_hang_up(),
    ),
    # ---- Keys that lead elsewhere than usual
    Unusual(
        _set("101", zero="extension:102"),
        _caller("0 leads to the extension the owner chose, in the caller's language")
        .hears("vm.leave.unavailable_name", name="Camille")
        .presses("0")
        .hears("common.one_moment")
        .hears("vm.leave.unavailable_name", "fr", name="William"),
    ),
    Unusual(
        _set("101", zero="flow:main_attendant"),
        _caller("0 leads to the flow the owner chose, which knows the company")
        .hears("vm.leave.instructions")
        .presses("0")
        .hears("aa.welcome", company="Vestibule"),
    ),
    Unusual(
        _set("101", zero="login"),
        _caller("0 leads to the login where the owner wants it so")
        .hears("vm.leave.instructions")
        .presses("0")
        .hears("vm.login.pin"),
    ),
    Unusual(
        _set("101", star="extension:102"),
        _caller("the star leads to the extension the owner chose")
        .hears("vm.leave.instructions")
        .presses("*")
        .hears("common.one_moment")
        .hears("vm.leave.unavailable_name", name="William"),
    ),
    Unusual(
        _set("101", zero="flow:nowhere"),
        _caller("0 that leads to a flow that is gone is told, and the call ends")
        .hears("vm.leave.instructions")
        .presses("0")
        .hears("common.trouble")
        .hears_hang_up(),
    ),
    # ---- Keys that are closed
    Unusual(
        _CLOSED,
        _caller("closed keys mean nothing, at any moment, and nobody is told of them")
        .hears("vm.leave.unavailable_name")
        .presses("0*")
        .hears("vm.leave.instructions")
        .hears("common.beep")
        .says(2.0)
        .presses("0*")
        .says(2.0)
        .presses("#")
        .hears("vm.leave.review")
        .presses("0")
        .hears("common.invalid")
        .hears("vm.leave.review")
        .presses("1")
        .hears("vm.leave.kept")
        .hears_hang_up(),
    ),
    # ---- Reaching the owner of a mailbox by telephone
    Unusual(
        _set("101", reached=("talked",)),
        _caller("a caller who talked with the owner leaves no message").hears_hang_up(),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("offer", "talked")),
        _caller("a caller presses 1, is transferred, and talks")
        .hears("fw.offer")
        .presses("1")
        .hears("common.one_moment")
        .hears_hang_up(),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("offer",)),
        _caller("a caller who presses nothing leaves a message")
        .hears("fw.offer")
        .hears("vm.leave.unavailable_name"),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("offer", "offer", "unreachable")),
        _caller("nobody takes the call of a caller who pressed 1 twice")
        .hears("fw.offer")
        .presses("1")
        .hears("fw.offer")
        .presses("1")
        .hears("ext.unreachable")
        .hears_hang_up(),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("offer", "only_on_the_phone")),
        _caller("a caller pressed 1, and hears that the owner is on the telephone")
        .hears("fw.offer")
        .presses("1")
        .hears("ext.on_the_phone")
        .hears("common.goodbye")
        .hears_hang_up(),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("offer", "voicemail")),
        _caller("a caller pressed 1 in vain, and leaves a message")
        .hears("fw.offer")
        .presses("1")
        .hears("vm.leave.unavailable_name"),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("offer", "identify", "talked")),
        _caller("a caller presses 1, says who calls, and talks")
        .hears("fw.offer")
        .presses("1")
        .hears("fm.say_name")
        .hears("common.beep")
        .says(1.0)
        .presses("#")
        .hears("fm.searching")
        .hears_hang_up(),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("identify", "voicemail")),
        _caller("a caller says who calls, and nobody takes the call")
        .hears("fm.say_name")
        .hears("common.beep")
        .says(1.0)
        .presses("#")
        .hears("fm.searching")
        .hears("vm.leave.unavailable_name"),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("identify", "busy")),
        _caller("a caller who says nothing is sought for all the same")
        .hears("fm.say_name")
        .hears("common.beep")
        .hears("fm.searching")
        .hears("vm.leave.unavailable_name"),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("identify", "unreachable")),
        _caller("a caller says who calls, and nobody can be reached")
        .hears("fm.say_name")
        .hears("common.beep")
        .says(1.0)
        .presses("#")
        .hears("ext.unreachable")
        .hears("ext.busy_tone")
        .hears_hang_up(),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("on_the_phone",)),
        _caller("a caller hears that the owner is on the telephone, and leaves a message")
        .hears("ext.on_the_phone")
        .hears("vm.leave.unavailable_name"),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("only_on_the_phone",)),
        _caller("a caller hears that the owner is on the telephone, and no more")
        .hears("ext.on_the_phone")
        .hears("common.goodbye")
        .hears_hang_up(),
        flow="extension",
    ),
    Unusual(
        _set("101", reached=("unreachable",)),
        _caller("a caller hears that the owner cannot be reached")
        .hears("ext.unreachable")
        .hears_hang_up(),
        flow="extension",
    ),
    # ---- Greetings
    Unusual(
        _greeted(unavailable="bonjour.wav", name="camille.wav"),
        _caller("the greeting the owner recorded is heard in place of the sentence")
        .hears_recording(Path("bonjour.wav"))
        .hears("vm.leave.instructions"),
    ),
    Unusual(
        _greeted(unavailable="bonjour.wav", busy="occupe.wav"),
        _caller("a caller of somebody who is on the telephone hears the busy greeting")
        .hears_recording(Path("occupe.wav"))
        .hears("vm.leave.instructions"),
        given={"mailbox": "101", "busy": True},
    ),
    Unusual(
        _greeted(unavailable="bonjour.wav", busy="occupe.wav", temporary="vacances.wav"),
        _caller("the temporary greeting wins over all")
        .hears_recording(Path("vacances.wav"))
        .hears("vm.leave.instructions"),
        flow="extension",
        given={"mailbox": "101", "busy": True},
    ),
    Unusual(
        _greeted(name="camille.wav"),
        _caller("without a greeting the owner's own voice says their name")
        .hears_recording(Path("camille.wav"))
        .hears("vm.leave.is_unavailable")
        .hears("vm.leave.instructions"),
    ),
    Unusual(
        _set("101", name=""),
        _caller("without a name the extension's number is told")
        .hears("vm.leave.unavailable", extension="101")
        .hears("vm.leave.instructions"),
    ),
)
