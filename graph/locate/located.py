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

    @property
    def text(self) -> str:
        """All of it for a terminal or a model: a block a kind, evidence below each."""
        named = (("Files", self.files), ("Classes", self.classes), ("Functions", self.functions))
        blocks = [_block(title, ranked) for title, ranked in named if ranked]
        return "\n\n".join(blocks) or "nothing in the repository answers"


def _block(title: str, ranked: tuple[Ranked, ...]) -> str:
    lines = [title]
    for place, each in enumerate(ranked, 1):
        lines.append(f"{place:>3}. {each.label}" + (f"  {each.first}-{each.last}" if each.qualname else ""))
        lines += [f"     {'; '.join(each.evidence)}"] if each.evidence else []
    return "\n".join(lines)
