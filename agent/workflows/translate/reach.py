"""What each test of the translation may call, and which tests can be expected to pass."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from repowright.agent.workflows.translate.slots import Slot


@dataclass(frozen=True)
class TestReach:
    """One test and the items it may call."""

    __test__ = False

    path: str
    test: str
    text: str
    """Of the test function."""
    slots: frozenset[Slot]


def ready(tests: Collection[TestReach], done: Collection[Slot]) -> frozenset[tuple[str, str]]:
    """Return the tests whose items are all there."""
    there = set(done)
    return frozenset((each.path, each.test) for each in tests if each.slots <= there)
