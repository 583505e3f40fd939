"""What hangs above the files: areas and categories, a pure function of file list and imports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import ormsgpack

from repowright.graph.encode.areas import FileCard, plan_areas
from repowright.graph.ids import node_id, normalise
from repowright.graph.kinds import NodeKind
from repowright.graph.store import FileRow, GroupRow


class GroupNode(NamedTuple):
    """An area or category; ``above`` is empty for an area."""

    id: str
    kind: NodeKind
    name: str
    above: str


def plan_skeleton(files: Mapping[str, FileRow]) -> list[GroupRow]:
    """Return areas and categories with their files."""
    cards = [FileCard(row.path, row.is_test) for row in files.values()]
    imports = [
        (row.path, path)
        for row in files.values()
        if row.imports
        for path in ormsgpack.unpackb(row.imports)
        if path in files and path != row.path
    ]
    return [GroupRow(*group) for group in plan_areas(cards, imports)]


def group_nodes(groups: Iterable[GroupRow]) -> tuple[list[GroupNode], dict[str, str]]:
    """Return the nodes of areas and categories, each after what contains it, and the id of each file's group by path.

    A category with a slash in its name is a category below another.
    """
    areas: dict[str, GroupNode] = {}
    categories: dict[str, GroupNode] = {}
    group_of: dict[str, str] = {}
    for area, category, paths in groups:
        anchor = normalise(area)
        at = node_id(NodeKind.AREA, anchor)
        areas.setdefault(at, GroupNode(at, NodeKind.AREA, area, ""))
        for part in category.split("/") if category else ():
            above, anchor = at, f"{anchor}/{normalise(part)}"
            at = node_id(NodeKind.CATEGORY, anchor)
            categories.setdefault(at, GroupNode(at, NodeKind.CATEGORY, part, above))
        group_of.update(dict.fromkeys(paths, at))
    return [*areas.values(), *categories.values()], group_of
