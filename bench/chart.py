"""A chart of lines over a logarithmic axis, as SVG: no more than the pages of figures need."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from math import log

Points = Sequence[tuple[float, float]]
Place = Callable[[float, float], tuple[float, float]]

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 200, 40, 48
_COLOURS = ("#0b63a5", "#c2410c", "#15803d", "#7e22ce")
_STEPS = 5


def chart(title: str, across: str, up: str, lines: Mapping[str, Points]) -> str:
    """The chart of several named lines; `across` is on a logarithmic scale, `up` begins at 0."""
    every = [point for points in lines.values() for point in points]
    ticks = sorted({x for x, _ in every})
    most = _round_up(max(y for _, y in every))

    def place(x: float, y: float) -> tuple[float, float]:
        along = log(x / ticks[0]) / (log(ticks[-1] / ticks[0]) or 1.0)
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return _LEFT + along * width, _TOP + (1 - y / most) * height

    drawn = [*_grid(ticks, most, place), *_names(title, across, up)]
    for n, (name, points) in enumerate(lines.items()):
        drawn += _line(name, [place(*point) for point in points], _COLOURS[n % len(_COLOURS)])
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{escape(title)}">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>\n{body}\n</svg>\n'
    )


def _grid(ticks: Sequence[float], most: float, place: Place) -> Iterator[str]:
    for n in range(_STEPS + 1):
        value = most * n / _STEPS
        left, at = place(ticks[0], value)
        right, _ = place(ticks[-1], value)
        yield f'<path d="M{left:.1f} {at:.1f}H{right:.1f}" stroke="#ddd"/>'
        yield f'<text x="{left - 8:.1f}" y="{at + 4:.1f}" text-anchor="end">{value:g}</text>'
    for tick in ticks:
        at, bottom = place(tick, 0)
        yield f'<text x="{at:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{tick:g}</text>'


def _names(title: str, across: str, up: str) -> list[str]:
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return [
        f'<text x="{_LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
        f'<text x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(across)}</text>',
        f'<text transform="translate(14 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(up)}</text>",
    ]


def _line(name: str, places: Sequence[tuple[float, float]], colour: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    x, y = places[-1]
    label = f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(name)}</text>'
    return [f'<polyline points="{path}" fill="none" stroke="{colour}"/>', *dots, label]


def _round_up(most: float) -> float:
    """The next number that five equal steps divide well."""
    size = 10.0 ** (len(str(int(most / _STEPS * 1000))) - 4)
    return next(n * size * _STEPS for n in (1, 2, 2.5, 5, 10, 20) if n * size * _STEPS >= most)
