"""What many calls at once cost, and what their callers hear of it.

    python -m bench.calls playback --calls 50 --seconds 20
    python -m bench.calls deposit --calls 50 --seconds 10

Starts `vestibule demo` on a free loopback port and a folder of its own, or measures the one given
by --listen, --pid and --data. Callers and telephones are ours, outside its processes.
`playback` listens to the attendant: its menu, then the silence in which it waits for a key; after
some 45 s it would be led on to a mailbox. `deposit` presses # for the tone, speaks, hangs up, and
counts what was kept and mailed.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bench.arrivals import Pacing, pacing
from bench.callers import Callers, Outcome, Placed
from bench.demo import Measured, running_demo
from bench.kept import Kept, await_kept, kept
from bench.phones import Habit, Phones
from bench.processor import Usage, machine_s, memory_kb, usage
from call.g711 import encode
from call.sound import FRAME, Law
from vestibule.demo import COMPANY

SPEECH = Path(__file__).parent.parent / "audio_fixtures" / "caller_10s.wav"
BOXES = ("101", "102")
BOX_TAKES = 100

SETTLE_S = 2.0
"""From the last call's set-up to the first packet that counts."""

KEY_AFTER_S = 2.0
TONE_S = 1.5
"""A depositor's # comes this long after the first sound, and the tone takes less than that."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Times of one run, in seconds from the first INVITE."""

    numbers: Sequence[str]
    habit: Habit
    rate: float
    begin_s: float
    end_s: float
    hold_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run measured."""

    outcome: Outcome
    pacing: Pacing | None
    window_s: float
    used: Usage
    """By the program, within the window."""
    whole: Usage
    """By the program, from the first INVITE to the end of the last call and its mail."""
    others_s: float
    """By everything on this machine but the program, within the window."""
    memory_kb: dict[str, int]
    """What each part of the program grew by, from rest to the end of the window."""
    kept: Kept | None


def plan_playback(calls: int, seconds: float, rate: float, speech: bytes) -> Plan:
    """All calls listen to the attendant during the window."""
    begin_s = calls / rate + SETTLE_S
    end_s = begin_s + seconds
    return Plan([COMPANY] * calls, Habit(speech), rate, begin_s, end_s, end_s + 1.0)


def plan_deposit(calls: int, seconds: float, rate: float, speech: bytes) -> Plan:
    """All calls are recorded during the window, and each for `seconds` at least."""
    recording_s = KEY_AFTER_S + TONE_S
    numbers = [f"*{BOXES[n % len(BOXES)]}" for n in range(calls)]
    hold_s = recording_s + seconds
    habit = Habit(speech, "#", KEY_AFTER_S)
    return Plan(numbers, habit, rate, calls / rate + recording_s, hold_s - 0.2, hold_s)


def run(
    plan: Plan, target: Measured, meanwhile: AbstractContextManager[None] | None = None
) -> Figures:
    """Place the calls, measure within the window while `meanwhile` goes on, wait for the end."""
    before = kept(target.data, BOXES) if target.data and plan.habit.key else None
    phones = Phones(len(plan.numbers), plan.habit)
    first, at_rest = usage(target.pid), memory_kb(target.pid)
    placed = [
        Placed(number, port, n / plan.rate, plan.hold_s)
        for n, (number, port) in enumerate(zip(plan.numbers, phones.ports, strict=True))
    ]
    with closing(Callers(target.listen, placed)) as callers:
        start = time.monotonic()
        _wait_until(start + plan.begin_s)
        begun, used, machine = time.time(), usage(target.pid), machine_s()
        with meanwhile or nullcontext():
            _wait_until(start + plan.end_s)
        ended, used = time.time(), usage(target.pid).since(used)
        full = memory_kb(target.pid)
        others_s = machine_s() - machine - used.total
        outcome = callers.wait()
    heard = phones.hang_up()
    after = None
    if before is not None and target.data is not None:
        after = await_kept(target.data, BOXES, before, outcome.succeeded)
    return Figures(
        outcome=outcome,
        pacing=pacing(each.arrivals.within(begun, ended) for each in heard),
        window_s=ended - begun,
        used=used,
        whole=usage(target.pid).since(first),
        others_s=others_s,
        memory_kb={part: kb - at_rest.get(part, 0) for part, kb in full.items()},
        kept=after,
    )


def tell(calls: int, seconds: float, figures: Figures) -> None:
    """Print the figures, one kind on a line."""
    outcome, window_s = figures.outcome, figures.window_s
    reasons = "".join(f"; {reason}: {n}" for reason, n in outcome.reasons.items())
    _row("calls", f"{outcome.succeeded} of {calls}, {outcome.failed} failed{reasons}")
    if outcome.set_up_ms:
        p50, p99, worst = np.percentile(outcome.set_up_ms, [50, 99, 100])
        again = outcome.sent_again
        _row(
            "set-up",
            f"p50 {p50:.1f}  p99 {p99:.1f}  worst {worst:.1f} ms  requests sent again {again}",
        )
    if (paced := figures.pacing) is not None:
        _row(
            "between packets",
            f"p50 {paced.p50:.2f}  p99 {paced.p99:.2f}  p99.9 {paced.p999:.2f}  "
            f"worst {paced.worst:.2f} ms",
        )
        share = paced.packets / (calls * window_s * 50) * 100
        _row("within 20 ± 5 ms", f"{paced.even * 100:.3f} % of {paced.packets}")
        _row("lost", f"{paced.lost}; {share:.1f} % of what {calls} calls should hear came")
    _row("processor", "% of a core a call: " + _shares(figures.used, 100 / window_s / calls, 3))
    _row("whole run", "ms of a core a call: " + _shares(figures.whole, 1000 / calls, 0))
    grown = ", ".join(f"{part} {kb / calls:.0f}" for part, kb in figures.memory_kb.items() if kb)
    _row("memory", f"kB a call beyond rest: {grown}")
    _row("rest of machine", f"{max(0.0, figures.others_s) / window_s * 100:.0f} % of a core")
    if (messages := figures.kept) is not None and (kept_s := messages.durations_s):
        complete = sum(each >= seconds for each in kept_s)
        _row("messages", f"{len(kept_s)} kept, {complete} of {seconds:g} s or more")
        _row("their length", f"{min(kept_s):.2f} to {max(kept_s):.2f} s")
        _row("mails written", f"{messages.mails}")
    elif messages is not None:
        _row("messages", "none kept")


def _shares(used: Usage, scale: float, digits: int) -> str:
    parts = ", ".join(
        f"{part} {seconds * scale:.{digits}f}"
        for part, seconds in sorted(used.by_part.items())
        if seconds
    )
    return f"{used.total * scale:.{digits}f} ({parts})"


def _row(name: str, text: str) -> None:
    print(f"{name:>18}  {text}")


def _wait_until(instant: float) -> None:
    time.sleep(max(0.0, instant - time.monotonic()))


def speech() -> bytes:
    sound, _ = soundfile.read(SPEECH, dtype="int16")
    return encode(sound[: len(sound) // FRAME * FRAME], Law.PCMU).tobytes()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.calls", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("scenario", choices=("playback", "deposit"))
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0, help="heard, or recorded, a call")
    parser.add_argument("--rate", type=float, help="calls placed a second")
    parser.add_argument("--listen", metavar="HOST:PORT", help="a program that runs already")
    parser.add_argument("--pid", type=int, help="its first process")
    parser.add_argument("--data", type=Path, metavar="DIR", help="its folder, to count messages")
    arguments = parser.parse_args()
    if (arguments.listen is None) != (arguments.pid is None):
        parser.error("--listen and --pid go together")
    if arguments.scenario == "deposit":
        if arguments.calls > len(BOXES) * BOX_TAKES:
            parser.error(f"the boxes take {len(BOXES) * BOX_TAKES} messages together")
        if arguments.seconds < 2 + arguments.calls / _rate(arguments):
            parser.error("recordings must be longer: they end before the last one has begun")
    return arguments


def _rate(arguments: argparse.Namespace) -> float:
    return float(arguments.rate or max(20.0, arguments.calls / 4))


def main() -> None:
    """Run one scenario and print its figures."""
    arguments = _arguments()
    plans = {"playback": plan_playback, "deposit": plan_deposit}
    rate = _rate(arguments)
    plan = plans[arguments.scenario](arguments.calls, arguments.seconds, rate, speech())
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        given = Measured(arguments.listen or "", arguments.pid or 0, arguments.data)
        ours = running_demo(folder / "data", calls=max(200, arguments.calls))
        with nullcontext(given) if arguments.listen else ours as target:
            figures = run(plan, target)
    print(f"{arguments.scenario}, {arguments.calls} calls, {plan.rate:g} placed a second")
    tell(arguments.calls, arguments.seconds, figures)


if __name__ == "__main__":
    main()
