"""Results, control arms, measurements and published rows become one report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from repowright.benchmarks.repocraft.errors import ProjectUnknown
from repowright.benchmarks.repocraft.measure.intervals import paired_gain
from repowright.benchmarks.repocraft.projects import project_named
from repowright.benchmarks.repocraft.report.measured import Measured
from repowright.benchmarks.repocraft.report.model import Compared, ProjectReport, PublishedRow, Report, Row
from repowright.benchmarks.repocraft.report.published import MARK, Published, rows_for
from repowright.benchmarks.repocraft.report.results import ARMS, Evaluation
from repowright.benchmarks.repocraft.report.rows import (
    control_row,
    coverage_detail,
    judging,
    mean,
    run_row,
    task_lines,
    with_measured,
)
from repowright.benchmarks.repocraft.tasks import Task
from repowright.benchmarks.repocraft.verdicts import ArmResult, State

REAL = "real"
_MEASURED_ONLY = "not evaluated"


@dataclass(frozen=True)
class Given:
    """What is known of one project of the benchmark.

    Parameters
    ----------
    evaluations
        Results of repositories; one of the real project, under ``real``, is the ceiling that counts.
    controls
        Control arms, by name.
    repository, real
        What was measured of the repository under evaluation and of the real project.
    tasks
        By id, where they are known.
    remarks
        What else a reader must know.
    """

    project: str
    evaluations: Sequence[Evaluation] = ()
    controls: Mapping[str, ArmResult] = field(default_factory=dict)
    repository: Measured | None = None
    real: Measured | None = None
    tasks: Mapping[str, Task] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def gather(given: Sequence[Given], seed: int = 0) -> Report:
    """Return the report; the same results and seed give the same one."""
    projects = frozenset(each.project for each in given)
    reports = tuple(_project(each, seed) for each in given)
    runs = [[row for row in report.rows if row.kind == "run"] for report in reports]
    return Report(
        seed=seed,
        projects=reports,
        mean=mean([row for (row,) in runs]) if len(runs) > 1 and all(len(rows) == 1 for rows in runs) else None,
        published=tuple(_published(row) for row in rows_for(projects)),
    )


def alias_of(project: str) -> str:
    """Return what the benchmark calls a project; its name, if it is none of the six."""
    try:
        return project_named(project).alias
    except ProjectUnknown:
        return project


def _project(given: Given, seed: int) -> ProjectReport:
    known = dict(given.tasks) | {name: task for each in given.evaluations for name, task in each.tasks.items()}
    runs = [each for each in given.evaluations if each.result.arm != REAL]
    evaluated = {verdict.task for each in given.evaluations for verdict in each.result.verdicts}
    named, ceiling = _ceiling(given)
    tasks = {name: task for name, task in known.items() if not evaluated or name in evaluated}
    coverage = [
        coverage_detail(name, held.fixed, held.moving)
        for name, held in ((_subject(runs), given.repository), (REAL, given.real))
        if held is not None and held.fixed is not None and held.moving is not None
    ]
    return ProjectReport(
        project=given.project,
        alias=alias_of(given.project),
        described_by=tuple(sorted({task.described_by for task in tasks.values()})),
        grouped_by=tuple(sorted({task.grouped_by for task in tasks.values()})),
        ceiling=named,
        rows=tuple(_rows(given, runs, ceiling, frozenset(evaluated), seed)),
        judging=tuple(judging(each) for each in given.evaluations),
        compared=tuple(_compared([each.result for each in given.evaluations], seed)),
        tasks=tuple(line for each in runs for line in task_lines(each.result, known, given.controls)),
        coverage=tuple(coverage),
        remarks=tuple(_remarks(given, runs, known, evaluated)),
    )


def _ceiling(given: Given) -> tuple[str, ArmResult | None]:
    evaluated = next((each.result for each in given.evaluations if each.result.arm == REAL), None)
    if evaluated is not None:
        return "the real project, judged the same way", evaluated
    if REAL in given.controls:
        return "the real project's own tests, unadapted", given.controls[REAL]
    return "", None


def _rows(
    given: Given, runs: Sequence[Evaluation], ceiling: ArmResult | None, evaluated: frozenset[str], seed: int
) -> Iterator[Row]:
    # Code was measured of one repository; with several results of a project nobody says whose it is.
    for each in runs:
        yield run_row(each, ceiling, given.repository if len(runs) == 1 else None, seed)
    if not runs and given.repository is not None:
        yield with_measured(Row(kind="run", system=_MEASURED_ONLY), given.repository, seed)
    judged = next((each for each in given.evaluations if each.result.arm == REAL), None)
    if judged is not None:
        row = run_row(judged, ceiling, given.real, seed)
        yield row.model_copy(update={"kind": "control", "system": "real, judged the same way"})
    for name in ARMS:
        if name in given.controls:
            row = control_row(given.controls[name], evaluated, seed)
            yield with_measured(row, given.real if name == REAL else None, seed)
        elif name == REAL and given.real is not None and judged is None:
            yield with_measured(Row(kind="control", system=REAL), given.real, seed)


def _compared(results: Sequence[ArmResult], seed: int) -> Iterator[Compared]:
    for first, second in combinations(results, 2):
        gain = paired_gain(first, second, seed)
        low, high = gain.interval
        yield Compared(
            first=first.arm,
            second=second.arm,
            tasks=gain.tasks,
            points=100 * gain.share,
            interval=(100 * low, 100 * high),
            only_first=gain.only_first,
            only_second=gain.only_second,
        )


def _remarks(given: Given, runs: Sequence[Evaluation], known: Mapping[str, Task], evaluated: set[str]) -> Iterator[str]:
    yield from given.remarks
    absent = [arm for arm in ARMS if arm not in given.controls]
    if absent:
        yield f"Control arms missing: {', '.join(absent)}. Without them nothing bounds the figures."
    for arm in ("stubbed", "empty"):
        hollow = _passing(given.controls.get(arm), evaluated)
        if hollow:
            yield f"{len(hollow)} tasks pass in the {arm} arm and show nothing: {', '.join(hollow[:10])}."
    beyond = sorted(known.keys() - evaluated)
    if evaluated and beyond:
        yield f"{len(evaluated)} of {len(known)} tasks were evaluated; the figures speak of those alone."
    strangers = _strangers(given, evaluated)
    if strangers:
        yield f"{strangers} evaluated tasks are in no control arm; the ceiling is that of the others."
    yield from (_bias(each) for each in runs if _bias(each))
    if given.repository is not None and len(runs) > 1:
        yield "Code was measured of one repository, but several results are given: its figures stand in no row."


def _bias(found: Evaluation) -> str:
    means = found.means
    if not means.generator_model:
        return ""
    if means.generator_model == means.judge_model:
        return f"{found.result.arm} was written by {means.generator_model}, which voted on it too."
    if means.generator_model == means.model:
        return f"{found.result.arm} was written by {means.generator_model}, which located and adapted for it too."
    return ""


def _passing(arm: ArmResult | None, evaluated: set[str]) -> list[str]:
    verdicts = arm.verdicts if arm else ()
    passing = (verdict.task for verdict in verdicts if verdict.state is State.PASSED)
    return sorted(task for task in passing if not evaluated or task in evaluated)


def _strangers(given: Given, evaluated: set[str]) -> int:
    if REAL not in given.controls:
        return 0
    return len(evaluated - {verdict.task for verdict in given.controls[REAL].verdicts})


def _subject(runs: Sequence[Evaluation]) -> str:
    return runs[0].result.arm if len(runs) == 1 else "the repository"


def _published(row: Published) -> PublishedRow:
    return PublishedRow(
        mark=MARK,
        system=row.system,
        model=row.model,
        project=row.alias,
        coverage=row.coverage,
        novelty=row.novelty,
        passed=row.passed,
        voted=row.voted,
        files=row.files,
        lines=row.lines,
        tokens=row.tokens,
        source=f"{row.source}, {row.table}",
        note=row.note,
    )
