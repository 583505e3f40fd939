"""Ranking models: weighted sums of standardised columns, read from data and evaluated here.

Trained as a softmax over the candidates of one text against those that a fix changed (ListNet with one list of
relevant items; Cao et al. 2007), with ridge regression's penalty.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import numpy as np

from repowright.graph.locate.table import Table
from repowright.repo_tools.textindex.bm25 import Floats

Level = Literal["files", "functions"]

FARTHEST = 5.0
"""Standard deviations at which a value is cut off."""

_DIGITS = 9


class LinearModel(NamedTuple):
    """What to add up.

    Parameters
    ----------
    columns
        Names of columns.
    mean, scale
        What standardises each.
    weight
        How much a standard deviation of it counts.
    """

    columns: tuple[str, ...]
    mean: Floats
    scale: Floats
    weight: Floats

    def score(self, table: Table) -> Floats:
        """Return the sum for each row; a column the table lacks counts nothing."""
        place = {name: number for number, name in enumerate(table.names)}
        known = [number for number, name in enumerate(self.columns) if name in place]
        values = table.values[:, [place[self.columns[number]] for number in known]].astype(np.float64)
        standard = np.clip((values - self.mean[known]) / self.scale[known], -FARTHEST, FARTHEST)
        found: Floats = np.round((standard * self.weight[known]).sum(axis=1), _DIGITS)
        return found

    def as_json(self) -> str:
        """Return the model as text, one column a line."""
        rows = zip(self.columns, self.mean.tolist(), self.scale.tolist(), self.weight.tolist(), strict=True)
        return "{\n" + ",\n".join(f'"{name}": {json.dumps(numbers)}' for name, *numbers in rows) + "\n}\n"


@cache
def model(level: Level) -> LinearModel:
    """Return the model that ships with the project."""
    return parsed(files("repowright.graph.locate").joinpath("models", f"{level}.json").read_text(encoding="utf-8"))


def parsed(text: str) -> LinearModel:
    """Return the model that `LinearModel.as_json` wrote."""
    rows: dict[str, list[float]] = json.loads(text)
    numbers = np.array(list(rows.values()), np.float64).reshape(-1, 3)
    return LinearModel(tuple(rows), numbers[:, 0], numbers[:, 1], numbers[:, 2])
