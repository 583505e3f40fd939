"""Comparing what a screen shows with a picture of it that is kept beside the tests."""

from __future__ import annotations

import os
import re
from pathlib import Path

from textual.app import App

PICTURES = Path(__file__).parents[1] / "tui" / "app" / "pictures"


def same_picture(app: App[int], name: str, scratch: Path) -> bool:
    """Tell whether the screen looks as its picture; what differs is left in ``scratch``.

    ``REPOWRIGHT_NEW_PICTURES=1`` keeps what is shown as the new picture instead.
    """
    shown = _plain_ids(app.export_screenshot(title=name, simplify=True))
    kept = PICTURES / f"{name}.svg"
    if os.environ.get("REPOWRIGHT_NEW_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        kept.write_text(shown, encoding="utf-8")
    (scratch / f"{name}.svg").write_text(shown, encoding="utf-8")
    return kept.is_file() and kept.read_text(encoding="utf-8") == shown


def words(app: App[int]) -> str:
    """Return the text of the screen, a line a row."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)


def _plain_ids(svg: str) -> str:
    return re.sub(r"terminal-\d+", "terminal", svg)
