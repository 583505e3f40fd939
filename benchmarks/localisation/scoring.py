"""Both metrics of the field, which must never be mixed, with intervals.

ALL: every gold item is in the top k (LocAgent's Acc@k). ANY: at least one is (RPG-Encoder's and CoSIL's Acc@k).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from repowright.benchmarks.localisation.cases import LEVELS, STRATA, Case, Level, Prediction

Metric = Literal["all", "any", "recall"]
METRICS: tuple[Metric, ...] = ("all", "any", "recall")
DEPTHS = (1, 3, 5, 10)

_RESAMPLES = 4000


class Score(NamedTuple):
    """Figures of one level over some cases, in percent but for ``mrr``.

    Parameters
    ----------
    at
        By metric, one figure for each of `DEPTHS`.
    interval
        95 % bootstrap interval of ALL at 5.
    """

    cases: int
    at: dict[Metric, tuple[float, ...]]
    interval: tuple[float, float]
    mrr: float


class Difference(NamedTuple):
    """How much better than another run, in points of ALL at 5 over the same cases, with its 95 % interval."""

    cases: int
    points: float
    interval: tuple[float, float]


Predictions = Mapping[str, Prediction]


def hit(gold: frozenset[str], ranked: Sequence[str], depth: int, metric: Metric) -> float:
    """Return from 0 to 1 how well the first ``depth`` items cover the gold ones.

    Examples
    --------
    >>> [hit(frozenset("ab"), "axb", 2, metric) for metric in METRICS]
    [0.0, 1.0, 0.5]
    """
    found = len(gold.intersection(ranked[:depth]))
    if metric == "recall":
        return found / len(gold)
    return float(found == len(gold)) if metric == "all" else float(found > 0)


def score(cases: Sequence[Case], predictions: Predictions, level: Level) -> Score:
    """Score one level; a case without gold there is left out, one without prediction is wrong."""
    counted = [case for case in cases if case.gold[level]]
    at = {metric: tuple(_mean(_hits(counted, predictions, level, k, metric)) for k in DEPTHS) for metric in METRICS}
    reciprocal = [_reciprocal(case.gold[level], _ranked(predictions, case, level)) for case in counted]
    interval = _interval(_hits(counted, predictions, level, 5, "all"))
    return Score(len(counted), at, interval, float(np.mean(reciprocal)) if counted else 0.0)


def compare(cases: Sequence[Case], ours: Predictions, theirs: Predictions, level: Level) -> Difference:
    """Compare two runs case by case (paired bootstrap)."""
    counted = [case for case in cases if case.gold[level]]
    gains = _hits(counted, ours, level, 5, "all") - _hits(counted, theirs, level, 5, "all")
    return Difference(len(counted), _mean(gains), _interval(gains))


def scores(cases: Sequence[Case], predictions: Predictions) -> dict[str, dict[Level, Score]]:
    """Score all cases, and each stratum of what their texts give away, at the levels that were predicted."""
    parts = {"all cases": list(cases)}
    parts |= {f"names {stratum}": [case for case in cases if case.stratum == stratum] for stratum in STRATA}
    return {name: {level: score(part, predictions, level) for level in LEVELS} for name, part in parts.items() if part}


def _ranked(predictions: Predictions, case: Case, level: Level) -> tuple[str, ...]:
    found = predictions.get(case.id)
    return found.ranked[level] if found else ()


def _hits(
    cases: Sequence[Case], predictions: Predictions, level: Level, depth: int, metric: Metric
) -> NDArray[np.float64]:
    found = (hit(case.gold[level], _ranked(predictions, case, level), depth, metric) for case in cases)
    return np.fromiter(found, np.float64, len(cases))


def _reciprocal(gold: frozenset[str], ranked: Sequence[str]) -> float:
    return next((1 / place for place, each in enumerate(ranked, 1) if each in gold), 0.0)


def _mean(values: NDArray[np.float64]) -> float:
    return 100 * float(values.mean()) if len(values) else 0.0


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    if not len(values):
        return 0.0, 0.0
    picks = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.percentile(values[picks].mean(axis=1), (2.5, 97.5))
    return 100 * float(low), 100 * float(high)
