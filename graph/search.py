"""Finding nodes by words, walking from them, and fetching one by its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

import numpy as np
import ormsgpack
from numpy.typing import NDArray

from repowright.graph.bodies import Bodies
from repowright.graph.errors import UnknownNode
from repowright.graph.kinds import UNIT_KINDS, EdgeKind, NodeKind
from repowright.graph.model import RPG, Edge, Node
from repowright.graph.view import sort_key
from repowright.repo_tools.textindex.bm25 import Floats, Ints, add_up, mean_length, rarity, scan
from repowright.repo_tools.textindex.words import vocabulary, words

Direction = Literal["upstream", "downstream", "both"]

WEIGHTS = (("name", 3.0), ("feature", 2.5), ("path", 1.5), ("doc", 1.0))
"""How much a word counts in each field that nodes have of themselves."""

BODY_WEIGHT = 0.5
"""How much it counts in code."""

_SATURATION = 1.2
_LENGTH = 0.6
"""BM25's k1 and b; b is below the usual 0.75 since names and phrases are short."""

_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Hit:
    """A node that answers a query; scores compare within one search only."""

    node: Node
    score: float


@dataclass(frozen=True, slots=True)
class Fetched:
    """A node and the names of the nodes that contain it, the repository first."""

    node: Node
    parents: tuple[str, ...]


class _Rows(NamedTuple):
    """What a word counts for a node in one field or several, one row for each."""

    owner: Ints
    term: NDArray[np.uint64]
    weight: Floats


class SearchIndex:
    """The words of a graph, as it was when the index was made; for many searches of one graph.

    Fielded BM25 (Robertson et al. 2004) over stemmed parts of names and words: a word's weighted counts over path,
    name, feature, doc and body are summed before they saturate, each field normalised by its own mean length.
    Searched for files and folders alone, a file also answers by what its best unit says.

    Parameters
    ----------
    bodies
        The words of the code, where it is at hand.
    """

    def __init__(self, rpg: RPG, bodies: Bodies | None = None) -> None:
        self._take(rpg)
        rows = _field_rows(self._nodes)
        if bodies is not None and len(bodies.owner):
            rows = _joined(rows, _body_rows(self._nodes, bodies))
            # An index read back weighs with the digits that are kept.
            rows = rows._replace(weight=rows.weight.astype(np.float32).astype(np.float64))
        self._rows, self._is_joined = rows, bodies is not None and len(bodies.owner) > 0

    @classmethod
    def unpacked(cls, rpg: RPG, packed: bytes) -> Self:
        """Return the index that `packed` gave for this very graph."""
        index = cls.__new__(cls)
        index._take(rpg)
        owner, term, weight = ormsgpack.unpackb(packed)
        index._rows = _Rows(
            np.frombuffer(owner, "<u4").astype(np.int64),
            np.frombuffer(term, "<u8").astype(np.uint64, copy=False),
            np.frombuffer(weight, "<f4").astype(np.float64),
        )
        index._is_joined = True
        return index

    def packed(self) -> bytes:
        """Return the index as bytes."""
        kinds = ("<u4", "<u8", "<f4")
        return ormsgpack.packb([array.astype(kind).tobytes() for array, kind in zip(self._rows, kinds, strict=True)])

    def search(self, query: str, kinds: Iterable[NodeKind] = (), limit: int = 10) -> list[Hit]:
        """Return the nodes that answer best, best first; ties in the order of their places."""
        wanted = frozenset(kinds)
        terms = np.array(sorted(vocabulary().count(words(query))), np.uint64)
        owner, term, weight = self._hits(terms)
        points = rarity(term, len(terms), len(self._nodes))[term] * weight / (_SATURATION + weight)
        scores: Floats = np.bincount(owner, points, minlength=len(self._nodes)).astype(np.float64)
        if wanted and not wanted & UNIT_KINDS:
            scores = self._lifted(scores)
        found = np.flatnonzero(scores > 0)
        if wanted:
            found = found[np.isin(self._kinds[found], sorted({kind.value for kind in wanted}))]
        best = found[np.argsort(-np.round(scores[found], _DIGITS), kind="stable")][: max(limit, 0)]
        return [Hit(self._nodes[number], float(scores[number])) for number in best]

    def _take(self, rpg: RPG) -> None:
        self._nodes = sorted(rpg.nodes(), key=sort_key)
        self._kinds = np.array([node.kind.value for node in self._nodes])

    def _hits(self, terms: NDArray[np.uint64]) -> tuple[Ints, Ints, Floats]:
        """Node, term and weight wherever a term stands; a node's rows of one term are one."""
        hits = scan(terms, self._rows.term)
        owner, weight = self._rows.owner[hits.row], self._rows.weight[hits.row]
        if not self._is_joined:
            return owner, hits.term, weight
        both, place = np.unique(owner * max(len(terms), 1) + hits.term, return_inverse=True)
        return (*np.divmod(both, max(len(terms), 1)), add_up(place, weight, len(both)))

    def _lifted(self, scores: Floats) -> Floats:
        """Scores where a file has at least that of its best unit."""
        best: dict[str, float] = {}
        for number in np.flatnonzero(scores > 0).tolist():
            path = self._nodes[number].path
            best[path] = max(best.get(path, 0.0), float(scores[number]))
        found = scores.copy()
        for number in np.flatnonzero(self._kinds == NodeKind.FILE.value).tolist():
            found[number] = best.get(self._nodes[number].path, 0.0)
        return found


