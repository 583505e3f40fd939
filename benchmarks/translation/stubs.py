"""A set before anything is translated: do its interfaces compile here, with what in place of which crates, and which
tests pass although no function does anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks import Bench, CompileCheck, Crate, stubbed, vacuous_tests
from repowright.benchmarks.translation.cases import Case
from repowright.benchmarks.translation.offline import offline
from repowright.benchmarks.translation.verdict import WALL_S
from repowright.repo_tools.rust_source import find_tests


@dataclass(frozen=True)
class StubRow:
    """One project's interface.

    Parameters
    ----------
    tests
        Functions marked as tests.
    stood_in, dropped, missing
        Crates: stood in for, taken out as unused, needed and not here.
    """

    name: str
    builds: bool
    tier: str = "A"
    stood_in: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    tests: int = 0
    vacuous: tuple[str, ...] = ()
    error: str = ""


async def try_stubs(bench: Bench, case: Case) -> StubRow:
    """Compile the stubs of a project with its tests, and run those.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    if not case.crate:
        return StubRow(case.name, False, error="the set gives no interface")
    here = offline(case.crate)
    files = stubbed(here.files)
    compiled = await CompileCheck(bench).check(Crate(files))
    vacuous = await vacuous_tests(bench, files, WALL_S) if compiled.passed else frozenset[str]()
    tests = sum(len(find_tests(data)) for path, data in case.crate.items() if path.endswith(".rs"))
    error = "" if compiled.passed else (compiled.problems or (compiled.told,))[0]
    return StubRow(
        case.name, compiled.passed, here.tier, here.stood_in, here.dropped, here.missing, tests,
        tuple(sorted(vacuous)), error,
    )  # fmt: skip


def stub_table(rows: Sequence[StubRow]) -> str:
    """Return the rows that need other crates, do not build or hold vacuous tests, and the sums, as Markdown."""
    lines = ["| project | tier | builds | stood in for | taken out | not here | tests | pass on stubs |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    told = [row for row in rows if not row.builds or row.vacuous or row.tier != "A" or row.dropped]
    for row in told:
        crates = " | ".join(", ".join(names) for names in (row.stood_in, row.dropped, row.missing))
        builds = "yes" if row.builds else f"no: {row.error[:100]}".replace("|", "/")
        lines.append(f"| {row.name} | {row.tier} | {builds} | {crates} | {row.tests} | {len(row.vacuous)} |")
    tiers = ", ".join(f"{tier} {_share([row for row in rows if row.tier == tier])}" for tier in "ABC")
    vacuous = sum(len(row.vacuous) for row in rows)
    tests = sum(row.tests for row in rows)
    lines += ["", f"{_share(rows)} build; by tier: {tiers}. {vacuous} of {tests} tests pass on stubs."]
    return "\n".join(lines)


def _share(rows: Sequence[StubRow]) -> str:
    return f"{sum(row.builds for row in rows)} of {len(rows)}"
