"""The same tests before and after a change, and what of a report a model gets to read."""

from __future__ import annotations

from repowright.agent.workflows.resolve.affected import Selection
from repowright.agent.workflows.resolve.records import Comparison
from repowright.executors import Ended, TestOutcome, TestReport, TestResult

WRONG = (TestOutcome.FAILED, TestOutcome.ERROR)
_SHOWN = 5
_DETAIL = 2_500
_OUTPUT = 1_500


def compared(selection: Selection, before: TestReport, after: TestReport) -> Comparison:
    """Compare two runs test by test; a test that passed and is gone is broken.

    Where a limit ended the run before the change, only tests that both runs came to are compared.
    """
    was = {result.test: result.outcome for result in before.results}
    now = {result.test: result.outcome for result in after.results}
    whole = before.ended is Ended.EXITED
    lost = [test for test, outcome in was.items() if outcome is TestOutcome.PASSED and test not in now and whole]
    turned = [test for test, outcome in now.items() if _breaks(was.get(test), outcome)]
    broken = sorted({*lost, *turned})
    ended = [f"{name} the change by the {report.ended} limit" for name, report in _cut_short(before, after)]
    return Comparison(
        selected=selection.tests,
        why=selection.why,
        left_out=selection.left_out,
        ran=has_run(before) or has_run(after),
        passed=after.count(TestOutcome.PASSED),
        failed=sum(outcome in WRONG for outcome in now.values()),
        passed_before=before.count(TestOutcome.PASSED),
        failed_before=sum(outcome in WRONG for outcome in was.values()),
        fixed=tuple(sorted(test for test in now if now[test] is TestOutcome.PASSED and was.get(test) in WRONG)),
        broken=tuple(broken),
        still_failing=tuple(sorted(test for test in now if now[test] in WRONG and was.get(test) in WRONG)),
        unfinished="; ".join(ended),
        failures=told(after, frozenset(broken)) if broken else "",
    )


def has_run(report: TestReport) -> bool:
    """Tell whether any test came to its end, so that the run says something of the code."""
    return any(result.outcome in (TestOutcome.PASSED, TestOutcome.FAILED) for result in report.results)


def told(report: TestReport, only: frozenset[str] | None = None) -> str:
    """Return a run for a model: counts, and how the first few tests failed.

    Parameters
    ----------
    only
        The tests whose failures are of interest; all if it is ``None``.
    """
    wrong = [each for each in report.results if each.outcome in WRONG and (only is None or each.test in only)]
    counts = ", ".join(f"{report.count(outcome)} {outcome}" for outcome in TestOutcome if report.count(outcome))
    lines = [counts or "no test ran"]
    if report.ended is not Ended.EXITED:
        lines.append(f"the run was ended by the {report.ended} limit")
    lines += [_failure(each) for each in wrong[:_SHOWN]]
    if len(wrong) > _SHOWN:
        lines.append(f"and {len(wrong) - _SHOWN} more: {', '.join(each.test for each in wrong[_SHOWN : _SHOWN + 20])}")
    if not has_run(report) and report.output.strip():
        lines.append(f"output:\n{report.output.strip()[-_OUTPUT:]}")
    return "\n\n".join(lines)


def why_nothing_ran(report: TestReport) -> str:
    """Return the first reason why a run came to no test, on one line."""
    raised = [line[1:] for line in report.output.splitlines() if line.startswith("E  ")]
    first = next((each for each in report.results if each.outcome in WRONG), None)
    said = raised[0] if raised else first.message if first else ""
    return " ".join(said.split())[:300] or "no test was collected"


def _breaks(before: TestOutcome | None, after: TestOutcome) -> bool:
    if after in WRONG:
        return before not in WRONG
    return before is TestOutcome.PASSED and after is TestOutcome.SKIPPED


def _cut_short(before: TestReport, after: TestReport) -> list[tuple[str, TestReport]]:
    runs = (("before", before), ("after", after))
    return [(name, report) for name, report in runs if report.ended is not Ended.EXITED]


def _failure(result: TestResult) -> str:
    detail = result.detail.strip() or result.message
    shown = detail if len(detail) <= _DETAIL else f"{detail[: _DETAIL // 2]}\n[...]\n{detail[-_DETAIL // 2 :]}"
    return f"{result.outcome} {result.test}\n{shown}"
