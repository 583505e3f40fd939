"""Candidates and what is known of each, as the ranking models read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repowright.graph.locate.texts import Columns
from repowright.repo_tools.textindex.bm25 import Ints


@dataclass(frozen=True)
class Table:
    """Candidates, best first by plain retrieval.

    Parameters
    ----------
    rows
        Number of each candidate: a file or a unit of the corpus.
    names
        Names of the columns, sorted.
    values
        One row for each candidate, 32-bit floats so that every machine splits them alike.
    """

    rows: Ints
    names: tuple[str, ...]
    values: NDArray[np.float32]


def table(rows: Ints, columns: Columns) -> Table:
    """Cut the rows of the candidates out of the columns."""
    names = tuple(sorted(columns))
    chosen = [columns[name][rows] for name in names]
    return Table(rows, names, np.stack(chosen, 1).astype(np.float32))
