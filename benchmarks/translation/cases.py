"""What every set of the translation benchmarks is: C projects by name, each with what is given for its translation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from repowright.agent.workflows.translate.checks import CProgram

LARGEST_FILE = 2_000_000
"""Bytes; larger ones are data that no build needs."""


class Rule(StrEnum):
    """What a translation is judged by."""

    TESTS = "tests"
    """Rust tests that the set has."""
    PROGRAMS = "programs"
    """Its programs print and return what those of C do."""


@dataclass(frozen=True)
class Case:
    """One project.

    Parameters
    ----------
    program
        The C project.
    crate
        The Rust crate with its interfaces in place, every function a stub; empty where the set gives none.
    answer
        A translation that the set itself holds; empty where it holds none.
    """

    name: str
    program: CProgram
    crate: Mapping[str, bytes] = field(default_factory=dict)
    rule: Rule = Rule.TESTS
    answer: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def tests(self) -> Mapping[str, bytes]:
        """The files that hold the tests, which an answer must leave alone."""
        return {path: data for path, data in self.crate.items() if is_test_file(path)}


class CaseSet(Protocol):
    """A set of projects."""

    def names(self) -> tuple[str, ...]:
        """Names of all projects, sorted."""

    def case(self, name: str) -> Case:
        """Read one project.

        Raises
        ------
        CaseUnknown
            If there is none of that name.
        """


def is_test_file(path: str) -> bool:
    """Tell whether a file of a crate belongs to its tests."""
    return path.startswith(("src/bin/", "tests/"))
