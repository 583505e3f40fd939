"""Names of tests: what a selection holds, and how tests of one name are told apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from repowright.executors.testing.report import TestResult

EVERYTHING = frozenset({"", "."})
_NUMBER = re.compile(r" #\d+\Z")
_JOINT = re.compile(r"::|/| > |\[|\(")


class Selection:
    """Tests, and files, folders, classes or groups of tests; everything when it is empty."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.rstrip("/").removeprefix("./") for name in names}

    def holds(self, test: str) -> bool:
        """True when a test, or something it stands in, was selected."""
        if not self._names or self._names & EVERYTHING:
            return True
        return any(name in self._names for name in _names(test))

    def missing(self, tests: Iterable[str]) -> tuple[str, ...]:
        """What was selected and is not among ``tests``."""
        found = {name for test in tests for name in _names(test)}
        return tuple(sorted(self._names - found - EVERYTHING))


def _names(test: str) -> Iterator[str]:
    """The test itself, everything it stands in, and its name without parameters."""
    yield test
    for joint in _JOINT.finditer(test):
        yield test[: joint.start()]


def numbered(results: Sequence[TestResult]) -> tuple[TestResult, ...]:
    """Give every test a name of its own: a framework may report two under one."""
    seen: Counter[str] = Counter()
    named = []
    for result in results:
        seen[result.test] += 1
        count = seen[result.test]
        named.append(result if count == 1 else replace(result, test=f"{result.test} #{count}"))
    return tuple(named)


def unnumbered(test: str) -> str:
    """The name a framework knows a test by."""
    return _NUMBER.sub("", test)
