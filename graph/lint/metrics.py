"""Cohesion and coupling of parts of a plan (Repo0, arXiv 2608.19854), and when they advise a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from repowright.graph.kinds import DEPENDENCY_KINDS, UNIT_KINDS, EdgeKind, NodeKind
from repowright.graph.lint.finding import Finding, warning
from repowright.graph.model import RPG
from repowright.graph.order import lifted
from repowright.graph.tags import BASE_TYPE

SPLIT_BELOW = 2 / 3
SPLIT_FROM = 4
"""Parts of fewer members are never advised to be split."""
MERGE_ABOVE = 0.7

_KINDS = (*DEPENDENCY_KINDS, EdgeKind.FLOWS)


def cohesion(rpg: RPG, node_id: str) -> float:
    """Return which share of a part's pairs of members need one another, from 0 to 1.

    The members of a file are its top-level definitions, those of anything above are the files in it. With
    n members of which E pairs are joined, the measure is E / (n(n-1)/2); a part of one member has 1.

    Raises
    ------
    UnknownNode
        If there is no such node.
    """
    members = {node_id: _members(rpg, node_id)}
    return _cohesions(rpg, members)[node_id]


def coupling(rpg: RPG, first: str, second: str) -> float:
    """Return how alike the needs of two parts are, from 0 to 1.

    The measure is the Jaccard index of the sets of definitions outside both that they need, directly.

    Raises
    ------
    UnknownNode
        If one of the two does not exist.
    """
    return _jaccard(_needed(rpg, first), _needed(rpg, second), _inside(rpg, first) | _inside(rpg, second))


def split_candidate(rpg: RPG) -> Iterator[Finding]:
    """Report areas and files of four members or more that hang together loosely."""
    for kind in (NodeKind.AREA, NodeKind.FILE):
        # Base types are declarations that many need and that need one another seldom: no fault of theirs.
        parts = [part for part in rpg.nodes(kind) if BASE_TYPE not in part.tags]
        members = {part.id: _members(rpg, part.id) for part in parts}
        large = {part: held for part, held in members.items() if len(held) >= SPLIT_FROM}
        for part, measure in _cohesions(rpg, large).items():
            if measure < SPLIT_BELOW:
                message = (
                    f"{rpg.node(part).label} may be split: {measure:.0%} of the pairs among its"
                    f" {len(large[part])} members need one another, less than {SPLIT_BELOW:.0%}"
                )
                yield warning("split-candidate", message, rpg.node(part))


def merge_candidate(rpg: RPG) -> Iterator[Finding]:
    """Report pairs of joined areas that need nearly the same things."""
    areas = rpg.nodes(NodeKind.AREA)
    joined = lifted(rpg, [area.id for area in areas], _KINDS)
    needed = {area.id: _needed(rpg, area.id) for area in areas}
    inside = {area.id: _inside(rpg, area.id) for area in areas}
    for first, second in combinations(areas, 2):
        if not (joined.has_edge(first.id, second.id) or joined.has_edge(second.id, first.id)):
            continue
        measure = _jaccard(needed[first.id], needed[second.id], inside[first.id] | inside[second.id])
        if measure > MERGE_ABOVE:
            message = (
                f"{first.label} and {second.label} may be merged: they are joined and share"
                f" {measure:.0%} of what they need, more than {MERGE_ABOVE:.0%}"
            )
            yield warning("merge-candidate", message, first, second)


def _members(rpg: RPG, node_id: str) -> list[str]:
    if rpg.node(node_id).kind is NodeKind.FILE:
        return [unit.id for unit in rpg.children(node_id, *UNIT_KINDS)]
    return [file.id for file in rpg.descendants(node_id, NodeKind.FILE)]


def _cohesions(rpg: RPG, members: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return the cohesion of parts that share no member, from one walk over the edges."""
    part_of = {member: part for part, held in members.items() for member in held}
    joined: dict[str, set[frozenset[str]]] = {part: set() for part in members}
    for pair in lifted(rpg, part_of, _KINDS).edges():
        if part_of[pair[0]] == part_of[pair[1]]:
            joined[part_of[pair[0]]].add(frozenset(pair))
    return {part: _share(len(pairs), len(members[part])) for part, pairs in joined.items()}


def _share(pairs: int, members: int) -> float:
    return pairs / (members * (members - 1) / 2) if members > 1 else 1.0


def _inside(rpg: RPG, node_id: str) -> set[str]:
    return {node_id, *(node.id for node in rpg.descendants(node_id))}


def _needed(rpg: RPG, node_id: str) -> set[str]:
    """Return what the part needs, each definition led up to its top-level one."""
    found = {node.id for each in _inside(rpg, node_id) for node in rpg.dependencies(each, *_KINDS)}
    return {_top_level(rpg, each) for each in found}


def _top_level(rpg: RPG, node_id: str) -> str:
    chain = [rpg.node(node_id), *rpg.ancestors(node_id)]
    units = [node for node in chain if node.kind in UNIT_KINDS]
    return units[-1].id if units else node_id


def _jaccard(first: set[str], second: set[str], without: set[str]) -> float:
    left, right = first - without, second - without
    return len(left & right) / len(left | right) if left | right else 0.0
