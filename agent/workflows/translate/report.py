"""A translation for people: what came of it, unit by unit, what is left and why, and how Rust behaves otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from repowright.agent.workflows.translate.idiomatic.cluster_report import cluster_lines
from repowright.agent.workflows.translate.records import (
    LadderStep,
    Metrics,
    RefusedUnit,
    Translation,
    UnitRecord,
    UnitState,
)

_LISTED = 60


def report_text(found: Translation) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Translation) -> Iterator[str]:
    yield f"# {found.title}"
    yield ""
    yield _head(found)
    yield from _section("Figures", _figures(found))
    yield from _section(f"Checks of the whole {_whole(found)}", _ladder(found.ladder))
    yield from _section("Type clusters", cluster_lines(found.clusters))
    yield from _section("Units", _units(found.units))
    open_ = [unit for unit in found.units if unit.reason]
    yield from _section(
        "Units that are not right", [f"- `{unit.name}` ({unit.state}): {unit.reason}" for unit in open_]
    )
    yield from _section("Not translated", _refused(found.refused))
    yield from _section("Read otherwise than a full compilation would", _refused(found.notes))
    tests = [f"- `{each.test}`: {' '.join(each.told.split())[:200]}" for each in found.failing]
    yield from _section("Tests that fail", tests[:_LISTED])
    yield from _section("Behaves otherwise than C", [f"- {each}" for each in found.differences[:_LISTED]])
    yield from _section("Answers of the model", _answers(found))


def _head(found: Translation) -> str:
    figures = found.metrics
    if not figures.builds:
        return "**It does not build.**"
    if found.is_complete:
        tests = f" {figures.tests_passed} of {figures.tests_total} tests pass." if figures.tests_total else ""
        return f"**Translated.** All {figures.units} units are written and the {_whole(found)} builds.{tests}"
    written = f"{figures.written} of {figures.units} units are written"
    return f"**In part.** It builds; {written}, {figures.verified} verified; see what is left below."


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def _whole(found: Translation) -> str:
    return "crate" if found.target == "rust" else "package"


def _figures(found: Translation) -> list[str]:
    figures = found.metrics
    rows: Mapping[str, str] = {
        "builds": "yes" if figures.builds else "no",
        "units written, verified, all": f"{figures.written}, {figures.verified}, {figures.units}",
        "definitions and files not translated": str(figures.refused),
        "tests that pass": f"{figures.tests_passed} of {figures.tests_total}"
        + (f"; {figures.tests_vacuous} more pass on stubs and do not count" if figures.tests_vacuous else ""),
        "assertions in tests that pass": f"{figures.assertions_passed} of {figures.assertions}",
        **(_about_rust(figures) if found.target == "rust" else {}),
        f"lines of C, of {found.target.capitalize()}": f"{figures.c_lines}, {figures.rust_lines}",
        "answers of the model": str(figures.requests),
        "tokens asked, answered": f"{figures.prompt_tokens}, {figures.completion_tokens}",
        "cost": f"{figures.usd:.4f} USD" if figures.usd else "unknown or nothing",
        "time of the model": f"{figures.seconds:.1f} s",
    }
    return ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows.items())]


def _about_rust(figures: Metrics) -> dict[str, str]:
    unsafe = figures.unsafe
    return {
        "unsafe places": f"{unsafe.total} ({unsafe.blocks} blocks, {unsafe.functions} functions), {unsafe.lines} lines",
        "safe signatures over unsafe code": str(unsafe.laundering),
        "raw pointers: types, casts, dereferences": f"{unsafe.raw_pointer_types}, {unsafe.raw_casts}, "
        f"{unsafe.dereferences}",
        "clippy": f"{figures.clippy_warnings} warnings" if figures.clippy_warnings >= 0 else "not run",
    }


def _ladder(steps: Sequence[LadderStep]) -> list[str]:
    rows = [f"| {step.check} | {step.verdict} | {_cell(step.told)} |" for step in steps]
    return ["| check | verdict | |", "| --- | --- | --- |", *rows]


def _units(units: Sequence[UnitRecord]) -> list[str]:
    counted = {state: sum(unit.state is state for unit in units) for state in UnitState}
    told = ", ".join(f"{count} {state}" for state, count in counted.items() if count)
    rows = [
        f"| `{unit.name}` | {unit.state} | {unit.attempts} | {unit.by_rules} | {_cell(', '.join(unit.faults))} |"
        for unit in units
    ]
    head = ["| unit | state | answers | fixes by rules | refused for |", "| --- | --- | --- | --- | --- |"]
    return [f"{told}.", "", *head, *rows] if units else []


def _refused(refused: Sequence[RefusedUnit]) -> list[str]:
    rows = []
    for each in refused[:_LISTED]:
        place = f"{each.path}:{each.line}" if each.line else each.path
        rows.append(f"- `{place}`{f' `{each.name}`' if each.name else ''}: {each.reason} ({each.code})")
    more = [f"- and {len(refused) - _LISTED} more"] if len(refused) > _LISTED else []
    return [*rows, *more]


def _answers(found: Translation) -> list[str]:
    refused = [f"- {count} refused for {name}" for name, count in found.faults.items()]
    return [*refused, *(f"- {count} of odd form, and used: {name}" for name, count in found.form.items())]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
