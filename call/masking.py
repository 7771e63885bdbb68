"""Numbers as logs may show them: enough to recognise a call, not enough to call back. And messages
without the keys of the sound."""

import re

_KEY = re.compile(rb"(?i)(inline:)[^|;\s]+")


def masked(number: str) -> str:
    """The last four characters of a telephone number, or of the user part of a URI.

    An extension is short enough to be shown whole.
    """
    user = number.partition("@")[0].rpartition(":")[2]
    return f"…{user[-4:]}" if len(user) > 4 else user


def without_keys(message: bytes) -> bytes:
    """A SIP message whose descriptions say no key of encrypted sound (RFC 4568)."""
    return _KEY.sub(rb"\1...", message)
