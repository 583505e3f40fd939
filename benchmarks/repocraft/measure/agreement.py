"""How far the judges of the votes agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.benchmarks.repocraft.verdicts import ArmResult


@dataclass(frozen=True)
class Agreement:
    """Agreement over the tasks that at least two judges voted on.

    Parameters
    ----------
    kappa
        Fleiss' kappa, from -1 to 1; ``None`` where chance alone explains everything: all ballots are equal.
    unanimous
        Share of tasks on which all judges say the same.
    yes
        Share of ballots that say a task is implemented.
    """

    tasks: int
    ballots: int
    kappa: float | None
    unanimous: float
    yes: float


def agreement(arm: ArmResult) -> Agreement | None:
    """Return how far an arm's judges agree; ``None`` if no task has two ballots."""
    return agreement_of([verdict.ballots for verdict in arm.verdicts])


def agreement_of(ballots: Sequence[Sequence[bool]]) -> Agreement | None:
    """Return the agreement of the judges; how many there are may differ from task to task.

    Tasks weigh by their ballots, as in Fleiss' kappa they do where all have the same number.
    """
    counted = [each for each in ballots if len(each) > 1]
    if not counted:
        return None
    total = sum(len(each) for each in counted)
    yes = sum(sum(each) for each in counted) / total
    by_chance = yes**2 + (1 - yes) ** 2
    observed = sum(len(each) * _pairs_agreeing(each) for each in counted) / total
    return Agreement(
        tasks=len(counted),
        ballots=total,
        kappa=(observed - by_chance) / (1 - by_chance) if 0 < yes < 1 else None,
        unanimous=sum(len(set(each)) == 1 for each in counted) / len(counted),
        yes=yes,
    )


def _pairs_agreeing(ballots: Sequence[bool]) -> float:
    judges, yes = len(ballots), sum(ballots)
    no = judges - yes
    return (yes * (yes - 1) + no * (no - 1)) / (judges * (judges - 1))
