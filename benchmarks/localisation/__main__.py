"""``python -m repowright.benchmarks.localisation``: run, score and report."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import numpy as np

from repowright.benchmarks.localisation import reporting
from repowright.benchmarks.localisation.cases import (
    EFFORTS,
    LEVELS,
    CasesError,
    Level,
    Prediction,
    read_cases,
    read_predictions,
)
from repowright.benchmarks.localisation.running import Setup, run
from repowright.benchmarks.localisation.scoring import Difference, compare, scores
from repowright.graph.locate.located import PARTS

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
PREDICTIONS = "predictions.jsonl"
_ONLY_PREDICTED = click.option(
    "--only-predicted", is_flag=True, help="Leave out cases without a prediction, which else count as wrong."
)


@click.group()
def main() -> None:
    """Localisation over SWE-bench-style cases."""


@main.command("run")
@click.option("--cases", type=_FILE, required=True, help="JSONL, one case a line.")
@click.option("--repos", type=_FOLDER, required=True, help="Folder of clones, histories included.")
@click.option("--out", type=_FOLDER, required=True, help="Where predictions and the cache of words go.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True)
@click.option("--dataset", "datasets", multiple=True, help="Only cases of this data set; may be given again.")
@click.option("--without", type=click.Choice(PARTS), multiple=True, help="What ranking does without.")
def run_cases(
    cases: Path, repos: Path, out: Path, jobs: int, datasets: tuple[str, ...], without: tuple[str, ...]
) -> None:
    """Predict every case that OUT has no prediction of yet."""
    out.mkdir(parents=True, exist_ok=True)
    setup = Setup(repos, out / "bags.db", without)
    wanted = read_cases(cases, datasets)
    for number, case in enumerate(run(wanted, setup, out / PREDICTIONS, jobs), 1):
        if number % 25 == 0:
            print(f"{number} of {len(wanted)}: {case}", file=sys.stderr)


@main.command("score")
@click.option("--cases", type=_FILE, required=True)
@click.option("--predictions", type=_FILE, required=True)
@click.option("--dataset", "datasets", multiple=True)
@click.option("--against", type=_FILE, help="Predictions of another run, to compare case by case.")
@_ONLY_PREDICTED
@click.option("--json", "as_json", is_flag=True)
def score_run(
    cases: Path,
    predictions: Path,
    datasets: tuple[str, ...],
    against: Path | None,
    only_predicted: bool,
    as_json: bool,
) -> None:
    """Score predictions at file, class and function level: all cases, then by what their texts name."""
    found, gains, efforts = _figures(cases, predictions, datasets, against, only_predicted)
    lines = reporting.as_lines(found, gains, efforts)
    print(reporting.as_json(found, gains, efforts) if as_json else "\n".join(lines))


@main.command("report")
@click.option("--cases", type=_FILE, required=True)
@click.option("--predictions", type=_FILE, required=True)
@click.option("--dataset", "datasets", multiple=True)
@click.option("--against", type=_FILE)
@_ONLY_PREDICTED
@click.option("--title", default="Localisation", show_default=True)
@click.option("--out", type=_FOLDER, required=True)
def report_run(
    cases: Path,
    predictions: Path,
    datasets: tuple[str, ...],
    against: Path | None,
    only_predicted: bool,
    title: str,
    out: Path,
) -> None:
    """Write report.html and report.json below OUT."""
    found, gains, efforts = _figures(cases, predictions, datasets, against, only_predicted)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.html").write_text(reporting.as_html(title, found, gains, efforts), encoding="utf-8")
    (out / "report.json").write_text(reporting.as_json(found, gains, efforts), encoding="utf-8")


def _figures(
    cases: Path, predictions: Path, datasets: tuple[str, ...], against: Path | None, only_predicted: bool
) -> tuple[reporting.Scores, reporting.Differences, reporting.Efforts]:
    wanted, ours = read_cases(cases, datasets), read_predictions(predictions)
    wanted = [case for case in wanted if case.id in ours] if only_predicted else wanted
    theirs = read_predictions(against) if against else {}
    gains: dict[Level, Difference] = {}
    for level in LEVELS if against else ():
        if any(other.ranked[level] for other in theirs.values()):
            gains[level] = compare(wanted, ours, theirs, level)
    return scores(wanted, ours), gains, _efforts([ours[case.id] for case in wanted if case.id in ours])


def _efforts(ours: list[Prediction]) -> dict[str, float]:
    found = {"seconds": float(np.median([each.seconds for each in ours])) if ours else 0.0}
    for name in EFFORTS:
        told = [each.effort[name] for each in ours if name in each.effort]
        if told:
            found[name] = float(np.mean(told))
    return found


if __name__ == "__main__":
    try:
        main()
    except CasesError as error:
        sys.exit(f"{error.message} ({error.hint})" if error.hint else error.message)
