"""Coordinates for a drawing: layers from left to right, few crossings, no layer taller than it need be.

After Sugiyama, Tagawa and Toda (1981): break circles, layer by longest path, order by barycentres.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx

from repowright.graph.drawing import Drawing, Level

_SIZES: dict[Level, tuple[float, float]] = {"area": (232, 76), "file": (214, 60), "unit": (178, 52)}
_GAPS: dict[Level, tuple[float, float]] = {"area": (148, 34), "file": (84, 20), "unit": (72, 18)}
"""Between columns, where labels of flows need room, and between rows."""
_MARGIN = 24.0
_SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a box lies: left and top edge, width and height, in CSS pixels; ``column`` from 0."""

    x: float
    y: float
    width: float
    height: float
    column: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Spots by node id and the size of the whole."""

    spots: dict[str, Spot]
    width: float
    height: float


def layout(drawing: Drawing) -> Layout:
    """Return coordinates for each box; the same drawing gives the same ones."""
    ids = [box.id for box in drawing.boxes]
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(ids)
    graph.add_edges_from((arrow.src, arrow.dst) for arrow in drawing.arrows)
    alone = [each for each in ids if graph.degree[each] == 0]
    tallest = max(6, math.ceil(1.3 * math.sqrt(len(ids))))
    columns = _split(_ordered(_layers(graph, ids), graph), tallest)
    rows = max([len(column) for column in columns] + [math.ceil(math.sqrt(len(alone) / 2)), 1])
    columns += [alone[start : start + rows] for start in range(0, len(alone), rows)]
    return _placed(columns, _SIZES[drawing.level], _GAPS[drawing.level])


def _layers(graph: nx.DiGraph[str], ids: Sequence[str]) -> list[list[str]]:
    """Return the joined nodes by their longest path from a node that nothing points to."""
    rank = {node_id: index for index, node_id in enumerate(ids)}
    knots = {each: index for index, knot in enumerate(nx.strongly_connected_components(graph)) for each in knot}
    forward = [(s, d) for s, d in graph.edges if knots[s] != knots[d] or rank[s] < rank[d]]
    acyclic: nx.DiGraph[str] = nx.DiGraph()
    acyclic.add_nodes_from(each for each in ids if graph.degree[each])
    acyclic.add_edges_from(forward)
    depth: dict[str, int] = {}
    for node_id in nx.topological_sort(acyclic):
        depth[node_id] = max((depth[before] + 1 for before in acyclic.predecessors(node_id)), default=0)
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node_id in sorted(depth, key=rank.__getitem__):
        layers[depth[node_id]].append(node_id)
    return layers


def _ordered(layers: list[list[str]], graph: nx.DiGraph[str]) -> list[list[str]]:
    """Return the layers with each node near the middle of its neighbours, swept back and forth."""
    around = graph.to_undirected(as_view=True)
    at = {node_id: index / len(layer) for layer in layers for index, node_id in enumerate(layer)}
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            middle = {each: sum(at[near] for near in around[each]) / len(around[each]) for each in layer}
            layer.sort(key=lambda each: (middle[each], at[each], each))
            at |= {node_id: index / len(layer) for index, node_id in enumerate(layer)}
    return layers


def _split(layers: Sequence[Sequence[str]], tallest: int) -> list[list[str]]:
    """Return the layers as columns, a tall layer as several of even height."""
    columns = []
    for layer in layers:
        parts = math.ceil(len(layer) / tallest)
        size = math.ceil(len(layer) / parts)
        columns += [list(layer[start : start + size]) for start in range(0, len(layer), size)]
    return columns


def _placed(columns: Sequence[Sequence[str]], size: tuple[float, float], gaps: tuple[float, float]) -> Layout:
    (width, height), (gap_across, gap_down) = size, gaps
    tallest = max((len(column) for column in columns), default=0)
    full = tallest * (height + gap_down) - gap_down
    spots = {}
    for index, column in enumerate(columns):
        top = _MARGIN + (full - len(column) * (height + gap_down) + gap_down) / 2
        for row, node_id in enumerate(column):
            x = _MARGIN + index * (width + gap_across)
            spots[node_id] = Spot(x, top + row * (height + gap_down), width, height, index)
    across = len(columns) * (width + gap_across) - gap_across
    return Layout(spots, max(across, 0) + 2 * _MARGIN, max(full, 0) + 2 * _MARGIN)
