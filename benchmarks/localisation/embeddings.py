"""``python -m repowright.benchmarks.localisation.embeddings``: what static sentence embeddings add to the ranking.

Adds the cosine between an issue and a candidate to the tables that ``train`` has left, as columns, fits the models
anew and scores them on repositories they have not seen. Needs SciPy, the dependency group ``train``, and the package
``wordllama``, whose wheel holds the weights (256 numbers a token, the mean of a text's tokens).
"""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol

import click
import numpy as np
from numpy.typing import NDArray

from repowright.benchmarks.localisation.cases import Case, Level, read_cases, read_predictions
from repowright.benchmarks.localisation.corpora import git_folder
from repowright.benchmarks.localisation.scoring import Predictions, compare, score
from repowright.benchmarks.localisation.training import PENALTY, Lesson, Lessons, held_out, predictions
from repowright.graph.locate.table import Table
from repowright.repo_tools.git_objects import GitObjects
from repowright.repo_tools.languages.registry import frontend_for
from repowright.repo_tools.mentions import Zone, read_issue
from repowright.repo_tools.snapshot_revision import RevisionSnapshot
from repowright.repo_tools.textindex.units import FUNCTION_UNIT, UnitCut

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_SAID = (Zone.TITLE, Zone.PROSE, Zone.CODE, Zone.TRACE)
_LONGEST = 6000  # characters; a batch is padded to its longest text
_LEVELS: tuple[Level, ...] = ("file", "function")
_COLUMNS = ("embedding.title", "embedding.whole")


def _with(*added: str) -> Callable[[str], bool]:
    return lambda name: name in added or name not in _COLUMNS


_ROWS: dict[str, Callable[[str], bool]] = {
    "all columns": _with(),
    "with embeddings, title and whole text": _with(*_COLUMNS),
    "with embeddings, whole text": _with("embedding.whole"),
    "with embeddings, title": _with("embedding.title"),
    "embeddings alone choose among the candidates": lambda name: name in _COLUMNS,
}

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """What turns texts into vectors, one row each."""

    def embed(self, texts: list[str], norm: bool) -> Vectors:
        """Return the vectors of texts, of length 1 if ``norm``."""


class Cosines(NamedTuple):
    """How near each candidate of a case is to its issue; a row a candidate, the columns are `_COLUMNS`."""

    files: Vectors
    functions: Vectors


def encoder() -> Encoder:
    """Return the encoder with the weights of its own package; nothing is downloaded.

    Raises
    ------
    click.ClickException
        If the package is not installed.
    """
    try:
        package = import_module("wordllama")
    except ImportError as err:
        raise click.ClickException(f"this needs the package wordllama ({err}): pip install wordllama") from err
    loaded: Encoder = package.WordLlama.load(cache_dir=Path(str(package.__file__)).parent, disable_download=True)
    return loaded


class Sources:
    """Vectors of the functions of files; a text that many commits share is embedded once."""

    def __init__(self, encode: Encoder) -> None:
        self._encode = encode
        self._texts: dict[str, dict[str, str]] = {}
        self._vectors: dict[str, Vectors] = {}
        self.seconds = 0.0

    def near(self, snapshot: RevisionSnapshot, paths: Sequence[str], asked: Vectors) -> dict[str, dict[str, Vectors]]:
        """Return the cosines to some vectors for each function of files; a file without functions is one text."""
        listing = snapshot.listing(lambda path: path.endswith(".py"), {})
        blobs = {entry.path: entry.content for entry in listing.files}
        files = {path: self._functions(snapshot, path, blobs[path]) for path in paths}
        self._embed({text for texts in files.values() for text in texts.values()})
        return {
            path: {name: asked @ self._vectors[text] for name, text in texts.items()} for path, texts in files.items()
        }

    def __len__(self) -> int:
        """Return how many texts were embedded."""
        return len(self._vectors)

    def _functions(self, snapshot: RevisionSnapshot, path: str, blob: str) -> dict[str, str]:
        if blob not in self._texts:
            source = snapshot.read(path)
            lines = source.decode("utf-8", "replace").split("\n")
            units = UnitCut(frontend_for(path).read(path, source), len(lines)).units
            spans = {unit.qualname: unit for unit in units if unit.kind == FUNCTION_UNIT} or {"": units[0]}
            texts = {name: "\n".join(lines[unit.first - 1 : unit.last]).strip() for name, unit in spans.items()}
            self._texts[blob] = {name: text[:_LONGEST] or "pass" for name, text in texts.items()}
        return self._texts[blob]

    def _embed(self, texts: set[str]) -> None:
        new = sorted(texts - self._vectors.keys(), key=lambda text: (len(text), text))
        started = time.process_time()
        self._vectors.update(zip(new, self._encode.embed(new, norm=True), strict=True))
        self.seconds += time.process_time() - started


