"""What a check says of a crate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from repowright.agent.workflows.translate.checks.crate import Crate


class CheckName(StrEnum):
    """The rungs of the ladder, cheapest first."""

    PARSE = "parse"
    COMPILE = "compile"
    UNSAFE = "unsafe-budget"
    TESTS = "tests"
    SWAP = "swap"
    DIFFERENTIAL = "differential"
    CLIPPY = "clippy"
    SANITIZER = "sanitizer"


class Verdict(StrEnum):
    """How a check ended; a check that could not be made is never taken for one that passed."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Suggestion:
    """One replacement the compiler offers."""

    path: str
    start: int
    end: int
    """Bytes of the file as it was compiled."""
    text: str
    applicability: str
    """``MachineApplicable``, ``MaybeIncorrect``, ``HasPlaceholders`` or ``Unspecified``."""


@dataclass(frozen=True)
class Diagnostic:
    """One message of rustc or clippy."""

    level: str
    code: str
    """Such as ``E0308`` or ``clippy::needless_return``; empty for syntax errors."""
    message: str
    path: str = ""
    line: int = 0
    start: int = 0
    end: int = 0
    """Bytes of the primary span."""
    label: str = ""
    """What the primary span says, such as ``expected `u32`, found `i32` ``."""
    rendered: str = ""
    fixes: tuple[tuple[Suggestion, ...], ...] = ()
    """Each fix is a set of replacements that belong together."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    check: CheckName
    verdict: Verdict
    told: str
    """One line: what was seen."""
    problems: tuple[str, ...] = ()
    """What is wrong, in words for a model and a person; or why it was skipped."""
    diagnostics: tuple[Diagnostic, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    """Counts by name, such as ``hits`` and ``cases``."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Lists by name, such as ``passed`` and ``failed`` tests."""
    duration_s: float = 0.0

    @property
    def passed(self) -> bool:
        """True only where the check was made and found nothing."""
        return self.verdict is Verdict.PASSED


class Check(Protocol):
    """One rung of the ladder."""

    @property
    def name(self) -> CheckName:
        """Which rung it is."""

    async def check(self, crate: Crate) -> Finding:
        """Check a crate.

        Raises
        ------
        SandboxError
            If no box can be had.
        """


def skipped(check: CheckName, reason: str) -> Finding:
    """A finding of a check that could not be made."""
    return Finding(check, Verdict.SKIPPED, reason, (reason,))
