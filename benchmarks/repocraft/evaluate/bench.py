"""Where adapted tests run: what the real project's tests depend on is there, the real project is not."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from repowright.agent.events import EventBus
from repowright.agent.llm import Record, Replay
from repowright.agent.settings import Settings
from repowright.agent.workflows.generate.code.evidence import TestBench
from repowright.benchmarks.repocraft.control.environments import environment, lock_of
from repowright.benchmarks.repocraft.control.pytest_runs import ENVIRONMENT, PlannedPytest, TestPlan
from repowright.benchmarks.repocraft.control.session import PLUGINS
from repowright.benchmarks.repocraft.errors import ProjectUnknown
from repowright.benchmarks.repocraft.evaluate.terms import Terms
from repowright.benchmarks.repocraft.projects import Project, project_named
from repowright.executors import Limits, PooledSandbox, Sandbox, TestReport, TestRequest, choose, run_tests


class EvaluationBench(TestBench):
    """Runs adapted tests, a test that cannot pass behind them, in a bounded number of sandboxes.

    Parameters
    ----------
    plan
        Conditions of every run; its tests are those of the run.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        record: Record,
        replay: Replay | None,
        events: EventBus,
        slots: int,
        limits: Limits,
        plan: TestPlan,
    ) -> None:
        super().__init__(sandbox, record, replay, events, slots, limits)
        self._plan = plan

    def execute(self, files: Mapping[str, bytes], select: Sequence[str], coverage_of: str | None) -> TestReport:
        """Run tests, named by node ids without parameters, in a box."""
        plan = replace(self._plan, tests=tuple(select))
        request = TestRequest(coverage_of=coverage_of)
        return run_tests(self._sandbox, files, PlannedPytest(plan), request, self._limits, ENVIRONMENT)


@dataclass(frozen=True)
class Place:
    """A sandbox, and the version of its interpreter."""

    sandbox: Sandbox
    python: tuple[int, int]


@contextmanager
def place_of(project: str, terms: Terms, settings: Settings) -> Iterator[Place]:
    """Yield a sandbox with what the tests of a project need, installed once; with pytest alone for any other project.

    Raises
    ------
    EnvironmentUnavailable
        If a dependency cannot be installed.
    SandboxError
        If no sandbox can be had.
    """
    pinned = pinned_project(project)
    if pinned is None or terms.environment == "bare":
        chosen, python = choose(settings.sandbox, unsafe_local=settings.unsafe_local), sys.version_info[:2]
    else:
        prepared = environment(lock_of(pinned), pinned.name, settings.sandbox)
        chosen, python = prepared.sandbox, prepared.python
    with contextlib.closing(PooledSandbox(chosen)) as sandbox:
        yield Place(sandbox, python)


def plan_of(project: str, terms: Terms, packages: Sequence[str]) -> TestPlan:
    """Return under which conditions a project's tests run on a repository with these packages."""
    pinned = pinned_project(project)
    of_django = pinned is not None and pinned.name == "django" and terms.adapter == "rename"
    django = terms.package if of_django else ""
    return TestPlan((), tuple(packages), plugins=plugins_of(project, terms), django=django)


def plugins_of(project: str, terms: Terms) -> tuple[str, ...]:
    """Return the modules of the pytest plugins that a project's tests use, where they are installed."""
    pinned = pinned_project(project)
    return PLUGINS.get(pinned.name, ()) if pinned is not None and terms.environment == "locked" else ()


def pinned_project(name: str) -> Project | None:
    """Return one of the six projects; ``None`` for any other."""
    try:
        return project_named(name)
    except ProjectUnknown:
        return None
