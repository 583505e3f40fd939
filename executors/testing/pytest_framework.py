"""Pytest behind the protocol of every framework, by the plugin that streams its results."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from repowright.executors.sandbox import Outcome
from repowright.executors.testing.framework import Reading, Setting, Step, StepRun
from repowright.executors.testing.pytest import OPTIONS, make_report
from repowright.executors.testing.report_stream import plugin_source

MOST_ARGUMENTS = 200
"""Tests named on the command line; more are named in a file."""
ORDER = """
import random

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    seed = {seed!r}
    items.reverse() if seed is None else random.Random(seed).shuffle(items)
"""


class PytestFramework:
    """Runs pytest as ``run_pytest`` does."""

    name = "pytest"

    def files(self, setting: Setting) -> Mapping[str, bytes]:
        """The plugin, and one that changes the order where that is asked."""
        request, module = setting.request, _module(setting)
        plugin = plugin_source(_secret(setting), request.coverage_of or "").encode()
        files = {f"{setting.folder}/{module}.py": plugin}
        if request.order is not None:
            files[f"{_own_folder(setting)}/order_{module}.py"] = ORDER.format(seed=request.order.seed).encode()
        if len(request.select) > MOST_ARGUMENTS:
            files[_selection(setting)] = "".join(f"{name}\n" for name in request.select).encode()
        return files

    def steps(self, setting: Setting, done: Sequence[StepRun]) -> Sequence[Step]:
        """One command; its report is streamed between what it prints."""
        if done:
            return []
        module = _module(setting)
        plugins, path = ["-p", module], setting.folder
        if setting.request.order is not None:
            plugins, path = ["-p", f"order_{module}", *plugins], f"{setting.folder}:{_own_folder(setting)}"
        select = setting.request.select
        if len(select) > MOST_ARGUMENTS:
            select = (f"@{_selection(setting)}",)
        argv = (setting.python, "-m", "pytest", *plugins, *OPTIONS, *select)
        environment = {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        return [Step("test", argv, environment, needed=False)]

    def read(self, setting: Setting, done: Sequence[StepRun], output: str) -> Reading:
        """Read the plugin's records back."""
        code = done[0].exit_code if done else 0
        duration = done[0].duration_s if done else 0.0
        report = make_report(Outcome(code, output, "", duration), _secret(setting))
        return Reading(report.results, (), report.coverage, report.notes, report.output)


def _module(setting: Setting) -> str:
    return f"report_{setting.secret[:8]}"


def _own_folder(setting: Setting) -> str:
    return f"{setting.folder}-own"


def _selection(setting: Setting) -> str:
    return f"{_own_folder(setting)}/selection.txt"


def _secret(setting: Setting) -> str:
    """Unlike the driver's: its records must not be taken for the plugin's."""
    return hashlib.sha256(setting.secret.encode()).hexdigest()[:32]
