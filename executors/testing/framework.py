"""The protocol behind which every test framework stands, one file each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from repowright.executors.sandbox import SandboxError
from repowright.executors.testing.report import FileCoverage, TestResult

REPORTS = "@reports@"
"""Stands, in the parts of a step, for a folder outside the workspace that is made for this run alone."""
WORKSPACE = "@workspace@"
"""Stands for the workspace's absolute path."""
OUTPUT = "output"
"""Name of the report that is a step's own standard output."""


TOLD_BY_RUN = frozenset({"pytest", "cargo", "ctest", "jest", "vitest", "node", "maven"})
"""Names under which a run tells what is wrong with itself: no test is called so, none can be selected so."""


class UnsupportedRequest(SandboxError):
    """A framework was asked for what its tool cannot do."""

    exit_code = 2


@dataclass(frozen=True)
class Order:
    """The order tests run in: reversed, or shuffled by ``seed``."""

    seed: int | None = None
    """None reverses the order that the framework would have taken."""


@dataclass(frozen=True)
class TestRequest:
    """What is asked of one run of a suite."""

    __test__ = False

    select: tuple[str, ...] = ()
    """Files, or tests as results name them; everything when empty."""
    coverage_of: str | None = None
    """Folder whose line coverage is measured, relative to the workspace."""
    order: Order | None = None


@dataclass(frozen=True)
class Setting:
    """What a framework is told of the run it is part of."""

    request: TestRequest
    python: str
    """Interpreter in the box."""
    secret: str
    """Known to this run alone; names what tests must not find."""

    @property
    def folder(self) -> str:
        """Folder of the workspace for what the framework adds to it."""
        return f".report-{self.secret[:8]}"


@dataclass(frozen=True)
class Step:
    """One command of a run."""

    name: str
    """``build``, ``test`` or ``coverage``."""
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    reports: tuple[str, ...] = ()
    """Patterns of the files it writes, in the workspace or below ``REPORTS``; what matches before is removed."""
    output_is_report: bool = False
    needed: bool = True
    """Nothing after this step runs when it fails."""


@dataclass(frozen=True)
class StepRun:
    """How one command ended, and the reports it left."""

    name: str
    exit_code: int
    duration_s: float
    reports: Mapping[str, bytes]
    """By path relative to the workspace or to ``REPORTS``."""
    cut: tuple[str, ...] = ()
    """Reports that were too big to be read."""

    def report(self, name: str) -> bytes | None:
        """One report; None when the command did not write it."""
        return self.reports.get(name)


@dataclass(frozen=True)
class Reading:
    """What a framework's reports say."""

    results: tuple[TestResult, ...] = ()
    problems: tuple[str, ...] = ()
    """Reasons not to believe the reports: one is missing, cut off, or says two different things."""
    coverage: Mapping[str, FileCoverage] | None = None
    notes: tuple[str, ...] = ()
    output: str | None = None
    """What the commands printed for people, where their standard output holds more than that."""


class TestFramework(Protocol):
    """How one framework is started and read. Holds no state: one object serves every run."""

    @property
    def name(self) -> str:
        """``pytest``, ``cargo``, ``ctest``, ``jest``, ``vitest``, ``node`` or ``maven``."""

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """Files to put beside the workspace's own."""

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """The commands that come next; none when nothing is left to do.

        Raises
        ------
        UnsupportedRequest
            If the tool cannot do what the request asks.
        """

    def read(self, setting: Setting, done: Sequence[StepRun], output: str) -> Reading:
        """Read the reports of every step; ``output`` is what the commands wrote to their standard output."""
