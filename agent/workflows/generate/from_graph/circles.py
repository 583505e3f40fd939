"""Circles broken: of the dependencies that form them, as few and as light ones as a greedy search finds go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

Edge = tuple[str, str]


def without_circles(weights: Mapping[Edge, int]) -> tuple[dict[Edge, int], tuple[Edge, ...]]:
    """Return the edges without those that were dropped, and these; the same edges give the same answer.

    Parameters
    ----------
    weights
        How much each edge (the one that needs, the one needed) says; the lightest of a knot go first.

    Examples
    --------
    >>> without_circles({("a", "b"): 3, ("b", "a"): 1, ("b", "c"): 1})
    ({('a', 'b'): 3, ('b', 'c'): 1}, (('b', 'a'),))
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from(sorted(weights))
    dropped: list[Edge] = []
    waiting = _knots(graph)
    while waiting:
        knot = waiting.pop()
        inside = graph.subgraph(knot)
        lightest = min(weights[edge] for edge in inside.edges)
        # All of one weight at once: large knots would otherwise be searched once an edge.
        light = sorted(edge for edge in inside.edges if weights[edge] == lightest)
        graph.remove_edges_from(light)
        dropped += light
        waiting += _knots(graph.subgraph(knot))
    kept_out = _still_closing(graph, sorted(dropped, key=lambda edge: (-weights[edge], edge)))
    return {edge: weights[edge] for edge in sorted(weights) if edge not in kept_out}, tuple(sorted(kept_out))


def _knots(graph: nx.DiGraph[str]) -> list[list[str]]:
    return sorted(sorted(knot) for knot in nx.strongly_connected_components(graph) if len(knot) > 1)


def _still_closing(graph: nx.DiGraph[str], dropped: Iterable[Edge]) -> set[Edge]:
    """Put edges back, the heaviest first, as long as they close no circle; return those that would."""
    out: set[Edge] = set()
    for source, target in dropped:
        if nx.has_path(graph, target, source):
            out.add((source, target))
        else:
            graph.add_edge(source, target)
    return out
