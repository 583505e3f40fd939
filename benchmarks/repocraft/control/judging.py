"""Decides what one run of tests says of one task: nothing has passed that was not seen to pass.

The reference reads pytest's text with the exit code fixed at 0 (RPG-ZeroRepo, ``repocraft/evaluation.py``), so that
a time-out, no test at all, or skipped ones count as passed. Here only structured results count, all of them must be
passes, and everything else stays in the denominator under its name.
"""

from __future__ import annotations

from collections.abc import Sequence

from repowright.benchmarks.repocraft.verdicts import State, TaskVerdict
from repowright.executors import Ended, TestOutcome, TestReport, TestResult
from repowright.executors.testing.framework import TOLD_BY_RUN
from repowright.executors.testing.selection import Selection

CANARY = "test_canary_that_cannot_pass"
"""Name of a test that fails by itself; where it is reported as passed, no other result is believed."""
USAGE_ERROR = 4
EXPECTED_TO_FAIL = "expected to fail"
"""How the pytest plugin of the executors begins the reason of a test that was expected to fail and did."""
_BY_END = {Ended.TIME: State.TIMEOUT, Ended.MEMORY: State.MEMORY}
_DETAIL_CHARACTERS = 300


def judge(task_id: str, report: TestReport, expected: Sequence[str] | None) -> TaskVerdict:
    """Say what a run came to for one task.

    Parameters
    ----------
    report
        Of a run that may hold other tasks' tests as well.
    expected
        Node ids of the task's tests, without parameters, each of which must have run and passed; ``None`` where the
        whole report is the task's.
    """
    own = own_results(report, expected)
    state, detail = _state_of(report, own, expected)
    passed = sum(each.outcome is TestOutcome.PASSED for each in own)
    return TaskVerdict(
        task=task_id,
        state=state,
        detail=detail[:_DETAIL_CHARACTERS],
        tests_passed=passed,
        tests_failed=len(own) - passed,
        seconds=round(sum(each.duration_s for each in own), 3),
    )


def own_results(report: TestReport, expected: Sequence[str] | None) -> list[TestResult]:
    """Return the results of a task's tests, and of the files that they stand in."""
    results = [each for each in report.results if not is_canary(each)]
    if expected is None:
        return [each for each in results if each.test not in TOLD_BY_RUN]
    wanted = Selection(expected)
    above = {name for test in expected for name in _nodes_above(test)}
    return [each for each in results if wanted.holds(each.test) or each.test in above] if expected else []


def is_canary(result: TestResult) -> bool:
    """True for the test that cannot pass."""
    return result.test.partition("[")[0].rpartition("::")[2] == CANARY


def _state_of(report: TestReport, own: Sequence[TestResult], expected: Sequence[str] | None) -> tuple[State, str]:
    if report.ended is not Ended.EXITED:
        return _BY_END.get(report.ended, State.KILLED), f"the {report.ended} limit ended the run"
    if any(is_canary(each) and each.outcome is TestOutcome.PASSED for each in report.results):
        return State.ERROR, "the run reports a pass for a test that cannot pass: its results are not believed"
    wrong = _wrong(own, expected)
    if wrong is not None:
        return wrong
    told = next((each for each in report.results if each.test in TOLD_BY_RUN), None)
    if told is not None:
        return State.NOT_COLLECTED if report.exit_code == USAGE_ERROR else State.ERROR, _told(told, report.output)
    left_out = next((each for each in own if each.outcome is not TestOutcome.PASSED), None)
    if left_out is not None:
        # A skipped parameter is a test that did not run.
        state = State.XFAILED if left_out.message.startswith(EXPECTED_TO_FAIL) else State.SKIPPED
        return state, f"{left_out.test}: {left_out.message}"
    missing = Selection(expected or ()).missing(each.test for each in own)
    if missing:
        return State.NOT_COLLECTED, f"no result of {missing[0]}"
    return (State.PASSED, "") if own else (State.NOT_COLLECTED, "no test ran")


def _wrong(own: Sequence[TestResult], expected: Sequence[str] | None) -> tuple[State, str] | None:
    """The first error or failure; an error of a whole file means that it could not be imported."""
    for outcome, state in ((TestOutcome.ERROR, State.ERROR), (TestOutcome.FAILED, State.FAILED)):
        found = next((each for each in own if each.outcome is outcome), None)
        if found is not None:
            is_file = "::" not in found.test and found.test not in (expected or ())
            return (State.NOT_IMPORTABLE if is_file else state), f"{found.test}: {found.message}"
    return None


def _told(result: TestResult, output: str) -> str:
    """What pytest says of itself, and for people the last line it printed, such as an error of a ``conftest.py``."""
    lines = [line.removeprefix("E ").strip() for line in output.splitlines() if line.strip()]
    return f"{result.message}: {lines[-1]}" if lines else result.message


def _nodes_above(test: str) -> list[str]:
    """The file, and the classes, that a node id stands in."""
    parts = test.split("::")
    return ["::".join(parts[:count]) for count in range(1, len(parts))]
