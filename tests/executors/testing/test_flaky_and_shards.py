from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.executors import Ended, Limits, LocalSandbox, SandboxLost
from repowright.executors.testing.flaky import OrderVerdict, Stability, find_flaky, find_order_dependent
from repowright.executors.testing.framework import Order, TestRequest
from repowright.executors.testing.pytest_framework import PytestFramework
from repowright.executors.testing.report import FileCoverage, TestOutcome, TestReport, TestResult
from repowright.executors.testing.run import run_tests
from repowright.executors.testing.shards import Shard, merge_shards, plan_shards, recorded_times, run_shards

PASSED, FAILED = TestOutcome.PASSED, TestOutcome.FAILED
LIMITS = Limits(wall_s=20, cpu_s=20, memory_mb=256, pids=64, disk_mb=16)
SUITE = b"""
import os


def test_always(): pass
def test_never(): assert 0
def test_sets(): os.environ["SET"] = "1"
def test_needs(): assert "SET" in os.environ
"""


def report(outcomes: Mapping[str, TestOutcome], seconds: float = 0.0, code: int | None = None) -> TestReport:
    results = tuple(TestResult(test, outcome, duration_s=seconds) for test, outcome in outcomes.items())
    wrong = any(outcome is FAILED for outcome in outcomes.values())
    return TestReport(results, int(wrong) if code is None else code, Ended.EXITED, 1.0)


class Scripted:
    """Answers each request with the next outcomes of every test it selects."""

    def __init__(self, outcomes: Mapping[str, str]) -> None:
        self.left = {test: list(letters) for test, letters in outcomes.items()}
        self.requests: list[TestRequest] = []

    def __call__(self, request: TestRequest) -> TestReport:
        self.requests.append(request)
        wanted = request.select or tuple(self.left)
        return report({test: PASSED if self.left[test].pop(0) == "p" else FAILED for test in wanted})


def suite(request: TestRequest) -> TestReport:
    return run_tests(LocalSandbox(), {"test_a.py": SUITE}, PytestFramework(), request, LIMITS)


def test_only_failed_tests_run_again_and_are_told_apart() -> None:
    run = Scripted({"good": "", "bad": "fff", "odd": "fpf"})
    verdicts = find_flaky(run, report({"good": PASSED, "bad": FAILED, "odd": FAILED}), 3)
    assert [(each.test, each.stability, each.passed, each.failed) for each in verdicts] == [
        ("bad", Stability.STABLE_FAILED, 0, 4),
        ("odd", Stability.FLAKY, 1, 3),
    ]
    assert [request.select for request in run.requests] == [("bad", "odd")] * 3


def test_passed_tests_run_again_on_request() -> None:
    run = Scripted({"good": "pp", "odd": "pf"})
    verdicts = find_flaky(run, report({"good": PASSED, "odd": PASSED}), 2, passed_too=True)
    assert {each.test: each.stability for each in verdicts} == {
        "good": Stability.STABLE_PASSED,
        "odd": Stability.FLAKY,
    }


def test_a_test_that_a_rerun_does_not_report_counts_as_failed() -> None:
    verdicts = find_flaky(lambda _: report({}, code=1), report({"bad": FAILED}), 2)
    assert [(each.stability, each.failed) for each in verdicts] == [(Stability.STABLE_FAILED, 3)]


def test_a_suite_that_passed_is_not_run_again() -> None:
    run = Scripted({})
    assert find_flaky(run, report({"good": PASSED}), 3) == ()
    assert run.requests == []


def test_what_a_run_tells_of_itself_is_no_test_to_run_again() -> None:
    run = Scripted({"bad": "ff"})
    find_flaky(run, report({"bad": FAILED, "pytest": TestOutcome.ERROR}), 2)
    assert {request.select for request in run.requests} == {("bad",)}


def test_real_reruns_happen_in_fresh_boxes() -> None:
    first = suite(TestRequest())
    verdicts = find_flaky(suite, first, 2, workers=2)
    assert [(each.test, each.stability) for each in verdicts] == [
        ("test_a.py::test_never", Stability.STABLE_FAILED),
    ]


def test_a_test_that_needs_another_before_it_depends_on_the_order() -> None:
    found = find_order_dependent(suite, [Order(), Order(seed=1)])
    assert OrderVerdict("test_a.py::test_needs", Order(), PASSED, FAILED) in found.dependent
    assert {each.test for each in found.dependent} == {"test_a.py::test_needs"}
    assert found.flaky == ()


@pytest.mark.parametrize("letters", ["pfpp", "pfff"])
def test_a_change_that_does_not_come_again_is_flaky_not_ordered(letters: str) -> None:
    found = find_order_dependent(Scripted({"odd": letters, "good": "pppp"}), [Order()])
    assert (found.dependent, found.flaky) == ((), ("odd",))


