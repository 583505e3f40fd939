"""Dependency order: lifted dependencies, topological generations and the circles that prevent them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import networkx as nx

from repowright.graph.errors import CycleError
from repowright.graph.kinds import FORWARD_KINDS, EdgeKind

if TYPE_CHECKING:
    from repowright.graph.view import GraphView

Rank = tuple[int | str, ...]
"""What nodes are put in order by."""


def lifted(
    view: GraphView, ids: Collection[str], kinds: Iterable[EdgeKind], without: Collection[str] = ()
) -> nx.DiGraph[str]:
    """Return the dependencies between these nodes, each edge led up to its ends' nearest owners in ``ids``.

    Parameters
    ----------
    without
        Names of edges that are no dependencies here.

    Returns
    -------
    nx.DiGraph
        An edge from each node to each node it needs; no loops.
    """
    owner = owners(view, ids)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(set(ids)))
    for edge in view.edges(*kinds):
        if edge.name in without:
            continue
        ends = (edge.dst, edge.src) if edge.kind in FORWARD_KINDS else (edge.src, edge.dst)
        needing, needed = owner.get(ends[0]), owner.get(ends[1])
        if needing and needed and needing != needed:
            graph.add_edge(needing, needed)
    return graph


def owners(view: GraphView, ids: Collection[str]) -> dict[str, str]:
    """Return, for each node at or below one of ``ids``, the nearest of them."""
    wanted = {view.node(each).id for each in ids}
    found: dict[str, str] = {}
    for node in view.nodes():
        parent = view.parent(node.id)
        if node.id in wanted:
            found[node.id] = node.id
        elif parent is not None and parent.id in found:
            found[node.id] = found[parent.id]
    return found


def generations(view: GraphView, ids: Sequence[str], kinds: Iterable[EdgeKind]) -> list[list[str]]:
    """Return ``ids`` in topological generations, dependencies first; see `GraphView.generations`."""
    needs = lifted(view, ids, kinds)
    circle = first_cycle(needs)
    if circle:
        raise CycleError(
            f"no order puts dependencies first: {describe_cycle(view, circle)}",
            circle,
            "remove or turn one of these dependencies",
        )
    found = nx.topological_generations(needs.reverse(copy=False))
    return [sorted(generation, key=lambda each: _place_key(view, each)) for generation in found]


def _place_key(view: GraphView, node_id: str) -> tuple[str, str, str]:
    node = view.node(node_id)
    return (node.path, node.qualname, node.id)


def cycles(graph: nx.DiGraph[str]) -> list[tuple[str, ...]]:
    """Return one shortest circle for each knot of nodes that need each other, sorted.

    Examples
    --------
    >>> cycles(nx.DiGraph([("b", "a"), ("a", "b"), ("b", "c")]))
    [('a', 'b')]
    """
    knots = [knot for knot in nx.strongly_connected_components(graph) if len(knot) > 1]
    return sorted(_shortest_circle(graph, knot) for knot in knots)


def knots(graph: nx.DiGraph[str], key: Callable[[str], Rank]) -> list[tuple[str, ...]]:
    """Return the nodes in groups that need each other, dependencies first; among those free to go, lowest key first.

    A group's key is the lowest of its members'. Nodes on no circle make groups of one.

    Parameters
    ----------
    graph
        An edge from each node to each node it needs.

    Examples
    --------
    >>> knots(nx.DiGraph([("b", "a"), ("a", "b"), ("b", "c"), ("d", "c")]), lambda each: (0, each))
    [('c',), ('a', 'b'), ('d',)]
    """
    groups = [tuple(sorted(knot, key=key)) for knot in nx.strongly_connected_components(graph)]
    condensed = nx.condensation(graph, groups).reverse(copy=False)
    ordered = nx.lexicographical_topological_sort(condensed, lambda number: key(groups[number][0]))
    return [groups[number] for number in ordered]


def first_cycle(graph: nx.DiGraph[str]) -> tuple[str, ...]:
    """Return the first of `cycles`, or an empty tuple."""
    return next(iter(cycles(graph)), ())


def describe_cycle(view: GraphView, circle: Sequence[str]) -> str:
    """Return the circle in words: ``a.py -> b.py -> a.py``."""
    return " -> ".join(view.node(each).label for each in [*circle, circle[0]])


def _shortest_circle(graph: nx.DiGraph[str], knot: set[str]) -> tuple[str, ...]:
    """Return a shortest circle through the knot's smallest id, which a breadth-first walk finds."""
    start = min(knot)
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        current = waiting.popleft()
        for following in sorted(knot.intersection(graph.successors(current))):
            if following == start:
                return _walk_back(came_from, start, current)
            if following not in came_from:
                came_from[following] = current
                waiting.append(following)
    raise AssertionError("a strongly connected component has a circle through each of its nodes")


def _walk_back(came_from: dict[str, str], start: str, last: str) -> tuple[str, ...]:
    found = [last]
    while found[-1] != start:
        found.append(came_from[found[-1]])
    return tuple(reversed(found))
