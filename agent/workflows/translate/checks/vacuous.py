"""Tests that pass on stubs: whatever they show, it is nothing of the translation."""

from __future__ import annotations

from collections.abc import Mapping

from repowright.agent.workflows.translate.checks.bench import Bench
from repowright.agent.workflows.translate.checks.crate import is_own_code
from repowright.agent.workflows.translate.checks.unit_tests import ROUND_S, run_binaries
from repowright.executors import TestOutcome
from repowright.repo_tools.rust_source import stub_out


def stubbed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """A crate with every function of its own code made a stub."""
    return {path: stub_out(data) if is_own_code(path) else data for path, data in files.items()}


async def vacuous_tests(bench: Bench, files: Mapping[str, bytes], wall_s: float = ROUND_S) -> frozenset[str]:
    """Return the tests of a crate that pass when no function does anything.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    results, _, _ = await run_binaries(bench, stubbed(files), wall_s)
    return frozenset(name for name, each in results.items() if each.outcome is TestOutcome.PASSED)
