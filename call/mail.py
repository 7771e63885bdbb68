"""How e-mails are written out: in plain ASCII, with subjects that are read as they were meant."""

from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.policy import SMTP, Policy

_LONG_WORD = 60
"""From here on a word may not fit a line beside the name of the field; encoded, it is broken."""


class _Subject(BaseHeader):
    """A subject that is one text where it is encoded, with its spaces inside (RFC 2047 §6.2).

    The fold of the library leaves a space before the line break and another after it, which both
    belong to what is read.
    """

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, object]) -> None:
        """Take in what is to be read, as any text."""
        UniqueUnstructuredHeader.parse(value, kwds)

    def fold(self, *, policy: Policy) -> str:
        """The field as it stands on the wire, broken into lines."""
        text = str(self)
        plain = text.isascii() and all(len(word) < _LONG_WORD for word in text.split(" "))
        charset = "us-ascii" if plain else "utf-8"
        field = Header(text, charset, header_name="Subject", maxlinelen=policy.max_line_length)
        return f"Subject: {field.encode(linesep=policy.linesep)}{policy.linesep}"


def _fields() -> HeaderRegistry:
    fields = HeaderRegistry()
    fields.map_to_type("subject", _Subject)
    return fields


WRITTEN = SMTP.clone(cte_type="7bit", header_factory=_fields())
"""The policy of e-mails that go out: no server on the way needs 8BITMIME."""
