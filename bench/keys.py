"""How soon after a key the caller hears what comes next.

    python -m bench.keys --presses 300
    python -m bench.keys --presses 300 --others 200

Starts `vestibule demo` on a free loopback port. So many callers, ten a second, reach the attendant
and press 9 (English) in the middle of its French welcome: the welcome stops, and the English menu
begins. Meanwhile OTHERS more calls listen and speak. A press is seven packets, one each 20 ms: a
first one, three that go on, the end three times (RFC 4733). Prints the times from its first and
from its last packet to the first packet of the menu, which is found by its sound; what comes before
the last packet is below nought. Packets from us are timed as they are sent, those to us by the
kernel's stamp at arrival.
"""

import argparse
import asyncio
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bench.callers import Callers, Outcome, Placed
from bench.calls import SPEECH
from bench.demo import Measured, running_demo
from bench.phones import Habit, Heard, Phones
from call.g711 import encode
from call.sound import FRAME, Clip, Law
from ivr.prompts import Phrase
from ivr.voices.voice import open_voice
from vestibule.demo import COMPANY
from vestibule.shipped import PROMPTS, read_book

RATE, HOLD_S, PRESS_AFTER_S = 10.0, 5.0, 2.5
KEPT = 60
"""Packets each caller keeps from its press on: more than a second of them."""

SETTLE_S = 2.0
MENU = Phrase("aa.menu", "en")


@dataclass(frozen=True, slots=True)
class Reply:
    """Milliseconds to the menu."""

    from_first: float
    from_last: float


def run(target: Measured, presses: int, others: int, menu: bytes) -> tuple[Outcome, list[Reply]]:
    """Place all calls; what became of them, and how soon each press was followed by the menu."""
    sound, _ = soundfile.read(SPEECH, dtype="int16")
    speech = encode(sound[: len(sound) // FRAME * FRAME], Law.PCMU).tobytes()
    crowd = Phones(others, Habit(speech, notes=False)) if others else None
    pressing = Phones(presses, Habit(speech, "9", PRESS_AFTER_S, notes=False, keeps=KEPT))
    ramp_s = others / max(20.0, others / 4) + SETTLE_S
    whole_s = ramp_s + presses / RATE + HOLD_S
    calls = [
        Placed(COMPANY, port, ramp_s + n / RATE, HOLD_S) for n, port in enumerate(pressing.ports)
    ]
    if crowd is not None:
        calls += [
            Placed(COMPANY, port, n / max(20.0, others / 4), whole_s)
            for n, port in enumerate(crowd.ports)
        ]
    with closing(Callers(target.listen, calls)) as callers:
        outcome = callers.wait()
    heard = pressing.hang_up()
    if crowd is not None:
        crowd.hang_up()
    return outcome, [reply for each in heard if (reply := _reply(each, menu)) is not None]


def _reply(heard: Heard, menu: bytes) -> Reply | None:
    """How soon a telephone heard the menu after its press; None when it did not."""
    first_audible = next(n for n in range(0, len(menu), FRAME) if len(set(menu[n : n + FRAME])) > 1)
    frame = menu[first_audible : first_audible + FRAME]
    times = {sequence: at for at, sequence, _ in heard.kept}
    for _, sequence, sound in heard.kept:
        if sound == frame:
            begun = times.get((sequence - first_audible // FRAME) & 0xFFFF)
            if begun is None:
                return None
            return Reply((begun - heard.pressed[0]) * 1000, (begun - heard.pressed[-1]) * 1000)
    return None


async def _menu(frames: Path) -> bytes:
    """The sound of the English menu, as the program has made it."""
    async with open_voice(read_book(), PROMPTS, frames) as voice:
        clip = voice.speaker_of(MENU)[1]
    assert isinstance(clip, Clip), "the program has not made its menu"
    return clip.file(Law.PCMU).read_bytes()


def tell(presses: int, outcome: Outcome, replies: list[Reply]) -> None:
    """Print the figures."""
    reasons = "".join(f"; {reason}: {n}" for reason, n in outcome.reasons.items())
    print(f"calls   {outcome.succeeded}, {outcome.failed} failed{reasons}")
    print(f"menus   {len(replies)} heard after {presses} presses")
    for packet, times in (
        ("first", [reply.from_first for reply in replies]),
        ("last", [reply.from_last for reply in replies]),
    ):
        p50, p99, worst = np.percentile(times, [50, 99, 100])
        print(f"from the {packet:>5} packet: p50 {p50:.1f}  p99 {p99:.1f}  worst {worst:.1f} ms")


def main() -> None:
    """Take the numbers from the command line, run, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.keys", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--presses", type=int, default=300)
    parser.add_argument("--others", type=int, default=0, help="calls that listen meanwhile")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        data = Path(name) / "data"
        with running_demo(data, calls=arguments.others + 200) as target:
            menu = asyncio.run(_menu(data / "frames"))
            outcome, replies = run(target, arguments.presses, arguments.others, menu)
    print(f"{arguments.presses} presses beside {arguments.others} other calls")
    tell(arguments.presses, outcome, replies)


if __name__ == "__main__":
    main()
