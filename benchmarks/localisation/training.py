"""Training the ranking models, and what they score on repositories they have not seen.

Every model is fitted on cases of other repositories than those it is scored on (leave one repository out), so
nothing can be tuned to an instance or to a repository's name. The shipped models are fitted on all cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from repowright.benchmarks.localisation.cases import Case, Level, Prediction
from repowright.benchmarks.localisation.running import Setup
from repowright.graph.locate.corpus import Corpus
from repowright.graph.locate.linear import FARTHEST, LinearModel
from repowright.graph.locate.locator import candidates
from repowright.graph.locate.table import Table

PENALTY = {"files": 0.03, "functions": 0.05}
FOREMOST = 60
"""Candidates of a case that a model learns from: the first by plain retrieval."""

_STEPS = 300


class Lesson(NamedTuple):
    """The candidates of one case at one level, and which of them the fix changed."""

    id: str
    repository: str
    labels: tuple[str, ...]
    table: Table
    gold: NDArray[np.bool_]


class Lessons(NamedTuple):
    """Both levels of one case."""

    files: Lesson
    functions: Lesson


def lessons(case: Case, corpus: Corpus, setup: Setup) -> Lessons:
    """Return what a case teaches."""
    found = candidates(corpus, case.text, setup.without)
    paths = tuple(corpus.paths[row] for row in found.files.rows)
    labels = tuple(corpus.label(row) for row in found.functions.rows)
    return Lessons(
        _lesson(case, paths, found.files, case.gold["file"]),
        _lesson(case, labels, found.functions, case.gold["function"]),
    )


def held_out(
    lessons: Sequence[Lesson], penalty: float, keep: Callable[[str], bool] = lambda name: True
) -> dict[str, tuple[str, ...]]:
    """Return the ranking of each case by a model fitted on the other repositories' cases.

    Parameters
    ----------
    keep
        Which columns the models may see.
    """
    found: dict[str, tuple[str, ...]] = {}
    for repository in sorted({lesson.repository for lesson in lessons}):
        model = fit([lesson for lesson in lessons if lesson.repository != repository], penalty, keep)
        for lesson in lessons:
            if lesson.repository == repository:
                found[lesson.id] = ranked(lesson, model)
    return found


def ranked(lesson: Lesson, model: LinearModel) -> tuple[str, ...]:
    """Return a case's candidates in the order a model gives them."""
    order = np.argsort(-model.score(lesson.table), kind="stable")
    return tuple(lesson.labels[place] for place in order)


def fit(lessons: Sequence[Lesson], penalty: float, keep: Callable[[str], bool] = lambda name: True) -> LinearModel:
    """Fit a softmax over each case's candidates, all gold ones sharing the mass, with a ridge penalty."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    useful = [lesson for lesson in lessons if lesson.gold[:FOREMOST].any()]
    names = useful[0].table.names
    kept = [number for number, name in enumerate(names) if keep(name)]
    values = np.concatenate([lesson.table.values[:FOREMOST, kept] for lesson in useful]).astype(np.float64)
    gold = np.concatenate([lesson.gold[:FOREMOST] / lesson.gold[:FOREMOST].sum() for lesson in useful])
    sizes = np.array([len(lesson.gold[:FOREMOST]) for lesson in useful])
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
    standard = np.clip((values - mean) / scale, -FARTHEST, FARTHEST)
    start, group = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)

    def loss(weight: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sums = standard @ weight
        shifted = sums - np.maximum.reduceat(sums, start)[group]
        logs = shifted - np.log(np.add.reduceat(np.exp(shifted), start))[group]
        slope = standard.T @ (np.exp(logs) - gold) / len(sizes) + 2 * penalty * weight
        return float(-(gold @ logs) / len(sizes) + penalty * weight @ weight), slope

    best = minimize(loss, np.zeros(len(kept)), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    columns = tuple(names[number] for number in kept)
    return LinearModel(columns, *(np.round(numbers, 6) for numbers in (mean, scale, best.x)))


def predictions(
    files: Mapping[str, tuple[str, ...]], functions: Mapping[str, tuple[str, ...]]
) -> dict[str, Prediction]:
    """Join the rankings of both levels."""
    empty: dict[Level, tuple[str, ...]] = {"file": (), "class": (), "function": ()}
    return {
        case: Prediction(case, {**empty, "file": ranking, "function": functions.get(case, ())}, 0.0)
        for case, ranking in files.items()
    }


def _lesson(case: Case, labels: tuple[str, ...], table: Table, gold: frozenset[str]) -> Lesson:
    return Lesson(case.id, case.repository, labels, table, np.array([label in gold for label in labels], bool))
