"""Which edges a graph can hold: both ends are there, and the kind may join them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

import ormsgpack

from repowright.graph.encode.contribution import EdgeRow
from repowright.graph.encode.edges import EdgeColumns, kind_name, unpack_edges
from repowright.graph.kinds import DEPENDENCY_KINDS, ENDS, LOOP_KINDS
from repowright.graph.store import Store

_log = logging.getLogger(__name__)
_JOINTS = frozenset(
    (kind.value, src.value, dst.value) for kind in DEPENDENCY_KINDS for src in ENDS[kind][0] for dst in ENDS[kind][1]
)
_LOOPS = frozenset(kind.value for kind in LOOP_KINDS)


class Soundness:
    """Tells sound edges from those that a fault of a resolver left, and counts the latter.

    Parameters
    ----------
    kinds
        Kind of every node by id.
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds
        self.unsound = 0

    def sound(self, columns: EdgeColumns) -> Iterator[tuple[str, str, int, list[int], float]]:
        """Yield source, target, kind, lines and confidence of the sound edges of a file."""
        ids, sources, targets, kinds, lines, confidences = columns
        found = [self._kinds.get(each, "") for each in ids]
        names = [kind_name(number) for number in range(4)]
        for src, dst, kind, at, confidence in zip(sources, targets, kinds, lines, confidences, strict=True):
            name = names[kind]
            if (name, found[src], found[dst]) in _JOINTS and (src != dst or name in _LOOPS):
                yield ids[src], ids[dst], kind, at, confidence
            else:
                self.unsound += 1

    def tell(self, store: Store) -> None:
        """Log what was left out, if anything was."""
        if self.unsound:
            _log.warning("%d edges of %s lead nowhere and are left out", self.unsound, store.path)


def unsound_edges(store: Store) -> list[EdgeRow]:
    """Return the stored edges that no graph can hold; there are none unless a resolver is at fault."""
    with store.reading():
        segments = list(store.segments())
    kinds = {row[0]: row[1] for _, packed, _ in segments for row in ormsgpack.unpackb(packed)}
    return [
        row
        for _, _, packed in segments
        for row in unpack_edges(packed or b"")
        if (row.kind, kinds.get(row.src, ""), kinds.get(row.dst, "")) not in _JOINTS
        or (row.src == row.dst and row.kind not in _LOOPS)
    ]
