"""Walking from nodes along their edges (ExploreRPG of RPG-Encoder, section 3.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from repowright.graph.cards import Card, as_json, at_lines, card, sure
from repowright.graph.errors import GraphError, UnknownNode
from repowright.graph.kinds import DEPENDENCY_KINDS, EDGE_RANK, FORWARD_KINDS, GROUNDED_KINDS, EdgeKind, NodeKind
from repowright.graph.model import RPG, Edge, Node
from repowright.graph.references import References

Direction = Literal["upstream", "downstream", "both"]

MOST_STEPS = 60
"""Edges that an answer shows unless told otherwise."""
_MOST_RESTS = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One edge that was met.

    Parameters
    ----------
    origin
        Id of the end the walk came from.
    node
        The end it came to.
    upstream
        Whether the edge was walked against its direction.
    inside
        What ``origin`` is, where it is not a start but lies inside one; empty else.
    depth
        Edges between the start and ``node``.
    """

    origin: str
    node: Card
    kind: EdgeKind
    upstream: bool
    depth: int
    lines: tuple[int, ...]
    confidence: float
    inside: str = ""

    def text(self) -> str:
        """Return the step on one line: ``calls a.py:f [function, lines 1-9] at line 4``."""
        verb = PASSIVE[self.kind] if self.upstream else self.kind.value
        by = f" ({'to' if self.upstream else 'from'} {self.inside})" if self.inside else ""
        where = at_lines(self.lines)
        said = f": {self.node.feature}" if self.node.feature else ""
        return f"{verb} {self.node.label} [{self.node.facts}]{where}{sure(self.confidence)}{by}{said}"


PASSIVE = {
    EdgeKind.CONTAINS: "in",
    EdgeKind.IMPORTS: "imported by",
    EdgeKind.CALLS: "called by",
    EdgeKind.INHERITS: "inherited by",
    EdgeKind.USES: "used by",
    EdgeKind.FLOWS: "fed by",
    EdgeKind.PRECEDES: "after",
}
"""What an edge is called when it is walked against its direction."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many steps of one kind and depth an answer does not show."""

    depth: int
    kind: EdgeKind
    count: int


@dataclass(frozen=True, slots=True)
class Exploration:
    """A walk: its starts, the steps nearest first, what was left out, and why starts are missing."""

    starts: tuple[Card, ...]
    direction: Direction
    steps: tuple[Step, ...]
    left_out: tuple[LeftOut, ...]
    problems: tuple[str, ...] = ()

    def text(self, *, problems: bool = True) -> str:
        """Return the walk as an indented tree; a node is opened where it is met first."""
        below: dict[str, list[Step]] = {}
        homes = {start.id: 0 for start in self.starts}
        for number, step in enumerate(self.steps, 1):
            below.setdefault(step.origin, []).append(step)
            homes.setdefault(step.node.id, number)
        numbers = {id(step): number for number, step in enumerate(self.steps, 1)}
        lines: list[str] = []
        waiting: list[tuple[int, Step | Card]] = [(0, start) for start in reversed(self.starts)]
        while waiting:
            depth, met = waiting.pop()
            node = met.node if isinstance(met, Step) else met
            opens = homes[node.id] == numbers.get(id(met), 0)
            elsewhere = " (opened elsewhere)" if not opens and node.id in below else ""
            lines.append(f"{'  ' * depth}{met.text()}{elsewhere}")
            waiting += [(depth + 1, step) for step in reversed(below.get(node.id, ()))] if opens else []
        if self.starts and not self.steps:
            lines.append("  nothing is connected this way")
        return "\n".join([*lines, *_rest(self.left_out), *(f"error: {each}" for each in self.problems if problems)])

    def as_json(self) -> str:
        """Return the walk as one line of JSON."""
        return as_json(self)


def explore(
    rpg: RPG,
    start_code_entities: Sequence[str] = (),
    start_feature_entities: Sequence[str] = (),
    direction: Direction = "downstream",
    traversal_depth: int = 2,
    entity_type_filter: Iterable[NodeKind] = (),
    dependency_type_filter: Iterable[EdgeKind] = (),
    *,
    references: References | None = None,
    limit: int = MOST_STEPS,
) -> Exploration:
    """Return the edges met on a breadth-first walk, nearest and surest first.

    What lies inside a start counts as the start: the callers of a class are those of its methods too. Without
    a filter the walk follows dependencies, and goes down into what a start contains, but not up to its folders.

    Parameters
    ----------
    direction
        Downstream: what the starts need; upstream: what needs them; both: the two walks, not their mixtures.
    traversal_depth
        Edges away from the starts; -1 for as far as it goes.
    entity_type_filter
        Kinds of node to walk to; all if empty.
    dependency_type_filter
        Kinds of edge to walk along.

    Raises
    ------
    GraphError
        If the depth or the limit means nothing.
    """
    if traversal_depth < -1 or limit < 1:
        raise GraphError(f"depth {traversal_depth}, limit {limit} is no walk", "depth -1 or more, limit 1 or more")
    known = references or References(rpg)
    starts, missing = _starts(known, [*start_code_entities, *start_feature_entities])
    ways = ("downstream", "upstream") if direction == "both" else (direction,)
    entities, kinds = frozenset(entity_type_filter), tuple(dependency_type_filter)
    walks = [
        _Walk(rpg, way == "upstream", entities, kinds).go([node.id for node in starts], traversal_depth) for way in ways
    ]
    found = sorted((each for walk in walks for each in walk), key=lambda each: each.depth)
    left = Counter((each.depth, each.edge.kind) for each in found[limit:])
    rest = tuple(LeftOut(depth, kind, left[depth, kind]) for depth, kind in sorted(left, key=_by_depth))
    return Exploration(
        tuple(card(rpg, node) for node in starts),
        direction,
        tuple(_step(rpg, each) for each in found[:limit]),
        rest,
        tuple(missing),
    )


