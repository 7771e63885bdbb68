"""The ways through a mailbox that matter most, as calls: who dials what from where, and the script.

A path is a few calls, one after the other. All paths go on at once, each in a mailbox of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ivr.testing import ScriptedCaller
from tests.wire.voicemail_house import COMPANY, HOUSE, NEWCOMER, SHORT, VOICE, House, pin
from voicemail.message import GreetingKind

ANYBODY = ScriptedCaller("a caller")
OWNER = ScriptedCaller("the owner")


@dataclass(frozen=True)
class Dials:
    """One call."""

    number: str
    script: ScriptedCaller
    caller: str = ""
    """The number it is made from; "" is a number of its own for each path."""
    host: str = "127.0.0.1"


def greeted(name: str, language: str = "fr") -> ScriptedCaller:
    """Who hears whose mailbox it is."""
    return ANYBODY.hears("vm.leave.unavailable_name", language, name=name)


def speaks(name: str, language: str = "fr") -> ScriptedCaller:
    """Who has skipped the greeting and said a few words."""
    return greeted(name, language).presses("#").hears("common.beep").says(3.0)


def counts(script: ScriptedCaller, language: str = "fr", **how: int) -> ScriptedCaller:
    """Goes on to hear what lies in the mailbox: nothing, but for what is said."""
    values = {"new": 0, "old": 0, "urgent": 0} | how
    return script.hears("vm.summary", language, **values)


def comes_in(number: str, language: str = "fr", **how: int) -> ScriptedCaller:
    """The owner dials 8500 and is in their mailbox."""
    script = OWNER.hears("vm.login.mailbox", "fr").presses(f"{number}#")
    script = script.hears("vm.login.pin", "fr").presses(f"{pin(number)}#")
    return counts(script, language, **how)


def goes(script: ScriptedCaller, language: str = "fr") -> ScriptedCaller:
    """Goes on to press the pound key and be let go."""
    return script.presses("#").hears("vm.goodbye", language).hears_hang_up()


def in_main(script: ScriptedCaller, language: str = "fr") -> ScriptedCaller:
    """Goes on to the main menu, and leaves it."""
    return goes(script.hears("vm.main", language), language)


def first_message(number: str, **how: bool) -> ScriptedCaller:
    """The owner goes to the first message that waits."""
    script = comes_in(number, new=1).hears("vm.main", "fr").presses("1")
    told = {"is_new": True, "is_urgent": False, "deleted": False} | how
    return script.hears("vm.message.header", "fr", position=1, **told)


RECEPTION = "la réception"

REVIEWED = (
    speaks("Alice").presses("#").hears("vm.leave.review", "fr").presses("3")
    .hears("vm.leave.again", "fr").hears("common.beep").says(VOICE).presses("#")
    .hears("vm.leave.review", "fr").presses("2")
    .hears_recording(VOICE).hears("vm.leave.review", "fr").presses("1")
    .hears("vm.leave.kept", "fr").hears("common.goodbye", "fr").hears_hang_up()
)  # fmt: skip

GONE_IN_THE_SECOND_TAKE = (
    greeted("Bruno").presses("#").hears("common.beep").says(VOICE).presses("#")
    .hears("vm.leave.review", "fr").presses("3")
    .hears("vm.leave.again", "fr").hears("common.beep").says(SHORT).hangs_up()
)  # fmt: skip

URGENT = (
    speaks("Chloé").presses("#").hears("vm.leave.review", "fr").presses("4")
    .hears("vm.leave.urgent", "fr").hears("vm.leave.review", "fr").presses("1")
    .hears("vm.leave.kept", "fr").hears_hang_up()
)  # fmt: skip

ZERO_AT_ONCE = (
    greeted("Denis").presses("0").hears("common.one_moment", "fr")
    .hears("vm.leave.unavailable_name", "fr", name=RECEPTION).hangs_up()
)  # fmt: skip

ZERO_KEEPS = (
    speaks("Estelle").presses("0").hears("vm.leave.keep_or_lose", "fr").presses("1")
    .hears("vm.leave.kept", "fr").hears("common.one_moment", "fr")
    .hears("vm.leave.unavailable_name", "fr", name=RECEPTION).hangs_up()
)  # fmt: skip

ZERO_LOSES = (
    speaks("Fabien").presses("0").hears("vm.leave.keep_or_lose", "fr").presses("5")
    .hears("vm.leave.discarded", "fr").hears("common.one_moment", "fr")
    .hears("vm.leave.unavailable_name", "fr", name=RECEPTION).hangs_up()
)  # fmt: skip

STAR_SIGNS_IN = (
    counts(greeted("Gaston").presses("*").hears("vm.login.pin", "fr").presses(f"{pin('207')}#"))
    .hears("vm.main", "fr").presses("#").hears("vm.goodbye", "fr").hears_hang_up()
)  # fmt: skip

CLOSED_KEYS = (
    greeted("Ines").presses("*0").hears("vm.leave.instructions", "fr").hears("common.beep")
    .says(2.0).presses("0*").says(2.0).hangs_up()
)  # fmt: skip

ENGLISH = (
    greeted("Harry", "en").hears("vm.leave.instructions", "en").hears("common.beep")
    .says(VOICE).presses("#").hears("vm.leave.review", "en").hears("vm.leave.zero", "en")
    .presses("4").hears("vm.leave.urgent", "en").hears("vm.leave.review", "en").presses("1")
    .hears("vm.leave.kept", "en").hears("common.goodbye", "en").hears_hang_up()
)  # fmt: skip

FULL = (
    greeted("Jules").hears("vm.leave.full", "fr").hears("vm.leave.zero", "fr").presses("0")
    .hears("common.one_moment", "fr")
    .hears("vm.leave.unavailable_name", "fr", name=RECEPTION).hangs_up()
)  # fmt: skip

COUNTED = (
    OWNER.hears("aa.welcome", "fr", company="Vestibule").presses("8500")
    .hears("vm.login.mailbox", "fr").presses("220#")
    .hears("vm.login.pin", "fr").presses(f"{pin('220')}#")
)  # fmt: skip

OWN_TELEPHONE = OWNER.hears("vm.login.pin", "fr").presses(f"{pin('222')}#")

FIRST_VISIT = (
    OWNER.hears("vm.login.pin", "fr").presses(f"{pin('224')}#")
    .hears("vm.welcome", "fr").hears("vm.pin.new", "fr").presses("7390#")
    .hears("vm.pin.again", "fr").presses("7390#").hears("vm.pin.changed", "fr")
    .hears("vm.welcome.name", "fr").presses("1")
    .hears("vm.record.greeting", "fr", kind="name").presses("#")
    .hears("common.beep").says(SHORT).presses("#").hears("vm.review", "fr").presses("1")
    .hears("vm.greeting.saved", "fr", kind="name")
    .hears("vm.welcome.greeting", "fr").presses("1")
    .hears("vm.record.greeting", "fr", kind="unavailable").presses("#")
    .hears("common.beep").says(VOICE).presses("#").hears("vm.review", "fr").presses("1")
    .hears("vm.greeting.saved", "fr", kind="unavailable").hears("vm.welcome.done", "fr")
)  # fmt: skip

DELETES = (
    first_message("226").presses("7").hears("vm.message.deleted", "fr")
    .hears("vm.message.menu.restore", "fr").hears("vm.message.menu", "fr").presses("7")
    .hears("vm.message.restored", "fr")
    .hears("vm.message.menu.delete", "fr").hears("vm.message.menu", "fr")
)  # fmt: skip

FILES = (
    first_message("227").presses("9").hears("vm.folder.where", "fr").hears("vm.folder.menu", "fr")
    .presses("2").hears("vm.folder.filed", "fr", folder="work")
    .hears("vm.message.menu.again", "fr").presses("2").hears("vm.folder.which", "fr").presses("2")
    .hears("vm.folder.opened", "fr", folder="work", total=1).hears("vm.main", "fr").presses("1")
    .hears("vm.message.header", "fr", position=1, is_new=False, is_urgent=False, deleted=False)
    .hears_recording(VOICE).hears("vm.message.menu.again", "fr")
)  # fmt: skip

FORWARDS = (
    first_message("228").presses("8").hears("vm.send.number", "fr").presses("229#")
    .hears("vm.forward.added", "fr", name="Xavier")
    .hears("vm.forward.another", "fr").presses("230#")
    .hears("vm.forward.added", "fr", name="Yvonne").hears("vm.forward.another", "fr").presses("#")
    .hears("vm.forward.menu", "fr").presses("1").hears("vm.forward.explain", "fr").presses("#")
    .hears("common.beep").says(SHORT).presses("#").hears("vm.forward.review", "fr").presses("1")
    .hears("vm.forward.sent", "fr", recipients=2).hears("vm.message.menu.again", "fr")
)  # fmt: skip

REPLIES = (
    first_message("231").presses("3").hears("vm.advanced.message", "fr").presses("1")
    .hears("vm.send.speak", "fr", name="Béatrice").presses("#")
    .hears("common.beep").says(VOICE).presses("#").hears("vm.leave.review", "fr").presses("1")
    .hears("vm.leave.kept", "fr").hears("vm.advanced.message", "fr")
)  # fmt: skip

SECRET = comes_in("234").hears("vm.main", "fr").presses("0").hears("vm.options", "fr").presses("5")
CHANGES_PIN = (
    SECRET.hears("vm.pin.new", "fr").presses("7391#").hears("vm.pin.again", "fr").presses("7391#")
    .hears("vm.pin.changed", "fr").hears("vm.options", "fr")
)  # fmt: skip
USES_THE_NEW_PIN = (
    OWNER.hears("vm.login.mailbox", "fr").presses("234#")
    .hears("vm.login.pin", "fr").presses(f"{pin('234')}#").hears("vm.login.incorrect", "fr")
    .hears("vm.login.mailbox", "fr").presses("234#").hears("vm.login.pin", "fr").presses("7391#")
)  # fmt: skip

CHANGES_LANGUAGE = (
    comes_in("235").hears("vm.main", "fr").presses("0").hears("vm.options", "fr").presses("6")
    .hears("vm.language.french", "fr").hears("vm.language.english", "en").presses("2")
    .hears("vm.language.changed", "en").hears("vm.options", "en")
)  # fmt: skip

LISTENS = first_message("225")
"""And then moves the message that plays: see `test_voicemail`."""

LEAVES_FOR_THE_LAMP = speaks("Damien").hangs_up()
HEARS_FOR_THE_LAMP = (
    first_message("240").hears("vm.message.menu.again", "fr").presses("#")
    .hears("vm.goodbye", "fr").hears_hang_up()
)  # fmt: skip


def paths(house: House) -> Mapping[str, tuple[Dials, ...]]:
    """Every path, by its name."""
    in_english = comes_in("221", "en", new=2, old=1, urgent=1)
    return {
        "reviewed": (Dials("*201", REVIEWED),),
        "gone in the second take": (Dials("*202", GONE_IN_THE_SECOND_TAKE),),
        "urgent": (Dials("*203", URGENT),),
        "zero at once": (Dials("*204", ZERO_AT_ONCE),),
        "zero keeps": (Dials("*205", ZERO_KEEPS),),
        "zero loses": (Dials("*206", ZERO_LOSES),),
        "star": (Dials("*207", STAR_SIGNS_IN),),
        "closed keys": (Dials("*209", CLOSED_KEYS),),
        "english": (Dials("*208", ENGLISH),),
        "full": (Dials("*210", FULL),),
        "limit": (Dials("*211", goes_on_for_ever(house)),),
        **greetings(house),
        "counted": (Dials(COMPANY, in_main(counts(COUNTED, new=2, old=1, urgent=1))),),
        "counted in english": (
            Dials("8500", in_main(in_english, "en")),
        ),
        "own telephone": (Dials("8500", in_main(counts(OWN_TELEPHONE)), caller="222", host=HOUSE),),
        "trusted telephone": (Dials("8500", in_main(counts(OWNER)), caller="223", host=HOUSE),),
        "first visit": (
            Dials("8500", in_main(counts(FIRST_VISIT)), caller=NEWCOMER[0], host=HOUSE),
            Dials("*224", ANYBODY.hears_recording(VOICE).hears("vm.leave.instructions").hangs_up()),
        ),
        "deletes": (Dials("8500", goes(DELETES)),),
        "files": (Dials("8500", goes(FILES)),),
        "forwards": (Dials("8500", goes(FORWARDS)),),
        "replies": (Dials("8500", goes(REPLIES)),),
        "temporary": temporary(),
        "pin": (
            Dials("8500", goes(CHANGES_PIN)),
            Dials("8500", in_main(counts(USES_THE_NEW_PIN))),
        ),
        "language": (
            Dials("8500", goes(CHANGES_LANGUAGE, "en")),
            Dials("8500", in_main(comes_in("235", "en"), "en")),
            Dials("*235", greeted("Cécile", "en").hangs_up()),
        ),
    }  # fmt: skip


def goes_on_for_ever(house: House) -> ScriptedCaller:
    """Who speaks longer than the mailbox takes."""
    script = greeted("Karine").presses("#").hears("common.beep").says(house.sound("35s"))
    script = script.hears("common.warning").hears("vm.leave.limit", "fr").hears("vm.leave.kept")
    return script.hears_hang_up()


def greetings(house: House) -> Mapping[str, tuple[Dials, ...]]:
    """Callers who are greeted by what the owner recorded."""

    def heard(number: str, kind: GreetingKind) -> ScriptedCaller:
        return ANYBODY.hears_recording(house.greetings[number, kind])

    def told(script: ScriptedCaller) -> ScriptedCaller:
        return script.hears("vm.leave.instructions", "fr").hears("common.beep").hangs_up()

    name = heard("213", GreetingKind.NAME).hears("vm.leave.is_unavailable", "fr")
    return {
        "unavailable": (Dials("*212", told(heard("212", GreetingKind.UNAVAILABLE))),),
        "busy": (Dials("7212", told(heard("212", GreetingKind.BUSY))),),
        "name": (Dials("*213", told(name)),),
        "temporary wins": (Dials("7214", told(heard("214", GreetingKind.TEMPORARY))),),
    }


def temporary() -> tuple[Dials, ...]:
    """An owner gives callers a temporary greeting with a last day, and takes it away again."""
    today = datetime.now(ZoneInfo("America/Toronto"))
    until = today.replace(month=12, day=31, hour=23, minute=59)
    options = comes_in("233").hears("vm.main", "fr").presses("0").hears("vm.options", "fr")
    sets = (
        options.presses("4").hears("vm.temp.menu", "fr").presses("1")
        .hears("vm.record.temporary", "fr").presses("#").hears("common.beep").says(SHORT)
        .presses("#").hears("vm.review", "fr").presses("1").hears("vm.temp.saved", "fr")
        .hears("vm.temp.last_day", "fr").presses("1231").hears("vm.temp.active", "fr")
        .hears("vm.temp.until", "fr", until=until, today=today)
    )  # fmt: skip
    caller = ANYBODY.hears_recording(SHORT).hears("vm.leave.instructions", "fr").hangs_up()
    back = OWNER.hears("vm.login.mailbox", "fr").presses("233#").hears("vm.login.pin", "fr")
    back = back.presses(f"{pin('233')}#").hears("vm.temp.active", "fr").presses("04")
    removes = back.hears("vm.temp.menu", "fr").presses("2").hears("vm.temp.removed", "fr")
    return (
        Dials("8500", goes(sets.hears("vm.options", "fr"))),
        Dials("*233", caller),
        Dials("8500", goes(removes.hears("vm.options", "fr"))),
        Dials("*233", greeted("Agathe").hangs_up()),
    )
