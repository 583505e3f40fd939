"""CTest: configured and built by CMake, read from the JUnit XML that ctest writes at its end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from repowright.executors.testing.framework import (
    OUTPUT,
    REPORTS,
    Reading,
    Setting,
    Step,
    StepRun,
    UnsupportedRequest,
)
from repowright.executors.testing.junit import JUnitCase, read_junit
from repowright.executors.testing.line_coverage import read_gcov
from repowright.executors.testing.report import TestOutcome, TestResult
from repowright.executors.testing.selection import unnumbered

BUILD = "repowright-build"
REPORT = "ctest.xml"
COVERAGE_FLAGS = {"CFLAGS": "--coverage", "CXXFLAGS": "--coverage", "LDFLAGS": "--coverage"}
PATTERN_CHARACTERS = 30_000
"""Longer expressions are left out: all tests run, and the judge picks those selected."""
SKIPPED_BY_TEST = ("SKIP_RETURN_CODE", "SKIP_REGULAR_EXPRESSION")
"""How ctest explains a skip that the test itself asked for; all others mean that it could not be run."""


class CtestFramework:
    """Runs ``cmake``, ``cmake --build`` and ``ctest``."""

    name = "ctest"

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """None: ctest needs nothing of ours."""
        return {}

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """Configure, build, test; with coverage gcov is asked last."""
        if done:
            return []
        request = setting.request
        if request.order is not None:
            raise UnsupportedRequest("ctest cannot run tests in a given order", "it shuffles without a seed only")
        flags = COVERAGE_FLAGS if request.coverage_of is not None else {}
        configure = Step("configure", ("cmake", "-S", ".", "-B", BUILD, "-DCMAKE_BUILD_TYPE=Debug"), flags)
        build = Step("build", ("cmake", "--build", BUILD, "--parallel", "2"), flags)
        argv: tuple[str, ...] = (
            "ctest",
            "--test-dir",
            BUILD,
            "--output-junit",
            f"{REPORTS}/{REPORT}",
            "--no-tests=error",
        )
        argv += ("--test-output-size-failed", "64000", "--test-output-size-passed", "1024", *_selected(request.select))
        steps = [configure, build, Step("test", argv, reports=(f"{REPORTS}/{REPORT}",), needed=False)]
        if request.coverage_of is not None:
            find = ("find", BUILD, "-name", "*.gcno", "-not", "-path", "*/CompilerId*")
            gcov = ("-exec", "gcov", "--json-format", "--stdout", "{}", "+")
            steps.append(Step("coverage", (*find, *gcov), output_is_report=True, needed=False))
        return steps

    def read(self, setting: Setting, done: Sequence[StepRun], output: str) -> Reading:
        """Read the XML of the test step and the JSON of gcov."""
        runs = {run.name: run for run in done}
        if "test" not in runs:
            return Reading()
        data = runs["test"].report(REPORT)
        if data is None:
            return Reading(problems=(f"ctest ended with code {runs['test'].exit_code} and wrote no report",))
        report = read_junit(data)
        gcov = runs["coverage"].report(OUTPUT) if "coverage" in runs else None
        covered = read_gcov(gcov, setting.request.coverage_of or ".") if gcov is not None else None
        return Reading(
            tuple(_result(case) for case in report.cases), (report.problem,) if report.problem else (), covered
        )


def _selected(names: Sequence[str]) -> tuple[str, ...]:
    pattern = f"^({'|'.join(_escaped(unnumbered(name)) for name in names)})$"
    return ("-R", pattern) if names and len(pattern) < PATTERN_CHARACTERS else ()


def _escaped(name: str) -> str:
    return re.sub(r"[\\^$.*+?()|\[\]-]", lambda found: f"\\{found.group(0)}", name)


def _result(case: JUnitCase) -> TestResult:
    result = case.result(case.name)
    if case.status == "disabled":
        return replace(result, outcome=TestOutcome.SKIPPED, message="disabled")
    if case.status == "notrun" and not result.message.startswith(SKIPPED_BY_TEST):
        return replace(result, outcome=TestOutcome.ERROR, message=result.message or "not run")
    if result.outcome is TestOutcome.FAILED and not result.message:
        return replace(
            result, message=next(iter(case.output.strip().splitlines()), "failed and wrote nothing"), detail=case.output
        )
    return result
