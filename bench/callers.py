"""The signalling of many calls at once, by sipp: placed, held, hung up, and counted."""

import csv
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCENARIO = Path(__file__).parent / "call.xml"
_GRACE_S = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the calls."""

    set_up_ms: list[float]
    """INVITE sent to 200 received, of each call answered."""
    succeeded: int
    failed: int
    retransmissions: int


class Callers:
    """One call to each number, `rate` a second, each `hold_s` long once answered."""

    def __init__(
        self,
        folder: Path,
        listen: str,
        numbers: Sequence[str],
        ports: Sequence[int],
        *,
        rate: float,
        hold_s: float,
    ) -> None:
        """`folder` takes what sipp writes; `ports` are where each call awaits its sound."""
        self._folder = folder
        self._placed = len(numbers)
        lines = [
            f"{number};{port};{5145550200 + n};"
            for n, (number, port) in enumerate(zip(numbers, ports, strict=True))
        ]
        callers = folder / "callers.csv"
        callers.write_text("\n".join(["SEQUENTIAL", *lines, ""]))
        count = str(len(numbers))
        self._process = subprocess.Popen(
            [
                "sipp", listen, "-sf", str(SCENARIO), "-inf", str(callers), "-i", "127.0.0.1",
                "-ci", "127.0.0.1", "-t", "u1", "-r", str(round(rate)), "-m", count, "-l", count,
                "-d", str(round(hold_s * 1000)), "-timer_resol", "1", "-nostdin",
                "-timeout", str(round(hold_s + len(numbers) / rate + _GRACE_S)),
                "-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-stf", str(folder / "stat.csv"),
                "-trace_err", "-error_file", str(folder / "errors.log"),
            ],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> Outcome:
        """Until the last call is over. Calls that sipp did not finish count as failed."""
        self._process.wait()
        last = self._last_count()
        succeeded = int(last.get("SuccessfulCall(C)", 0))
        return Outcome(
            set_up_ms=list(self._answer_times()),
            succeeded=succeeded,
            failed=self._placed - succeeded,
            retransmissions=int(last.get("Retransmissions(C)", 0)),
        )

    def close(self) -> None:
        """End what is left of it."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def complaints(self) -> str:
        """What sipp found wrong, if anything."""
        errors = self._folder / "errors.log"
        return errors.read_text(errors="replace") if errors.exists() else ""

    def _last_count(self) -> dict[str, str]:
        with (self._folder / "stat.csv").open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        return rows[-1] if rows else {}

    def _answer_times(self) -> list[float]:
        return [
            float(row["response_time_ms"])
            for path in self._folder.glob("*_rtt.csv")
            for row in csv.DictReader(path.read_text().splitlines(), delimiter=";")
        ]
