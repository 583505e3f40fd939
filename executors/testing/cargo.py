"""Cargo: unit, integration and documentation tests, by the JSON events of Rust's own harness.

The harness writes JSON on request only to those who call themselves nightly. A runner sets that for
the test processes alone, so that the code under test is compiled as ever.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from repowright.executors.testing.framework import (
    OUTPUT,
    REPORTS,
    WORKSPACE,
    Reading,
    Setting,
    Step,
    StepRun,
    UnsupportedRequest,
)
from repowright.executors.testing.libtest import CargoBuild, LibtestReading, read_build
from repowright.executors.testing.line_coverage import read_lcov
from repowright.executors.testing.selection import Selection, unnumbered

NIGHTLY = {"RUSTC_BOOTSTRAP": "1"}
FOLDER_VARIABLE = "REPOWRIGHT_REPORTS"
SELECT_VARIABLE = "REPOWRIGHT_SELECT"
RUNNER = f"""
import json, os, subprocess, sys
name = os.path.basename(sys.argv[1])
place = os.path.join(os.environ.pop("{FOLDER_VARIABLE}"), name)
select = json.loads(os.environ.pop("{SELECT_VARIABLE}"))
if name not in select:
    sys.exit(0)
exact = ["--exact", *select[name]] if select[name] else []
with open(place + ".events", "wb") as out:
    code = subprocess.call([*sys.argv[1:], *exact], stdout=out, env={{**os.environ, "RUSTC_BOOTSTRAP": "1"}})
with open(place + ".code", "w") as out:
    out.write(str(code if code >= 0 else 128 - code))
sys.exit(code if code >= 0 else 128 - code)
"""
"""Cargo starts every test executable through it; each gets a report of its own and its exit code noted."""
_DOCTEST = re.compile(r" - .*\(line \d+\)\Z")
COMMON = ("--offline", "--workspace")


class CargoFramework:
    """Runs ``cargo test``."""

    name = "cargo"

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """The runner."""
        return {f"{setting.folder}/runner.py": RUNNER.encode()}

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """Build first: its messages say which executables there are, and whether there are documentation tests."""
        order = setting.request.order
        if order is not None and order.seed is None:
            raise UnsupportedRequest("cargo cannot reverse the order of tests", "ask for a random order by a seed")
        if not done:
            argv = ("cargo", "test", *COMMON, "--tests", "--no-run", "--message-format=json")
            return [Step("build", argv, output_is_report=True)]
        if len(done) > 1:
            return []
        return list(self._tests(setting, read_build(done[0].report(OUTPUT) or b"")))

    def _tests(self, setting: Setting, build: CargoBuild) -> Sequence[Step]:
        names = [unnumbered(name) for name in setting.request.select]
        documented = [name for name in names if _DOCTEST.search(name)]
        others = [name for name in names if name not in documented]
        steps = []
        if others or not names:
            steps.append(_unit_tests(setting, selected(build, others)))
        if build.has_doctests and (documented or not others):
            # Names of documentation tests hold spaces, which rustdoc splits: all are run, the judge picks.
            argv = ("cargo", "test", *COMMON, "--doc", "--no-fail-fast", "--", *_harness(setting))
            steps.append(Step("documentation", argv, NIGHTLY, output_is_report=True, needed=False))
        if setting.request.coverage_of is not None:
            argv = ("cargo", "llvm-cov", *COMMON, "--tests", "--lcov", "--output-path", f"{REPORTS}/lcov.info")
            steps.append(Step("coverage", argv, reports=(f"{REPORTS}/lcov.info",), needed=False))
        return steps

    def read(self, setting: Setting, done: Sequence[StepRun], output: str) -> Reading:
        """Read the build's messages, then the events of each executable and of the documentation tests."""
        runs = {run.name: run for run in done}
        if "build" not in runs:
            return Reading()
        build = read_build(runs["build"].report(OUTPUT) or b"")
        readings = []
        if "test" in runs:
            names = [unnumbered(name) for name in setting.request.select if not _DOCTEST.search(name)]
            readings += [_executable(runs["test"], name, build.executables[name]) for name in selected(build, names)]
        if "documentation" in runs:
            reading = LibtestReading("")
            reading.read(runs["documentation"].report(OUTPUT) or b"")
            reading.end(runs["documentation"].exit_code, "the documentation tests")
            readings.append(reading)
        problems = [problem for reading in readings for problem in reading.problems]
        problems += [f"the report {name} is too big" for run in done for name in run.cut]
        results = [result for reading in readings for result in reading.results]
        lcov = runs["coverage"].report("lcov.info") if "coverage" in runs else None
        covered = read_lcov(lcov, setting.request.coverage_of or ".") if lcov is not None else None
        missing = setting.request.coverage_of is not None and covered is None
        notes = ("coverage: cargo-llvm-cov gave none; it must be part of the toolchain",) if missing else ()
        return Reading((*build.errors, *results), tuple(problems), covered, notes)


def selected(build: CargoBuild, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The tests to run in each executable, all of them where the sequence is empty."""
    found: dict[str, list[str]] = {}
    whole = Selection(names)
    for executable, source in build.executables.items():
        inner = [name.removeprefix(f"{source}::") for name in names if name.startswith(f"{source}::")]
        if inner or whole.holds(source):
            found[executable] = [] if whole.holds(source) else inner
    return found


def _unit_tests(setting: Setting, select: Mapping[str, Sequence[str]]) -> Step:
    runner = f'target."cfg(all())".runner=["{setting.python}", "{WORKSPACE}/{setting.folder}/runner.py"]'
    argv = ("cargo", "test", *COMMON, "--tests", "--no-fail-fast", "--config", runner, "--", *_harness(setting))
    environment = {FOLDER_VARIABLE: REPORTS, SELECT_VARIABLE: json.dumps(select)}
    return Step("test", argv, environment, (f"{REPORTS}/*.events", f"{REPORTS}/*.code"), needed=False)


def _harness(setting: Setting) -> tuple[str, ...]:
    options = ["-Z", "unstable-options", "--format", "json", "--report-time"]
    if setting.request.order is not None:
        options += ["--shuffle-seed", str(setting.request.order.seed), "--test-threads", "1"]
    return tuple(options)


def _executable(run: StepRun, name: str, source: str) -> LibtestReading:
    reading = LibtestReading(f"{source}::")
    reading.read(run.report(f"{name}.events") or b"")
    code = (run.report(f"{name}.code") or b"").decode("ascii", "replace")
    if code.isdigit():
        reading.end(int(code), source)
    else:
        reading.abandon(source)
    return reading
