"""A repository as its graph tells it, cut down to what a plan can hold; what was cut is listed with its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Feature:
    """One feature: a verb-object phrase, and what is said of it beyond that."""

    phrase: str
    detail: str = ""


@dataclass(frozen=True)
class Definition:
    """A top-level class or function that is kept.

    Parameters
    ----------
    node
        Its id in the original graph.
    declared
        It carries data or names errors and has no behaviour of its own: nothing a test could find missing.
    """

    node: str
    name: str
    kind: Literal["class", "function"]
    features: tuple[Feature, ...]
    declared: bool = False


@dataclass(frozen=True)
class OriginalFile:
    """A module that is kept.

    Parameters
    ----------
    path
        Where it lies in the plan: ``src/<package>/...``.
    origin
        Where it lies in the original.
    area, category
        Names; the category may be empty.
    entry
        The function that the command line starts in, if it is in this file.
    """

    path: str
    origin: str
    area: str
    category: str
    purpose: str
    units: tuple[Definition, ...]
    entry: str = ""

    @property
    def declares(self) -> bool:
        """Whether all it holds is declarations."""
        return all(unit.declared for unit in self.units)


@dataclass(frozen=True)
class Area:
    """A functional area and what it is for, as far as the graph says."""

    name: str
    purpose: str


@dataclass
class LeftOut:
    """What does not enter the plan, or enters it changed: one list a reason."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, why: str, what: str) -> None:
        """Remember one thing under its reason."""
        self.found.setdefault(why, []).append(what)

    def merged(self, other: LeftOut) -> LeftOut:
        """Return both lists as one."""
        whole = LeftOut({why: list(what) for why, what in self.found.items()})
        for why, what in other.found.items():
            whole.found.setdefault(why, []).extend(what)
        return whole

    def counts(self) -> Counter[str]:
        """Return how many things each reason left out."""
        return Counter({why: len(what) for why, what in self.found.items()})


@dataclass(frozen=True)
class Original:
    """The repository: its package, its areas and its files, each of which may need others.

    Parameters
    ----------
    folder
        The package's folder in the original; empty where modules lie at the top.
    needs
        Paths of files to the paths of those they need, no circle among them.
    uses
        Ids of definitions to the ids of those they stand on, no circle among them.
    """

    name: str
    package: str
    folder: str
    purpose: str
    areas: tuple[Area, ...]
    files: tuple[OriginalFile, ...]
    needs: dict[str, tuple[str, ...]]
    uses: dict[str, tuple[str, ...]]
    left_out: LeftOut

    @property
    def command_line(self) -> bool:
        """Whether it is started from a command line."""
        return any(file.entry for file in self.files)
