"""The ladder: checks from the cheapest to the dearest, stopped at the first that fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks.bench import Bench
from repowright.agent.workflows.translate.checks.compile import ClippyCheck, CompileCheck, ParseCheck, UnsafeCheck
from repowright.agent.workflows.translate.checks.crate import Crate
from repowright.agent.workflows.translate.checks.differential import DifferentialCheck
from repowright.agent.workflows.translate.checks.finding import Check, Finding, Verdict
from repowright.agent.workflows.translate.checks.sanitizer import SanitizerCheck
from repowright.agent.workflows.translate.checks.swap import SwapCheck
from repowright.agent.workflows.translate.checks.unit_tests import UnitTestCheck


@dataclass(frozen=True)
class Climb:
    """How far a crate came."""

    findings: tuple[Finding, ...]

    @property
    def failed(self) -> Finding | None:
        """The check it stopped at."""
        return next((each for each in self.findings if each.verdict is Verdict.FAILED), None)

    @property
    def passed(self) -> bool:
        """True where nothing failed and something was really checked beyond the compiler."""
        return self.failed is None and any(each.passed for each in self.findings)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Larger is better: checks passed, tests passed, and the fewer compile errors and failures the better."""
        steps = sum(each.passed for each in self.findings)
        tests = sum(int(each.figures.get("real", 0)) for each in self.findings)
        wrong = sum(int(each.figures.get("errors", 0) + each.figures.get("failed", 0)) for each in self.findings)
        return steps, tests, -wrong


async def climb(crate: Crate, checks: Sequence[Check], *, to_the_top: bool = False) -> Climb:
    """Check a crate.

    Parameters
    ----------
    to_the_top
        Go on after a failure, as a report wants it.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    findings = []
    for check in checks:
        finding = await check.check(crate)
        findings.append(finding)
        if finding.verdict is Verdict.FAILED and not to_the_top:
            break
    return Climb(tuple(findings))


def full_ladder(bench: Bench, seed: int = 1) -> tuple[Check, ...]:
    """Every check, cheapest first."""
    return (
        ParseCheck(),
        UnsafeCheck(),
        CompileCheck(bench),
        UnitTestCheck(bench),
        SwapCheck(bench),
        DifferentialCheck(bench, seed),
        ClippyCheck(bench),
        SanitizerCheck(bench),
    )
