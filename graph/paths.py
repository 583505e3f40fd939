"""How one node comes to depend on another: the shortest ways, with the lines that show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import networkx as nx

from repowright.graph.cards import Card, as_json, at_lines, card, sure
from repowright.graph.errors import GraphError
from repowright.graph.kinds import DEPENDENCY_KINDS, EDGE_RANK, UNIT_KINDS, EdgeKind
from repowright.graph.model import RPG, Edge, Node
from repowright.graph.references import References

MOST_PATHS = 50
_START, _GOAL = "", "\0"


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a path: ``src`` needs ``dst``."""

    src: Card
    dst: Card
    kind: EdgeKind
    lines: tuple[int, ...]
    confidence: float

    def text(self) -> str:
        """Return the step as the line below the one that shows ``src``."""
        return f"  {self.kind.value} {self.dst.text()}{at_lines(self.lines)}{sure(self.confidence)}"


@dataclass(frozen=True, slots=True)
class Path:
    """A way from the first link's source to the last one's target; the product of their confidences."""

    links: tuple[Link, ...]
    confidence: float

    def text(self) -> str:
        """Return the path, a node a line."""
        return "\n".join([self.links[0].src.text(), *(link.text() for link in self.links)])


@dataclass(frozen=True, slots=True)
class Paths:
    """The shortest ways, shortest first; ``reverse`` says that they lead from the second node to the first."""

    start: str
    goal: str
    paths: tuple[Path, ...]
    reverse: bool = False
    more: bool = False

    def text(self) -> str:
        """Return the paths for a model or a person."""
        if not self.paths:
            return f"no dependency leads from {self.start} to {self.goal}, nor back"
        head = [f"nothing leads from {self.start} to {self.goal}; the other way round:"] if self.reverse else []
        shown = [f"{number}. {path.text()}" for number, path in enumerate(self.paths, 1)]
        return "\n".join([*head, *shown, *(["there are more paths; raise -k"] if self.more else [])])

    def as_json(self) -> str:
        """Return the paths as one line of JSON."""
        return as_json(self)


def paths(
    rpg: RPG,
    start: str,
    goal: str,
    k: int = 3,
    kinds: Iterable[EdgeKind] = (),
    *,
    references: References | None = None,
) -> Paths:
    """Return the ``k`` shortest ways on which ``start`` depends on ``goal`` (Yen 1971), surer ones first.

    What lies inside an end counts as that end. If nothing leads there, the ways back are returned.

    Parameters
    ----------
    kinds
        Edges to walk along; imports, calls, inherits and uses if empty.

    Raises
    ------
    UnknownNode
        If no node, or more than one place, answers to an end.
    GraphError
        If ``k`` is out of range, or one end lies in the other.
    """
    if not 1 <= k <= MOST_PATHS:
        raise GraphError(f"{k} paths cannot be listed", f"give a number from 1 to {MOST_PATHS}")
    known = references or References(rpg)
    sources, targets = known.nodes(start), known.nodes(goal)
    inside, beyond = _inside(rpg, sources), _inside(rpg, targets)
    if inside & beyond:
        raise GraphError(f"{sources[0].label} and {targets[0].label} lie in each other", "name two separate nodes")
    along = tuple(sorted(frozenset(kinds) or DEPENDENCY_KINDS, key=EDGE_RANK.__getitem__))
    labels = (sources[0].label, targets[0].label)
    found = _shortest(rpg, inside, beyond, k, along)
    reverse = not found
    if reverse:
        found = _shortest(rpg, beyond, inside, k, along)
    return Paths(*labels, tuple(found[:k]), reverse and bool(found), len(found) > k)


def _inside(rpg: RPG, nodes: Sequence[Node]) -> frozenset[str]:
    return frozenset(
        each for node in nodes for each in [node.id, *(u.id for u in rpg.descendants(node.id, *UNIT_KINDS))]
    )


def _shortest(
    rpg: RPG, starts: frozenset[str], goals: frozenset[str], k: int, kinds: tuple[EdgeKind, ...]
) -> list[Path]:
    between = _reached(rpg, starts, kinds, back=False) & _reached(rpg, goals, kinds, back=True)
    if not between:
        return []
    graph, edges = _graph(rpg, between, starts, goals, kinds)
    ways: Iterator[list[str]] = nx.shortest_simple_paths(graph, _START, _GOAL, weight="cost")
    return [_path(rpg, [edges[pair] for pair in pairwise(way[1:-1])]) for way in islice(ways, k + 1)]


def _reached(rpg: RPG, start: frozenset[str], kinds: tuple[EdgeKind, ...], *, back: bool) -> set[str]:
    seen = set(start)
    waiting = list(start)
    while waiting:
        current = waiting.pop()
        edges = rpg.in_edges(current, *kinds) if back else rpg.out_edges(current, *kinds)
        fresh = {edge.src if back else edge.dst for edge in edges} - seen
        seen |= fresh
        waiting += fresh
    return seen


def _graph(
    rpg: RPG, between: set[str], starts: frozenset[str], goals: frozenset[str], kinds: tuple[EdgeKind, ...]
) -> tuple[nx.DiGraph[str], dict[tuple[str, str], Edge]]:
    """Return the part that any path lies in; a step costs 1 and up to a tenth more if it is a guess."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    best: dict[tuple[str, str], Edge] = {}
    for node_id in sorted(between, key=rpg.position):
        for edge in rpg.out_edges(node_id, *kinds):
            within = edge.dst in between and edge.dst not in starts and node_id not in goals
            old = best.get((edge.src, edge.dst))
            if within and edge.src != edge.dst and (old is None or edge.confidence > old.confidence):
                best[edge.src, edge.dst] = edge
    for (src, dst), edge in best.items():
        graph.add_edge(src, dst, cost=1.1 - edge.confidence / 10)
    graph.add_edges_from(((_START, each) for each in sorted(starts & between)), cost=0.0)
    graph.add_edges_from(((each, _GOAL) for each in sorted(goals & between)), cost=0.0)
    return graph, best


def _path(rpg: RPG, edges: Sequence[Edge]) -> Path:
    confidence = 1.0
    links = []
    for edge in edges:
        confidence *= edge.confidence
        ends = card(rpg, rpg.node(edge.src)), card(rpg, rpg.node(edge.dst))
        links.append(Link(*ends, edge.kind, edge.lines, edge.confidence))
    return Path(tuple(links), round(confidence, 4))
