"""What the terminal can show, and the consoles made for it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def is_plain(stream: TextIO, plain: bool = False) -> bool:
    """Tell whether ``stream`` takes plain lines alone: asked for, no terminal, or one that draws nothing."""
    return plain or not stream.isatty() or os.environ.get("TERM", "") in ("dumb", "")


def console_for(stream: TextIO | None = None) -> Console:
    """Return a console for ``stream``, standard output by default; NO_COLOR holds."""
    from rich.console import Console

    target = stream or sys.stdout
    width = None if target.isatty() else 120
    return Console(file=target, highlight=False, markup=False, emoji=False, width=width)
