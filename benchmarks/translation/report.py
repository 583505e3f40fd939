"""A report: projects and their sums, beside published rates, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from repowright.benchmarks.repocraft.measure.intervals import wilson
from repowright.benchmarks.translation.beside import Beside, beside
from repowright.benchmarks.translation.published import LEADERBOARD, OTHERS, RERUN, SETTINGS, Published
from repowright.benchmarks.translation.rows import ProjectRow, Totals, totals

_NOTES = (
    "A project counts whatever became of it. *Builds*: the crate compiles with its tests. *Passes*: every test passes, "
    "as the crate was delivered. *Strict*: the set's own tests, one executable at a time, without privileges; those "
    "that pass on stubs count for nothing, at least one other passes, no function is a stub, and no unsafe code is "
    "added to the interface's.",
    "*Unsafe* counts places in the crate's own code, *laundered* safe signatures over unsafe code. Clippy and lines "
    "leave tests, programs and stand-ins out; what files allow themselves as a whole is undone for clippy.",
    "*Not translated*: definitions and files; in brackets those for which the given interface has no place. *Rounds*: "
    "answers of the model after a unit's first, mendings of the whole crate included. A dash for the cost: the "
    "endpoint told no price.",
    "Published rows are of the whole set, ours of the projects listed here. Intervals are Wilson's, 95 %, and say how "
    "far a rate of so few projects can be trusted.",
)


class Report(BaseModel):
    """What is written as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_name: Literal["repowright.translation-report/1"] = "repowright.translation-report/1"
    title: str
    totals: Totals
    projects: tuple[ProjectRow, ...]
    published: tuple[Published, ...] = ()
    beside: tuple[Beside, ...] = ()


def report_of(
    title: str, rows: Sequence[ProjectRow], published: tuple[Published, ...] = (), solved: Path | None = None
) -> Report:
    """Make a report of rows.

    Parameters
    ----------
    published
        Rates of others on the same set.
    solved
        File that says which other systems solved which project.

    Raises
    ------
    CasesUnavailable
        If that file cannot be read.
    """
    ordered = tuple(sorted(rows, key=lambda row: row.project))
    others = beside(solved, [row.project for row in ordered]) if solved else ()
    return Report(title=title, totals=totals(rows), projects=ordered, published=published, beside=others)


def markdown(report: Report) -> str:
    """Return the report for people."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    sums = report.totals
    yield f"# {report.title}"
    yield ""
    unfinished = sums.projects - sums.finished
    yield f"{sums.projects} projects{f', {unfinished} of them not finished' if unfinished else ''}."
    yield from _section("Rates", _rates(report))
    yield from _section("On the same projects", _same(report))
    yield from _section("Results", _results(report.projects, sums))
    yield from _section("Work", _work(report.projects, sums))
    yield from _section(
        "Other crates", [_crates(row) for row in report.projects if row.stood_in or row.dropped or row.missing]
    )
    yield from _section("Why not strictly", [_reason(row) for row in report.projects if not row.strict])
    yield from _section("Figures of other sets", [f"- {each.system}: {each.told} ({each.source})" for each in OTHERS])
    yield from _section("How to read this", ["\n\n".join(_NOTES)])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {title}", "", *lines)


def _rates(report: Report) -> list[str]:
    sums = report.totals
    models = ", ".join(sorted({row.model for row in report.projects}))
    lines = ["| system | projects | build | all tests pass | strict |", "| --- | --- | --- | --- | --- |"]
    shares = " | ".join(_share(each, sums.projects) for each in (sums.builds, sums.official, sums.strict))
    lines += [f"| **Repowright** ({models}) | {sums.projects} | {shares} |"]
    for row in sorted(report.published, key=lambda row: (SETTINGS.index(row.setting), row.passes), reverse=True):
        mark = "" if row.source == LEADERBOARD else " *"
        lines.append(f"| {row.system}, {row.setting}{mark} | {row.projects} | {row.builds} % | {row.passes} % | |")
    sources = ["", f"Published: {LEADERBOARD}; *: {RERUN}."]
    return [*lines, *(sources if report.published else [])]


def _same(report: Report) -> list[str]:
    if not report.beside:
        return []
    own = f"| **Repowright** | {report.totals.official} of {report.totals.projects} |"
    others = [f"| {each.system} | {each.passes} of {each.projects} |" for each in report.beside]
    return ["| system | all tests pass |", "| --- | --- |", own, *others]


def _share(hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{100 * hits / of if of else 0:.0f} % ({hits}; {100 * low:.0f} to {100 * high:.0f})"


def _results(rows: Sequence[ProjectRow], sums: Totals) -> list[str]:
    lines = [
        "| project | run | builds | passes | strict | tests that fail on stubs | others | unsafe | laundered "
        "| clippy per 1,000 lines | lines of C | of Rust |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        marks = " | ".join(_mark(each) for each in (row.builds, row.official, row.strict))
        tests = f"{row.real_passed} of {row.real_tests} | {row.vacuous}" if row.judged else "- | -"
        counts = f"{row.unsafe} | {row.laundered}" if row.judged else "- | -"
        lines.append(
            f"| {row.project} | {row.status} | {marks} | {tests} | {counts} | {_rate(row.clippy_per_1000)} "
            f"| {row.c_lines} | {row.rust_lines} |"
        )
    real = sum(row.real_tests for row in rows)
    lines.append(
        f"| **all {sums.projects}** | {sums.finished} finished | {sums.builds} | {sums.official} | {sums.strict} "
        f"| {sum(row.real_passed for row in rows)} of {real} | {sums.vacuous} | {sums.unsafe} | {sums.laundered} "
        f"| {_rate(sums.clippy_per_1000)} | {sums.c_lines} | {sums.rust_lines} |"
    )
    return lines


def _work(rows: Sequence[ProjectRow], sums: Totals) -> list[str]:
    lines = [
        "| project | units verified | not translated | rounds | requests | tokens in | out | usd | minutes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    named: list[tuple[str, ProjectRow | Totals]] = [(row.project, row) for row in rows]
    for name, each in [*named, (f"**all {sums.projects}**", sums)]:
        refused = f"{each.refused} ({each.outside})" if each.outside else str(each.refused)
        lines.append(
            f"| {name} | {each.verified} of {each.units} | {refused} | {each.rounds} | {each.requests} "
            f"| {each.prompt_tokens} | {each.completion_tokens} | {_cost(each.usd)} | {each.seconds / 60:.1f} |"
        )
    return lines


def _crates(row: ProjectRow) -> str:
    parts = [("stand-ins for", row.stood_in), ("unused, taken out:", row.dropped), ("not here:", row.missing)]
    told = [f"{word} {', '.join(names)}" for word, names in parts if names]
    return f"- {row.project}: {'; '.join(told)}"


def _reason(row: ProjectRow) -> str:
    if not row.judged:
        return f"- {row.project}: the run is {row.status}, and no crate was delivered"
    told = "; ".join(" ".join(each.split())[:200] for each in row.reasons[:5])
    return f"- {row.project}: {told}"


def _mark(value: bool) -> str:
    return "yes" if value else "no"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _cost(usd: float) -> str:
    return f"{usd:.2f}" if usd else "-"
