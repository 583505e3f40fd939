"""The words of code, node by node: the field body of a search index."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from repowright.graph.model import RPG
from repowright.repo_tools.textindex.bags import Bag
from repowright.repo_tools.textindex.bm25 import Floats, Ints
from repowright.repo_tools.textindex.units import MODULE_UNIT


class Bodies(NamedTuple):
    """How often words stand in code, documentation left out: one row for each word of each node.

    Parameters
    ----------
    nodes
        Ids of the nodes that have code of their own.
    owner
        Index into ``nodes``.
    term
        Hashed word.
    times
        How often it occurs.
    """

    nodes: tuple[str, ...]
    owner: Ints
    term: NDArray[np.uint64]
    times: Floats


def bodies_of(rpg: RPG, files: Iterable[tuple[str, Bag]]) -> Bodies:
    """Return the bodies of a graph's nodes from the bags of its files; code of no node's own is its file's."""
    known = {(node.path, node.qualname): node.id for node in reversed(list(rpg.nodes())) if node.place is not None}
    nodes: dict[str, int] = {}
    owners, terms, counts = [], [], []
    for path, bag in files:
        file = known.get((path, ""))
        if file is None:
            continue
        of_unit = [
            nodes.setdefault(known.get((path, unit.qualname), file) if unit.kind != MODULE_UNIT else file, len(nodes))
            for unit in bag.units
        ]
        count = bag.whole.astype(np.float64) - bag.doc
        held = count > 0
        owners.append(np.array(of_unit, np.int64)[bag.unit[held]])
        terms.append(bag.term[held])
        counts.append(count[held])
    empty = [np.zeros(0)]
    return Bodies(
        tuple(nodes),
        np.concatenate(owners or empty).astype(np.int64),
        np.concatenate(terms or empty).astype(np.uint64),
        np.concatenate(counts or empty),
    )
