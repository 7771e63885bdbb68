"""One event, one line: the message, then its fields, and the call it belongs to.

Modules log with the standard library and put fields in `extra`; `call_id` is bound by context, so
that nothing has to carry it around.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_call_id: ContextVar[str | None] = ContextVar("call_id", default=None)

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def bound_call(call_id: str) -> Iterator[None]:
    """Every line logged inside belongs to this call."""
    token = _call_id.set(call_id)
    try:
        yield
    finally:
        _call_id.reset(token)


class LineFormatter(logging.Formatter):
    """`2027-07-01T14:00:00.000Z INFO voicemail message kept call=… seconds=10.0`."""

    def format(self, record: logging.LogRecord) -> str:
        instant = datetime.fromtimestamp(record.created, UTC)
        stamp = instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        if (call := _call_id.get()) is not None:
            fields = {"call": call, **fields}
        words = [stamp, record.levelname, record.name, record.getMessage()]
        words += [f"{name}={_value(value)}" for name, value in fields.items()]
        line = " ".join(words)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _value(value: object) -> str:
    text = str(value)
    return text if text and text.isprintable() and " " not in text else json.dumps(text)


def log_to_stderr(level: str = "INFO") -> None:
    """Send every event to standard error. The SIP trace has a logger of its own, off."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[stream], force=True)
    for name in ("telephony.sip.trace", "alembic", "transitions", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
