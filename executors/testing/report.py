"""What a run of tests came to: one model for every framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from repowright.executors.sandbox import Ended


class TestOutcome(StrEnum):
    """What became of one test."""

    __test__ = False

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class TestResult:
    """One test, or one file that could not be collected."""

    __test__ = False

    test: str
    """``tests/unit/test_a.py::TestB::test_c[param]``."""
    outcome: TestOutcome
    message: str = ""
    """One line: the exception or the reason it was skipped."""
    detail: str = ""
    """The traceback as pytest shows it, without times, addresses or temporary paths."""
    duration_s: float = 0.0


@dataclass(frozen=True)
class FileCoverage:
    """Line numbers of one file's statements."""

    executed: tuple[int, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True)
class TestReport:
    """One run of a suite.

    ``ended`` is ``exited`` unless a limit ended the run. ``notes`` name what the suite tried and was
    denied, such as ``network: connect to 93.184.216.34:80``. ``results`` holds what was reported before
    the end.
    """

    __test__ = False

    results: tuple[TestResult, ...]
    exit_code: int
    ended: Ended
    duration_s: float
    output: str = ""
    """Tail of the output, for people and for a suite that could not be collected."""
    notes: tuple[str, ...] = ()
    coverage: Mapping[str, FileCoverage] | None = None

    @property
    def passed(self) -> bool:
        """At least one test passed, none failed, and nothing ended the run early."""
        ended_well = self.ended is Ended.EXITED and self.exit_code == 0
        wrong = self.count(TestOutcome.FAILED) + self.count(TestOutcome.ERROR)
        return ended_well and not wrong and self.count(TestOutcome.PASSED) > 0

    def count(self, outcome: TestOutcome) -> int:
        """How many results have this outcome."""
        return sum(result.outcome is outcome for result in self.results)
