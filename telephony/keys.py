"""One key press counts once, by however many ways it reaches us.

A telephone may send a press as an RFC 4733 event while the tone still leaks into the sound, or
tell it by SIP INFO as well. Each way tells a given press once at most, so a report joins the
oldest recent press of the same key that its own way has not told yet; otherwise it is a new press.
Two quick presses of one key therefore stay two, even when the second way tells both late.
"""

from collections import Counter
from dataclasses import dataclass, field

from call.media import KeyPressed, KeySource

SAME_PRESS_S = 0.5
"""Seconds within which two ways may place the beginning of one press.

A leaked tone is placed within a few frames of its event; an INFO leaves when the key is
released and is dated back by the duration it tells, which telephones round or invent.
"""


@dataclass(slots=True)
class _Press:
    key: str
    at: float
    sources: set[KeySource] = field(default_factory=set)


class KeyMerger:
    """Joins the reports of one call. Pure: the time is in the reports."""

    def __init__(self, same_press_s: float = SAME_PRESS_S) -> None:
        self._same_press_s = same_press_s
        self._recent: list[_Press] = []
        self._reports: Counter[KeySource] = Counter()
        self._presses = 0

    @property
    def presses(self) -> int:
        """How many presses were counted."""
        return self._presses

    def reports(self, source: KeySource) -> int:
        """How many reports came that way, joined ones included."""
        return self._reports[source]

    def take(self, report: KeyPressed) -> KeyPressed | None:
        """The press, in the order of reports; None when another way has told it already."""
        self._reports[report.source] += 1
        self._forget(report.at)
        same = next((press for press in self._recent if self._is(press, report)), None)
        if same is not None:
            same.sources.add(report.source)
            return None
        self._recent.append(_Press(report.key, report.at, {report.source}))
        self._presses += 1
        return report

    def _is(self, press: _Press, report: KeyPressed) -> bool:
        near = abs(press.at - report.at) <= self._same_press_s
        return press.key == report.key and near and report.source not in press.sources

    def _forget(self, now: float) -> None:
        """Keep no key longer than it takes to recognise it: keys are secrets."""
        # Ways run late by up to one window, and the press they tell lies one more behind.
        oldest = now - 2 * self._same_press_s
        self._recent = [press for press in self._recent if press.at >= oldest]
