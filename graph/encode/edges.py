"""The edges of one file as columns: ids once, everything else as small numbers."""

from __future__ import annotations

from collections.abc import Sequence

import ormsgpack

from repowright.graph.encode.contribution import EdgeRow
from repowright.graph.kinds import DEPENDENCY_KINDS

_KINDS = [kind.value for kind in DEPENDENCY_KINDS]
_NUMBER = {kind: number for number, kind in enumerate(_KINDS)}
_IMPORTS = _NUMBER["imports"]

EdgeColumns = tuple[list[str], list[int], list[int], list[int], list[list[int]], list[float]]
"""Distinct ids; then for each edge source and target by position among them, kind, lines, confidence."""


def pack_edges(rows: Sequence[EdgeRow]) -> bytes:
    """Return edges as bytes."""
    if not rows:
        return b""
    sources, targets, kinds, lines, confidences = zip(*rows, strict=True)
    ids = {found: number for number, found in enumerate(dict.fromkeys(sources + targets))}
    columns = (
        list(ids),
        list(map(ids.__getitem__, sources)),
        list(map(ids.__getitem__, targets)),
        list(map(_NUMBER.__getitem__, kinds)),
        list(map(tuple, lines)),
        list(map(float, confidences)),
    )
    return ormsgpack.packb(columns)


def edge_columns(data: bytes) -> EdgeColumns:
    """Return the columns that `pack_edges` made bytes of."""
    if not data:
        return [], [], [], [], [], []
    ids, sources, targets, kinds, lines, confidences = ormsgpack.unpackb(data)
    return ids, sources, targets, kinds, lines, confidences


def unpack_edges(data: bytes) -> list[EdgeRow]:
    """Return the edges that `pack_edges` made bytes of."""
    ids, sources, targets, kinds, lines, confidences = edge_columns(data)
    columns = zip(sources, targets, kinds, lines, confidences, strict=True)
    return [EdgeRow(ids[src], ids[dst], _KINDS[kind], tuple(at), sure) for src, dst, kind, at, sure in columns]


def kind_name(number: int) -> str:
    """Return the edge kind that a number in the columns stands for."""
    return _KINDS[number]
