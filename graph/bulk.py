"""A whole graph at once: the same invariants as one write at a time, checked over all nodes and edges together."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from repowright.graph import rules
from repowright.graph.errors import InvariantViolated
from repowright.graph.ids import normalise
from repowright.graph.kinds import CHILD_KINDS, DEPENDENCY_KINDS, ENDS, LOOP_KINDS, EdgeKind, NodeKind
from repowright.graph.model import RPG
from repowright.graph.records import Edge, Node

_CONTAINS = (EdgeKind.CONTAINS, "")


def built(nodes: Sequence[Node], parents: Sequence[str], edges: Sequence[Edge]) -> RPG:
    """Return the graph of ready-made nodes and edges, ids included.

    Parameters
    ----------
    parents
        Id of each node's parent; empty for the repository, which comes first.
    edges
        Dependencies; ``contains`` edges follow from the parents.

    Raises
    ------
    InvariantViolated
        If the graph would break an invariant; it names one node or edge that does.
    """
    with no_collections():
        return _built(nodes, parents, edges)


def _built(nodes: Sequence[Node], parents: Sequence[str], edges: Sequence[Edge]) -> RPG:
    rpg = RPG()
    by_id = {node.id: node for node in nodes}
    _check_nodes(nodes, parents, by_id)
    _check_edges(edges, by_id)
    _fill_nodes(rpg, nodes, parents, by_id)
    _fill_edges(rpg, edges)
    return rpg


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep the garbage collector from walking a million new objects, none of them garbage, again and again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _check_nodes(nodes: Sequence[Node], parents: Sequence[str], by_id: dict[str, Node]) -> None:
    if not nodes or parents[0] or nodes[0].kind is not NodeKind.REPOSITORY:
        raise InvariantViolated("the graph does not begin with its repository", "encode it again")
    if len(by_id) != len(nodes):
        twice = next(node for node in nodes if by_id[node.id] is not node)
        raise InvariantViolated(f"{twice.label} is in the graph twice", "encode it again")
    for node, parent in zip(nodes[1:], parents[1:], strict=True):
        above = by_id.get(parent)
        if above is None:
            raise InvariantViolated(f"{node.label} hangs below nothing", "encode it again")
        if node.kind not in CHILD_KINDS[above.kind]:
            rules.check_containment(node.kind, node.name, above)
    _check_tree(nodes, parents)


def _check_tree(nodes: Sequence[Node], parents: Sequence[str]) -> None:
    """Refuse circles: whatever hangs below nodes that lead to the repository leads there too."""
    children: dict[str, list[str]] = {}
    for node, parent in zip(nodes, parents, strict=True):
        children.setdefault(parent, []).append(node.id)
    waiting, seen = [""], 0
    while waiting:
        below = children.get(waiting.pop(), ())
        seen += len(below)
        waiting.extend(below)
    if seen != len(nodes):
        raise InvariantViolated("some nodes do not hang below the repository", "encode it again")


def _check_edges(edges: Sequence[Edge], by_id: dict[str, Node]) -> None:
    try:
        joints = {(edge.kind, by_id[edge.src].kind, by_id[edge.dst].kind) for edge in edges}
    except KeyError as err:
        raise InvariantViolated(f"an edge leads to or from {err}, which is no node", "encode it again") from err
    for kind, src, dst in joints:
        if kind not in DEPENDENCY_KINDS or src not in ENDS[kind][0] or dst not in ENDS[kind][1]:
            bad = next(e for e in edges if (e.kind, by_id[e.src].kind, by_id[e.dst].kind) == (kind, src, dst))
            rules.check_ends(bad, by_id[bad.src], by_id[bad.dst])
    loop = next((edge for edge in edges if edge.src == edge.dst and edge.kind not in LOOP_KINDS), None)
    if loop is not None:
        rules.check_ends(loop, by_id[loop.src], by_id[loop.dst])


def _fill_nodes(rpg: RPG, nodes: Sequence[Node], parents: Sequence[str], by_id: dict[str, Node]) -> None:
    rpg._nodes = by_id
    rpg._root = nodes[0].id
    rpg._children = {node.id: set() for node in nodes}
    rpg._parents = dict(zip((node.id for node in nodes[1:]), parents[1:], strict=True))
    for child, parent in rpg._parents.items():
        rpg._children[parent].add(child)
    spelled: dict[str, str] = {}
    for node in nodes:
        name = spelled.get(node.name) or spelled.setdefault(node.name, normalise(node.name))
        rpg._names.setdefault((node.kind, name), set()).add(node.id)
        if node.place is not None:
            rpg._places.setdefault((node.place.path, node.place.qualname), set()).add(node.id)
    rpg._graph.add_nodes_from(by_id)


def _fill_edges(rpg: RPG, edges: Sequence[Edge]) -> None:
    # What `MultiDiGraph.add_edge` does for one edge, without its checks: the ends are known to be there.
    after: dict[str, Any] = rpg._graph._succ  # type: ignore[attr-defined]
    before: dict[str, Any] = rpg._graph._pred  # type: ignore[attr-defined]
    for src, dst, key, edge in _keyed(rpg, edges):
        joint = after[src].get(dst)
        if joint is None:
            joint = after[src][dst] = before[dst][src] = {}
        elif key in joint:
            raise InvariantViolated(f"two {edge.kind.value!r} edges join {src!r} to {dst!r}", "encode it again")
        joint[key] = {"edge": edge}


def _keyed(rpg: RPG, edges: Iterable[Edge]) -> Iterator[tuple[str, str, tuple[EdgeKind, str], Edge]]:
    for child, parent in rpg._parents.items():
        yield parent, child, _CONTAINS, Edge(parent, child, EdgeKind.CONTAINS)
    keys = {kind: (kind, "") for kind in EdgeKind}
    for edge in edges:
        yield edge.src, edge.dst, keys[edge.kind] if not edge.name else (edge.kind, edge.name), edge
