"""Draws groups evenly over categories; a seed gives the same sample everywhere, and new tests move few others."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from repowright.benchmarks.repocraft.construction.grouping import Group

RESERVE = 0.15
"""Groups drawn beyond the number that is wanted, as a share of it."""


@dataclass(frozen=True)
class Sample:
    """Groups in the order they were drawn."""

    chosen: tuple[Group, ...]
    reserve: tuple[Group, ...]


def sampled(
    groups: Sequence[Group], project: str, seed: int, wanted: int, without: Collection[str] = frozenset()
) -> Sample:
    """Draw in rounds, one group of each category a round, until there are enough.

    The order inside a category and that of the categories come from SHA-256 over the seed and their names.

    Parameters
    ----------
    without
        Labels of tests that are taken out of the groups that were drawn. A group that loses all of them is replaced by
        the next in the order, which is the first in reserve: no other task changes.
    """
    queues: dict[str, list[Group]] = defaultdict(list)
    for group in sorted(groups, key=lambda each: _place(seed, project, each.file, each.module, each.cap)):
        queues[group.category].append(group)
    categories = sorted(queues, key=lambda name: _place(seed, project, name))
    rounds = max((len(queue) for queue in queues.values()), default=0)
    drawn = [queues[name][turn] for turn in range(rounds) for name in categories if turn < len(queues[name])]
    drawn = [rest for group in drawn if (rest := _left(group, without)) is not None]
    spare = wanted + -(-wanted * round(RESERVE * 100) // 100)
    return Sample(tuple(drawn[:wanted]), tuple(drawn[wanted:spare]))


def _left(group: Group, without: Collection[str]) -> Group | None:
    tests = tuple(test for test in group.tests if test.label not in without)
    return replace(group, tests=tests) if tests else None


def _place(seed: int, *names: str) -> tuple[str, ...]:
    text = "|".join((str(seed), *names))
    return hashlib.sha256(text.encode()).hexdigest(), *names
