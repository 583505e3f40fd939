"""Events of Rust's test harness, as ``--format json`` writes them, one process at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.executors.testing.report import TestOutcome, TestResult

EXIT_CODES = (0, 101)
"""Of a harness that came to its end: all passed, some failed."""
_EVENT = re.compile(r'\{ "type": .*\}$')
"""A test may have left an unfinished line of its own before the event."""
_OUTCOMES: Mapping[str, TestOutcome] = {
    "ok": TestOutcome.PASSED,
    "failed": TestOutcome.FAILED,
    "timeout": TestOutcome.FAILED,
    "ignored": TestOutcome.SKIPPED,
}
_PANIC = re.compile(r"^thread '.*' (?:\(\d+\) )?panicked at .*:$")


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)

    type: Literal["suite", "test", "bench", "report"]
    event: str = ""
    name: str = ""
    stdout: str = ""
    message: str = ""
    exec_time: float = 0.0
    test_count: int = 0
    passed: int = 0
    failed: int = 0
    ignored: int = 0


@dataclass
class LibtestReading:
    """What the harness of one process, or of several one after the other, told."""

    prefix: str
    """Put before the name of each test."""
    results: list[TestResult] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    suites: int = 0
    _running: list[str] = field(default_factory=list)
    _first: int = 0
    _expected: int | None = None

    def read(self, data: bytes) -> None:
        """Take in all that a process wrote to its standard output."""
        for line in data.decode("utf-8", "replace").splitlines():
            found = _EVENT.search(line)
            if found is None:
                continue
            try:
                self._take(_Event.model_validate_json(found.group(0)))
            except ValidationError:
                continue

    def end(self, exit_code: int, what: str) -> None:
        """The process ended: name what it left open."""
        message = f"the test process ended with code {exit_code} before the test finished"
        self.results += [TestResult(f"{self.prefix}{name}", TestOutcome.ERROR, message) for name in self._running]
        if not self.suites:
            self.problems.append(f"{what}: ended with code {exit_code} and wrote no report of its tests")
        elif self._expected is not None and not self._running:
            self.problems.append(f"{what}: ended with code {exit_code} before its report did")
        wrong = any(result.outcome is TestOutcome.FAILED for result in self.results)
        if self._expected is None and self.suites and (exit_code not in EXIT_CODES or wrong != (exit_code != 0)):
            self.problems.append(f"{what}: ended with code {exit_code}, which its report does not explain")

    def abandon(self, what: str) -> None:
        """The run was over before the process: nobody knows how it would have ended."""
        message = "still running when the run was ended"
        self.results += [TestResult(f"{self.prefix}{name}", TestOutcome.ERROR, message) for name in self._running]
        self.problems.append(f"{what}: its tests were not run to the end")

    def _take(self, event: _Event) -> None:
        if event.type == "suite":
            self._take_suite(event)
        elif event.type == "test" and event.event == "started":
            self._running.append(event.name)
        elif event.type == "test" and event.event in _OUTCOMES:
            if event.name not in self._running:
                self.problems.append(f"{self.prefix}{event.name}: ended without having started")
                return
            if event.event != "timeout":
                self._running.remove(event.name)
                self.results.append(self._result(event))

    def _take_suite(self, event: _Event) -> None:
        if event.event == "started":
            self._first, self._expected = len(self.results), event.test_count
            return
        self.suites += 1
        self._expected = None
        found = [result.outcome for result in self.results[self._first :]]
        told = (event.passed, event.failed, event.ignored)
        counted = tuple(found.count(kind) for kind in (TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.SKIPPED))
        if told != counted:
            self.problems.append(f"the harness counts {told} tests passed, failed and ignored, its report {counted}")

    def _result(self, event: _Event) -> TestResult:
        outcome = _OUTCOMES[event.event]
        test, detail = f"{self.prefix}{event.name}", event.stdout.strip()
        if outcome is TestOutcome.FAILED:
            return TestResult(test, outcome, event.message or _panic(detail), detail, event.exec_time)
        return TestResult(test, outcome, event.message, "", event.exec_time)


def _panic(text: str) -> str:
    """The line that says why a test panicked."""
    lines = text.splitlines()
    for place, line in enumerate(lines[:-1]):
        if _PANIC.match(line):
            return lines[place + 1]
    return lines[0] if lines else ""


class _Span(BaseModel):
    file_name: str
    line_start: int
    is_primary: bool


class _Diagnostic(BaseModel):
    message: str
    level: str
    rendered: str | None = None
    spans: tuple[_Span, ...] = ()


class _Target(BaseModel):
    kind: tuple[str, ...]
    src_path: str
    doctest: bool = False


class _Profile(BaseModel):
    test: bool = False


class _Message(BaseModel):
    reason: str
    target: _Target | None = None
    profile: _Profile | None = None
    executable: str | None = None
    message: _Diagnostic | None = None
    success: bool = False


@dataclass(frozen=True)
class CargoBuild:
    """What ``cargo --message-format=json`` told of a build."""

    executables: Mapping[str, str]
    """Source file of each test executable, by the executable's file name."""
    has_doctests: bool
    errors: tuple[TestResult, ...]
    finished: bool


def read_build(data: bytes) -> CargoBuild:
    """Read a build's messages: its test executables and its errors, named by the file they stand in."""
    executables, errors = {}, []
    has_doctests = finished = False
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            message = _Message.model_validate(json.loads(line))
        except (ValueError, ValidationError):
            continue
        finished = finished or message.reason == "build-finished"
        if message.target is not None and message.executable and message.profile and message.profile.test:
            executables[message.executable.rpartition("/")[2]] = relative(message.target.src_path)
        own = message.target is not None and message.target.src_path.startswith("/workspace/")
        has_doctests = has_doctests or (own and message.target is not None and message.target.doctest)
        if message.message is not None and message.message.level == "error":
            errors.append(_error(message.message))
    return CargoBuild(executables, has_doctests, tuple(errors), finished)


def _error(diagnostic: _Diagnostic) -> TestResult:
    place = next((span for span in diagnostic.spans if span.is_primary), None)
    where = relative(place.file_name) if place else "cargo"
    detail = diagnostic.rendered or diagnostic.message
    return TestResult(where, TestOutcome.ERROR, f"does not compile: {diagnostic.message}", detail)


def relative(path: str) -> str:
    """A path of the workspace as results name it."""
    return path.removeprefix("/workspace/")