@dataclass(frozen=True, slots=True)
class _Met:
    """An edge on the way: ``origin`` is the node of the walk that it hangs on."""

    origin: str
    near: str
    far: str
    edge: Edge
    depth: int
    upstream: bool


class _Walk:
    def __init__(self, rpg: RPG, upstream: bool, entities: frozenset[NodeKind], kinds: tuple[EdgeKind, ...]) -> None:
        self._rpg = rpg
        self._upstream = upstream
        self._entities = entities
        self._kinds = kinds

    def go(self, starts: Sequence[str], depth: int) -> list[_Met]:
        seen = set(starts)
        level = list(starts)
        found: list[_Met] = []
        edges: set[Edge] = set()
        at = 0
        while level and at != depth:
            at += 1
            met = [each for node in level for each in self._from(node, at, first=at == 1)]
            met = [each for each in met if each.edge not in edges and self._wanted(each)]
            met.sort(key=lambda each: (-each.edge.confidence, EDGE_RANK[each.edge.kind]))
            edges |= {each.edge for each in met}
            found += _once(met)
            level = [each for each in dict.fromkeys(each.far for each in met) if each not in seen]
            seen.update(level)
        return found

    def _from(self, node: str, depth: int, *, first: bool) -> list[_Met]:
        inside = self._rpg.descendants(node) if first and self._rpg.node(node).kind in GROUNDED_KINDS else []
        own = {node, *(each.id for each in inside)}
        met = []
        for near in [node, *(each.id for each in inside)]:
            for edge, far in self._edges(near):
                if far not in own or near == node:
                    met.append(_Met(node, near, far, edge, depth, self._upstream))
        return met

    def _edges(self, node: str) -> list[tuple[Edge, str]]:
        if self._upstream:
            return [(edge, edge.src) for edge in self._rpg.in_edges(node, *self._along())]
        return [(edge, edge.dst) for edge in self._rpg.out_edges(node, *self._along(EdgeKind.CONTAINS))]

    def _along(self, *more: EdgeKind) -> tuple[EdgeKind, ...]:
        return self._kinds or (*more, *DEPENDENCY_KINDS, *sorted(FORWARD_KINDS))

    def _wanted(self, met: _Met) -> bool:
        return not self._entities or self._rpg.node(met.far).kind in self._entities


def _once(met: list[_Met]) -> list[_Met]:
    return list({each.edge: each for each in reversed(met)}.values())[::-1]


def _starts(references: References, names: Sequence[str]) -> tuple[list[Node], list[str]]:
    found: dict[str, Node] = {}
    missing = []
    for name in dict.fromkeys(names):
        try:
            found |= {node.id: node for node in references.nodes(name)}
        except UnknownNode as error:
            missing.append(str(error))
    return list(found.values()), missing


def _step(rpg: RPG, met: _Met) -> Step:
    inside = "" if met.near == met.origin else rpg.node(met.near).qualname or rpg.node(met.near).name
    edge, far = met.edge, card(rpg, rpg.node(met.far))
    return Step(met.origin, far, edge.kind, met.upstream, met.depth, edge.lines, edge.confidence, inside)


def _by_depth(pair: tuple[int, EdgeKind]) -> tuple[int, int]:
    return pair[0], EDGE_RANK[pair[1]]


def _rest(left_out: tuple[LeftOut, ...]) -> list[str]:
    if not left_out:
        return []
    total = sum(each.count for each in left_out)
    parts = ", ".join(f"{each.count} {each.kind.value} at depth {each.depth}" for each in left_out[:_MOST_RESTS])
    further = sum(each.count for each in left_out[_MOST_RESTS:])
    parts += f", {further} further away" if further else ""
    return [f"left out: {total} edges ({parts}); raise the limit, or narrow by kinds of entity or dependency"]
