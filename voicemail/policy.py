"""The rules of the house about mailboxes, pure: numbers in, verdicts out."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from voicemail.mail import MailTask, TaskKind
from voicemail.message import GreetingKind, Mailbox, Message, TreatmentKind

TRIES_PER_CALL = 3
"""Wrong PINs in one call before it is sent away."""

MAILBOX_FAILURES = 6
"""Wrong PINs in a row, over any number of calls, before a mailbox locks."""

CALLER_FAILURES = 12
"""The same for a caller's number: above the mailbox's, an office shares one number."""

FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)

FAILURES_KEPT = timedelta(days=7)
"""After this long without another, a mailbox's wrong PINs are forgotten."""

CALLER_FAILURES_KEPT = timedelta(hours=1)
"""The same for a caller's number, whose owners' slips of a week are nobody's attack."""

MOST_MESSAGES = 100
"""In one mailbox; an operator may set fewer."""

HISTORY_KEPT = timedelta(days=730)
"""How long what was done to a mailbox stays written down, unless set otherwise."""

MAX_GREETING_S = 180
MAX_NAME_S = 10

LEAST_NAME_SPEECH_S = 0.3
"""Of speech in a recorded name: there are short ones."""

_LEAP_YEARS_APART = 8
"""At most: 29 February 2096 is followed by that of 2104."""

LANGUAGES = ("fr", "en")

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}\Z")
_ASCENDING = "01234567890"


def pin_faults(pin: str, number: str) -> tuple[str, ...]:
    """Why a PIN is refused; empty when it may serve."""
    if not re.fullmatch(r"[0-9]{4,10}", pin):
        return ("a PIN is 4 to 10 digits",)
    faults = []
    if pin == number or (len(number) > 2 and number in pin):
        faults.append("a PIN may not hold the mailbox's own number")
    if len(set(pin)) == 1:
        faults.append("a PIN may not be one digit repeated")
    if pin in _ASCENDING or pin in _ASCENDING[::-1]:
        faults.append("a PIN may not be a sequence")
    return tuple(faults)


def mailbox_faults(mailbox: Mailbox) -> tuple[str, ...]:
    """Everything that keeps a mailbox from being made; empty when it may be."""
    checks = (
        (re.fullmatch(r"[0-9]{2,10}", mailbox.number), "a mailbox number is 2 to 10 digits"),
        (mailbox.name.strip() and mailbox.name.isprintable(), "a mailbox needs a printable name"),
        (mailbox.language in LANGUAGES, f"the language is one of {', '.join(LANGUAGES)}"),
        (mailbox.zone in available_timezones(), f"no such time zone: {mailbox.zone}"),
        (1 <= mailbox.max_message_s <= 3600, "the longest message is 1 to 3600 seconds"),
        (0 <= mailbox.min_speech_s <= 60, "the least speech is 0 to 60 seconds"),
        (1 <= mailbox.max_messages <= MOST_MESSAGES, "the most messages is 1 to 100"),
        (0 <= mailbox.trash_days <= 365, "the trash is kept 0 to 365 days"),
        (
            mailbox.retention_days is None or 1 <= mailbox.retention_days <= 3650,
            "messages are kept 1 to 3650 days, or for ever",
        ),
        (
            mailbox.store_on_server or mailbox.addresses,
            "a mailbox that keeps nothing on the server needs an e-mail address",
        ),
        (mailbox.zero.kind is not TreatmentKind.LOGIN, "key 0 may not lead to the login"),
    )
    addresses = tuple(f"not an e-mail address: {a}" for a in mailbox.addresses if not _good(a))
    return tuple(fault for sound, fault in checks if not sound) + addresses


def _good(address: str) -> bool:
    return _ADDRESS.match(address) is not None


def cap_notices(message: str, mailbox: Mailbox, now: datetime) -> Mapping[int, MailTask]:
    """What the owner is told when a message brings the box to so many: nine tenths, and full."""
    if not mailbox.addresses:
        return {}
    kinds = {
        -(-mailbox.max_messages * 9 // 10): TaskKind.NEARLY_FULL,
        mailbox.max_messages: TaskKind.FULL,
    }
    return {
        number: MailTask(
            f"{message}-{kind.value}", kind, mailbox.number, "", mailbox.addresses, now
        )
        for number, kind in kinds.items()
    }


def message_mail(message: Message, mailbox: Mailbox, now: datetime) -> MailTask | None:
    """The e-mail that brings a message to the addresses of its mailbox; None where it has none."""
    if not mailbox.addresses:
        return None
    kind = TaskKind.MESSAGE
    return MailTask(message.id, kind, mailbox.number, message.id, mailbox.addresses, now)


def longest_s(kind: GreetingKind) -> int:
    """For how long a greeting may be recorded."""
    return MAX_NAME_S if kind is GreetingKind.NAME else MAX_GREETING_S


def least_speech_s(kind: GreetingKind, mailbox: Mailbox) -> float:
    """Seconds of speech under which a recording is no greeting."""
    least_s = mailbox.min_speech_s
    return min(least_s, LEAST_NAME_SPEECH_S) if kind is GreetingKind.NAME else least_s


def next_such_day(typed: str, today: date) -> date | None:
    """The next day that is typed as month and day, MMDD, today included; None if there is none."""
    if not re.fullmatch(r"[0-9]{4}", typed):
        return None
    for year in range(today.year, today.year + _LEAP_YEARS_APART + 1):
        try:
            day = date(year, int(typed[:2]), int(typed[2:]))
        except ValueError:
            continue
        if day >= today:
            return day
    return None


def end_of(day: date, zone: str) -> datetime:
    """The first instant in a time zone when the day is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


def lock_until(failures: int, threshold: int, now: datetime) -> datetime | None:
    """Until when the `failures`-th wrong PIN in a row locks; None when it does not.

    The threshold locks for a quarter of an hour; then each further call's worth of wrong PINs
    doubles it, up to a day.
    """
    beyond = failures - threshold
    if beyond < 0 or beyond % TRIES_PER_CALL:
        return None
    doublings = min(beyond // TRIES_PER_CALL, 10)
    return now + min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def printable(text: str, longest: int = 80) -> str:
    """A name the network sent, fit for headers and screens: one line, no control characters."""
    kept = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(kept.split())[:longest]
