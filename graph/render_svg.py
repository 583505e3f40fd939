"""The graph drawn as one SVG element that stands alone or inside a page."""

from __future__ import annotations

import unicodedata
from html import escape
from importlib.resources import files

from repowright.graph.drawing import Arrow, Box, Drawing, Level, drawing
from repowright.graph.kinds import State
from repowright.graph.layout import Layout, Spot, layout
from repowright.graph.model import RPG

HUES = 8
"""Colours that tell areas apart; the ninth area has the first one's."""

_TITLE_WIDTH = 7.9
_SUBTITLE_WIDTH = 6.1
"""Mean width of a letter, in CSS pixels."""


def svg(rpg: RPG, level: Level = "area") -> str:
    """Return the graph drawn at that level: boxes in layers, one colour an area, a bar of states in each.

    Each box is a ``g`` with the node's id in ``data-id``, each arrow a ``path`` with its ends in ``data-src``
    and ``data-dst``. Styles and colours for light and dark are inside; nothing is loaded from elsewhere.

    Raises
    ------
    GraphError
        If there is no such level.
    """
    drawn = drawing(rpg, level)
    spots = layout(drawn)
    title = f"{rpg.root.name}: {len(drawn.boxes)} boxes at {level} level, {len(drawn.arrows)} arrows"
    body = _body(drawn, spots) if drawn.boxes else _nothing(level)
    width, height = (max(spots.width, 320), max(spots.height, 96))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rpg-drawing" role="img" data-level="{level}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">'
        f"<title>{_text(title)}</title><style>{_style()}</style>{_marker(level)}{body}</svg>"
    )


def _body(drawn: Drawing, spots: Layout) -> str:
    arrows = "".join(_arrow(arrow, spots, drawn.level) for arrow in drawn.arrows)
    boxes = "".join(_box(box, spots.spots[box.id]) for box in drawn.boxes)
    labels = "".join(_label(arrow, spots) for arrow in drawn.arrows if arrow.label)
    return f'<g class="arrows">{arrows}</g><g class="boxes">{boxes}</g><g class="labels">{labels}</g>'


def _nothing(level: Level) -> str:
    return f'<text class="subtitle" x="24" y="52">No {level} to draw yet</text>'


def _box(box: Box, at: Spot) -> str:
    hue = f"hue-{box.group % HUES}" if box.group >= 0 else "hue-none"
    title = _cut(box.title, (at.width - 30) / _TITLE_WIDTH, keep_end="/" in box.title)
    subtitle = _cut(box.subtitle, (at.width - 30) / _SUBTITLE_WIDTH)
    middle = at.height / 2 - 3
    return (
        f'<g class="box {hue}" data-id="{_text(box.id)}" transform="translate({at.x:.1f} {at.y:.1f})">'
        f"<title>{_text(box.tooltip)}</title>"
        f'<rect class="card" width="{at.width:.0f}" height="{at.height:.0f}" rx="9"/>'
        f'<rect class="stripe" x="0" y="12" width="4" height="{at.height - 24:.0f}" rx="2"/>'
        f'<text class="title" x="16" y="{middle - 2:.1f}">{_text(title)}</text>'
        f'<text class="subtitle" x="16" y="{middle + 14:.1f}">{_text(subtitle)}</text>'
        f"{_bar(box, at)}</g>"
    )


def _bar(box: Box, at: Spot) -> str:
    total = sum(box.progress.values())
    length, x = at.width - 32, 16.0
    parts = []
    for state in reversed(State):
        share = length * box.progress.get(state, 0) / total if total else 0.0
        if share:
            y = at.height - 10
            parts.append(
                f'<rect class="state-{state.value}" x="{x:.1f}" y="{y:.1f}" width="{share:.1f}" height="3" rx="1.5"/>'
            )
        x += share
    return "".join(parts)


def _arrow(arrow: Arrow, spots: Layout, level: Level) -> str:
    kinds = " ".join(kind.value for kind in arrow.kinds)
    return (
        f'<path class="arrow {kinds}" data-src="{_text(arrow.src)}" data-dst="{_text(arrow.dst)}"'
        f' d="{_curve(spots.spots[arrow.src], spots.spots[arrow.dst])}" marker-end="url(#rpg-tip-{level})"/>'
    )


def _curve(src: Spot, dst: Spot) -> str:
    if src.column < dst.column:
        x1, x2 = src.x + src.width, dst.x - 3
        bend = max(36.0, (x2 - x1) * 0.45)
        y1, y2 = src.y + src.height / 2, dst.y + dst.height / 2
        return f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    x1, x2 = src.x + src.width, dst.x + dst.width + 3
    y1, y2 = src.y + src.height * 0.35, dst.y + dst.height * 0.65
    bend = 42 + 10 * (src.column - dst.column)
    return f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 + bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _label(arrow: Arrow, spots: Layout) -> str:
    src, dst = spots.spots[arrow.src], spots.spots[arrow.dst]
    x = (src.x + src.width + dst.x) / 2
    y = (src.y + src.height / 2 + dst.y + dst.height / 2) / 2 - 5
    ends = f'data-src="{_text(arrow.src)}" data-dst="{_text(arrow.dst)}"'
    return (
        f'<text class="flow-label" {ends} x="{x:.1f}" y="{y:.1f}"><title>{_text(arrow.label)}</title>'
        f"{_text(_cut(arrow.label, 20))}</text>"
    )


def _marker(level: Level) -> str:
    return (
        f'<defs><marker id="rpg-tip-{level}" viewBox="0 0 8 8" refX="6.5" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 .8 7 4 0 7.2z"/></marker></defs>'
    )


def _cut(text: str, letters: float, *, keep_end: bool = False) -> str:
    room = int(letters)
    if len(text) <= room:
        return text
    return f"\u2026{text[1 - room :]}" if keep_end else f"{text[: room - 1].rstrip()}\u2026"


def _text(text: str) -> str:
    """Return the text for an element or attribute; the characters that XML refuses are left out."""
    return escape("".join(letter for letter in text if _fits_xml(letter)))


def _fits_xml(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs") and letter not in "\ufffe\uffff"


def _style() -> str:
    return files("repowright.graph.viewer").joinpath("drawing.css").read_text(encoding="utf-8")
