"""What a drawing of the graph shows at each level, before it has coordinates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from repowright.graph.errors import GraphError
from repowright.graph.kinds import DEPENDENCY_KINDS, UNIT_KINDS, EdgeKind, NodeKind, State
from repowright.graph.model import RPG, Edge, Node
from repowright.graph.order import owners

Level = Literal["area", "file", "unit"]
LEVELS: tuple[Level, ...] = ("area", "file", "unit")


@dataclass(frozen=True, slots=True)
class Box:
    """One node of a drawing.

    Parameters
    ----------
    group
        Index of its area among the areas; -1 outside any.
    progress
        How many definitions (features where there are none) are in each state.
    """

    id: str
    title: str
    subtitle: str
    tooltip: str
    group: int
    progress: Mapping[State, int]


@dataclass(frozen=True, slots=True)
class Arrow:
    """One or more edges between two boxes, as they point."""

    src: str
    dst: str
    kinds: tuple[EdgeKind, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes in tree order and the arrows between them."""

    level: Level
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawing(rpg: RPG, level: Level) -> Drawing:
    """Return what to draw of the graph.

    Areas are joined by the data that flows between them, or by what they need where no flow is known; files
    and top-level definitions by what they need.

    Raises
    ------
    GraphError
        If there is no such level.
    """
    if level not in LEVELS:
        raise GraphError(f"there is no level {level!r}", f"name one of {', '.join(LEVELS)}")
    nodes = shown_nodes(rpg, level)
    groups = {area.id: index for index, area in enumerate(rpg.nodes(NodeKind.AREA))}
    boxes = tuple(_box(rpg, node, groups) for node in nodes)
    flows = _arrows(rpg, nodes, (EdgeKind.FLOWS,)) if level == "area" else ()
    return Drawing(level, boxes, flows or _arrows(rpg, nodes, DEPENDENCY_KINDS))


def shown_nodes(rpg: RPG, level: Level) -> list[Node]:
    """Return the nodes that a drawing of that level shows, in tree order."""
    if level == "area":
        return rpg.nodes(NodeKind.AREA)
    files = rpg.nodes(NodeKind.FILE)
    return files if level == "file" else [unit for file in files for unit in rpg.children(file.id, *UNIT_KINDS)]


def progress(rpg: RPG, node_id: str) -> dict[State, int]:
    """Return how many definitions at or below the node are in each state; features where there are none."""
    inside = [rpg.node(node_id), *rpg.descendants(node_id)]
    units = [node for node in inside if node.kind in UNIT_KINDS]
    counted = Counter(node.state for node in units or inside if node.kind in UNIT_KINDS | {NodeKind.FEATURE})
    return {state: counted[state] for state in State if counted[state]}


def _box(rpg: RPG, node: Node, groups: Mapping[str, int]) -> Box:
    area = node if node.kind is NodeKind.AREA else rpg.ancestor(node.id, NodeKind.AREA)
    group = groups[area.id] if area is not None else -1
    subtitle = node.feature or _first_feature(rpg, node) if node.kind is not NodeKind.AREA else ""
    tooltip = f"{node.label}: {node.feature}" if node.feature else node.label
    return Box(node.id, _title(node), subtitle or _counted(rpg, node), tooltip, group, progress(rpg, node.id))


def _title(node: Node) -> str:
    return node.path if node.kind is NodeKind.FILE else node.name


def _first_feature(rpg: RPG, node: Node) -> str:
    return next((child.feature for child in rpg.descendants(node.id, NodeKind.FEATURE)), "")


def _counted(rpg: RPG, node: Node) -> str:
    counted = Counter(each.kind for each in rpg.descendants(node.id))
    units = sum(counted[kind] for kind in UNIT_KINDS)
    parts = [(counted[NodeKind.FEATURE], "feature"), (counted[NodeKind.FILE], "file"), (units, "definition")]
    return ", ".join(f"{count} {what}{'s' * (count != 1)}" for count, what in parts[:2] if count) or node.kind.value


def _arrows(rpg: RPG, nodes: Sequence[Node], kinds: tuple[EdgeKind, ...]) -> tuple[Arrow, ...]:
    home = owners(rpg, [node.id for node in nodes])
    merged: dict[tuple[str, str], list[Edge]] = {}
    for edge in rpg.edges(*kinds):
        src, dst = home.get(edge.src), home.get(edge.dst)
        if src and dst and src != dst:
            merged.setdefault((src, dst), []).append(edge)
    return tuple(_arrow(src, dst, edges) for (src, dst), edges in merged.items())


def _arrow(src: str, dst: str, edges: Sequence[Edge]) -> Arrow:
    kinds = tuple(dict.fromkeys(edge.kind for edge in edges))
    label = ", ".join(dict.fromkeys(edge.data_type or edge.name for edge in edges if edge.kind is EdgeKind.FLOWS))
    return Arrow(src, dst, kinds, label)
