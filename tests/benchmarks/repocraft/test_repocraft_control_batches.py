from __future__ import annotations

from collections.abc import Sequence

import pytest

from repowright.benchmarks.repocraft.control.batches import Item, came_to_its_end, in_batches, judge_all
from repowright.benchmarks.repocraft.control.judging import CANARY
from repowright.benchmarks.repocraft.verdicts import State
from repowright.executors import Ended, TestOutcome, TestReport, TestResult

P, F, E = TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.ERROR
CANARY_RESULT = TestResult(f"x.py::{CANARY}", F, "AssertionError: processor seconds: 1.50")


def items(count: int) -> list[Item]:
    return [Item(f"t{number}", (f"test_{number}.py::test_a",)) for number in range(count)]


class Suite:
    """Runs items as a process would that some of them end early."""

    def __init__(self, ends: Sequence[str] = (), *, starts: bool = True) -> None:
        self.ends = ends
        self.starts = starts
        self.runs: list[list[str]] = []

    def __call__(self, some: Sequence[Item]) -> TestReport:
        self.runs.append([item.task for item in some])
        if not self.starts:
            return TestReport((TestResult("pytest", E, "pytest ended with code 4"),), 4, Ended.EXITED, 0.1)
        results: list[TestResult] = []
        for item in some:
            if item.task in self.ends:
                results.append(TestResult(item.tests[0], E, "the test process ended"))
                return TestReport(tuple(results), 1, Ended.EXITED, 0.1)
            results.append(TestResult(item.tests[0], P, duration_s=0.1))
        return TestReport((*results, CANARY_RESULT), 1, Ended.EXITED, 0.1)


def states(suite: Suite, count: int, jobs: int = 1, batch: int = 24) -> list[State]:
    return [verdict.state for verdict in judge_all(suite, items(count), jobs, batch).verdicts]


def test_tasks_share_a_process_and_verdicts_keep_their_order() -> None:
    suite = Suite()
    assert states(suite, 30, batch=24) == [State.PASSED] * 30
    assert [len(run) for run in suite.runs] == [24, 6]


def test_the_task_that_ends_a_process_runs_alone_and_the_others_again() -> None:
    suite = Suite(ends=["t2"])
    assert states(suite, 4) == [State.PASSED, State.PASSED, State.ERROR, State.PASSED]
    assert suite.runs == [["t0", "t1", "t2", "t3"], ["t2"], ["t0", "t1", "t3"]]


def test_a_process_that_starts_for_none_is_not_started_for_each() -> None:
    suite = Suite(starts=False)
    assert states(suite, 20) == [State.NOT_COLLECTED] * 20
    assert len(suite.runs) == 2


def test_what_never_came_to_its_end_is_not_passed() -> None:
    suite = Suite(ends=[f"t{number}" for number in range(10)])
    assert states(suite, 12).count(State.PASSED) == 0


def test_processor_time_is_read_from_the_canary_and_summed() -> None:
    assert judge_all(Suite(), items(30), 1, 10).cpu_s == pytest.approx(4.5)


@pytest.mark.parametrize(
    "report",
    [
        TestReport((TestResult("a.py::test_a", P),), 0, Ended.EXITED, 1.0),
        TestReport((CANARY_RESULT,), 1, Ended.TIME, 1.0),
        TestReport((CANARY_RESULT, TestResult("pytest", E, "no end")), 1, Ended.EXITED, 1.0),
        TestReport((TestResult(f"x.py::{CANARY}", P),), 0, Ended.EXITED, 1.0),
    ],
)
def test_a_run_without_its_failing_canary_did_not_come_to_its_end(report: TestReport) -> None:
    assert not came_to_its_end(report)


def test_tasks_of_one_file_are_neighbours() -> None:
    mixed = [Item("a", ("y.py::a",)), Item("b", ("x.py::b",)), Item("c", ("y.py::c",))]
    assert [[item.task for item in batch] for batch in in_batches(mixed, 2)] == [["b", "a"], ["c"]]


def test_no_tasks_make_no_runs() -> None:
    suite = Suite()
    assert judge_all(suite, [], 4).verdicts == ()
    assert suite.runs == []
