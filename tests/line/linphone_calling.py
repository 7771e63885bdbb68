"""A telephone made of Linphone's own library: does what lines on its input say, prints its calls.

Run as a program with `linphonerc` in the current folder. A line is a word and a URI: `call`,
`transfer` (the first call, blind), `attended` (the first call to the second), `pause`, `resume`,
`hang`, `watch` (the calls of an extension), `befriend` (its presence). It takes every call at once,
and ends with its input. What it prints is one line each: `call N state`, `transfer state`, and the
documents of what it watches.
"""

import ctypes
import sys
import threading
from collections import deque
from collections.abc import Callable

from tests.acceptance.linphone_watching import BEAT_S, Linphone, Seconds

Pointer, Text, Integer = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
STATE_CHANGED = ctypes.CFUNCTYPE(None, Pointer, Pointer, Integer, Text)
TRANSFERRED = ctypes.CFUNCTYPE(None, Pointer, Pointer, Integer)
NOTIFIED = ctypes.CFUNCTYPE(None, Pointer, Pointer, Text, Pointer)

STATES = (
    *("idle", "incoming", "pushed", "calling", "progress", "ringing", "early", "connected"),
    *("running", "pausing", "paused", "resuming", "referred", "error", "end", "held"),
    *("updated", "early incoming", "updating", "released"),
)
INCOMING = 1


def tell(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Telephone:
    """One core of the library, and the calls it had, in order."""

    def __init__(self) -> None:
        self._linphone = Linphone()
        self._calls: list[int] = []
        self._factory = self._linphone.call("linphone_factory_get", Pointer)
        create = "linphone_factory_create_core_3"
        self._core = self._call(create, Pointer, self._factory, b"linphonerc", None, None)
        self._call("linphone_core_set_use_files", None, self._core, Seconds(1))
        self._call("linphone_core_enable_ipv6", None, self._core, Seconds(0))
        callbacks = self._call("linphone_factory_create_core_cbs", Pointer, self._factory)
        self._kept = (
            STATE_CHANGED(self._state_changed),
            TRANSFERRED(self._transferred),
            NOTIFIED(self._notified),
        )
        names = ("call_state_changed", "transfer_state_changed", "notify_received")
        for name, function in zip(names, self._kept, strict=True):
            setter = f"linphone_core_cbs_set_{name}"
            self._call(setter, None, callbacks, ctypes.cast(function, Pointer))
        self._call("linphone_core_add_callbacks", None, self._core, callbacks)
        self._call("linphone_core_start", Integer, self._core)

    def _call(self, name: str, result: type | None, *arguments: object) -> object:
        return self._linphone.call(name, result, *arguments)

    def _state_changed(self, core: int, call: int, state: int, message: bytes) -> None:
        if call not in self._calls:
            self._calls.append(call)
            self._call("linphone_call_ref", Pointer, call)
        tell(f"call {self._calls.index(call) + 1} {STATES[state]}")
        if state == INCOMING:
            self._call("linphone_call_accept", Integer, call)

    def _transferred(self, core: int, call: int, state: int) -> None:
        tell(f"transfer {STATES[state]}")

    def _notified(self, core: int, event: int, name: bytes, content: int) -> None:
        text = self._call("linphone_content_get_utf8_text", Text, content)
        tell(" ".join(text.decode().split()) if isinstance(text, bytes) else "")

    def beat(self) -> None:
        """Let the library do what is due."""
        self._call("linphone_core_iterate", None, self._core)

    def does(self, line: str) -> None:
        """Carry out one line."""
        word, _, uri = line.strip().partition(" ")
        deeds: dict[str, Callable[[], object]] = {
            "call": lambda: self._call("linphone_core_invite", Pointer, self._core, uri.encode()),
            "transfer": lambda: self._of_first("linphone_call_transfer", uri.encode()),
            "attended": lambda: self._of_first("linphone_call_transfer_to_another", self._calls[1]),
            "pause": lambda: self._of_first("linphone_call_pause"),
            "resume": lambda: self._of_first("linphone_call_resume"),
            "hang": lambda: self._call("linphone_core_terminate_all_calls", Integer, self._core),
            "watch": lambda: self._watch(uri, b"dialog", b"application/dialog-info+xml"),
            "befriend": lambda: self._watch(uri, b"presence", b"application/pidf+xml"),
        }
        deeds[word]()

    def _of_first(self, name: str, *arguments: object) -> object:
        return self._call(name, Integer, self._calls[0], *arguments)

    def _watch(self, uri: str, package: bytes, kind: bytes) -> None:
        create = "linphone_factory_create_address"
        address = self._call(create, Pointer, self._factory, uri.encode())
        subscribe = "linphone_core_create_subscribe"
        event = self._call(subscribe, Pointer, self._core, address, package, Seconds(600))
        accept = (b"Accept", kind)
        self._call("linphone_event_add_custom_header", None, event, *accept)
        self._call("linphone_event_send_subscribe", Integer, event, None)


def main() -> None:
    telephone, over = Telephone(), threading.Event()
    lines: deque[str] = deque()

    def read() -> None:
        for line in sys.stdin:
            lines.append(line)
        over.set()

    threading.Thread(target=read, daemon=True).start()
    tell("ready")
    while not over.wait(BEAT_S):
        telephone.beat()
        while lines:
            telephone.does(lines.popleft())


if __name__ == "__main__":
    main()
