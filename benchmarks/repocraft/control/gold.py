"""The gold run: of the sampled tasks, those are kept whose tests pass twice on the real project."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.benchmarks.repocraft.control.batches import Item, Judged
from repowright.benchmarks.repocraft.projects import FOLDER, Project
from repowright.benchmarks.repocraft.tasks import Dropped, Task, TaskSet
from repowright.benchmarks.repocraft.verdicts import State, TaskVerdict

FLAKY = "flaky"
GoldRunner = Callable[[Sequence[Item]], Judged]
"""Runs items on the real project in fresh boxes."""


@dataclass(frozen=True)
class Gold:
    """What the gold run found.

    Parameters
    ----------
    kept
        Tasks whose every test passed twice, in the order of the sample.
    dropped
        Tests of the others that did not, each with its reason.
    """

    kept: tuple[Task, ...]
    verdicts: tuple[TaskVerdict, ...]
    dropped: tuple[Dropped, ...]
    cpu_s: float


def gold_run(run: GoldRunner, found: TaskSet) -> Gold:
    """Run the tasks, twice those that pass, and fill up from the reserve, in its order, what is lost."""
    wanted, reserve = len(found.tasks), list(found.reserve)
    candidates: list[Task] = list(found.tasks)
    kept: dict[Task, TaskVerdict] = {}
    dropped: list[Dropped] = []
    cpu_s = 0.0
    while candidates:
        tests = _tests_in(candidates)
        first = run(tests)
        passing = [item for item, verdict in zip(tests, first.verdicts, strict=True) if verdict.state is State.PASSED]
        second = run(passing)
        cpu_s += first.cpu_s + second.cpu_s
        verdicts = _both(first.verdicts, second.verdicts)
        kept |= {task: joined(task, verdicts) for task in candidates if _holds(task, verdicts)}
        dropped += [_drop(verdict) for verdict in verdicts.values() if verdict.state is not State.PASSED]
        count = wanted - len(kept)
        candidates, reserve = reserve[:count], reserve[count:]
    return Gold(tuple(kept), tuple(kept.values()), tuple(sorted(dropped, key=lambda each: each.test)), round(cpu_s, 2))


def joined(task: Task, verdicts: Mapping[str, TaskVerdict]) -> TaskVerdict:
    """Return the verdict on a task of those on its tests."""
    own = [verdicts[test] for test in task.test_ids]
    worst = next((each for each in own if each.state is not State.PASSED), own[0])
    return TaskVerdict(
        task=task.id,
        state=worst.state,
        detail=worst.detail,
        tests_passed=sum(each.tests_passed for each in own),
        tests_failed=sum(each.tests_failed for each in own),
        seconds=round(sum(each.seconds for each in own), 3),
    )


def measured_drops(project: Project) -> Path:
    """Where the drops of a project are kept, so that a task set built elsewhere leaves them out."""
    return FOLDER / "data" / f"{project.name}.dropped.json"


def write_drops(dropped: Sequence[Dropped], path: Path) -> None:
    """Add drops to those that were measured before; the same drops give the same bytes."""
    known = {each["test"]: each for each in json.loads(path.read_bytes())} if path.is_file() else {}
    known |= {each.test: each.model_dump(mode="json") for each in dropped}
    body = [known[test] for test in sorted(known)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _tests_in(tasks: Sequence[Task]) -> list[Item]:
    """One item for each test function, so that a drop names the function and not its task."""
    return [Item(test, (test,)) for test in dict.fromkeys(test for task in tasks for test in task.test_ids)]


def _both(first: Sequence[TaskVerdict], second: Sequence[TaskVerdict]) -> dict[str, TaskVerdict]:
    again = {verdict.task: verdict for verdict in second}
    return {verdict.task: _twice(verdict, again.get(verdict.task)) for verdict in first}


def _twice(first: TaskVerdict, second: TaskVerdict | None) -> TaskVerdict:
    if second is None or second.state is State.PASSED:
        return first
    return second.model_copy(update={"detail": f"{FLAKY}: passed, then {second.state}: {second.detail}"})


def _holds(task: Task, verdicts: Mapping[str, TaskVerdict]) -> bool:
    return all(verdicts[test].state is State.PASSED for test in task.test_ids)


def _drop(verdict: TaskVerdict) -> Dropped:
    reason = FLAKY if verdict.detail.startswith(f"{FLAKY}: ") else str(verdict.state)
    return Dropped(test=verdict.task, reason=f"gold-{reason}", detail=verdict.detail)
