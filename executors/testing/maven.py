"""Maven Surefire, read from the JUnit XML that Maven's own process writes for the one that runs the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repowright.executors.testing.framework import Reading, Setting, Step, StepRun, UnsupportedRequest
from repowright.executors.testing.junit import read_junit
from repowright.executors.testing.report import TestResult
from repowright.executors.testing.selection import unnumbered

REPORTS = "**/target/surefire-reports/TEST-*.xml"


@dataclass(frozen=True)
class MavenFramework:
    """Runs ``mvn test`` offline."""

    repository: str = ""
    """Local repository in the box; Maven's own place when empty."""
    name: str = "maven"

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """None: Surefire writes the reports."""
        return {}

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """One command, all modules, going on after a module that failed."""
        request = setting.request
        if done:
            return []
        if request.coverage_of is not None:
            raise UnsupportedRequest("maven measures no coverage by itself", "let the project's pom.xml run JaCoCo")
        argv = ["mvn", "--offline", "--batch-mode", "--fail-at-end", "-Dstyle.color=never"]
        argv += ["-Dmaven.test.failure.ignore=false", "-Dsurefire.useFile=true", "-DfailIfNoTests=false"]
        argv += [f"-Dmaven.repo.local={self.repository}"] if self.repository else []
        if request.order is not None and request.order.seed is not None:
            argv += ["-Dsurefire.runOrder=random", f"-Dsurefire.runOrder.random.seed={request.order.seed}"]
        elif request.order is not None:
            argv += ["-Dsurefire.runOrder=reversealphabetical"]
        if request.select:
            chosen = ",".join(sorted({_pattern(name) for name in request.select}))
            argv += [f"-Dtest={chosen}", "-Dsurefire.failIfNoSpecifiedTests=false"]
        return [Step("test", (*argv, "test"), reports=(REPORTS,), needed=False)]

    def read(self, setting: Setting, done: Sequence[StepRun], output: str) -> Reading:
        """Read one XML file a class."""
        if not done:
            return Reading()
        run = done[0]
        results: list[TestResult] = []
        problems = [f"the report {path} is too big" for path in run.cut]
        for path in sorted(run.reports):
            report = read_junit(run.reports[path])
            results += [case.result(f"{case.group}::{case.name}") for case in report.cases]
            problems += [f"{path}: {report.problem}"] if report.problem else []
        if not run.reports and run.exit_code:
            problems.append(f"maven ended with code {run.exit_code} and wrote no report")
        return Reading(tuple(results), tuple(problems))


def _pattern(name: str) -> str:
    """Surefire's name of a test: a class, or a class and a method without its parameters."""
    group, _, method = unnumbered(name).partition("::")
    bare = method.partition("(")[0].partition("[")[0].partition("{")[0]
    return f"{group}#{bare}*" if bare != method else f"{group}#{method}" if method else group
