"""What is known of each function."""

from __future__ import annotations

import numpy as np

from repowright.graph.locate.corpus import Corpus
from repowright.graph.locate.named import Named
from repowright.graph.locate.neighbours import neighbour_columns
from repowright.graph.locate.table import Table, table
from repowright.graph.locate.texts import Columns, TextScores, most, share
from repowright.repo_tools.textindex.bm25 import Floats, Ints, add_up
from repowright.repo_tools.textindex.units import HAS_DOC
from repowright.repo_tools.textindex.words import parts

MOST_FUNCTIONS = 160
"""Candidates by their own score."""

MOST_FILES, MOST_OF_A_FILE = 10, 60
"""Candidates for the sake of their files."""

_UNSCALED = frozenset(
    {"cover", "cover.title", "rarest", "calls.out", "calls.in", "callees.named", "callee.named", "caller.named"}
    | {"base.named", "derived.named"}
)
_OF_FILES = ("first", "gap.first", "length", "functions", "whole", "whole.title", "beside", "rank")


def function_columns(corpus: Corpus, texts: TextScores, named: Named, files: Columns, deps: bool) -> Columns:
    """Return what is known of every unit; ``prior`` is the score of plain retrieval."""
    columns = dict(texts.columns)
    if deps:
        columns.update(neighbour_columns(corpus, columns, named))
    inside, owner = corpus.owner >= 0, np.maximum(corpus.owner, 0)
    columns["class.whole"] = np.where(inside, texts.columns["whole"][owner], 0.0)
    columns = {name: values if name in _UNSCALED else share(values) for name, values in columns.items()}
    columns.update(_mentions(corpus, named))
    columns.update({f"file.{name}": files[name][corpus.index.file] for name in _OF_FILES})
    columns["prior"] = _prior(columns, share(files["first"])[corpus.index.file])
    return columns


def function_table(corpus: Corpus, columns: Columns, files: Columns) -> Table:
    """Return the functions that plain retrieval puts first, and those of the first files."""
    index, prior = corpus.index, columns["prior"]
    functions = np.flatnonzero(index.is_function)
    ranked = functions[np.argsort(-prior[functions], kind="stable")]
    _add_ranks(corpus, columns, ranked)
    chosen = _candidates(corpus, columns, ranked, files["first"])
    shaped = {name: np.zeros(index.size) for name in _SHAPE}
    for unit in chosen:
        for name, value in zip(_SHAPE, _shape(corpus, int(unit)), strict=True):
            shaped[name][unit] = value
    return table(chosen, {**columns, **shaped})


def _mentions(corpus: Corpus, named: Named) -> Columns:
    inside, owner, file = corpus.owner >= 0, np.maximum(corpus.owner, 0), corpus.index.file

    def above(values: Floats) -> Floats:
        return np.where(inside, values[owner], 0.0)

    return {
        "named": named.name,
        "named.alone": named.alone,
        "named.qualified": named.qualified,
        "named.title": named.title,
        "named.count": named.count,
        "named.frame": named.frame,
        "named.last": named.last_frame,
        "named.class": above(named.class_name),
        "named.class.alone": above(named.class_alone),
        "named.class.title": above(named.class_title),
        "named.file": named.file_path[file],
        "named.module": named.file_module[file],
        "named.file.frame": named.file_frame[file],
    }


def _prior(columns: Columns, file: Floats) -> Floats:
    mentioned = 0.3 * np.minimum(columns["named.alone"], 3) / 3 + 0.12 * (columns["named.class"] > 0)
    found: Floats = columns["first"] + 0.35 * file + mentioned + 0.3 * columns["named.frame"]
    return found


def _add_ranks(corpus: Corpus, columns: Columns, ranked: Ints) -> None:
    """Ranks among all functions, those of the file and those of the class."""
    index, prior, size = corpus.index, columns["prior"], corpus.index.size
    columns["rank"] = np.zeros(size)
    columns["rank"][ranked] = np.log1p(np.arange(len(ranked)))
    best = most(index.file[ranked], prior[ranked], len(corpus.paths))
    columns["gap.file"] = prior - best[index.file]
    columns["rank.file"] = np.zeros(size)
    order = ranked[np.argsort(index.file[ranked], kind="stable")]
    files = index.file[order]
    columns["rank.file"][order] = np.log1p(np.arange(len(order)) - np.searchsorted(files, files))
    for name, place in (("gap.first", 0), ("gap.fifth", 4)):
        columns[name] = prior - (prior[ranked[min(place, len(ranked) - 1)]] if len(ranked) else 0.0)
    _add_class_ranks(corpus, columns, ranked)


def _add_class_ranks(corpus: Corpus, columns: Columns, ranked: Ints) -> None:
    size, prior, first = corpus.index.size, columns["prior"], columns["first"]
    inside, owner = corpus.owner >= 0, np.maximum(corpus.owner, 0)
    methods = ranked[inside[ranked]]
    above = corpus.owner[methods]
    best, count = most(above, prior[methods], size), np.bincount(above, minlength=size)
    total = add_up(above, first[methods], size)
    columns["gap.class"] = np.where(inside, prior - best[owner], 0.0)
    columns["class.size"] = np.where(inside, np.log1p(count[owner]), 0.0)
    columns["class.sum"] = np.where(inside, total[owner], 0.0)
    columns["class.mean"] = np.where(inside, total[owner] / np.maximum(count[owner], 1), 0.0)


def _candidates(corpus: Corpus, columns: Columns, ranked: Ints, files: Floats) -> Ints:
    first_files = np.zeros(len(corpus.paths), bool)
    first_files[np.argsort(-files, kind="stable")[:MOST_FILES]] = True
    in_file = np.expm1(columns["rank.file"][ranked]) < MOST_OF_A_FILE - 0.5
    kept = (np.arange(len(ranked)) < MOST_FUNCTIONS) | (first_files[corpus.index.file[ranked]] & in_file)
    return ranked[kept]


_SHAPE = ("size", "private", "special", "position", "has.doc", "name.parts", "name.length", "nesting")


def _shape(corpus: Corpus, number: int) -> tuple[float, ...]:
    index = corpus.index
    unit, name = index.units[number], index.names[number]
    special = name.startswith("__") and name.endswith("__")
    length = index.units[int(index.start[index.file[number]])].last
    return (
        float(np.log1p(unit.lines)),
        float(name.startswith("_") and not special),
        float(special),
        unit.first / max(length, 1),
        float(unit.flags & HAS_DOC > 0),
        float(len(parts(name))),
        float(len(name)),
        float(unit.qualname.count(".")),
    )
