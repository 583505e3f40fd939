"""The reference feature tree of a project: categories, and the features in them (paper, section 5.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from repowright.benchmarks.repocraft.measure.errors import TreeUnreadable
from repowright.benchmarks.repocraft.projects import FOLDER, Project


@dataclass(frozen=True)
class Leaf:
    """One feature of the reference, and the categories it lies in, outermost first."""

    categories: tuple[str, ...]
    phrase: str

    @property
    def path(self) -> str:
        """Categories and phrase on one line."""
        return " / ".join((*self.categories, self.phrase))


def tree_file(project: Project) -> Path:
    """Return where the reference tree of one of the six projects lies."""
    return FOLDER / "data" / f"{project.alias.lower()}.tree.json"


def read_tree(path: Path) -> tuple[Leaf, ...]:
    """Read a tree: nested mappings of category to features, each a string in a list or a key without value.

    Raises
    ------
    TreeUnreadable
        If the file is missing, no JSON, no tree, or has no feature.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as err:
        raise TreeUnreadable(f"{path} cannot be read: {err.strerror}", "name a reference tree with --tree") from err
    except (ValueError, RecursionError) as err:
        raise TreeUnreadable(f"{path} is no JSON: {err}", "name a reference tree with --tree") from err
    leaves = tuple(dict.fromkeys(_leaves(data, (), path)))
    if not leaves:
        raise TreeUnreadable(f"{path} has no feature", "a tree maps each category to a list of features")
    return leaves


def _leaves(data: object, above: tuple[str, ...], path: Path) -> Iterator[Leaf]:
    if isinstance(data, str) and data.strip():
        yield Leaf(above, data.strip())
    elif isinstance(data, list):
        for each in data:
            yield from _leaves(each, above, path)
    elif isinstance(data, dict):
        for name, below in data.items():
            yield from _leaves(below, (*above, name), path) if below else (Leaf(above, name),)
    else:
        where = " / ".join(above) or "its top"
        raise TreeUnreadable(f"{path} is no feature tree: at {where} stands {data!r:.40}", "build it again")
