"""What an extension does with its calls: its owner's choices, one by one."""

from dataclasses import dataclass, field
from enum import StrEnum

DEFAULT_RING_S = 20
LONGEST_RING_S = 300
"""What a ring time of 0 stands for: no telephone rings for ever."""


class WhenBusy(StrEnum):
    """What a second caller meets while the extension is on the telephone."""

    RING = "ring"
    MESSAGE = "message"
    """A sentence says so."""
    VOICEMAIL = "voicemail"


class ForwardRule(StrEnum):
    """When calls are forwarded."""

    ALWAYS = "always"
    NO_ANSWER = "no_answer"
    TOGETHER = "together"
    """The extension and the number ring at the same time."""
    PRESS_1 = "press_1"
    """On no answer, when the caller presses 1; else they stay for the voicemail."""


@dataclass(frozen=True, slots=True)
class Forward:
    """Where calls are sent on. `target` is digits: an extension, or a number outside."""

    target: str = ""
    rule: ForwardRule = ForwardRule.ALWAYS
    enabled: bool = False
    ring_s: int | None = None
    """How long the extension rings before, where that is not its own ring time; ALWAYS does not
    wait."""


@dataclass(frozen=True, slots=True)
class FollowMe:
    """Calls are brought to numbers elsewhere, whose holders are asked whether they take them."""

    targets: tuple[str, ...] = ()
    """All ring together: the first to press 1 wins."""
    enabled: bool = False
    ring_s: int = 45
    music: bool = True
    """The caller hears hold music in place of ringing."""
    ask_name: bool = True
    """The caller is asked to say who calls."""
    skip_voicemail: bool = False
    pass_number: bool = True
    """Who is called sees the caller's number; else the extension's own."""
    more_tries: int = 0


class Permission(StrEnum):
    """Whether calls of a kind may be made."""

    DISABLED = "disabled"
    WITH_CODE = "with_code"
    UNLIMITED = "unlimited"


class Taped(StrEnum):
    """Which calls of an extension are recorded."""

    NONE = "none"
    INCOMING = "incoming"
    OUTGOING = "outgoing"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What an extension may call, and as whom."""

    long_distance: Permission = Permission.DISABLED
    international: Permission = Permission.DISABLED
    code_hash: str = field(default="", repr=False)
    """The access code asked for by WITH_CODE."""
    caller_name: str = ""
    """Fifteen characters at most; told only together with a number."""
    caller_number: str = ""
    """One of the company's."""
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Handling:
    """Everything an extension does with its calls."""

    ring_s: int = DEFAULT_RING_S
    """How long its telephones ring; 0 for as long as the platform lets them."""
    do_not_disturb: bool = False
    when_busy: WhenBusy = WhenBusy.RING
    voicemail: bool = True
    may_be_picked_up: bool = True
    taped: Taped = Taped.NONE
    hold_music: str = ""
    """The name of a piece of the company's; "" for the one that everybody hears."""
    forward: Forward = Forward()
    follow_me: FollowMe = FollowMe()
    outgoing: Outgoing = Outgoing()
