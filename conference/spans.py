"""Stretches of time, and sums of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From one instant to another; never backwards."""

    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.begin).total_seconds()


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """What any of the spans covers, in order and apart; empty ones are left out."""
    joined: list[Span] = []
    for span in sorted(spans):
        if span.end <= span.begin:
            continue
        if joined and span.begin <= joined[-1].end:
            joined[-1] = Span(joined[-1].begin, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def within(spans: Iterable[Span], borders: Iterable[Span]) -> tuple[Span, ...]:
    """What of the spans lies within the borders, in order and apart."""
    allowed = tuple(borders)
    return union(
        Span(max(span.begin, border.begin), min(span.end, border.end))
        for span in spans
        for border in allowed
        if span.begin < border.end and border.begin < span.end
    )


def seconds(spans: Iterable[Span]) -> float:
    """How long spans are together, what several cover counted once."""
    return sum(span.seconds for span in union(spans))
