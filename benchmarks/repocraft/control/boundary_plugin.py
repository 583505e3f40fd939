"""Pytest plugin that runs inside a box: picks the tests, bounds each, and watches whose code answers.

It is put into the box as text with its plan filled in, never imported by this package.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Generator
from types import ModuleType
from typing import Any

import pytest

PLAN: dict[str, Any] = json.loads("@plan@")
ROOT = os.path.realpath(os.getcwd())
CANARY = PLAN["canary"]
ERRORS = os.dup(2)

# The interpreter starts without the workspace on its path, so that no file there stands in for a module of pytest.
sys.path.insert(0, ROOT)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the plan, and run last the one that cannot pass."""
    wanted = set(PLAN["wanted"])
    chosen = [item for item in items if _plain(item.nodeid) in wanted]
    last = [item for item in items if _plain(item.nodeid).rpartition("::")[2] == CANARY]
    kept = {id(item) for item in [*chosen, *last]}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [*chosen, *last]


def _plain(node: str) -> str:
    return node.partition("[")[0]


def pytest_collectstart() -> None:
    """Give each file, and each test, a time of its own; the process ends when it is over."""
    _start_clock()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart() -> None:
    """Start the clock of a test."""
    _start_clock()


def _start_clock() -> None:
    if PLAN["seconds"]:
        faulthandler.dump_traceback_later(PLAN["seconds"], exit=True, file=ERRORS)


def pytest_unconfigure() -> None:
    """Stop the clock."""
    faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that another installation of the library has answered."""
    yield
    strangers = sorted(filter(None, map(_stranger, list(sys.modules.values()))))
    if strangers:
        pytest.fail(f"answered from outside of the repository: {strangers[0]}", pytrace=False)


def _stranger(module: ModuleType) -> str:
    """Where a module of the library lies, if that is not below the repository.

    What counts is the name it was loaded under: a library may list foreign modules among its own.
    """
    spec = getattr(module, "__spec__", None)
    name, origin = getattr(spec, "name", None), getattr(spec, "origin", None)
    if not isinstance(name, str) or not isinstance(origin, str) or name.partition(".")[0] not in PLAN["owned"]:
        return ""
    inside = os.path.realpath(origin).startswith(ROOT + os.sep)
    return "" if inside else f"{name} in {origin}"
