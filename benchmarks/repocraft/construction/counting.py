"""The table of counts: what a project's tests came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from repowright.benchmarks.repocraft.construction.building import Gathered
from repowright.benchmarks.repocraft.tasks import TaskSet


@dataclass(frozen=True)
class Counts:
    """One row of the table of counts.

    Parameters
    ----------
    reasons
        Tests that were dropped, by reason, most first.
    cpu_seconds
        Of the harvest, all processes together.
    """

    project: str
    alias: str
    version: str
    files: int
    functions: int
    groups: int
    reasons: tuple[tuple[str, int], ...]
    wanted: int
    sampled: int
    reserve: int
    cpu_seconds: float

    @property
    def dropped(self) -> int:
        """Test functions that became no task."""
        return sum(number for _, number in self.reasons)


def counts_of(gathered: Gathered, built: TaskSet) -> Counts:
    """Count what a project gave."""
    reasons = Counter(drop.reason for drop in gathered.dropped)
    return Counts(
        project=built.project,
        alias=built.alias,
        version=built.version,
        files=len(gathered.found.files),
        functions=built.harvested,
        groups=len(gathered.groups),
        reasons=tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        wanted=built.wanted,
        sampled=len(built.tasks),
        reserve=len(built.reserve),
        cpu_seconds=round(gathered.found.cpu_seconds, 1),
    )


def markdown_table(rows: Sequence[Counts]) -> str:
    """Lay rows out as a table in Markdown, with a row of sums if there are several."""
    lines = [
        "| project | release | test files | test functions | dropped | groups | tasks (wanted) | reserve | CPU s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_line(row) for row in rows),
    ]
    if len(rows) > 1:
        lines.append(_sums(rows))
    return "\n".join([*lines, "", "Dropped, by reason:", "", *(_reasons(row) for row in rows)])


def _line(row: Counts) -> str:
    return (
        f"| {row.project} ({row.alias}) | {row.version} | {row.files:,} | {row.functions:,} | {row.dropped:,} "
        f"| {row.groups:,} | {row.sampled} ({row.wanted}) | {row.reserve} | {row.cpu_seconds:.1f} |"
    )


def _sums(rows: Sequence[Counts]) -> str:
    wanted, sampled = sum(row.wanted for row in rows), sum(row.sampled for row in rows)
    return (
        f"| all | | {sum(row.files for row in rows):,} | {sum(row.functions for row in rows):,} "
        f"| {sum(row.dropped for row in rows):,} | {sum(row.groups for row in rows):,} | {sampled:,} ({wanted:,}) "
        f"| {sum(row.reserve for row in rows)} | {sum(row.cpu_seconds for row in rows):.1f} |"
    )


def _reasons(row: Counts) -> str:
    listed = ", ".join(f"{reason} {number:,}" for reason, number in row.reasons)
    return f"- {row.project}: {listed or 'none'}"
