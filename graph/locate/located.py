"""What localisation answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Part = Literal["features", "deps", "mentions"]
"""What ranking can be asked to do without."""

PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A file, class or function, and why it is where it is.

    Parameters
    ----------
    qualname
        Dotted name inside the file; empty for a file.
    first, last
        Lines, 1-based and inclusive.
    score
        Compares within one list of one answer only.
    evidence
        Short lines, strongest first.
    """

    path: str
    qualname: str
    first: int
    last: int
    score: float
    evidence: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """``path`` or ``path:qualified name``."""
        return f"{self.path}:{self.qualname}" if self.qualname else self.path


@dataclass(frozen=True, slots=True)
class Located:
    """Files, classes and functions that a text is about, best first."""

    files: tuple[Ranked, ...]
    classes: tuple[Ranked, ...]
    functions: tuple[Ranked, ...]
