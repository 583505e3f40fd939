"""How sure a rate over some tasks is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from repowright.benchmarks.repocraft.verdicts import ArmResult, State, TaskVerdict

LEVEL = 0.95
"""Share of intervals that hold the true rate."""

_Z = 1.959963984540054
"""Of the standard normal distribution, two-sided, at `LEVEL`."""

_RESAMPLES = 10_000
_BATCH = 500


@dataclass(frozen=True)
class Rate:
    """A share of tasks with its 95 % intervals, all from 0 to 1.

    Parameters
    ----------
    wilson
        For one rate: it stays within 0 and 1, and says something of 0 of n.
    bootstrap
        Percentiles of resampled tasks, for what is derived from rates too.
    """

    hits: int
    of: int
    wilson: tuple[float, float]
    bootstrap: tuple[float, float]

    @property
    def share(self) -> float:
        """Hits by all; 0 where there is nothing."""
        return self.hits / self.of if self.of else 0.0


@dataclass(frozen=True)
class Gain:
    """How much better one arm does than another on the tasks they share, in shares from -1 to 1.

    Parameters
    ----------
    only_first, only_second
        Tasks that one arm passes and the other does not.
    """

    tasks: int
    share: float
    interval: tuple[float, float]
    only_first: int
    only_second: int


def rate(outcomes: Sequence[bool], seed: int = 0) -> Rate:
    """Return the share of true outcomes; the same outcomes and seed give the same intervals."""
    hits = sum(outcomes)
    return Rate(hits, len(outcomes), wilson(hits, len(outcomes)), bootstrap([float(each) for each in outcomes], seed))


def pass_rate(arm: ArmResult, seed: int = 0) -> Rate:
    """Return the share of an arm's tasks that passed; whatever is not passed counts as failed."""
    return rate([verdict.state is State.PASSED for verdict in arm.verdicts], seed)


def vote_rate(arm: ArmResult, seed: int = 0) -> Rate | None:
    """Return the share of an arm's tasks voted implemented; ``None`` for an arm where nobody voted."""
    if all(verdict.voted is None for verdict in arm.verdicts):
        return None
    return rate([verdict.voted is True for verdict in arm.verdicts], seed)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return Wilson's score interval.

    Examples
    --------
    >>> [round(each, 4) for each in wilson(0, 10)]
    [0.0, 0.2775]
    """
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    # Rounding must not leave the bounds a hair beyond what is exact.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == of else min(1.0, middle + half)
    return low, high


def bootstrap(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Return the percentile interval of the mean of values, resampled with replacement."""
    if not values:
        return 0.0, 1.0
    held = np.asarray(values, np.float64)
    random = np.random.default_rng(seed)
    batches = [
        held[random.integers(0, len(held), (_BATCH, len(held)))].mean(axis=1) for _ in range(_RESAMPLES // _BATCH)
    ]
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(np.concatenate(batches), (tail, 100 - tail))
    return float(low), float(high)


def paired_gain(first: ArmResult, second: ArmResult, seed: int = 0) -> Gain:
    """Compare the passes of two arms task by task (paired bootstrap); tasks that only one has are left out."""
    ours, theirs = _passes(first.verdicts), _passes(second.verdicts)
    shared = sorted(ours.keys() & theirs.keys())
    gains = [float(ours[task]) - float(theirs[task]) for task in shared]
    return Gain(
        tasks=len(shared),
        share=sum(gains) / len(gains) if gains else 0.0,
        interval=bootstrap(gains, seed) if gains else (-1.0, 1.0),
        only_first=gains.count(1.0),
        only_second=gains.count(-1.0),
    )


def _passes(verdicts: Sequence[TaskVerdict]) -> dict[str, bool]:
    return {verdict.task: verdict.state is State.PASSED for verdict in verdicts}
