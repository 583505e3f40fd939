"""Results and measurements become rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from repowright.benchmarks.repocraft.measure.agreement import agreement
from repowright.benchmarks.repocraft.measure.coverage import Coverage
from repowright.benchmarks.repocraft.measure.intervals import Rate, pass_rate, rate, vote_rate
from repowright.benchmarks.repocraft.report.measured import Measured
from repowright.benchmarks.repocraft.report.model import CoverageDetail, Judging, LeafLine, Mean, Row, Share, TaskLine
from repowright.benchmarks.repocraft.report.results import Evaluation
from repowright.benchmarks.repocraft.tasks import Task
from repowright.benchmarks.repocraft.verdicts import ArmResult, State

MOST_NOVEL = 40
"""Features outside of the reference that a page names."""


def share(found: Rate) -> Share:
    """Return a rate in percent."""
    return Share(
        hits=found.hits,
        of=found.of,
        percent=100 * found.share,
        wilson=_percent(found.wilson),
        bootstrap=_percent(found.bootstrap),
    )


def run_row(found: Evaluation, ceiling: ArmResult | None, held: Measured | None, seed: int) -> Row:
    """Return the row of a repository under evaluation."""
    row = _judged(found.result, seed).model_copy(
        update={"kind": "run", "model": found.means.generator_model, "of_ceiling": of_ceiling(found.result, ceiling)}
    )
    return with_measured(row, held, seed)


def control_row(arm: ArmResult, tasks: frozenset[str], seed: int) -> Row:
    """Return the row of a control arm on the tasks of the results beside it; on all its own if there are none."""
    return _judged(restricted(arm, tasks), seed)


def restricted(arm: ArmResult, tasks: frozenset[str]) -> ArmResult:
    """Return an arm with the verdicts on some tasks alone; with all of them if no tasks are named."""
    kept = tuple(verdict for verdict in arm.verdicts if not tasks or verdict.task in tasks)
    return arm.model_copy(update={"verdicts": kept})


def of_ceiling(result: ArmResult, ceiling: ArmResult | None) -> float | None:
    """Return passes as percent of the ceiling's on the tasks both have; ``None`` if the ceiling passes none of them."""
    if ceiling is None:
        return None
    shared = {verdict.task for verdict in result.verdicts} & {verdict.task for verdict in ceiling.verdicts}
    ours, theirs = (restricted(arm, frozenset(shared)).passed if shared else 0 for arm in (result, ceiling))
    return 100 * ours / theirs if theirs else None


def with_measured(row: Row, held: Measured | None, seed: int) -> Row:
    """Return a row with what was measured of its repository."""
    if held is None:
        return row
    size = held.size
    known: dict[str, object] = {
        "files": size.files,
        "lines": size.lines,
        "tokens": size.tokens,
        "unparsed": len(size.unparsed),
    }
    if held.features and held.fixed:
        known |= {
            "coverage": share(rate(held.fixed.covered, seed)),
            "novelty": 100 * held.fixed.novelty,
            "novel": held.fixed.novel,
            "features": len(held.features.phrases),
            "unbuilt": held.features.unbuilt,
            "feature_source": held.features.source,
        }
    return row.model_copy(update=known)


def mean(rows: Sequence[Row]) -> Mean:
    """Return the plain means of rows, one a project."""

    def over(figure: Callable[[Row], float | None]) -> float | None:
        found = [value for value in map(figure, rows) if value is not None]
        return sum(found) / len(found) if len(found) == len(rows) else None

    return Mean(
        projects=len(rows),
        passed=over(lambda row: row.passed.percent if row.passed else None),
        voted=over(lambda row: row.voted.percent if row.voted else None),
        coverage=over(lambda row: row.coverage.percent if row.coverage else None),
        novelty=over(lambda row: row.novelty),
        files=over(lambda row: row.files),
        lines=over(lambda row: row.lines),
        tokens=over(lambda row: row.tokens),
    )


def judging(found: Evaluation) -> Judging:
    """Return who judged a repository, and how well they agree."""
    agreed = agreement(found.result)
    means = found.means
    return Judging(
        system=found.result.arm,
        model=means.model,
        judge_model=means.judge_model,
        votes=means.terms.votes,
        adapter=means.terms.adapter,
        environment=means.terms.environment,
        replayed=means.replay,
        kappa=agreed.kappa if agreed else None,
        unanimous=100 * agreed.unanimous if agreed else None,
        ballots=agreed.ballots if agreed else 0,
        calls=means.calls,
        tokens=means.tokens,
        usd=means.usd,
    )


def task_lines(result: ArmResult, tasks: Mapping[str, Task], controls: Mapping[str, ArmResult]) -> tuple[TaskLine, ...]:
    """Return one line a task, in the order of their ids, with how it ended in the control arms."""
    ended = {arm: {verdict.task: verdict.state.value for verdict in run.verdicts} for arm, run in controls.items()}
    return tuple(
        TaskLine(
            system=result.arm,
            task=verdict.task,
            about=_about(tasks.get(verdict.task)),
            state=verdict.state.value,
            detail=" ".join(verdict.detail.split()),
            yes=sum(verdict.ballots),
            ballots=len(verdict.ballots),
            voted=verdict.voted,
            located=verdict.located,
            attempts=verdict.attempts,
            adaptations=verdict.adaptations,
            seconds=verdict.seconds,
            controls={arm: states[verdict.task] for arm, states in ended.items() if verdict.task in states},
        )
        for verdict in sorted(result.verdicts, key=lambda each: each.task)
    )


def coverage_detail(system: str, found: Coverage, released: Coverage) -> CoverageDetail:
    """Return what hits each leaf, and what hits none; ``released`` is the same as the released evaluator counts."""
    outside = sorted((each for each in found.assignments if each.leaf is None), key=lambda each: each.nearness)
    lines = []
    for number, leaf in enumerate(found.leaves):
        hits = sorted((each for each in found.assignments if each.leaf == number), key=lambda each: -each.nearness)
        nearest = hits[0] if hits else None
        lines.append(
            LeafLine(
                leaf=leaf.path,
                features=len(hits),
                nearest=nearest.feature if nearest else "",
                nearness=nearest.nearness if nearest else None,
            )
        )
    novel = tuple(each.feature for each in outside[:MOST_NOVEL])
    return CoverageDetail(
        system=system,
        embedder=found.embedder,
        reassigned_by=found.reassigned_by,
        coverage_as_released=100 * released.coverage,
        novelty_as_released=100 * released.novelty,
        leaves=tuple(lines),
        novel=novel,
    )


def _judged(arm: ArmResult, seed: int) -> Row:
    voted = vote_rate(arm, seed)
    states = Counter(verdict.state for verdict in arm.verdicts)
    return Row(
        kind="control",
        system=arm.arm,
        sandbox=arm.sandbox,
        passed=share(pass_rate(arm, seed)),
        voted=share(voted) if voted else None,
        states={state.value: states[state] for state in State if states[state]},
    )


def _about(task: Task | None) -> str:
    return ": ".join(part for part in (task.category, task.cap) if part) if task else ""


def _percent(interval: tuple[float, float]) -> tuple[float, float]:
    return 100 * interval[0], 100 * interval[1]
