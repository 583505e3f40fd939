"""``python -m repowright.benchmarks.localisation.train``: fit the ranking models anew.

Prints what models score on repositories they have not seen, with the ablations, and writes those predictions; then
writes models fitted on all cases, to be copied to ``graph/locate/models``. Needs SciPy, the dependency group ``train``.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import click

from repowright.benchmarks.localisation.cases import Case, Prediction, read_cases, read_predictions
from repowright.benchmarks.localisation.running import Setup, over_cases
from repowright.benchmarks.localisation.scoring import Predictions, compare, score
from repowright.benchmarks.localisation.training import PENALTY, Lessons, fit, held_out, lessons, predictions, ranked

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)

_FEATURES = ("doc", "lead", "purpose", "has.doc")
_DEPS = ("callee", "caller", "callees", "callers", "override", "calls", "base.named", "derived.named", "relative")
_MENTIONS = ("named", "callee.named", "caller.named", "callees.named", "base.named", "derived.named", "relative")
_PLACES = ("file", "class.size", "class.sum", "class.mean", "gap.class", "gap.file", "rank.file")


def _without(*dropped: str) -> Callable[[str], bool]:
    return lambda name: not any(name == each or name.startswith(f"{each}.") for each in dropped)


_PARTS: dict[str, Callable[[str], bool]] = {
    "all columns": lambda name: True,
    "without features": _without(*_FEATURES),
    "without mentions": _without(*_MENTIONS),
    "without deps": _without(*_DEPS),
    "without file and class": _without(*_PLACES),
    "without the three": _without(*_FEATURES, *_MENTIONS, *_DEPS),
}


@click.command()
@click.option("--cases", type=_FILE, required=True)
@click.option("--repos", type=_FOLDER, required=True)
@click.option("--out", type=_FOLDER, required=True, help="For the cache of words, the tables and the models.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True)
@click.option("--dataset", "datasets", multiple=True, help="What to learn from.")
@click.option("--scored", multiple=True, help="Data sets to score; those learned from if not given.")
@click.option("--against", type=_FILE, help="Predictions to compare with.")
@click.option("--without", multiple=True, help="Parts that retrieval itself does without too.")
def main(
    cases: Path,
    repos: Path,
    out: Path,
    jobs: int,
    datasets: tuple[str, ...],
    scored: tuple[str, ...],
    against: Path | None,
    without: tuple[str, ...],
) -> None:
    """Fit the ranking models and say what they are worth."""
    out.mkdir(parents=True, exist_ok=True)
    setup = Setup(repos, out / "bags.db", without)
    taught = _taught(read_cases(cases, datasets), setup, out / f"lessons{''.join(without)}.pickle", jobs)
    wanted = [case for case in read_cases(cases, scored or datasets) if case.id in {each.files.id for each in taught}]
    theirs = read_predictions(against) if against else {}
    plain = (
        {each.files.id: each.files.labels for each in taught},
        {each.files.id: each.functions.labels for each in taught},
    )
    _say("plain retrieval", wanted, predictions(*plain), theirs)
    for name, keep in _PARTS.items():
        files = held_out([each.files for each in taught], PENALTY["files"], keep)
        functions = held_out([each.functions for each in taught], PENALTY["functions"], keep)
        unseen = predictions(files, functions)
        _say(f"unseen, {name}", wanted, unseen, theirs)
        (out / f"unseen-{name.replace(' ', '-')}.jsonl").write_text(_lines(unseen), encoding="utf-8")
    _write(taught, out, wanted, theirs)


def _taught(cases: list[Case], setup: Setup, kept: Path, jobs: int) -> list[Lessons]:
    """Tables of all cases; made once."""
    if kept.exists():
        found: list[Lessons] = pickle.loads(kept.read_bytes())
        return found
    made: list[Lessons] = []
    for done in over_cases(cases, setup, lessons, jobs):
        made += done
        print(f"{len(made)} of {len(cases)} cases", file=sys.stderr)
    kept.write_bytes(pickle.dumps(made))
    return made


def _write(taught: list[Lessons], out: Path, wanted: list[Case], theirs: Predictions) -> None:
    files = fit([each.files for each in taught], PENALTY["files"])
    functions = fit([each.functions for each in taught], PENALTY["functions"])
    (out / "files.json").write_text(files.as_json(), encoding="utf-8")
    (out / "functions.json").write_text(functions.as_json(), encoding="utf-8")
    seen = (
        {each.files.id: ranked(each.files, files) for each in taught},
        {each.files.id: ranked(each.functions, functions) for each in taught},
    )
    _say("seen (fitted on these very cases)", wanted, predictions(*seen), theirs)


def _lines(found: dict[str, Prediction]) -> str:
    rows = (
        {"instance_id": each.id, "files": each.ranked["file"], "functions": each.ranked["function"]}
        for each in found.values()
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def _say(name: str, cases: list[Case], ours: dict[str, Prediction], theirs: Predictions) -> None:
    print(name)
    for level in ("file", "function"):
        found = score(cases, ours, level)
        figures = " / ".join(f"{points:.1f}" for points in found.at["all"])
        any_ = " / ".join(f"{points:.1f}" for points in found.at["any"])
        line = f"  {level:8} n={found.cases} ALL@1/3/5/10 {figures}  ANY {any_}"
        if theirs:
            gain = compare(cases, ours, theirs, level)
            line += f"  ALL@5 {gain.points:+.1f} [{gain.interval[0]:+.1f}, {gain.interval[1]:+.1f}]"
        print(line, flush=True)


if __name__ == "__main__":
    main()
