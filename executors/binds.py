"""Read-only folders and files of this machine that a box is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Bind:
    """``source`` on this machine, seen read-only as ``target`` in a box; the image must not hold ``target``."""

    source: Path
    target: str
