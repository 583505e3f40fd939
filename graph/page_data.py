"""What the script of a page knows of the graph: columns instead of records, so that a large graph stays small."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from repowright.graph.kinds import EDGE_RANK, KIND_RANK, EdgeKind, NodeKind, State
from repowright.graph.model import RPG, Edge, Node

LONG_DOCS = 5_000
"""A graph of more nodes gets the first paragraph of each documentation only."""
_SHORT_DOC = 300


@dataclass(frozen=True, slots=True)
class NodeColumns:
    """One entry a node, parents before children; ``end`` is the index after the last node inside.

    Parameters
    ----------
    kind, state
        Indexes into the lists of kinds and states; the state is that of the least advanced thing inside.
    path
        Index into the list of paths, -1 without one.
    qualname
        Empty where it is the name.
    first, last
        Lines; 0 where they are not known.
    """

    id: tuple[str, ...]
    kind: tuple[int, ...]
    name: tuple[str, ...]
    feature: tuple[str, ...]
    parent: tuple[int, ...]
    end: tuple[int, ...]
    state: tuple[int, ...]
    path: tuple[int, ...]
    qualname: tuple[str, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    signature: tuple[str, ...]
    doc: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EdgeColumns:
    """One entry an edge, all but ``contains``; ``sure`` is the confidence in hundredths, ``note`` what flows."""

    src: tuple[int, ...]
    dst: tuple[int, ...]
    kind: tuple[int, ...]
    lines: tuple[str, ...]
    sure: tuple[int, ...]
    note: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageData:
    """All that the script knows."""

    kinds: tuple[str, ...]
    edge_kinds: tuple[str, ...]
    states: tuple[str, ...]
    paths: tuple[str, ...]
    nodes: NodeColumns
    edges: EdgeColumns

    def as_script_text(self) -> str:
        """Return the data as JSON that can neither end its element nor upset a parser of scripts."""
        text = json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))
        for sign in "&<>\u2028\u2029":
            text = text.replace(sign, f"\\u{ord(sign):04x}")
        return text


def page_data(rpg: RPG) -> PageData:
    """Return the columns of a graph."""
    nodes = rpg.nodes()
    at = {node.id: index for index, node in enumerate(nodes)}
    parents = [_parent(rpg, node, at) for node in nodes]
    paths = sorted({node.path for node in nodes if node.path})
    edges = rpg.edges(*(kind for kind in EdgeKind if kind is not EdgeKind.CONTAINS))
    return PageData(
        tuple(kind.value for kind in NodeKind),
        tuple(kind.value for kind in EdgeKind),
        tuple(state.value for state in State),
        tuple(paths),
        _node_columns(nodes, parents, {path: index for index, path in enumerate(paths)}),
        _edge_columns(edges, at),
    )


def least_states(nodes: Sequence[Node], parents: Sequence[int]) -> list[State]:
    """Return the state of the least advanced leaf at or below each node; nodes in tree order."""
    found: list[State | None] = [None] * len(nodes)
    for index in range(len(nodes) - 1, -1, -1):
        own = found[index] or nodes[index].state
        found[index] = own
        above = parents[index]
        if above >= 0:
            known = found[above]
            found[above] = own if known is None else min(known, own)
    return [state or State.PLANNED for state in found]


def ends(parents: Sequence[int]) -> list[int]:
    """Return, for nodes in tree order, the index after the last one inside each.

    Examples
    --------
    >>> ends([-1, 0, 1, 0])
    [4, 3, 3, 4]
    """
    found = list(range(1, len(parents) + 1))
    for index in range(len(parents) - 1, 0, -1):
        above = parents[index]
        found[above] = max(found[above], found[index])
    return found


def _node_columns(nodes: Sequence[Node], parents: Sequence[int], paths: Mapping[str, int]) -> NodeColumns:
    short = len(nodes) > LONG_DOCS
    spans = [(node.place.span if node.place else None) or (0, 0) for node in nodes]
    return NodeColumns(
        id=tuple(node.id for node in nodes),
        kind=tuple(KIND_RANK[node.kind] for node in nodes),
        name=tuple(node.name for node in nodes),
        feature=tuple(node.feature if node.feature != node.name else "" for node in nodes),
        parent=tuple(parents),
        end=tuple(ends(parents)),
        state=tuple(state.rank for state in least_states(nodes, parents)),
        path=tuple(paths.get(node.path, -1) for node in nodes),
        qualname=tuple("" if node.qualname == node.name else node.qualname for node in nodes),
        first=tuple(span[0] for span in spans),
        last=tuple(span[1] for span in spans),
        signature=tuple(node.signature for node in nodes),
        doc=tuple(_shortened(node.doc) if short else node.doc for node in nodes),
        tags=tuple(" ".join(node.tags) for node in nodes),
    )


def _edge_columns(edges: Sequence[Edge], at: Mapping[str, int]) -> EdgeColumns:
    return EdgeColumns(
        src=tuple(at[edge.src] for edge in edges),
        dst=tuple(at[edge.dst] for edge in edges),
        kind=tuple(EDGE_RANK[edge.kind] for edge in edges),
        lines=tuple(" ".join(map(str, edge.lines)) for edge in edges),
        sure=tuple(round(edge.confidence * 100) for edge in edges),
        note=tuple(edge.data_type or edge.name for edge in edges),
    )


def _parent(rpg: RPG, node: Node, at: Mapping[str, int]) -> int:
    parent = rpg.parent(node.id)
    return -1 if parent is None else at[parent.id]


def _shortened(doc: str) -> str:
    first = doc.strip().partition("\n\n")[0]
    return first if len(first) <= _SHORT_DOC else f"{first[:_SHORT_DOC].rstrip()}\u2026"
