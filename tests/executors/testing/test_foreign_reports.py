from __future__ import annotations

from pathlib import Path

import pytest

from repowright.executors import TestOutcome, TestReport
from repowright.executors.testing.foreign import read_foreign

PYTEST = (Path(__file__).parent / "reports" / "pytest.xml").read_bytes()
EMPTY = b'<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="0"></testsuite></testsuites>'
UNITTEST = b"""<testsuite name="test_a.TestA" tests="2" errors="0" failures="0" skipped="1">
<testcase classname="test_a.TestA" name="test_one" time="0.25"/>
<testcase classname="test_a.TestA" name="test_two" time="0.5"><skipped message="not here"/></testcase>
</testsuite>"""


def wrong(report: TestReport) -> list[str]:
    return [each.message for each in report.results if each.test == "junit" and each.outcome is TestOutcome.ERROR]


def test_a_foreign_run_is_judged_like_one_of_ours() -> None:
    report = read_foreign(PYTEST, 1)
    assert (report.count(TestOutcome.FAILED), report.passed, wrong(report)) == (1, False, [])
    report = read_foreign(UNITTEST, 0)
    assert ([each.test for each in report.results], report.passed, report.duration_s) == (
        ["test_a.TestA::test_one", "test_a.TestA::test_two"], True, 0.75,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (None, 0, "the run wrote no report"),
        (EMPTY, 0, "no test ran"),
        (b"", 0, "the report is no complete XML: no element found: line 1, column 0"),
        (PYTEST, 0, "the report names tests that failed, but junit ended with code 0"),
        (UNITTEST, 137, "junit ended with code 137, but its report names no test that failed"),
        (PYTEST[:-20], 1, "the report is no complete XML: unclosed token: line 10, column 172"),
    ],
)
def test_a_report_that_does_not_hold_is_an_error(data: bytes | None, code: int, message: str) -> None:
    report = read_foreign(data, code)
    assert not report.passed
    assert [text.partition(": line")[0] for text in wrong(report)] == [message.partition(": line")[0]]