def search(rpg: RPG, query: str, kinds: Iterable[NodeKind] = (), limit: int = 10) -> list[Hit]:
    """Return the nodes whose path, name, feature or doc answer the query best.

    Parameters
    ----------
    kinds
        Kinds to return; all if empty.
    """
    return SearchIndex(rpg).search(query, kinds, limit)


def explore(
    rpg: RPG,
    start_ids: Sequence[str],
    direction: Direction = "downstream",
    depth: int = 2,
    kinds: Iterable[NodeKind] = (),
    edge_kinds: Iterable[EdgeKind] = (),
) -> list[Edge]:
    """Return the edges met on a breadth-first walk, nearest first.

    Parameters
    ----------
    direction
        Downstream follows edges as they point, upstream against that.
    depth
        How many edges away from the start; -1 for as far as it goes.
    kinds
        Kinds of node to walk to; all if empty.
    edge_kinds
        Kinds of edge to walk along; all if empty.

    Raises
    ------
    UnknownNode
        If a start does not exist.
    """
    wanted, along = frozenset(kinds), tuple(edge_kinds)
    found: dict[Edge, None] = {}
    seen = {rpg.node(each).id for each in start_ids}
    level = list(dict.fromkeys(start_ids))
    while level and depth != 0:
        reached: dict[str, None] = {}
        for edge, other in _steps(rpg, level, direction, along):
            if not wanted or rpg.node(other).kind in wanted:
                found.setdefault(edge)
                reached.setdefault(other)
        level = [each for each in reached if each not in seen]
        seen.update(level)
        depth -= 1
    return list(found)


def fetch(rpg: RPG, reference: str) -> Fetched:
    """Return the node of that id, ``path`` or ``path:qualname``, and what contains it.

    Raises
    ------
    UnknownNode
        If nothing answers to the reference; the hint names the nearest that does.
    """
    path, _, qualname = reference.replace("::", ":", 1).partition(":")
    node = rpg.node(reference) if reference in rpg else rpg.find(path, qualname)
    if node is None:
        raise UnknownNode(f"no node answers to {reference!r}", _nearest(rpg, reference))
    return Fetched(node, tuple(each.name for each in reversed(rpg.ancestors(node.id))))


def _field_rows(nodes: Sequence[Node]) -> _Rows:
    counts = [_fields(node) for node in nodes]
    means = _mean_lengths(counts)
    owner: list[int] = []
    term: list[int] = []
    weight: list[float] = []
    for number, fields in enumerate(counts):
        weighted = _weighted(fields, means)
        owner += [number] * len(weighted)
        term += weighted
        weight += weighted.values()
    return _Rows(np.array(owner, np.int64), np.array(term, np.uint64), np.array(weight, np.float64))


def _body_rows(nodes: Sequence[Node], bodies: Bodies) -> _Rows:
    length = add_up(bodies.owner, bodies.times, len(bodies.nodes))
    shorter = 1 - _LENGTH + _LENGTH * length / mean_length(length)
    numbers = {node.id: number for number, node in enumerate(nodes)}
    owner = np.array([numbers[each] for each in bodies.nodes], np.int64)[bodies.owner]
    return _Rows(owner, bodies.term, BODY_WEIGHT * bodies.times / shorter[bodies.owner])


def _joined(first: _Rows, second: _Rows) -> _Rows:
    return _Rows(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))


def _fields(node: Node) -> dict[str, dict[int, int]]:
    texts = {"name": node.name, "feature": node.feature, "path": f"{node.path} {node.qualname}", "doc": node.doc}
    return {field: vocabulary().count(words(texts[field])) for field, _ in WEIGHTS}


def _mean_lengths(counts: Sequence[dict[str, dict[int, int]]]) -> dict[str, float]:
    return {field: sum(sum(each[field].values()) for each in counts) / max(len(counts), 1) for field, _ in WEIGHTS}


def _weighted(fields: dict[str, dict[int, int]], means: dict[str, float]) -> dict[int, float]:
    found: dict[int, float] = {}
    for field, weight in WEIGHTS:
        counts = fields[field]
        length = 1 - _LENGTH + _LENGTH * sum(counts.values()) / (means[field] or 1.0)
        for term, count in counts.items():
            found[term] = found.get(term, 0.0) + weight * count / length
    return found


def _steps(
    rpg: RPG, level: Sequence[str], direction: Direction, along: tuple[EdgeKind, ...]
) -> Iterator[tuple[Edge, str]]:
    for node_id in level:
        if direction != "upstream":
            yield from ((edge, edge.dst) for edge in rpg.out_edges(node_id, *along))
        if direction != "downstream":
            yield from ((edge, edge.src) for edge in rpg.in_edges(node_id, *along))


def _nearest(rpg: RPG, reference: str) -> str:
    places = sorted({node.label for node in rpg.nodes() if node.place is not None})
    near = difflib.get_close_matches(reference, places, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else "name an id, a path or path:qualname"
