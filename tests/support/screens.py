"""Comparing what a screen shows with a picture of it that is kept beside the tests."""

from __future__ import annotations

import os
import re
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

PICTURES = Path(__file__).parents[1] / "tui" / "app" / "pictures"

_STYLE = re.compile(r"\.(terminal-r\d+) \{ ([^}]*) \}")
_TEXT = re.compile(r'<text class="([^"]*)" x="([^"]*)" y="([^"]*)"[^>]*>([^<]*)</text>')
_BARS = "▁▂▃▄▅▆▇█ \u00a0"
_PAUSE_S = 0.1
_LOOKS = 150
"""How often a picture is looked at before it counts as another one."""
_STEADY = 10
"""Looks in a row without a change after which a picture is kept."""


async def same_picture(pilot: Pilot[int], name: str, scratch: Path) -> bool:
    """Tell whether the screen comes to look as its picture; what differs is left in ``scratch``.

    Scrolling and layout go on for a moment after the last event, longer on a busy machine.
    ``REPOWRIGHT_NEW_PICTURES=1`` keeps what is shown as the new picture instead, once it no longer changes.
    """
    kept = PICTURES / f"{name}.svg"
    if os.environ.get("REPOWRIGHT_NEW_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        kept.write_text(await _at_rest(pilot, name), encoding="utf-8")
    wanted = _written(kept.read_text(encoding="utf-8")) if kept.is_file() else []
    shown = _picture(pilot, name)
    for _ in range(_LOOKS):
        if _written(shown) == wanted:
            return True
        await pilot.pause(_PAUSE_S)
        shown = _picture(pilot, name)
    (scratch / f"{name}.svg").write_text(shown, encoding="utf-8")
    return False


def _written(svg: str) -> list[tuple[str, str, str, str]]:
    """Return what stands where, and in which style.

    Scroll bars are left out: Textual at times leaves one painted as it was before its last change of an eighth of a
    cell.
    """
    styles = dict(_STYLE.findall(svg))
    found = ((styles.get(kind, kind), x, y, text) for kind, x, y, text in _TEXT.findall(svg))
    return [each for each in found if each[3].strip(_BARS)]


async def _at_rest(pilot: Pilot[int], name: str) -> str:
    shown, same = "", 0
    while same < _STEADY:
        before, shown = shown, _picture(pilot, name)
        same = same + 1 if shown == before else 0
        await pilot.pause(_PAUSE_S)
    return shown


def _picture(pilot: Pilot[int], name: str) -> str:
    return _plain_ids(pilot.app.export_screenshot(title=name, simplify=True))


def words(app: App[int]) -> str:
    """Return the text of the screen, a line a row."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)


def _plain_ids(svg: str) -> str:
    return re.sub(r"terminal-\d+", "terminal", svg)
