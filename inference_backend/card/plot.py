"""A card's perplexities against bits, as a picture in SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from repowright.inference_backend.card.card import Card, PerplexityRow

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 210, 24, 56
_X_TICKS = (0.125, 0.25, 0.5, 1, 2, 4, 8, 16)
_Y_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
_INK, _GRID = "#333333", "#dddddd"


@dataclass(frozen=True)
class _Series:
    name: str
    colour: str
    is_line: bool
    rows: tuple[PerplexityRow, ...]


@dataclass(frozen=True)
class _Axes:
    x: tuple[float, float]
    y: tuple[float, float]

    def place(self, bits: float, perplexity: float) -> tuple[float, float]:
        """Return where a point lies in the picture; both axes are logarithmic."""
        across = (math.log(bits) - self.x[0]) / (self.x[1] - self.x[0])
        up = (math.log(perplexity) - self.y[0]) / (self.y[1] - self.y[0])
        return _LEFT + across * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM)


def as_svg(card: Card) -> str:
    """Return a picture of a card's perplexities; the name of a point shows where the pointer rests."""
    series = _series(card.perplexities)
    points = [row for each in series for row in each.rows]
    if not points:
        raise ValueError("a card without perplexities has no picture")
    axes = _axes(points)
    parts = [*_grid(axes), *(part for each in series for part in _drawn(each, axes)), *_legend(series)]
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">'
    title = f"<title>{escape(card.model)}: perplexity against bits of an element</title>"
    ground = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
    return "\n".join([opening, title, ground, *parts, "</svg>"]) + "\n"


def _series(rows: Sequence[PerplexityRow]) -> list[_Series]:
    def where(is_control: bool, window: bool, anchors: bool) -> tuple[PerplexityRow, ...]:
        return tuple(
            row
            for row in rows
            if row.bits > 0 and (row.is_control, row.window > 0, row.anchors > 0) == (is_control, window, anchors)
        )

    found = [
        _Series("codes alone", "#b0413e", False, where(False, False, False)),
        _Series("codes and anchors", "#e0a030", False, where(False, False, True)),
        _Series("codes and window", "#3a6ea5", True, where(False, True, False)),
        _Series("codes, window, anchors", "#2e8b57", True, where(False, True, True)),
        _Series("control: far tokens dropped", "#777777", False, where(True, True, True)),
    ]
    return [each for each in found if each.rows]


def _axes(rows: Sequence[PerplexityRow]) -> _Axes:
    bits, perplexities = [row.bits for row in rows], [row.perplexity for row in rows]
    return _Axes(
        (math.log(min(bits) * 0.8), math.log(max(bits) * 1.25)),
        (math.log(min(perplexities) * 0.95), math.log(max(perplexities) * 1.1)),
    )


def _grid(axes: _Axes) -> list[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    found = []
    for bits in (tick for tick in _X_TICKS if axes.x[0] <= math.log(tick) <= axes.x[1]):
        x, _ = axes.place(bits, math.exp(axes.y[0]))
        found += [_line(x, _TOP, x, bottom), _text(x, bottom + 18, f"{bits:g}", "middle")]
    for value in _y_ticks(axes):
        _, y = axes.place(math.exp(axes.x[0]), value)
        found += [_line(_LEFT, y, right, y), _text(_LEFT - 8, y + 4, f"{value:g}", "end")]
    middle = (_LEFT + right) / 2
    found.append(_text(middle, _HEIGHT - 14, "bits of an element, scales and anchors counted", "middle"))
    found.append(_text(_LEFT - 8, _TOP - 8, "perplexity", "start"))
    return found


def _y_ticks(axes: _Axes) -> list[float]:
    tens = range(math.floor(axes.y[0] / math.log(10)), math.ceil(axes.y[1] / math.log(10)) + 1)
    values = [step * 10.0**power for power in tens for step in _Y_STEPS]
    return [value for value in values if axes.y[0] <= math.log(value) <= axes.y[1]]


def _drawn(series: _Series, axes: _Axes) -> list[str]:
    found = []
    if series.is_line:
        best: dict[float, float] = {}
        for row in series.rows:
            best[row.bits] = min(row.perplexity, best.get(row.bits, math.inf))
        path = " ".join("{:.1f},{:.1f}".format(*axes.place(bits, best[bits])) for bits in sorted(best))
        found.append(f'<polyline points="{path}" fill="none" stroke="{series.colour}" stroke-width="1.5"/>')
    for row in series.rows:
        x, y = axes.place(row.bits, row.perplexity)
        name = f"{escape(row.name)}: {row.perplexity:.2f} at {row.bits:.2f} bits"
        found.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{series.colour}"><title>{name}</title></circle>')
    return found


def _legend(series: Sequence[_Series]) -> list[str]:
    x = _WIDTH - _RIGHT + 16
    found = []
    for number, each in enumerate(series):
        y = _TOP + 12 + 20 * number
        found.append(f'<circle cx="{x}" cy="{y - 4}" r="4" fill="{each.colour}"/>')
        found.append(_text(x + 10, y, each.name, "start"))
    return found


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{_GRID}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" fill="{_INK}" text-anchor="{anchor}">{escape(words)}</text>'
