"""Who is affected if a node changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from repowright.graph.cards import Card, as_json, at_lines, card, is_test, sure
from repowright.graph.errors import GraphError
from repowright.graph.kinds import TYPE_KINDS, UNIT_KINDS, EdgeKind, NodeKind
from repowright.graph.model import RPG, Node
from repowright.graph.references import References

Relation = Literal["calls", "inherits", "overrides", "overridden by", "uses", "imports"]

MOST_AFFECTED = 100
_RELATIONS: tuple[Relation, ...] = ("calls", "inherits", "overrides", "overridden by", "uses", "imports")
_OF_EDGE: dict[EdgeKind, Relation] = {
    EdgeKind.CALLS: "calls",
    EdgeKind.INHERITS: "inherits",
    EdgeKind.USES: "uses",
    EdgeKind.IMPORTS: "imports",
}


@dataclass(frozen=True, slots=True)
class Affected:
    """One node that a change may reach.

    Parameters
    ----------
    distance
        Steps from the changed node.
    confidence
        Product of the confidences of the surest shortest way.
    relation
        How it hangs on ``via``.
    via
        Label of the next node on the way to the changed one.
    """

    card: Card
    distance: int
    confidence: float
    relation: Relation
    via: str
    lines: tuple[int, ...]

    def text(self) -> str:
        """Return the node on one line."""
        where = f"{self.relation} {self.via}{at_lines(self.lines)}{sure(self.confidence)}"
        return f"- {self.card.label} [{self.card.facts}] {where}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many nodes are that far away and hang on by that relation."""

    distance: int
    relation: Relation
    count: int


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change of some nodes reaches, nearest and surest first, tests apart.

    Parameters
    ----------
    counts
        Of everything that was reached, shown or not.
    code, tests
        Nodes outside and inside test code.
    code_left_out, tests_left_out
        How many are not shown.
    """

    changed: tuple[Card, ...]
    depth: int
    counts: tuple[Count, ...]
    code: tuple[Affected, ...]
    tests: tuple[Affected, ...]
    code_left_out: int = 0
    tests_left_out: int = 0

    def text(self) -> str:
        """Return the impact for a model or a person."""
        lines = [each.text() for each in self.changed]
        total = sum(each.count for each in self.counts)
        if not total:
            return "\n".join([*lines, "nothing that the graph knows depends on it"])
        lines.append(f"{total} nodes affected, {len(self.tests) + self.tests_left_out} of them tests")
        lines += _listed("code", self.code, self.code_left_out, self.counts)
        return "\n".join(lines + _listed("tests", self.tests, self.tests_left_out, ()))

    def as_json(self) -> str:
        """Return the impact as one line of JSON."""
        return as_json(self)


class _Way(NamedTuple):
    distance: int
    confidence: float
    relation: Relation
    via: str
    lines: tuple[int, ...]


def impact(
    rpg: RPG,
    entity: str,
    depth: int = 3,
    *,
    references: References | None = None,
    limit: int = MOST_AFFECTED,
) -> Impact:
    """Return who calls, uses, inherits from, overrides or imports a node, and who needs those in turn.

    What lies inside the node changes with it. A method is also tied to those that override it and to the one it
    overrides: they answer the same calls. Files that import the node's file count at distance 1 only.

    Parameters
    ----------
    entity
        Anything `References` understands.
    depth
        Steps to go; -1 for as far as it goes.

    Raises
    ------
    UnknownNode
        If no node, or more than one place, answers to ``entity``.
    GraphError
        If the depth or the limit means nothing.
    """
    if depth < -1 or depth == 0 or limit < 1:
        raise GraphError(f"depth {depth}, limit {limit} asks for nothing", "depth 1 or more, or -1; limit 1 or more")
    changed = (references or References(rpg)).nodes(entity)
    ways = _Spread(rpg).reach(changed, depth)
    ranked = sorted(ways, key=lambda each: _rank(rpg, each, ways[each]))
    tests = [each for each in ranked if _is_test(rpg, each)]
    code = [each for each in ranked if not _is_test(rpg, each)]
    counted = Counter((way.distance, way.relation) for way in ways.values())
    counts = [Count(*key, counted[key]) for key in sorted(counted, key=lambda key: (key[0], _RELATIONS.index(key[1])))]
    return Impact(
        tuple(card(rpg, node) for node in changed),
        depth,
        tuple(counts),
        tuple(_affected(rpg, each, ways[each]) for each in code[:limit]),
        tuple(_affected(rpg, each, ways[each]) for each in tests[:limit]),
        max(len(code) - limit, 0),
        max(len(tests) - limit, 0),
    )


class _Spread:
    """A breadth-first walk against the dependencies; of equally short ways the surest is kept."""

    def __init__(self, rpg: RPG) -> None:
        self._rpg = rpg

    def reach(self, changed: Sequence[Node], depth: int) -> dict[str, _Way]:
        inside = {node.id for node in changed}
        inside |= {each.id for node in changed for each in self._rpg.descendants(node.id, *UNIT_KINDS)}
        found: dict[str, _Way] = {}
        level = dict.fromkeys(sorted(inside), 1.0)
        distance = 0
        while level and distance != depth:
            distance += 1
            ways = self._next(level, distance)
            if distance == 1:
                ways = self._importers(changed) | ways
            fresh = {each: way for each, way in ways.items() if each not in found and each not in inside}
            found |= fresh
            level = {each: way.confidence for each, way in fresh.items() if way.relation != "imports"}
        return found

    def _next(self, level: dict[str, float], distance: int) -> dict[str, _Way]:
        best: dict[str, _Way] = {}
        for node_id, confidence in level.items():
            for other, relation, lines, certainty in self._dependents(node_id):
                way = _Way(distance, confidence * certainty, relation, self._rpg.node(node_id).label, lines)
                if other not in best or way.confidence > best[other].confidence:
                    best[other] = way
        return best

    def _dependents(self, node_id: str) -> Iterator[tuple[str, Relation, tuple[int, ...], float]]:
        for edge in self._rpg.in_edges(node_id, EdgeKind.CALLS, EdgeKind.INHERITS, EdgeKind.USES, EdgeKind.IMPORTS):
            yield edge.src, _OF_EDGE[edge.kind], edge.lines, edge.confidence
        node = self._rpg.node(node_id)
        owner = self._rpg.parent(node_id)
        if owner is None or owner.kind not in TYPE_KINDS or node.kind is not NodeKind.METHOD:
            return
        for other in self._same_name(node, self._kin(owner, down=True)):
            yield other, "overrides", (), 1.0
        for other in self._same_name(node, self._kin(owner, down=False)):
            yield other, "overridden by", (), 1.0

    def _kin(self, owner: Node, *, down: bool) -> list[str]:
        """Return the types below or above one, at any distance."""
        seen = {owner.id: None}
        waiting = [owner.id]
        while waiting:
            edges = self._rpg.in_edges if down else self._rpg.out_edges
            met = [edge.src if down else edge.dst for edge in edges(waiting.pop(), EdgeKind.INHERITS)]
            fresh = [each for each in met if each not in seen]
            seen |= dict.fromkeys(fresh)
            waiting += fresh
        return list(seen)[1:]

    def _same_name(self, method: Node, types: Iterable[str]) -> list[str]:
        members = (child for each in types for child in self._rpg.children(each, NodeKind.METHOD))
        return [child.id for child in members if child.name == method.name and not child.name.startswith("__init")]

    def _importers(self, changed: Sequence[Node]) -> dict[str, _Way]:
        files = {file.id: file for node in changed if (file := self._rpg.find(node.path)) is not None}
        found = {}
        for file in files.values():
            for edge in self._rpg.in_edges(file.id, EdgeKind.IMPORTS):
                found[edge.src] = _Way(1, edge.confidence, "imports", file.label, edge.lines)
        return found


def _rank(rpg: RPG, node_id: str, way: _Way) -> tuple[int, bool, float, int, int]:
    imported = way.relation == "imports"
    return way.distance, imported, -way.confidence, _RELATIONS.index(way.relation), rpg.position(node_id)


def _is_test(rpg: RPG, node_id: str) -> bool:
    return is_test(rpg.node(node_id), rpg.ancestors(node_id))


def _affected(rpg: RPG, node_id: str, way: _Way) -> Affected:
    seen = card(rpg, rpg.node(node_id))
    return Affected(seen, way.distance, round(way.confidence, 4), way.relation, way.via, way.lines)


def _listed(title: str, shown: tuple[Affected, ...], left_out: int, counts: tuple[Count, ...]) -> list[str]:
    lines: list[str] = []
    for distance in sorted({each.distance for each in shown}):
        said = ", ".join(f"{each.count} {each.relation}" for each in counts if each.distance == distance)
        lines.append(f"{title}, distance {distance}{f' ({said}, tests included)' if said else ''}:")
        lines += [each.text() for each in shown if each.distance == distance]
    if left_out:
        lines.append(f"left out: {left_out} more {title}; raise the limit or lower the depth")
    return lines
