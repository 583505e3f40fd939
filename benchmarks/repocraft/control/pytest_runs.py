"""Pytest as control arms need it: the tests of some tasks and no other, each with a time of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

from repowright.benchmarks.repocraft.control.judging import CANARY
from repowright.executors.images.runtime import DEPENDENCIES
from repowright.executors.testing.framework import Setting, Step, StepRun
from repowright.executors.testing.pytest_framework import PytestFramework

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
}
"""Variables of every run: one thread a box, and no display."""
CANARY_SOURCE = f"""
import os


def {CANARY}():
    raise AssertionError(f"processor seconds: {{sum(os.times()[:4]):.2f}}")
"""


@dataclass(frozen=True)
class TestPlan:
    """Which tests run, and under which conditions.

    Parameters
    ----------
    tests
        Node ids without parameters.
    owned
        Top-level packages that must come from the workspace, whatever is installed.
    seconds
        That each file and each test may take before the process ends; 0 for the limit of the run alone.
    plugins
        Modules of installed pytest plugins; none is loaded by itself.
    django
        What Django is imported as, where it is Django's own tests that run.
    """

    __test__ = False

    tests: tuple[str, ...]
    owned: tuple[str, ...] = ()
    seconds: float = 0.0
    plugins: tuple[str, ...] = ()
    django: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """The test files, once each."""
        return tuple(dict.fromkeys(test.partition("::")[0] for test in self.tests))


class PlannedPytest(PytestFramework):
    """Runs the tests of a plan and a canary behind them, with the pytest of the locked dependencies if they have one.

    A test that is not there has no result; it does not end the run, as its node id on the command line would.
    """

    def __init__(self, plan: TestPlan) -> None:
        self._plan = plan

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """What pytest needs, the plugins that keep to the plan, and the canary."""
        folder = _folder(setting)
        written = {
            **super().files(setting),
            f"{folder}/{_boundary(setting)}.py": self._boundary_source(),
            f"{folder}/test_{CANARY}.py": CANARY_SOURCE.encode(),
        }
        if self._plan.django:
            written[f"{folder}/{_django(setting)}.py"] = self._django_source()
        return written

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """One run of pytest."""
        return [self._adapted(step, setting) for step in super().steps(setting, done)]

    def _adapted(self, step: Step, setting: Setting) -> Step:
        python, *rest = step.argv
        plugins = [_boundary(setting), *([_django(setting)] if self._plan.django else []), *self._plan.plugins]
        options = ["--continue-on-collection-errors", *(part for name in plugins for part in ("-p", name))]
        argv = (python, "-P", *rest, *options, *self._plan.files, f"{_folder(setting)}/test_{CANARY}.py")
        path = f"{step.environment['PYTHONPATH']}:{_folder(setting)}:{DEPENDENCIES}"
        return Step(step.name, argv, {**step.environment, "PYTHONPATH": path}, needed=step.needed)

    def _boundary_source(self) -> bytes:
        plan = {
            "wanted": self._plan.tests,
            "owned": self._plan.owned,
            "seconds": self._plan.seconds,
            "canary": CANARY,
        }
        return _filled("boundary_plugin.py", plan)

    def _django_source(self) -> bytes:
        labels = sorted({PurePosixPath(file).parts[1] for file in self._plan.files})
        return _filled("django_plugin.py", {"labels": labels, "package": self._plan.django})


def _filled(name: str, plan: Mapping[str, object]) -> bytes:
    text = resources.files("repowright.benchmarks.repocraft.control").joinpath(name).read_text("utf-8")
    return text.replace('"@plan@"', repr(json.dumps(plan))).encode()


def _folder(setting: Setting) -> str:
    return f"{setting.folder}-plan"


def _boundary(setting: Setting) -> str:
    return f"boundary_{setting.secret[:8]}"


def _django(setting: Setting) -> str:
    return f"django_{setting.secret[:8]}"