def cosines(case: Case, taught: Lessons, repositories: Path, sources: Sources, encode: Encoder) -> Cosines:
    """Compare a case's issue with its candidates; a file is as near as the nearest of its functions."""
    issue = read_issue(case.text)
    asked = encode.embed([issue.text(Zone.TITLE)[:_LONGEST], issue.text(*_SAID)[:_LONGEST]], norm=True)
    wanted = [label.rpartition(":")[::2] for label in taught.functions.labels]
    paths = sorted({*taught.files.labels, *(path for path, _ in wanted)})
    with RevisionSnapshot(GitObjects.find(git_folder(repositories, case.repository)), case.commit) as snapshot:
        near = sources.near(snapshot, paths, asked)
    return Cosines(
        np.stack([np.stack(list(near[path].values())).max(axis=0) for path in taught.files.labels]),
        np.stack([near[path][name] for path, name in wanted]),
    )


def joined(lesson: Lesson, near: Vectors) -> Lesson:
    """Return a lesson with the cosines as further columns."""
    rows, names, values = lesson.table.rows, lesson.table.names, lesson.table.values
    return lesson._replace(table=Table(rows, (*names, *_COLUMNS), np.concatenate([values, near], axis=1)))


@click.command()
@click.option("--cases", type=_FILE, required=True)
@click.option("--repos", type=_FOLDER, required=True)
@click.option("--lessons", type=_FILE, required=True, help="The tables that train left; cosines are kept beside them.")
@click.option("--scored", multiple=True, help="Data sets to score; all that were learned from if not given.")
@click.option("--against", type=_FILE, help="Predictions to compare with.")
def main(cases: Path, repos: Path, lessons: Path, scored: tuple[str, ...], against: Path | None) -> None:
    """Say what embeddings are worth to the ranking."""
    taught: list[Lessons] = pickle.loads(lessons.read_bytes())
    kept = lessons.with_suffix(".embeddings.pickle")
    if not kept.exists() or kept.stat().st_mtime < lessons.stat().st_mtime:
        kept.write_bytes(pickle.dumps(_near({case.id: case for case in read_cases(cases)}, taught, repos)))
    near: dict[str, Cosines] = pickle.loads(kept.read_bytes())
    wanted = [case for case in read_cases(cases, scored) if case.id in near]
    theirs = read_predictions(against) if against else {}
    files = [joined(each.files, near[each.files.id].files) for each in taught]
    functions = [joined(each.functions, near[each.files.id].functions) for each in taught]
    plain: Predictions = {}
    for name, keep in _ROWS.items():
        unseen = predictions(held_out(files, PENALTY["files"], keep), held_out(functions, PENALTY["functions"], keep))
        plain = plain or unseen
        _say(name, wanted, unseen, plain, theirs)


def _near(cases: Mapping[str, Case], taught: Sequence[Lessons], repos: Path) -> dict[str, Cosines]:
    found: dict[str, Cosines] = {}
    encode = encoder()
    for repository, group in groupby(taught, key=lambda each: each.files.repository):
        sources = Sources(encode)
        for each in group:
            found[each.files.id] = cosines(cases[each.files.id], each, repos, sources, encode)
        cost = f"{len(sources)} functions embedded in {sources.seconds:.0f} CPU s"
        print(f"{len(found)} of {len(taught)} cases, {repository}: {cost}", file=sys.stderr, flush=True)
    return found


def _say(name: str, cases: list[Case], ours: Predictions, plain: Predictions, theirs: Predictions) -> None:
    print(name)
    for level in _LEVELS:
        found = score(cases, ours, level)
        figures = " / ".join(f"{points:.1f}" for points in found.at["all"])
        any_ = " / ".join(f"{points:.1f}" for points in found.at["any"])
        line = f"  {level:8} n={found.cases} ALL@1/3/5/10 {figures}  ANY {any_}"
        for whom, other in (("all columns", plain), ("theirs", theirs)):
            if other and other is not ours:
                gain = compare(cases, ours, other, level)
                line += f"  ALL@5 over {whom} {gain.points:+.1f} [{gain.interval[0]:+.1f}, {gain.interval[1]:+.1f}]"
        print(line, flush=True)


if __name__ == "__main__":
    main()
