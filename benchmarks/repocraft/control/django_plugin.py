"""Pytest plugin that runs inside a box: sets Django up for its own tests as ``tests/runtests.py`` does.

It is put into the box as text with its plan filled in, never imported by this package.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any

import pytest

PLAN: dict[str, Any] = json.loads("@plan@")
SETTINGS = "test_sqlite"
NO_EARLIER: Any = None


class Databases:
    """Makes the test databases between collection and the first test, and removes them after the last."""

    def __init__(self) -> None:
        self._made: Any = None
        self._runner: Any = None
        self._state: Any = None
        self._own: Any = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Import ``runtests`` and do what its ``django_tests`` does before tests run."""
        sys.path.insert(0, os.path.join(os.getcwd(), "tests"))
        os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
        os.environ["RUNNING_DJANGOS_TEST_SUITE"] = "true"
        self._own = import_module("runtests")
        _, self._state = self._own.setup_run_tests(0, NO_EARLIER, NO_EARLIER, PLAN["labels"])
        package = PLAN["package"]
        settings = import_module(f"{package}.conf").settings
        runner = import_module(f"{package}.test.utils").get_runner(settings)
        self._runner = runner(verbosity=0, interactive=False, parallel=1)
        self._runner.setup_test_environment()

    def pytest_collection_finish(self) -> None:
        """Make the databases: modules of tests define models too, whose tables are made only now."""
        self._made = self._runner.setup_databases()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run tests that empty whole tables after all others, as the project's own runner does."""
        order = tuple(self._runner.reorder_by)
        items.sort(key=lambda item: _rank(getattr(item, "cls", None), order))

    def pytest_sessionfinish(self) -> None:
        """Remove what was made."""
        if self._made is not None:
            self._runner.teardown_databases(self._made)
            self._runner.teardown_test_environment()
            self._own.teardown_run_tests(self._state)


def _rank(owner: type | None, order: tuple[type, ...]) -> int:
    """Place of a test's class in the order; plain functions come last."""
    if owner is None:
        return len(order) + 1
    return next((place for place, kind in enumerate(order) if issubclass(owner, kind)), len(order))


def pytest_configure(config: pytest.Config) -> None:
    """Register the databases' own life cycle."""
    config.pluginmanager.register(Databases(), "repocraft-databases")
