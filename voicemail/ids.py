"""Ids that sort by time: 48 bits of milliseconds, then 80 of chance, in lower-case base 32."""

from datetime import datetime

from voicemail.ports import Tokens

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

LENGTH = 26
"""Characters of an id."""


def new_id(now: datetime, tokens: Tokens) -> str:
    """A 26-character id, unique, greater than every id of an earlier millisecond."""
    number = int(now.timestamp() * 1000) << 80 | int.from_bytes(tokens.token(10))
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
