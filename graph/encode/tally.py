"""Counting what an update adds, removes and changes."""

from __future__ import annotations

from collections.abc import Mapping

import ormsgpack

from repowright.graph.encode.edges import unpack_edges


class Tally:
    """How many things are new, gone and different."""

    def __init__(self) -> None:
        self.added = 0
        self.removed = 0
        self.changed = 0

    @property
    def growth(self) -> int:
        """By how many there are more now."""
        return self.added - self.removed

    def compare(self, old: Mapping[object, object], new: Mapping[object, object]) -> None:
        """Count how two states of the same place differ."""
        self.added += len(new.keys() - old.keys())
        self.removed += len(old.keys() - new.keys())
        self.changed += sum(old[key] != new[key] for key in old.keys() & new.keys())


def nodes_by_id(data: bytes | None) -> dict[object, object]:
    """Return a file's packed nodes by id; each with its parent's id in place of the parent's position."""
    rows = ormsgpack.unpackb(data) if data else []
    return {row[0]: (row[1:-1], rows[row[-1]][0] if row[-1] >= 0 else "") for row in rows}


def edges_by_ends(data: bytes | None) -> dict[object, object]:
    """Return a file's packed edges by source, target and kind."""
    return {(row.src, row.dst, row.kind): row for row in unpack_edges(data or b"")}
