"""Runs the tests of tasks on a repository in a sandbox, and says what became of each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repowright.benchmarks.repocraft.control.batches import Item, Judged, judge_all
from repowright.benchmarks.repocraft.control.pytest_runs import ENVIRONMENT, PlannedPytest, TestPlan
from repowright.executors import Limits, Sandbox, TestReport, run_tests

START_S = 60.0
"""For imports and collection, beyond the time of the tests."""
LONGEST_BATCH_S = 900.0


@dataclass(frozen=True)
class Conditions:
    """Under which tests run.

    Parameters
    ----------
    test_s
        Wall time of one test, and of the import of one test file.
    memory_mb, disk_mb
        Of one process, workspace included.
    plugins
        Modules of pytest plugins that the project's tests need.
    django
        What Django is imported as, where it is Django's own tests that run.
    """

    test_s: float = 120.0
    memory_mb: int = 4096
    disk_mb: int = 1024
    plugins: tuple[str, ...] = ()
    django: str = ""


def run_items(
    sandbox: Sandbox,
    files: Mapping[str, bytes],
    items: Sequence[Item],
    owned: Sequence[str],
    conditions: Conditions | None = None,
    jobs: int = 1,
) -> Judged:
    """Run the tests of tasks on a workspace.

    Parameters
    ----------
    files
        Repository and tests by relative POSIX path.
    owned
        Top-level packages that must come from the workspace.
    jobs
        Boxes at a time.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    used = conditions or Conditions()

    def run(some: Sequence[Item]) -> TestReport:
        return _report(sandbox, files, some, tuple(owned), used)

    return judge_all(run, items, jobs)


def _report(
    sandbox: Sandbox, files: Mapping[str, bytes], items: Sequence[Item], owned: tuple[str, ...], used: Conditions
) -> TestReport:
    alone = len(items) == 1
    tests = tuple(test for item in items for test in item.tests if test.partition("::")[0] in files)
    # Alone, only the limit of the whole run bounds a test, so that its end is told as a time-out.
    plan = TestPlan(tests, owned, 0.0 if alone else used.test_s, used.plugins, used.django)
    wall_s = used.test_s if alone else min(LONGEST_BATCH_S, START_S + used.test_s + 10 * len(items))
    limits = Limits(wall_s, wall_s, used.memory_mb, disk_mb=used.disk_mb)
    return run_tests(sandbox, files, PlannedPytest(plan), limits=limits, environment=ENVIRONMENT)
