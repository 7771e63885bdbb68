"""How evenly callers hear while something else takes the machine, or the program itself.

    python -m bench.disturbed
    python -m bench.disturbed --calls 100 --seconds 30 mails burning

Starts `vestibule demo` on a free loopback port, and times the packets of CALLS calls that listen,
as bench.calls does, while nothing else happens (`alone`), then while:

mails     100 messages of 10 s go out as MP3 to a server on this machine: the program's own threads
          encode them, and its own loop speaks with the server
scraping  its metrics are read, one time after the other without a pause, by two readers
burning   as many other processes as there are processors count as fast as they can
"""

import argparse
import asyncio
import multiprocessing
import os
import socket
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import soundfile
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.callers import Callers, Placed
from bench.calls import SPEECH, Figures, plan_playback, run
from bench.demo import Measured, running_demo
from bench.phones import Habit, Phones
from call.g711 import encode
from call.leg import Party
from call.sound import FRAME, Law
from vestibule.cli.opening import with_mailboxes
from vestibule.demo import PEOPLE, furnish
from voicemail.mailboxes import Mailboxes
from voicemail.message import Attachment

MAILS = 100
READERS = 2
KINDS = ("alone", "mails", "scraping", "burning")


class Server:
    """A mail server that takes everything and keeps nothing but the count."""

    def __init__(self) -> None:
        self.mails = 0
        self.octets = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails += 1
        self.octets += len(envelope.content or b"")
        return "250 Taken"


@contextmanager
def mails(target: Measured, speech: bytes) -> Iterator[None]:
    """One message more is left by telephone: it wakes what sends mails, and all are due."""
    phones = Phones(1, Habit(speech, "#", 1.0, notes=False))
    with closing(Callers(target.listen, [Placed("*101", phones.ports[0], 0.0, 5.0)])):
        yield
    phones.hang_up()


@contextmanager
def scraping(address: str) -> Iterator[None]:
    """Readers take the metrics as fast as they come."""
    over, taken = threading.Event(), [0]

    def read() -> None:
        while not over.is_set():
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as page:
                taken[0] += len(page.read()) > 0

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for each in readers:
        each.start()
    yield
    over.set()
    for each in readers:
        each.join()
    print(f"          pages of metrics read: {taken[0]}")


@contextmanager
def burning() -> Iterator[None]:
    """Every processor has something else to do."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_burn, daemon=True) for _ in range(os.cpu_count() or 1)]
    for each in processes:
        each.start()
    yield
    for each in processes:
        each.kill()
        each.join()


def _burn() -> None:
    number = 0
    while True:
        number += 1


def wish_for_mp3(data: Path) -> None:
    """Make the mailboxes of the demo, before it makes its own."""
    people = [(replace(box, attachment=Attachment.MP3), pin) for box, pin in PEOPLE]
    with_mailboxes(None, data, lambda mailboxes: furnish(mailboxes, people), make=True)


def leave_messages(data: Path, pcm: bytes) -> None:
    """Messages in the mailboxes of a running demo, which does not know of them yet."""

    async def leave(mailboxes: Mailboxes) -> None:
        for n in range(MAILS):
            number = PEOPLE[n % len(PEOPLE)][0].number
            deposit = await mailboxes.open_deposit(number, Party("5145550123", "Marc"))
            await asyncio.to_thread(deposit.spool.write_bytes, pcm)
            await mailboxes.keep(deposit)

    with_mailboxes(None, data, leave)


def measure(kind: str, calls: int, seconds: float, data: Path) -> Figures:
    """One run, with one disturbance."""
    pcm, _ = soundfile.read(SPEECH, dtype="int16")
    speech = encode(pcm[: len(pcm) // FRAME * FRAME], Law.PCMU).tobytes()
    plan = plan_playback(calls, seconds, max(20.0, calls / 4), speech)
    metrics = f"127.0.0.1:{_free_port()}" if kind == "scraping" else ""
    server = Server()
    mail = Controller(server, hostname="127.0.0.1", port=_free_port())
    smtp = f"127.0.0.1:{mail.port}" if kind == "mails" else ""
    if kind == "mails":
        wish_for_mp3(data)
    with running_demo(data, calls=calls + 50, smtp=smtp, metrics=metrics) as target:
        if kind == "mails":
            mail.start()
            leave_messages(data, pcm.astype("<i2").tobytes())
        meanwhile = {
            "alone": lambda: nullcontext(),
            "mails": lambda: mails(target, speech),
            "scraping": lambda: scraping(metrics),
            "burning": burning,
        }[kind]()
        figures = run(plan, target, meanwhile)
        if kind == "mails":
            mail.stop()
            print(f"          mails taken {server.mails}, {server.octets / 1e6:.1f} MB")
    return figures


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tell(kind: str, figures: Figures) -> None:
    """Print the figures of one run, on one line."""
    paced, outcome = figures.pacing, figures.outcome
    assert paced is not None
    program = figures.used.by_part.get("program", 0.0) / figures.window_s * 100
    print(
        f"{kind:>8}  p50 {paced.p50:.2f}  p99 {paced.p99:.2f}  p99.9 {paced.p999:.2f}  "
        f"worst {paced.worst:.2f} ms; within 20 ± 5 ms {paced.even * 100:.3f} %; "
        f"lost {paced.lost}; failed {outcome.failed}; "
        f"program {program:.0f} % of a core",
        flush=True,
    )


def main() -> None:
    """Take the numbers and the kinds from the command line, and run one after the other."""
    parser = argparse.ArgumentParser(prog="python -m bench.disturbed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("kinds", nargs="*", choices=(*KINDS, []), help="all of them, unless said")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    kinds: Sequence[str] = arguments.kinds or KINDS
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            tell(kind, measure(kind, arguments.calls, arguments.seconds, Path(name) / "data"))


if __name__ == "__main__":
    main()
