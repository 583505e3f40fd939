"""The report as tables that a merge request or a terminal can show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from repowright.benchmarks.repocraft.report import cells
from repowright.benchmarks.repocraft.report.model import (
    Compared,
    CoverageDetail,
    Judging,
    Mean,
    ProjectReport,
    PublishedRow,
    Report,
    Row,
    Share,
    TaskLine,
)

_ROWS = ("repository", "pass", "of ceiling", "vote", "coverage", "novelty", "files", "nLOC", "tokens", "tasks ended")
_JUDGES = ("repository", "model", "votes by", "ballots", "kappa", "unanimous", "calls", "tokens", "cost")
_PAIRS = ("first", "second", "shared tasks", "points of pass", "95 %, paired", "only first", "only second")
_TASKS = ("task", "repository", "ended", "votes", "why", "control arms")
_PUBLISHED = ("system", "model", "project", "coverage", "novelty", "pass", "vote", "files", "nLOC", "tokens", "source")

_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_[]|~#$"} | {"<": "&lt;", "&": "&amp;"})


def as_markdown(report: Report) -> str:
    """Return the report; what comes from results, repositories and models cannot become markup."""
    lines = [line for project in report.projects for line in _project(project)]
    ours = [_beside(row, project.alias) for project in report.projects for row in project.rows if row.kind == "run"]
    rows = [*ours, *([_mean(report.mean)] if report.mean else []), *map(_published, report.published)]
    lines += ["## Beside what is published", "", *_table(_PUBLISHED, rows)]
    return "\n".join(lines) + "\n"


def _project(project: ProjectReport) -> Iterator[str]:
    yield f"# RepoCraft: {_plain(project.alias)} ({_plain(project.project)})"
    yield ""
    yield from _table(_ROWS, map(_row, project.rows))
    if project.ceiling:
        yield from (f"Ceiling: {project.ceiling}. Brackets: Wilson's 95 % interval.", "")
    if project.described_by:
        described, grouped = (", ".join(map(_plain, names)) for names in (project.described_by, project.grouped_by))
        yield from (f"Tasks described by {described}; grouped by {grouped}.", "")
    for remark in project.remarks:
        yield from (f"- {_plain(remark)}",)
    if project.remarks:
        yield ""
    for detail in project.coverage:
        yield from (_coverage(detail), "")
    yield from _titled("Judges", _JUDGES, map(_judging, project.judging))
    yield from _titled("Against each other", _PAIRS, map(_pair, project.compared))
    yield from _titled("Tasks", _TASKS, map(_task, project.tasks))


def _coverage(detail: CoverageDetail) -> str:
    missed = ", ".join(_plain(leaf.leaf) for leaf in detail.leaves if not leaf.features) or "none"
    released = f"{cells.percent(detail.coverage_as_released)}, as the released evaluator counts without its model step"
    how = f"embedded by {_plain(detail.embedder)}, features moved by a model: {_plain(detail.reassigned_by)}"
    return f"Coverage of {_plain(detail.system)}: {how}; {released}. Reference features not hit: {missed}."


def _titled(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    body = list(rows)
    if body:
        yield from (f"## {title}", "", *_table(head, body))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _row(row: Row) -> tuple[str, ...]:
    name = _plain(f"{row.system} (control)" if row.kind == "control" else f"{row.system} {row.model}")
    return (
        name if row.kind == "control" else f"**{name}**",
        _share(row.passed),
        cells.percent(row.of_ceiling),
        _share(row.voted),
        _share(row.coverage),
        cells.novelty(row),
        *(cells.counted(value) for value in (row.files, row.lines, row.tokens)),
        cells.ended(row),
    )


def _judging(judge: Judging) -> tuple[str, ...]:
    return (
        *(_plain(text) for text in (judge.system, judge.model, judge.judge_model)),
        cells.counted(judge.ballots),
        cells.factor(judge.kappa),
        cells.percent(judge.unanimous),
        cells.counted(judge.calls),
        cells.counted(judge.tokens),
        cells.money(judge.usd),
    )


def _pair(pair: Compared) -> tuple[str, ...]:
    low, high = pair.interval
    figures = (str(pair.tasks), f"{pair.points:+.1f}", f"{low:+.1f} to {high:+.1f}")
    return _plain(pair.first), _plain(pair.second), *figures, str(pair.only_first), str(pair.only_second)


def _task(line: TaskLine) -> tuple[str, ...]:
    votes = f"{line.yes} of {line.ballots}" if line.ballots else cells.NOTHING
    controls = ", ".join(f"{arm} {state}" for arm, state in line.controls.items())
    return _plain(line.task), _plain(line.system), line.state, votes, _plain(line.detail), controls or cells.NOTHING


def _beside(row: Row, alias: str) -> tuple[str, ...]:
    coverage, passed, voted = (share.percent if share else None for share in (row.coverage, row.passed, row.voted))
    shares = map(cells.percent, (coverage, row.novelty, passed, voted))
    sizes = map(cells.counted, (row.files, row.lines, row.tokens))
    return f"**{_plain(row.system)}**", _plain(row.model), _plain(alias), *shares, *sizes, "**this report**"


def _mean(mean: Mean) -> tuple[str, ...]:
    shares = map(cells.percent, (mean.coverage, mean.novelty, mean.passed, mean.voted))
    sizes = map(cells.counted, (mean.files, mean.lines, mean.tokens))
    return f"**mean of {mean.projects} projects**", cells.NOTHING, cells.NOTHING, *shares, *sizes, "**this report**"


def _published(row: PublishedRow) -> tuple[str, ...]:
    shares = map(cells.percent, (row.coverage, row.novelty, row.passed, row.voted))
    sizes = map(cells.counted, (row.files, row.lines, row.tokens))
    note = f"; {row.note}" if row.note else ""
    return row.system, row.model or cells.NOTHING, row.project, *shares, *sizes, f"{row.mark}: {row.source}{note}"


def _share(share: Share | None) -> str:
    if share is None:
        return cells.NOTHING
    return f"{share.percent:.1f} [{cells.interval(share)}] {share.hits}/{share.of}"


def _plain(text: str) -> str:
    return cells.one_line(text).translate(_SPECIAL) or cells.NOTHING
