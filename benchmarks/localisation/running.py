"""Runs over cases: parallel, resumable, one line of JSON a case."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from repowright.benchmarks.localisation.bag_cache import BagCache
from repowright.benchmarks.localisation.cases import Case, read_predictions
from repowright.benchmarks.localisation.corpora import corpus_of
from repowright.graph.locate.corpus import Corpus
from repowright.graph.locate.locator import Locator

T = TypeVar("T")

DEPTH = 50
"""How many files, classes and functions are kept of each case."""

_BATCH = 25


@dataclass(frozen=True)
class Setup:
    """Where cases find their trees, and what localisation does without."""

    repositories: Path
    cache: Path
    without: tuple[str, ...] = ()


def run(cases: Sequence[Case], setup: Setup, predictions: Path, jobs: int) -> Iterator[str]:
    """Predict the cases that the file does not hold yet; yields their ids as they are done."""
    done = read_predictions(predictions) if predictions.exists() else {}
    left = [case for case in cases if case.id not in done]
    with predictions.open("a", encoding="utf-8") as out:
        for rows in over_cases(left, setup, predict, jobs):
            for row in rows:
                out.write(json.dumps(row) + "\n")
                yield str(row["instance_id"])
            out.flush()


def predict(case: Case, corpus: Corpus, setup: Setup) -> dict[str, object]:
    """Locate one case and return its line; no text of the case is in it."""
    started = time.perf_counter()
    found = Locator(corpus).locate(case.text, DEPTH, setup.without)
    return {
        "instance_id": case.id,
        "files": [each.label for each in found.files],
        "classes": [each.label for each in found.classes],
        "functions": [each.label for each in found.functions],
        "seconds": round(time.perf_counter() - started, 4),
    }


def over_cases(
    cases: Sequence[Case], setup: Setup, act: Callable[[Case, Corpus, Setup], T], jobs: int
) -> Iterator[list[T]]:
    """Do something with each case and its corpus, repository by repository, in worker processes."""
    ordered = sorted(cases, key=lambda case: (case.repository, case.id))
    groups = (list(group) for _, group in groupby(ordered, key=lambda case: case.repository))
    tasks = [(group[at : at + _BATCH], setup, act) for group in groups for at in range(0, len(group), _BATCH)]
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_act, tasks)


def _act(task: tuple[list[Case], Setup, Callable[[Case, Corpus, Setup], T]]) -> list[T]:
    cases, setup, act = task
    cache = BagCache(setup.cache)
    found = [act(case, corpus_of(case, setup.repositories, cache), setup) for case in cases]
    cache.forget()
    return found
