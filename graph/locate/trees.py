"""Ranking models: regression trees whose leaves are summed, read from data and evaluated here."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from repowright.graph.locate.table import Table
from repowright.repo_tools.textindex.bm25 import Floats

Level = Literal["files", "functions"]


class Trees(NamedTuple):
    """Trees laid end to end; a leaf leads to itself.

    Parameters
    ----------
    columns
        Names of the columns that splits speak of.
    roots
        Number of each tree's first node.
    column, threshold, below, above
        Of each node: a row goes on to ``below`` if its value is at most the threshold, else to ``above``.
    value
        Of each leaf; whole multiples of 2**-30, so that sums are the same in any order.
    depth
        Longest way from a root to a leaf.
    """

    columns: tuple[str, ...]
    roots: NDArray[np.int64]
    column: NDArray[np.int64]
    threshold: Floats
    below: NDArray[np.int64]
    above: NDArray[np.int64]
    value: Floats
    depth: int

    def score(self, table: Table) -> Floats:
        """Return the sum over all trees for each row; a column the table lacks counts as nought."""
        place = {name: number for number, name in enumerate(table.names)}
        values = np.zeros((len(table.rows), len(self.columns)))
        for number, name in enumerate(self.columns):
            if name in place:
                values[:, number] = table.values[:, place[name]]
        rows = np.arange(len(values))[:, None]
        node = np.broadcast_to(self.roots, (len(values), len(self.roots)))
        for _ in range(self.depth):
            node = np.where(values[rows, self.column[node]] <= self.threshold[node], self.below[node], self.above[node])
        found: Floats = self.value[node].sum(axis=1)
        return found


@cache
def trees(level: Level) -> Trees:
    """Return the model that ships with the project."""
    return parsed(files("repowright.graph.locate").joinpath("models", f"{level}.json").read_text(encoding="utf-8"))


def parsed(text: str) -> Trees:
    """Return the model that a JSON text holds."""
    data = json.loads(text)
    return Trees(
        tuple(data["columns"]),
        np.array(data["roots"], np.int64),
        np.array(data["column"], np.int64),
        np.array(data["threshold"], np.float64),
        np.array(data["below"], np.int64),
        np.array(data["above"], np.int64),
        np.array(data["value"], np.int64) / 2.0**30,
        int(data["depth"]),
    )
