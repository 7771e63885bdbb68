"""Message summaries: how many messages wait, and for which account (RFC 3842)."""

from dataclasses import dataclass
from urllib.parse import quote

from telephony.sip.fields import Uri, bracket
from telephony.sip.message import Pairs

PACKAGE = "message-summary"
SUMMARY = "application/simple-message-summary"
ALLOW_EVENTS: Pairs = (("Allow-Events", PACKAGE),)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages are new and old; the urgent ones are among them, and counted again."""

    new: int
    old: int
    urgent_new: int = 0
    urgent_old: int = 0

    @property
    def lit(self) -> bool:
        """Whether the lamp is on."""
        return self.new > 0


def write_summary(waiting: Waiting, account_uri: str) -> bytes:
    """The body of a NOTIFY (RFC 3842 §5.2)."""
    lines = (
        f"Messages-Waiting: {'yes' if waiting.lit else 'no'}",
        f"Message-Account: {account_uri}",
        f"Voice-Message: {waiting.new}/{waiting.old} ({waiting.urgent_new}/{waiting.urgent_old})",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def account_uri(account: str, host: str) -> str:
    """The SIP URI of an account, as summaries name it."""
    return f"sip:{quote(account, safe='-_.!~*()&=+$,')}@{bracket(host)}"


def account_of(target: Uri) -> str:
    """The account that a Request-URI names."""
    return target.number
