from pathlib import Path

import pytest

from repowright.agent.errors import RunDamaged
from repowright.agent.results import FileLines, RunResults, read_results, write_results
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes
from repowright.executors import Ended, FileCoverage, TestOutcome, TestReport, TestResult


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path, spec_from_bytes(b"a list", "-"), Settings(), Path("/o"), lambda: 0.0)


def test_results_of_a_report_are_read_back(run: Run) -> None:
    report = TestReport(
        results=(TestResult("t::a", TestOutcome.PASSED), TestResult("t::b", TestOutcome.FAILED, "no", "E no")),
        exit_code=1,
        ended=Ended.EXITED,
        duration_s=1.0,
        coverage={"b.py": FileCoverage((), ()), "a.py": FileCoverage((1, 2, 3), (4,))},
    )
    results = RunResults.of(report)
    write_results(run, results)
    assert read_results(run) == results
    assert [(test.test, test.outcome, test.detail) for test in results.tests] == [
        ("t::a", "passed", ""),
        ("t::b", "failed", "E no"),
    ]
    assert [(lines.path, lines.share) for lines in results.coverage] == [("a.py", 0.75), ("b.py", 1.0)]


def test_a_run_that_came_to_no_results_has_none(run: Run) -> None:
    assert read_results(run) == RunResults()


def test_garbled_results_are_refused(run: Run) -> None:
    write_results(run, RunResults(coverage=(FileLines(path="a", executed=1, missing=0),)))
    path = run.folder / "results.json"
    path.write_text(path.read_text().replace("executed", "executes"))
    with pytest.raises(RunDamaged, match="is not a list of results"):
        read_results(run)
