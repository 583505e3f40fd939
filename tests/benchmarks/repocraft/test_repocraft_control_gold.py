from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from repowright.benchmarks.repocraft.control.batches import Item, Judged
from repowright.benchmarks.repocraft.control.gold import gold_run, write_drops
from repowright.benchmarks.repocraft.tasks import FORMAT, Dropped, Task, TaskSet
from repowright.benchmarks.repocraft.verdicts import State, TaskVerdict


def task(name: str, *functions: str) -> Task:
    return Task(
        category="c",
        file=f"tests/test_{name}.py",
        module="functions",
        cap="c",
        functions=functions or ("test_a",),
        query_code="",
        alg_description="",
        task_query="",
        id=name,
        project="requests",
        version="2.32.5",
        sdist_sha256="",
        source_sha256="",
        described_by="template",
        grouped_by="syntax",
    )


def task_set(tasks: Sequence[Task], reserve: Sequence[Task] = ()) -> TaskSet:
    return TaskSet(
        schema=FORMAT,
        project="requests",
        alias="HttpEasy",
        version="2.32.5",
        seed=0,
        wanted=len(tasks),
        harvested=9,
        tasks=tuple(tasks),
        reserve=tuple(reserve),
    )


class Project:
    """Says of each test how it ends the first time and after."""

    def __init__(self, **ends: tuple[State, State]) -> None:
        self.ends = ends
        self.runs: list[list[str]] = []

    def __call__(self, items: Sequence[Item]) -> Judged:
        self.runs.append([item.task for item in items])
        return Judged(tuple(self._verdict(item.task) for item in items), 1.0)

    def _verdict(self, test: str) -> TaskVerdict:
        first, after = self.ends.get(test.rpartition("::")[2], (State.PASSED, State.PASSED))
        seen = sum(test in run for run in self.runs)
        return TaskVerdict(task=test, state=first if seen == 1 else after, detail="why", tests_passed=1, seconds=0.5)


def test_only_what_passes_twice_is_kept() -> None:
    project = Project(
        test_flaky=(State.PASSED, State.FAILED), test_skipped=(State.SKIPPED, State.PASSED)
    )  # fmt: skip
    found = gold_run(project, task_set([task("a"), task("b", "test_flaky"), task("c", "test_skipped")]))
    assert [each.id for each in found.kept] == ["a"]
    assert {each.test: each.reason for each in found.dropped} == {
        "tests/test_b.py::test_flaky": "gold-flaky",
        "tests/test_c.py::test_skipped": "gold-skipped",
    }
    assert [verdict.state for verdict in found.verdicts] == [State.PASSED]


def test_what_is_lost_is_filled_up_from_the_reserve_in_its_order() -> None:
    project = Project(test_bad=(State.FAILED, State.FAILED))
    reserve = [task("r1", "test_bad"), task("r2"), task("r3")]
    found = gold_run(project, task_set([task("a"), task("b", "test_bad")], reserve))
    assert [each.id for each in found.kept] == ["a", "r2"]
    assert not any("r3" in test for run in project.runs for test in run)


def test_a_short_reserve_leaves_fewer_tasks() -> None:
    found = gold_run(Project(test_bad=(State.TIMEOUT, State.PASSED)), task_set([task("a"), task("b", "test_bad")]))
    assert [each.id for each in found.kept] == ["a"]
    assert found.dropped[0].reason == "gold-timeout"


def test_a_task_falls_with_one_function_and_only_that_function_is_dropped() -> None:
    found = gold_run(Project(test_bad=(State.ERROR, State.PASSED)), task_set([task("a", "test_a", "test_bad")]))
    assert found.kept == ()
    assert [each.test for each in found.dropped] == ["tests/test_a.py::test_bad"]


def test_counts_of_a_kept_task_are_those_of_its_functions() -> None:
    found = gold_run(Project(), task_set([task("a", "test_a", "test_b")]))
    assert (found.verdicts[0].tests_passed, found.verdicts[0].seconds, found.cpu_s) == (2, 1.0, 2.0)


def test_measured_drops_are_added_to_those_known(tmp_path: Path) -> None:
    path = tmp_path / "data" / "requests.dropped.json"
    write_drops([Dropped(test="b", reason="gold-failed")], path)
    write_drops([Dropped(test="a", reason="gold-skipped"), Dropped(test="b", reason="gold-flaky")], path)
    assert [(each["test"], each["reason"]) for each in json.loads(path.read_bytes())] == [
        ("a", "gold-skipped"),
        ("b", "gold-flaky"),
    ]
