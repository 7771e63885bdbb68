"""How commands steer the conferences of a server that runs: by the socket in its data folder."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from call.errors import PeerFault, Unavailable
from conference.live import LiveRoom
from console.sockets import CONTROL, reachable
from console.state import read

PATIENCE_S = 10.0
EVENTS_S = 60.0
"""A server that watches for us says every quarter of a minute that it is still there."""

RINGING_S = 300.0
"""How long somebody who is called in may take."""

DATA = "data: "


class ServerAway(Unavailable):
    """No server answers calls from this folder just now."""


class SteeringRefused(PeerFault):
    """The server did not do what was asked for; the message is its own."""


class Steering:
    """Asks the server. Everything raises ServerAway, and SteeringRefused where that may be."""

    def __init__(self, client: httpx.Client, folder: Path) -> None:
        self._client = client
        self._folder = folder

    def live(self) -> tuple[LiveRoom, ...]:
        """The conferences being held."""
        with self._answering():
            return read(_granted(self._client.get("/conferences")).content)

    def room(self, number: str) -> LiveRoom:
        """The one being held in a room."""
        with self._answering():
            return read(b"[%b]" % _granted(self._client.get(f"/conferences/{number}")).content)[0]

    def watch(self) -> Iterator[tuple[LiveRoom, ...]]:
        """How they stand, at once and after each change, until the server ends."""
        with (
            self._answering(),
            self._client.stream("GET", "/conferences/events", timeout=EVENTS_S) as events,
        ):
            for line in events.iter_lines():
                if line.startswith(DATA):
                    yield read(line.removeprefix(DATA))

    def do(self, room: str, deed: str, asked: Mapping[str, object]) -> None:
        """Do something to one; `console.live` lists the deeds."""
        with self._answering():
            _granted(self._client.post(f"/conferences/{room}/{deed}", json=asked))

    def call(self, room: str, asked: Mapping[str, object]) -> bool:
        """Call somebody in; whether they came."""
        with self._answering():
            answer = self._client.post(f"/conferences/{room}/call", json=asked, timeout=RINGING_S)
            return bool(_granted(answer).json()["joined"])

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as fault:
            raise away(self._folder) from fault


@contextmanager
def steering(folder: Path) -> Iterator[Steering]:
    """The server that answers calls from a data folder.

    Raises ServerAway where none does, and SteeringRefused where it is another user's.
    """
    try:
        with reachable(folder / CONTROL) as name:
            _knock(name)
            transport = httpx.HTTPTransport(uds=name)
            with httpx.Client(
                transport=transport, base_url="http://vestibule", timeout=PATIENCE_S
            ) as client:
                yield Steering(client, folder)
    except PermissionError as fault:
        raise SteeringRefused(
            f"{folder / CONTROL}: not permitted; type this as the user that the server runs as"
        ) from fault
    except OSError as fault:
        raise away(folder) from fault


def _knock(name: str) -> None:
    """See whether anybody is there. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        knocking.connect(name)


def away(folder: Path) -> ServerAway:
    """That nobody is there, and what to do."""
    return ServerAway(
        f"no server answers calls from {folder}: start it, or name its --config or --data"
    )


def _granted(answer: httpx.Response) -> httpx.Response:
    """The answer, where it is a good one. Raises SteeringRefused."""
    if answer.is_success:
        return answer
    try:
        said = str(answer.json()["detail"])
    except (json.JSONDecodeError, KeyError, TypeError):
        said = f"the server answered {answer.status_code}"
    raise SteeringRefused(said)
