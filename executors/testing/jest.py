"""Jest, read from its JSON report. Tests run in processes other than the one that writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from repowright.executors.testing.framework import REPORTS, Reading, Setting, Step, StepRun, UnsupportedRequest
from repowright.executors.testing.jest_report import files_of, name_pattern, read_jest
from repowright.executors.testing.line_coverage import read_istanbul

REPORT = "jest.json"
COVERAGE = "coverage/coverage-final.json"


@dataclass(frozen=True)
class JestFramework:
    """Runs the jest of ``modules``."""

    modules: str = "node_modules"
    """Folder of the installed packages, relative to the workspace or absolute in the box."""
    name: str = "jest"

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """None: jest has a reporter of its own."""
        return {}

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """One command; a limit on idle workers makes jest use them for a single file too."""
        request = setting.request
        if done:
            return []
        argv = ["node", f"{self.modules}/jest/bin/jest.js", "--ci", "--json", f"--outputFile={REPORTS}/{REPORT}"]
        argv += ["--maxWorkers=2", "--workerIdleMemoryLimit=1GB", "--colors=false"]
        if request.order is not None:
            if request.order.seed is None:
                raise UnsupportedRequest("jest cannot reverse the order of tests", "ask for a random order by a seed")
            argv += ["--randomize", f"--seed={request.order.seed}"]
        if request.coverage_of is not None:
            folder = request.coverage_of.strip("/")
            argv += ["--coverage", "--coverageReporters=json", f"--coverageDirectory={REPORTS}/coverage"]
            argv += [
                f"--collectCoverageFrom={'' if folder in {'', '.'} else folder + '/'}**/*.{{js,jsx,ts,tsx,mjs,cjs}}"
            ]
        if request.select:
            pattern = name_pattern(request.select)
            argv += [*([f"--testNamePattern={pattern}"] if pattern else []), "--runTestsByPath"]
            argv += files_of(request.select)
        # Its human report goes to standard error; standard output would repeat the JSON.
        return [Step("test", tuple(argv), reports=(f"{REPORTS}/{REPORT}", f"{REPORTS}/{COVERAGE}"), needed=False)]

    def read(self, setting: Setting, done: Sequence[StepRun], output: str) -> Reading:
        """Read the report, and the coverage that istanbul wrote."""
        return read_step(self.name, setting, done, REPORT, COVERAGE)


def read_step(name: str, setting: Setting, done: Sequence[StepRun], report: str, coverage: str) -> Reading:
    """Read the reports of the one step that jest and vitest have."""
    if not done:
        return Reading()
    run = done[0]
    data = run.report(report)
    if data is None:
        why = "one too big to be read" if report in run.cut else "no report"
        return Reading(problems=(f"{name} ended with code {run.exit_code} and wrote {why}",))
    reading = read_jest(data, run.exit_code, setting.request.select)
    if setting.request.coverage_of is None:
        return reading
    found = run.report(coverage)
    covered = read_istanbul(found, setting.request.coverage_of) if found is not None else None
    notes = reading.notes if covered is not None else (*reading.notes, f"coverage: {name} wrote none")
    return replace(reading, coverage=covered, notes=notes)
