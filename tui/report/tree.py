"""The plan as a tree of plain values that a template walks."""

from __future__ import annotations

from dataclasses import dataclass

from repowright.graph.model import RPG

MAX_NODES = 6000


@dataclass(frozen=True)
class Branch:
    """One node and what it contains; ``more`` nodes below it are left out of a very large plan."""

    kind: str
    name: str
    feature: str
    signature: str
    state: str
    children: tuple[Branch, ...]
    more: int = 0


def branches(rpg: RPG, limit: int = MAX_NODES) -> Branch:
    """Return the whole plan as a tree; beyond ``limit`` nodes, only the levels that fit."""
    depth = _depth_that_fits(rpg, limit)
    return _branch(rpg, rpg.root.id, depth)


def _branch(rpg: RPG, node_id: str, depth: int) -> Branch:
    node = rpg.node(node_id)
    below = rpg.children(node_id)
    return Branch(
        kind=node.kind.value,
        name=node.name,
        feature=node.feature if node.feature != node.name else "",
        signature=node.place.signature if node.place else "",
        state=node.state.name.lower(),
        children=tuple(_branch(rpg, child.id, depth - 1) for child in below) if depth else (),
        more=0 if depth else len(below),
    )


def _depth_that_fits(rpg: RPG, limit: int) -> int:
    level = [rpg.root.id]
    seen, depth = 1, 0
    while level:
        level = [child.id for node_id in level for child in rpg.children(node_id)]
        seen += len(level)
        if seen > limit:
            return depth
        depth += 1
    return depth
