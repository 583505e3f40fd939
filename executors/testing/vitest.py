"""Vitest, read from its JSON report. Tests run in processes other than the one that writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repowright.executors.testing.framework import REPORTS, Reading, Setting, Step, StepRun, UnsupportedRequest
from repowright.executors.testing.jest import read_step
from repowright.executors.testing.jest_report import files_of, name_pattern

REPORT = "vitest.json"
COVERAGE = "coverage/coverage-final.json"


@dataclass(frozen=True)
class VitestFramework:
    """Runs the vitest of ``modules``; coverage needs ``@vitest/coverage-v8`` beside it."""

    modules: str = "node_modules"
    """Folder of the installed packages, relative to the workspace or absolute in the box."""
    name: str = "vitest"

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """None: vitest has a reporter of its own."""
        return {}

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """One command, its tests in forked processes."""
        request = setting.request
        if done:
            return []
        argv = ["node", f"{self.modules}/vitest/vitest.mjs", "run", "--reporter=json"]
        argv += [f"--outputFile={REPORTS}/{REPORT}", "--pool=forks"]
        if request.order is not None:
            if request.order.seed is None:
                raise UnsupportedRequest("vitest cannot reverse the order of tests", "ask for a random order by a seed")
            argv += ["--sequence.shuffle", f"--sequence.seed={request.order.seed}"]
        if request.coverage_of is not None:
            folder = request.coverage_of.strip("/")
            argv += ["--coverage.enabled", "--coverage.provider=v8", "--coverage.reporter=json"]
            argv += [f"--coverage.reportsDirectory={REPORTS}/coverage", "--coverage.reportOnFailure=true"]
            argv += [f"--coverage.include={'' if folder in {'', '.'} else folder + '/'}**"]
        if request.select:
            pattern = name_pattern(request.select)
            argv += [*([f"--testNamePattern={pattern}"] if pattern else []), *files_of(request.select)]
        return [Step("test", tuple(argv), reports=(f"{REPORTS}/{REPORT}", f"{REPORTS}/{COVERAGE}"), needed=False)]

    def read(self, setting: Setting, done: Sequence[StepRun], output: str) -> Reading:
        """Read the report, and the coverage that v8 counted."""
        return read_step(self.name, setting, done, REPORT, COVERAGE)
