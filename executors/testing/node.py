"""Node's own test runner, read from a reporter of ours in the process that starts the test files."""

from __future__ import annotations

import os.path
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.executors.testing.framework import OUTPUT, REPORTS, Reading, Setting, Step, StepRun, UnsupportedRequest
from repowright.executors.testing.jest_report import files_of, quoted
from repowright.executors.testing.line_coverage import read_lcov
from repowright.executors.testing.report import TestOutcome, TestResult
from repowright.executors.testing.selection import unnumbered

LCOV = "lcov.info"
_NOT_SELECTED = "test name does not match pattern"
COUNTS = ("pass", "fail", "cancelled", "skipped", "todo")
_COUNT = re.compile(rf"({'|'.join(COUNTS)}) (\d+)\Z")


class _Error(BaseModel):
    message: str = ""
    detail: str = ""
    kind: str = ""


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)

    type: Literal["enqueue", "start", "result", "count", "end"]
    name: str = ""
    nesting: int = 0
    file: str | None = None
    passed: bool = False
    suite: bool = False
    duration_ms: float = 0.0
    skip: str | bool | None = None
    todo: str | bool | None = None
    error: _Error | None = None
    text: str = ""


@dataclass
class NodeReading:
    """What the reporter told of one run."""

    results: list[TestResult] = field(default_factory=list)
    ended: bool = False
    told: list[tuple[str, int]] = field(default_factory=list)
    """The runner's own counts, as it gives them at its end."""
    _counted: Counter[str] = field(default_factory=Counter)
    _path: list[str] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)

    def read(self, data: bytes) -> None:
        """Take in the reporter's lines; a line that was cut off is left out."""
        for line in data.decode("utf-8", "replace").splitlines():
            try:
                self._take(_Event.model_validate_json(line))
            except ValidationError:
                continue

    def unfinished(self) -> list[TestResult]:
        """Tests that were waiting or running when their file's process ended."""
        seen = {result.test for result in self.results}
        message = "the test process ended before the test finished"
        return [TestResult(name, TestOutcome.ERROR, message) for name in self._waiting if name not in seen]

    def problems(self) -> list[str]:
        """Reasons not to believe the report."""
        if not self.ended:
            return ["the report stops before the run's end"]
        counted = [(kind, self._counted[kind]) for kind, _ in self.told]
        if len(self.told) != len(COUNTS) or counted != self.told:
            return [f"the runner counts {dict(self.told)}, its report {dict(counted)}"]
        return []

    def _take(self, event: _Event) -> None:
        if event.type == "end":
            self.ended = True
        elif event.type == "count":
            found = _COUNT.match(event.text)
            if found:
                self.told.append((found.group(1), int(found.group(2))))
        elif event.type == "enqueue" and event.nesting == 0 and not _is_file(event):
            self._waiting.append(self._named(event))
        elif event.type == "start":
            self._path[event.nesting :] = [event.name]
        elif event.type == "result":
            self._path[event.nesting :] = [event.name]
            self._finish(event)

    def _finish(self, event: _Event) -> None:
        name = self._named(event)
        if name in self._waiting:
            self._waiting.remove(name)
        own_failure = event.error is not None and event.error.kind != "subtestsFailed"
        if not event.suite:
            self._counted[_kind(event)] += 1
        if event.suite and not own_failure:
            return
        if _is_file(event):
            self._finish_file(event, own_failure)
        elif event.skip != _NOT_SELECTED and (event.error is None or own_failure):
            self.results.append(self._result(name, event))

    def _finish_file(self, event: _Event, own_failure: bool) -> None:
        """Only a file that reported no test of its own has a result of its own, and then it ran none."""
        why = event.error.message if event.error and own_failure else "the file ended without running a test"
        self.results.append(TestResult(_relative(event.name), TestOutcome.ERROR, why))

    def _result(self, name: str, event: _Event) -> TestResult:
        seconds = max(0.0, event.duration_ms / 1000)
        for why in (event.skip, event.todo):
            if why not in (None, False):
                return TestResult(name, TestOutcome.SKIPPED, why if isinstance(why, str) else "", "", seconds)
        error = event.error or _Error()
        outcome = TestOutcome.PASSED if event.passed else TestOutcome.FAILED
        return TestResult(name, outcome, error.message.partition("\n")[0], error.detail, seconds)

    def _named(self, event: _Event) -> str:
        titles = [*self._path[: event.nesting], event.name]
        return f"{_relative(event.file or '')}::{' > '.join(titles)}"


class NodeFramework:
    """Runs ``node --test``."""

    name = "node"

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """The reporter."""
        source = resources.files("repowright.executors.testing").joinpath("node_reporter.js").read_bytes()
        return {f"{setting.folder}/reporter.mjs": source}

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """One command; each test file runs in a process of its own."""
        request = setting.request
        if done:
            return []
        if request.order is not None:
            raise UnsupportedRequest("node's test runner cannot run tests in another order")
        argv = ["node", "--test", f"--test-reporter=./{setting.folder}/reporter.mjs"]
        argv += ["--test-reporter-destination=stdout"]
        if request.coverage_of is not None:
            argv += ["--experimental-test-coverage", "--test-reporter=lcov"]
            argv += [f"--test-reporter-destination={REPORTS}/{LCOV}"]
        titles = [unnumbered(name).partition("::")[2].rpartition(" > ")[2] for name in request.select]
        if titles and all(titles):
            argv += [f"--test-name-pattern=/(^| ){quoted(title)}$/" for title in sorted(set(titles))]
        argv += files_of(request.select)
        reports = (f"{REPORTS}/{LCOV}",)
        return [Step("test", tuple(argv), reports=reports, output_is_report=True, needed=False)]

    def read(self, setting: Setting, done: Sequence[StepRun], output: str) -> Reading:
        """Read the reporter's lines; tests without an end and runs without one are named."""
        if not done:
            return Reading()
        data = done[0].report(OUTPUT)
        if data is None:
            return Reading(problems=(f"node ended with code {done[0].exit_code} and wrote no report",))
        reading = NodeReading()
        reading.read(data)
        results = [*reading.results, *reading.unfinished()]
        lcov = done[0].report(LCOV)
        folder = setting.request.coverage_of
        covered = read_lcov(lcov, folder) if lcov is not None and folder is not None else None
        return Reading(tuple(results), tuple(reading.problems()), covered)


def _kind(event: _Event) -> str:
    """What the runner counts a test as."""
    if event.skip not in (None, False):
        return "skipped"
    if event.todo not in (None, False):
        return "todo"
    if event.error is not None and event.error.kind == "cancelledByParent":
        return "cancelled"
    return "pass" if event.passed else "fail"


def _is_file(event: _Event) -> bool:
    return event.nesting == 0 and event.file is not None and os.path.isabs(event.name) and event.name == event.file


def _relative(path: str) -> str:
    return path.removeprefix("file://").removeprefix("/workspace/")
