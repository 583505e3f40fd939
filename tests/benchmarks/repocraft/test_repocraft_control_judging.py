from __future__ import annotations

import pytest

from repowright.benchmarks.repocraft.control.judging import CANARY, judge
from repowright.benchmarks.repocraft.verdicts import State
from repowright.executors import Ended, TestOutcome, TestReport, TestResult

ADDS, SUBTRACTS = "tests/test_calc.py::TestCalc::test_adds", "tests/test_calc.py::TestCalc::test_subtracts"
P, F, E, S = TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.ERROR, TestOutcome.SKIPPED


def report(
    *results: tuple[str, TestOutcome] | tuple[str, TestOutcome, str], ended: Ended = Ended.EXITED, code: int = 0
) -> TestReport:
    made = tuple(TestResult(each[0], each[1], each[2] if len(each) == 3 else "", "", 0.5) for each in results)
    return TestReport(made, code, ended, 1.0)


def state(found: TestReport, *expected: str) -> State:
    return judge("t", found, expected).state


def test_all_tests_and_all_their_parameters_must_pass() -> None:
    verdict = judge("t", report((f"{ADDS}[1]", P), (f"{ADDS}[2]", P), (SUBTRACTS, P)), [ADDS, SUBTRACTS])
    assert (verdict.state, verdict.tests_passed, verdict.tests_failed, verdict.seconds) == (State.PASSED, 3, 0, 1.5)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([(f"{ADDS}[1]", P), (f"{ADDS}[2]", F)], State.FAILED),
        ([(f"{ADDS}[1]", P), (f"{ADDS}[2]", E)], State.ERROR),
        ([(f"{ADDS}[1]", P), (f"{ADDS}[2]", S)], State.SKIPPED),
        ([(ADDS, S, "expected to fail: known")], State.XFAILED),
        ([("tests/test_calc.py", S, "no numpy")], State.SKIPPED),
        ([("tests/test_calc.py", E, "ModuleNotFoundError: calc")], State.NOT_IMPORTABLE),
        ([("tests/test_other.py::test_adds", P)], State.NOT_COLLECTED),
        ([(f"{ADDS}_more", P)], State.NOT_COLLECTED),
        ([], State.NOT_COLLECTED),
    ],
)
def test_everything_but_a_pass_is_named(results: list[tuple[str, TestOutcome]], expected: State) -> None:
    assert state(report(*results), ADDS) is expected


def test_a_test_without_result_fails_the_task_although_the_others_passed() -> None:
    verdict = judge("t", report((ADDS, P)), [ADDS, SUBTRACTS])
    assert verdict.state is State.NOT_COLLECTED
    assert SUBTRACTS in verdict.detail


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (Ended.TIME, State.TIMEOUT),
        (Ended.MEMORY, State.MEMORY),
        (Ended.KILLED, State.KILLED),
        (Ended.OUTPUT, State.KILLED),
        (Ended.PIDS, State.KILLED),
        (Ended.DISK, State.KILLED),
    ],
)
def test_a_run_that_a_limit_ended_passes_nothing(ended: Ended, expected: State) -> None:
    assert state(report((ADDS, P), ended=ended, code=137), ADDS) is expected


def test_failures_of_other_tasks_do_not_count() -> None:
    assert state(report((ADDS, P), (SUBTRACTS, F), code=1), ADDS) is State.PASSED


def test_no_pass_is_believed_where_the_canary_passed() -> None:
    assert state(report((ADDS, P), (f"x/test_canary.py::{CANARY}", P)), ADDS) is State.ERROR


def test_a_failing_canary_is_no_test_of_the_task() -> None:
    found = report((ADDS, P), (f"x/test_canary.py::{CANARY}", F), code=1)
    verdict = judge("t", found, None)
    assert (verdict.state, verdict.tests_failed) == (State.PASSED, 0)


def test_a_process_that_went_away_passes_nothing() -> None:
    assert state(report((ADDS, P), ("pytest", E, "pytest ended with code 0 before the session did")), ADDS) is (
        State.ERROR
    )


def test_a_refused_command_line_is_a_test_that_is_not_there() -> None:
    assert state(report(("pytest", E, "ERROR: not found"), code=4), ADDS) is State.NOT_COLLECTED


def test_without_expectations_the_whole_report_counts() -> None:
    assert judge("t", report((ADDS, P), (SUBTRACTS, F), code=1), None).state is State.FAILED
    assert judge("t", report(), None).state is State.NOT_COLLECTED
    assert judge("t", report((ADDS, P)), None).state is State.PASSED


def test_a_task_without_tests_does_not_pass() -> None:
    assert judge("t", report((ADDS, P)), ()).state is State.NOT_COLLECTED


def test_a_class_or_a_file_may_be_expected() -> None:
    assert state(report((ADDS, P)), "tests/test_calc.py::TestCalc") is State.PASSED
    assert state(report((ADDS, P)), "tests/test_calc.py") is State.PASSED
