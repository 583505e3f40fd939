"""Test suites as data: what pytest found, test by test, never read from its text."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from repowright.executors.sandbox import Ended, Limits, Outcome, Sandbox, SandboxLost
from repowright.executors.testing.normalise import normalise
from repowright.executors.testing.report import FileCoverage, TestOutcome, TestReport, TestResult
from repowright.executors.testing.report_stream import ReportStream, ResultRecord, plugin_source, read_stream

__all__ = ["FileCoverage", "TestOutcome", "TestReport", "TestResult", "make_report", "run_pytest"]

OPTIONS = ("-p", "no:cacheprovider", "--rootdir=.", "--tb=short", "--color=no", "--no-header", "-rN")
REPORT_BYTES = 16_000_000
"""Output allowed for the report itself, beyond what the suite may print."""
OUTPUT_CHARACTERS = 4000
EXPLAINED_CODES = (0, 1, 5)
"""Exit codes of pytest that need no failing result: passed, failed, nothing collected."""
LOST_BOXES = 2
"""How often a suite whose box was lost is run again."""


def run_pytest(
    sandbox: Sandbox,
    files: Mapping[str, bytes],
    select: Sequence[str] = (),
    limits: Limits | None = None,
    coverage_of: str | None = None,
) -> TestReport:
    """Run pytest on ``files`` in a fresh box.

    The report is never read from pytest's text: a plugin streams records, and where they disagree
    with the exit code, or stop short, an error result says so.

    Parameters
    ----------
    files
        The whole workspace, by relative POSIX path.
    select
        Test files or node ids; all that pytest finds when empty.
    coverage_of
        Folder whose line coverage is measured.

    Raises
    ------
    SandboxError
        If no box can be had, or boxes were lost under the suite three times.
    """
    limits = limits or Limits()
    secret = secrets.token_hex(16)
    for lost in range(LOST_BOXES + 1):
        try:
            return make_report(_run_once(sandbox, files, select, limits, coverage_of, secret), secret)
        except SandboxLost:
            if lost == LOST_BOXES:
                raise
    raise AssertionError("unreachable")


def _run_once(
    sandbox: Sandbox,
    files: Mapping[str, bytes],
    select: Sequence[str],
    limits: Limits,
    coverage_of: str | None,
    secret: str,
) -> Outcome:
    folder = f".report-{secret[:8]}"
    module = f"report_{secret[:8]}"
    plugin = plugin_source(secret, coverage_of or "").encode()
    argv = [sandbox.python, "-m", "pytest", "-p", module, *OPTIONS, *select]
    environment = {"PYTHONPATH": folder, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    allowed = replace(limits, output_bytes=limits.output_bytes + REPORT_BYTES)
    with sandbox.open(allowed) as box:
        box.put({**files, f"{folder}/{module}.py": plugin})
        return box.run(argv, allowed, environment)


def make_report(outcome: Outcome, secret: str) -> TestReport:
    """Turn the output of one pytest process into a report."""
    stream, rest = read_stream(outcome.stdout, secret)
    results = [_result(record) for record in stream.results]
    output = normalise((rest + outcome.stderr)[-2 * OUTPUT_CHARACTERS :])[-OUTPUT_CHARACTERS:]
    unexplained = outcome.exit_code not in EXPLAINED_CODES and not stream.failed
    if unexplained or not stream.agrees_with(outcome.exit_code):
        results.append(_unfinished(stream, outcome, output))
    covered = None
    if stream.coverage is not None:
        covered = {path: FileCoverage(*lines) for path, lines in sorted(stream.coverage.files.items())}
    notes = tuple(sorted(stream.notes))
    return TestReport(tuple(results), outcome.exit_code, outcome.ended, outcome.duration_s, output, notes, covered)


def _result(record: ResultRecord) -> TestResult:
    message, detail = normalise(record.message), normalise(record.detail)
    return TestResult(record.test, TestOutcome(record.outcome), message, detail, record.duration_s)


def _unfinished(stream: ReportStream, outcome: Outcome, output: str) -> TestResult:
    where = stream.running or "pytest"
    said = [line for line in output.splitlines() if line.startswith("ERROR")]
    if outcome.ended is Ended.KILLED:
        message = "still running when the run was killed"
    elif outcome.ended is not Ended.EXITED:
        message = f"still running when the {outcome.ended} limit ended the run"
    elif stream.end is not None and stream.end.exit_code != outcome.exit_code:
        message = f"the report says exit code {stream.end.exit_code}, the process ended with {outcome.exit_code}"
    elif stream.end is not None or (said and stream.running is None):
        where, message = "pytest", said[0] if said else f"pytest ended with code {outcome.exit_code}"
    elif stream.running is not None:
        message = f"the test process ended with code {outcome.exit_code} before the test finished"
    else:
        message = f"pytest ended with code {outcome.exit_code} before the session did"
    return TestResult(where, TestOutcome.ERROR, message, stream.internal or output[-OUTPUT_CHARACTERS // 2 :])
