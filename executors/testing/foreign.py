"""A run that happened elsewhere, read from the JUnit XML it left, such as pytest's or unittest's."""

from __future__ import annotations

from repowright.executors.testing.framework import Reading, StepRun, TestRequest
from repowright.executors.testing.judge import Run, judge
from repowright.executors.testing.junit import read_junit, results_of
from repowright.executors.testing.report import TestReport


def read_foreign(data: bytes | None, exit_code: int, name: str = "junit") -> TestReport:
    """Judge a foreign run by its report and its exit code, as a run of ours is judged.

    Parameters
    ----------
    data
        The XML; None when the run wrote none.
    exit_code
        Of the process that wrote it.
    name
        Names the results that tell what is wrong with the report itself.
    """
    run = Run((StepRun("test", exit_code, 0.0, {}),), exit_code=exit_code)
    if data is None:
        return judge(name, TestRequest(), run, Reading(problems=("the run wrote no report",)), 0.0)
    report = read_junit(data)
    results = results_of(report)
    problems = (report.problem,) if report.problem else ()
    return judge(name, TestRequest(), run, Reading(results, problems), sum(each.duration_s for each in results))
