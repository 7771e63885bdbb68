"""How cost and pacing grow with the number of calls, as a table and two charts.

    python -m bench.growth [--seconds 15] [--plane 50 400 2000] [--whole 50 400]

Measures the media plane by itself (`bench.media`, playing) and the whole program (`bench.calls
playback`) at each of the numbers of calls; writes docs/figures/growth.csv, and from it
docs/figures/growth-processor.svg and docs/figures/growth-pacing.svg. `--draw` only draws again.
"""

import argparse
import asyncio
import csv
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from bench import calls, media
from bench.chart import chart
from bench.demo import running_demo

FOLDER = Path(__file__).parent.parent / "docs" / "figures"
PLANE, WHOLE = "media plane", "whole program"
_PLACED = 40.0  # calls placed a second, at least


@dataclass(frozen=True, slots=True)
class Row:
    """What one run measured."""

    what: str
    calls: int
    processor: float
    """Percent of a core, for each call."""
    p50: float
    p99: float
    p999: float
    worst: float
    lost: int


def of_plane(count: int, seconds: float) -> Row:
    """The plane's process, playing to `count` telephones."""
    with tempfile.TemporaryDirectory() as folder:
        used, paced = asyncio.run(media.measure(count, seconds, Path(folder), record=False))
    return _row(PLANE, count, used, paced)


def of_whole(count: int, seconds: float) -> Row:
    """All processes of the program, while `count` callers listen to the attendant."""
    rate = max(_PLACED, count / 8)
    plan = calls.plan_playback(count, seconds, rate, calls.speech())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_demo(Path(folder) / "data", calls=max(200, count)) as target,
    ):
        figures = calls.run(plan, target)
    assert figures.pacing is not None
    calls.tell(count, seconds, figures)
    return _row(WHOLE, count, figures.used.total / figures.window_s, figures.pacing)


def _row(what: str, count: int, used: float, paced: calls.Pacing) -> Row:
    spans = [round(each, 2) for each in (paced.p50, paced.p99, paced.p999, paced.worst)]
    return Row(what, count, round(used * 100 / count, 4), *spans, paced.lost)


def write(rows: Sequence[Row], folder: Path) -> None:
    """Keep the table."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "growth.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
        table.writeheader()
        table.writerows(asdict(row) for row in rows)


def read(folder: Path) -> Iterator[Row]:
    """The table that was kept."""
    with (folder / "growth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            spans = [float(row[name]) for name in ("processor", "p50", "p99", "p999", "worst")]
            yield Row(row["what"], int(row["calls"]), *spans, int(row["lost"]))


def draw(rows: Sequence[Row], folder: Path) -> None:
    """Draw both charts."""
    whats = list(dict.fromkeys(row.what for row in rows))
    used = {what: [(r.calls, r.processor) for r in rows if r.what == what] for what in whats}
    title = "Processor time while a prompt plays and the caller is heard"
    svg = chart(title, "calls at once", "% of a core for each call", used)
    (folder / "growth-processor.svg").write_text(svg)
    late = {
        f"{what}, {name}": [(r.calls, getattr(r, key) - 20) for r in rows if r.what == what]
        for what in whats
        for key, name in (("p99", "p99"), ("worst", "worst"))
    }
    title = "Time between packets of a call, beyond the 20 ms wanted"
    (folder / "growth-pacing.svg").write_text(chart(title, "calls at once", "ms", late))


def main() -> None:
    """Measure, keep and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--draw", action="store_true", help="draw what was measured, again")
    steps = [50, 100, 200, 400, 800, 1200, 2000]
    parser.add_argument("--plane", type=int, nargs="*", default=steps)
    parser.add_argument("--whole", type=int, nargs="*", default=steps[:4])
    chosen = parser.parse_args()
    if not chosen.draw:
        rows = [of_plane(count, chosen.seconds) for count in chosen.plane]
        rows += [of_whole(count, chosen.seconds) for count in chosen.whole]
        write(rows, FOLDER)
    draw(list(read(FOLDER)), FOLDER)


if __name__ == "__main__":
    main()
