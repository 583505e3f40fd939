"""The JSON report of jest, which vitest writes alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from repowright.executors.testing.framework import Reading
from repowright.executors.testing.report import TestOutcome, TestResult
from repowright.executors.testing.selection import Selection, unnumbered

_OUTCOMES = {
    "passed": TestOutcome.PASSED,
    "failed": TestOutcome.FAILED,
    "pending": TestOutcome.SKIPPED,
    "skipped": TestOutcome.SKIPPED,
    "todo": TestOutcome.SKIPPED,
    "disabled": TestOutcome.SKIPPED,
    "focused": TestOutcome.PASSED,
}
PATTERN_CHARACTERS = 100_000
"""One argument of a command holds no more than 128 KiB; beyond it whole files run."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class _Assertion(_Strict):
    ancestors: tuple[str, ...] = Field(alias="ancestorTitles")
    title: str
    status: Literal["passed", "failed", "pending", "skipped", "todo", "disabled", "focused"]
    duration: float | None = None
    messages: tuple[str, ...] = Field(default=(), alias="failureMessages")
    assertions: int | None = Field(default=None, alias="numPassingAsserts")


class _File(_Strict):
    name: str
    status: str
    message: str = ""
    assertions: tuple[_Assertion, ...] = Field(alias="assertionResults")


class _Report(_Strict):
    success: bool
    passed: int = Field(alias="numPassedTests")
    failed: int = Field(alias="numFailedTests")
    files: tuple[_File, ...] = Field(alias="testResults")


def read_jest(data: bytes, exit_code: int, select: Sequence[str]) -> Reading:
    """Read a report; tests that the tool left out because they were not selected are left out here too."""
    try:
        report = _Report.model_validate_json(data)
    except ValidationError as err:
        return Reading(problems=(f"the report is no complete JSON of a run: {err.errors()[0]['msg']}",))
    results: list[TestResult] = []
    for file in report.files:
        results += _results(file)
    kinds = [result.outcome for result in results]
    problems = []
    if (report.passed, report.failed) != (kinds.count(TestOutcome.PASSED), kinds.count(TestOutcome.FAILED)):
        problems.append("the report's own counts differ from the tests it lists")
    if report.success != (exit_code == 0):
        said = "success" if report.success else "failure"
        problems.append(f"the report says {said}, the process ended with code {exit_code}")
    selection = Selection(unnumbered(name) for name in select)
    kept = [each for each in results if each.outcome is TestOutcome.ERROR or selection.holds(each.test)]
    idle = [
        f"asserts nothing: {_name(file.name, each)}"
        for file in report.files
        for each in file.assertions
        if each.status == "passed" and each.assertions == 0
    ]
    explained = not report.success and not any(kind in {TestOutcome.FAILED, TestOutcome.ERROR} for kind in kinds)
    if explained and not problems:
        problems.append("the report says failure and names no test that failed")
    return Reading(tuple(kept), tuple(problems), notes=tuple(sorted(idle)))


def _results(file: _File) -> list[TestResult]:
    path = file.name.removeprefix("/workspace/")
    results = [_result(path, each) for each in file.assertions]
    failed = any(each.status == "failed" for each in file.assertions)
    if file.status == "failed" and not failed:
        text = _COLOUR.sub("", file.message).strip() or "the file could not be run"
        lines = [line.strip() for line in text.splitlines() if line.strip() and "●" not in line]
        results.append(TestResult(path, TestOutcome.ERROR, lines[0] if lines else text, text))
    return results


def _name(path: str, assertion: _Assertion) -> str:
    return f"{path.removeprefix('/workspace/')}::{' > '.join((*assertion.ancestors, assertion.title))}"


def _result(path: str, assertion: _Assertion) -> TestResult:
    detail = _COLOUR.sub("", "\n".join(assertion.messages))
    seconds = max(0.0, (assertion.duration or 0.0) / 1000)
    message = detail.partition("\n")[0]
    return TestResult(_name(path, assertion), _OUTCOMES[assertion.status], message, detail, seconds)


def name_pattern(select: Sequence[str]) -> str:
    """An expression for ``-t`` that matches the full names of the selected tests; empty when whole files are."""
    titles = [unnumbered(name).partition("::")[2] for name in select]
    if not titles or not all(titles):
        return ""
    pattern = f"^({'|'.join(quoted(title.replace(' > ', ' ')) for title in sorted(set(titles)))})$"
    return pattern if len(pattern) < PATTERN_CHARACTERS else ""


def quoted(text: str) -> str:
    """A JavaScript expression that matches ``text`` alone."""
    return re.sub(r"[\\^$.*+?()\[\]{}|/]", lambda found: f"\\{found.group(0)}", text)


def files_of(select: Sequence[str]) -> tuple[str, ...]:
    """The files that selected tests stand in."""
    return tuple(sorted({name.partition("::")[0] for name in select}))
