"""A telephone made of Linphone's own library: subscribes to a message lamp, prints what it is told.

Run as a program: the URI to subscribe to is its argument, `linphonerc` in the current folder its
configuration. It ends, unsubscribed, when it is told to terminate.
"""

import ctypes
import signal
import sys
import threading

Pointer, Text, Integer = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
NOTIFIED = ctypes.CFUNCTYPE(None, Pointer, Pointer, Text, Pointer)

BEAT_S = 0.02
FAREWELL_BEATS = 10


class Linphone:
    """The functions of the library that are wanted here, by their own names."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("liblinphone.so.10")

    def call(self, name: str, result: type | None, *arguments: object) -> object:
        """Call one; text and numbers go as they are, everything else as a pointer."""
        function = getattr(self._library, name)
        function.restype = result
        function.argtypes = [
            Text if isinstance(each, bytes) else Integer if type(each) is Seconds else Pointer
            for each in arguments
        ]
        return function(*arguments)


class Seconds(int):
    """A number for the library, and no pointer."""


def main(uri: str) -> None:
    linphone, over = Linphone(), threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: over.set())
    factory = linphone.call("linphone_factory_get", Pointer)
    core = linphone.call(
        "linphone_factory_create_core_3", Pointer, factory, b"linphonerc", None, None
    )

    @NOTIFIED
    def notified(core: int, event: int, name: bytes, content: int) -> None:
        text = linphone.call("linphone_content_get_utf8_text", Text, content)
        sys.stdout.write(text.decode() if isinstance(text, bytes) else "")
        sys.stdout.flush()

    callbacks = linphone.call("linphone_factory_create_core_cbs", Pointer, factory)
    register = "linphone_core_cbs_set_notify_received"
    linphone.call(register, None, callbacks, ctypes.cast(notified, Pointer))
    linphone.call("linphone_core_add_callbacks", None, core, callbacks)
    linphone.call("linphone_core_start", Integer, core)
    address = linphone.call("linphone_factory_create_address", Pointer, factory, uri.encode())
    subscribe = "linphone_core_create_subscribe"
    event = linphone.call(subscribe, Pointer, core, address, b"message-summary", Seconds(600))
    accept = (b"Accept", b"application/simple-message-summary")
    linphone.call("linphone_event_add_custom_header", None, event, *accept)
    linphone.call("linphone_event_send_subscribe", Integer, event, None)
    while not over.wait(BEAT_S):
        linphone.call("linphone_core_iterate", None, core)
    linphone.call("linphone_event_terminate", None, event)
    for _ in range(FAREWELL_BEATS):
        linphone.call("linphone_core_iterate", None, core)
        threading.Event().wait(BEAT_S)


if __name__ == "__main__":
    main(sys.argv[1])
