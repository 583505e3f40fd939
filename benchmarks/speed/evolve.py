"""Evolving along a real history: what each commit costs, and whether the graph is the one a clean encoding gives.

For each of the last commits along first parents the stored graph is evolved, the commit is encoded into an empty
store as well, and the canonical JSON of both is compared line by line: node for node, edge for edge.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from repowright.graph.encode import Means, UpdateReport, update
from repowright.graph.encode.export import canonical_json
from repowright.graph.encode.soundness import unsound_edges
from repowright.graph.store import Store
from repowright.repo_tools.git_objects import GitObjects
from repowright.repo_tools.snapshot_revision import RevisionSnapshot

_SHOWN = 5


@dataclass(frozen=True)
class Step:
    """One commit: what evolving and encoding it took, and the lines in which the two graphs differ."""

    commit: str
    evolved: UpdateReport
    clean: UpdateReport | None
    differing: tuple[str, ...]


def walk(objects: GitObjects, commits: list[str], folder: Path, languages: tuple[str, ...], check: bool) -> list[Step]:
    """Evolve one store along the commits and compare it with a clean encoding of each."""
    steps = []
    with Store(folder / "evolved.rpg", create=True) as store:
        for commit in commits:
            evolved = _update(store, objects, commit, languages)
            clean, differing = _compared(store, objects, commit, folder, languages) if check else (None, ())
            steps.append(Step(commit, evolved, clean, differing))
            print(_line(steps[-1]), flush=True)
        unsound = unsound_edges(store)
        print(*(f"an edge leads nowhere: {edge}" for edge in unsound), sep="\n")
        if unsound:
            steps.append(Step("last", steps[-1].evolved, None, tuple(map(str, unsound))))
    return steps


def _compared(
    store: Store, objects: GitObjects, commit: str, folder: Path, languages: tuple[str, ...]
) -> tuple[UpdateReport, tuple[str, ...]]:
    path = folder / "clean.rpg"
    path.unlink(missing_ok=True)
    with Store(path, create=True) as fresh:
        report = _update(fresh, objects, commit, languages)
        left, right = canonical_json(store), canonical_json(fresh)
    if left == right:
        return report, ()
    ours, theirs = set(left.splitlines()), set(right.splitlines())
    return report, (
        *(f"evolved only: {line}" for line in sorted(ours - theirs)),
        *(f"clean only: {line}" for line in sorted(theirs - ours)),
    )


def _update(store: Store, objects: GitObjects, commit: str, languages: tuple[str, ...]) -> UpdateReport:
    snapshot = RevisionSnapshot(objects, commit, name="repository")
    try:
        return update(store, snapshot, languages, Means())
    finally:
        snapshot.close()


def _line(step: Step) -> str:
    report = step.evolved
    verdict = "" if step.clean is None else "same" if not step.differing else f"{len(step.differing)} LINES DIFFER"
    return (
        f"{step.commit[:12]} {report.files:>5} files {report.read:>5} read {report.resolved:>5} resolved "
        f"{report.total_seconds * 1000:>7.0f} ms {report.model_calls:>2} calls "
        f"+{report.nodes_added} -{report.nodes_removed} ~{report.nodes_changed} nodes "
        f"+{report.edges_added} -{report.edges_removed} ~{report.edges_changed} edges  {verdict}"
    )


def main() -> int:
    """Walk the history and return 1 if some graph differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True, help="a repository, bare or not")
    parser.add_argument("--commits", type=int, default=40, help="how many commits before --to")
    parser.add_argument("--to", default="HEAD")
    parser.add_argument("--lang", default="", help="languages, such as python,c; all if left out")
    parser.add_argument("--no-check", action="store_true", help="evolve alone, compare nothing")
    given = parser.parse_args()
    objects = GitObjects.find(given.repo)
    end = objects.commit(given.to)
    commits = objects.ancestors(end, given.commits + 1)
    languages = tuple(given.lang.split(",")) if given.lang else ()
    with tempfile.TemporaryDirectory(prefix="repowright-evolve-") as folder:
        steps = walk(objects, commits, Path(folder), languages, not given.no_check)
    return _conclude(steps[1:], given.repo)


def _conclude(steps: list[Step], repo: Path) -> int:
    differing = [step for step in steps if step.differing]
    for step in differing:
        print(f"\n{step.commit}", *step.differing[:_SHOWN], sep="\n  ")
    costs = [step.evolved.total_seconds * 1000 for step in steps]
    clean = [step.clean.total_seconds * 1000 for step in steps if step.clean]
    if costs:
        print(f"\n{repo}: {len(steps)} commits, {len(differing)} differ; evolving takes {_spread(costs)}", end="")
        print(f", encoding {_spread(clean)}" if clean else "")
    errors = sorted({error for step in steps for error in step.evolved.errors if "cannot be" in error[1]})
    for path, problem in errors[:_SHOWN]:
        print(f"  {path}: {problem}")
    return 1 if differing else 0


def _spread(costs: list[float]) -> str:
    return f"{statistics.median(costs):.0f} ms in the middle, {max(costs):.0f} ms at most"


if __name__ == "__main__":
    sys.exit(main())