def test_the_longest_tests_are_spread_first() -> None:
    times = {"a": 8.0, "b": 7.0, "c": 6.0, "d": 5.0, "e": 4.0}
    shards = plan_shards(times, times, 2)
    assert [(shard.tests, shard.expected_s) for shard in shards] == [(("a", "d", "e"), 17.0), (("b", "c"), 13.0)]


def test_an_unknown_test_gets_the_median() -> None:
    times = {"a": 1.0, "b": 2.0, "c": 30.0, "d": float("nan"), "e": -1.0}
    shards = plan_shards("abcde", times, 1)
    assert shards[0].expected_s == 1.0 + 2.0 + 30.0 + 2.0 + 2.0
    assert plan_shards("xyz", {}, 2) == (Shard(("x", "z"), 2.0), Shard(("y",), 1.0))


def test_there_are_no_empty_shards() -> None:
    assert [shard.tests for shard in plan_shards("ab", {}, 5)] == [("a",), ("b",)]
    assert plan_shards([], {}, 3) == ()
    with pytest.raises(ValueError, match="0 shards"):
        plan_shards("ab", {}, 0)


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 1e6)), st.integers(1, 9), st.randoms())
def test_shards_hold_every_test_once_and_are_balanced(
    times: dict[str, float], count: int, chance: random.Random
) -> None:
    tests = list(times)
    shards = plan_shards(tests, times, count)
    assert sorted(test for shard in shards for test in shard.tests) == sorted(tests)
    chance.shuffle(tests)
    assert plan_shards(tests, times, count) == shards
    best = max(sum(times.values()) / count, max(times.values(), default=0.0))
    assert max((shard.expected_s for shard in shards), default=0.0) <= 2 * best + 1e-6


def test_shards_run_apart_and_come_together_whole() -> None:
    tests = [f"test_a.py::test_{name}" for name in ("always", "never", "sets", "needs")]
    first = suite(TestRequest())
    shards = plan_shards(tests, recorded_times([first]), 3)
    merged = run_shards(suite, shards, workers=2)
    assert sorted(result.test for result in merged.results) == sorted(tests)
    # Nothing set the variable in the box of its shard, or all stood in one.
    assert {r.test for r in merged.results if r.outcome is FAILED} >= {"test_a.py::test_never"}
    assert merged.exit_code == 1


def test_a_lost_shard_is_an_error_and_loses_no_other_result() -> None:
    def run(request: TestRequest) -> TestReport:
        if "b" in request.select:
            raise SandboxLost("the daemon went away")
        return report({"a": PASSED})

    merged = run_shards(run, [Shard(("a",), 1), Shard(("b",), 1)], workers=2)
    assert {each.test: (str(each.outcome), each.message) for each in merged.results} == {
        "a": ("passed", ""),
        "b": ("error", "shard 2 reported nothing of it"),
        "shard 2": ("error", "not run: the daemon went away"),
    }
    assert (merged.ended, merged.passed) == (Ended.KILLED, False)


def test_a_test_of_two_shards_is_an_error() -> None:
    shards = [Shard(("a",), 1), Shard(("b",), 1)]
    merged = merge_shards(shards, [report({"a": PASSED}), report({"a": PASSED, "b": PASSED})])
    errors = [(each.test, each.message) for each in merged.results if each.outcome is TestOutcome.ERROR]
    assert errors == [("a", "2 shards reported it")]


def test_whole_files_may_be_sharded() -> None:
    shards = [Shard(("a.py",), 1), Shard(("b.py",), 1)]
    merged = merge_shards(shards, [report({"a.py::x": PASSED}), report({"b.py::y": PASSED})])
    assert ([each.test for each in merged.results], merged.passed) == (["a.py::x", "b.py::y"], True)


def test_coverage_of_the_shards_is_merged() -> None:
    one = TestReport((), 0, Ended.EXITED, 2.0, coverage={"a.py": FileCoverage((1,), (2,))})
    two = TestReport((), 0, Ended.EXITED, 1.0, coverage={"a.py": FileCoverage((2,), (1,))})
    merged = merge_shards([Shard((), 0), Shard((), 0)], [one, two])
    assert merged.coverage == {"a.py": FileCoverage((1, 2), ())}
    assert merged.duration_s == 2.0


def test_recorded_times_leave_out_what_did_not_run() -> None:
    skipped = TestResult("b", TestOutcome.SKIPPED, duration_s=9)
    first = TestReport((TestResult("a", PASSED, duration_s=1), skipped), 0, Ended.EXITED, 1.0)
    again = TestReport((TestResult("a", FAILED, duration_s=2),), 1, Ended.EXITED, 1.0)
    assert recorded_times([first, again]) == {"a": 2}
