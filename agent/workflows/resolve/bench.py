"""Where the repository's own tests run: pytest on a copy, under the repository's settings as far as they can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from repowright.agent.events import EventBus
from repowright.agent.llm import Record, Replay
from repowright.agent.workflows.generate.code.evidence import TestBench
from repowright.agent.workflows.resolve.source_tree import SourceTree
from repowright.executors import Limits, Sandbox, TestReport, TestRequest, detect_frameworks, run_tests
from repowright.executors.images.runtime import DEPENDENCIES
from repowright.executors.testing.framework import Setting, Step, StepRun
from repowright.executors.testing.pytest_framework import PytestFramework

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "MPLBACKEND": "Agg"}
"""Variables of every run: one thread a box, the same order of sets in each, no display."""

MOST_SELECTED = 200
"""Tests of one run; more would not be named on pytest's command line."""

_NO_PLUGINS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
_WITHOUT_PLUGINS = ("-o", "addopts=", "-o", "required_plugins=")


_KEEP = """
WANTED = frozenset({wanted!r})


def names(test):
    yield test
    for joint in ("[", "::", "/"):
        at = test.find(joint)
        while at >= 0:
            yield test[:at]
            at = test.find(joint, at + 1)


def pytest_collection_modifyitems(config, items):
    others = [item for item in items if WANTED.isdisjoint(names(item.nodeid))]
    kept = [item for item in items if not WANTED.isdisjoint(names(item.nodeid))]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = kept
"""


class RepositoryPytest(PytestFramework):
    """Pytest for a repository that has settings of its own.

    Pytest is given whole files and the tests are chosen from what it collects: a test named on its command line that
    cannot be collected would end the run for all others.

    Parameters
    ----------
    root
        Folder to import from; empty for the workspace.
    locked
        Whether packages of a lock are there: the repository's plugins and options are then used. Without them
        options that name a plugin would end every run, and none are.
    """

    def __init__(self, root: str, locked: bool) -> None:
        self._root = root
        self._locked = locked

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """The report's plugin, and one that keeps the tests that were selected."""
        wanted = sorted(setting.request.select)
        plugin = {f"{_folder(setting)}/{_module(setting)}.py": _KEEP.format(wanted=wanted).encode()} if wanted else {}
        return {**super().files(setting), **plugin}

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """One run of pytest."""
        return [self._adapted(step, setting) for step in super().steps(setting, done)]

    def _adapted(self, step: Step, setting: Setting) -> Step:
        select = setting.request.select
        options = ["--continue-on-collection-errors", *(() if self._locked else _WITHOUT_PLUGINS)]
        options += ["-p", _module(setting)] if select else []
        at, end = step.argv.index("pytest") + 1, len(step.argv) - len(select)
        chosen = dict.fromkeys(test.partition("::")[0] for test in select)
        paths = [step.environment["PYTHONPATH"], _folder(setting), self._root, DEPENDENCIES if self._locked else ""]
        environment = {**step.environment, "PYTHONPATH": ":".join(path for path in paths if path)}
        if self._locked:
            environment.pop(_NO_PLUGINS, None)
        argv = (*step.argv[:at], *options, *step.argv[at:end], *chosen)
        return replace(step, argv=argv, environment=environment)


def _folder(setting: Setting) -> str:
    return f"{setting.folder}-keep"


def _module(setting: Setting) -> str:
    return f"keep_{setting.secret[:8]}"


class ResolveBench(TestBench):
    """Runs tests of one repository, each run kept as evidence."""

    def __init__(
        self,
        sandbox: Sandbox,
        record: Record,
        replay: Replay | None,
        events: EventBus,
        limits: Limits,
        framework: RepositoryPytest,
    ) -> None:
        super().__init__(sandbox, record, replay, events, 1, limits)
        self._framework = framework

    def execute(self, files: Mapping[str, bytes], select: Sequence[str], coverage_of: str | None) -> TestReport:
        """Run tests in a box."""
        request = TestRequest(select=tuple(select[:MOST_SELECTED]), coverage_of=coverage_of)
        return run_tests(self._sandbox, files, self._framework, request, self._limits, ENVIRONMENT)


def why_untestable(tree: SourceTree) -> str:
    """Return why tests of a repository cannot be run here; empty if they may."""
    names = list(dict.fromkeys(found.name for found in detect_frameworks(tree.files)))
    if "pytest" in names or any(path.endswith(".py") for path in tree.files):
        return ""
    if names:
        return f"its tests are run by {' and '.join(names)}, and only Python's tests are run here"
    return "it has no tests that are known here, and no Python code that a test could be written for"
