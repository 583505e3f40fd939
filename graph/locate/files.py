"""What is known of each file."""

from __future__ import annotations

import numpy as np

from repowright.graph.locate.corpus import Corpus
from repowright.graph.locate.named import Named
from repowright.graph.locate.neighbours import file_neighbour_columns
from repowright.graph.locate.table import Table, table
from repowright.graph.locate.texts import Columns, TextScores, most, ranks, share
from repowright.repo_tools.textindex.bm25 import Floats, Ints, add_up, saturate

MOST_FILES = 60
_SHARES = (
    "whole",
    "whole.title",
    "whole.code",
    "whole.flat",
    "path",
    "path.title",
    "best",
    "second",
    "third",
    "best3",
    "best.title",
    "name",
    "class",
    "module",
    "phrase",
    "lines",
    "callee",
    "caller",
)
"""Scores without a unit, which become shares of the greatest."""


def file_columns(corpus: Corpus, texts: TextScores, named: Named, deps: bool) -> Columns:
    """Return what is known of every file; ``first`` is the score of plain retrieval."""
    columns = _words(corpus, texts)
    columns.update(_units(corpus, texts))
    columns.update(_mentions(corpus, named, texts))
    if deps:
        columns.update(file_neighbour_columns(corpus, texts.columns["first"], named))
    for name in _SHARES:
        if name in columns:
            columns[name] = share(columns[name])
    columns["first"] = _first(columns)
    columns.update(_shape(corpus, columns["first"]))
    columns.update(
        rank=ranks(columns["first"]), **{"rank.whole": ranks(columns["whole"]), "rank.best3": ranks(columns["best3"])}
    )
    ordered = np.sort(columns["first"])[::-1]
    columns["gap.first"] = columns["first"] - ordered[0]
    columns["gap.fifth"] = columns["first"] - ordered[min(4, len(ordered) - 1)]
    return columns


def file_table(columns: Columns) -> Table:
    """Return the files that plain retrieval puts first."""
    return table(np.argsort(-columns["first"], kind="stable")[:MOST_FILES], columns)


def _words(corpus: Corpus, texts: TextScores) -> Columns:
    """BM25 over whole files: the counts of their units taken together."""
    index, query, files = corpus.index, texts.query, len(corpus.paths)
    terms = len(query.terms)
    key = index.file[texts.unit] * terms + texts.hits.term
    counts = add_up(key, index.whole[texts.hits.row], files * terms)
    place = np.flatnonzero(counts)
    file, term = place // max(terms, 1), place % max(terms, 1)
    found = np.bincount(term, minlength=terms)
    rare = np.log1p((files - found + 0.5) / (found + 0.5))
    length = add_up(index.file, index.whole_length, files)
    mean = float(length.mean()) if files else 1.0

    def total(points: Floats, weights: Floats) -> Floats:
        return add_up(file, points * weights[term], files)

    points = saturate(counts[place], length[file], mean, 1.5, 0.75) * rare[term]
    flat = saturate(counts[place], length[file], mean, 1.5, 0.3) * rare[term]
    return {
        "whole": total(points, query.whole),
        "whole.title": total(points, query.title),
        "whole.code": total(points, query.code),
        "whole.flat": total(flat, query.whole),
        "cover": total(rare[term], query.whole) / (float(rare @ query.whole) or 1.0),
        "path": texts.path,
        "path.title": texts.path_title,
        "length": np.log1p(length),
    }


def _units(corpus: Corpus, texts: TextScores) -> Columns:
    """The best of a file's functions and classes."""
    index, files, columns = corpus.index, len(corpus.paths), texts.columns
    functions = np.where(index.is_function, columns["first"], 0.0)
    best, second, third = _best_three(index.file, functions, files)
    titles = np.where(index.is_function, columns["whole.title"] + 0.6 * columns["name.title"], 0.0)
    return {
        "best": best,
        "second": second,
        "third": third,
        "best3": best + 0.3 * second + 0.1 * third,
        "best.title": most(index.file, titles, files),
        "name": most(index.file, columns["name"], files),
        "class": most(index.file, np.where(index.is_class, columns["first"], 0.0), files),
        "module": most(index.file, np.where(index.kind == 0, columns["first"], 0.0), files),
        "phrase": most(index.file, columns["phrase"], files),
        "lines": add_up(index.file, columns["lines"], files),
        "functions": np.log1p(add_up(index.file, index.is_function, files)),
    }


def _best_three(file: Ints, values: Floats, files: int) -> list[Floats]:
    order = np.lexsort((-values, file))
    ranked = values[order]
    start = np.searchsorted(file[order], np.arange(files))
    count = np.diff(np.append(start, len(file)))
    last = max(len(file) - 1, 0)
    return [np.where(count > k, ranked[np.minimum(start + k, last)], 0.0) for k in range(3)]


def _mentions(corpus: Corpus, named: Named, texts: TextScores) -> Columns:
    file, files = corpus.index.file, len(corpus.paths)
    strong = np.maximum(np.where(named.name >= 2, named.name, 0.0), named.class_name)
    return {
        "named.path": named.file_path,
        "named.module": named.file_module,
        "named.frame": named.file_frame,
        "named.last": named.file_last,
        "named.function": most(file, named.name, files),
        "named.alone": most(file, named.alone, files),
        "named.qualified": most(file, named.qualified, files),
        "named.class": most(file, named.class_name, files),
        "named.class.alone": most(file, named.class_alone, files),
        "named.title": most(file, np.maximum(named.title, named.class_title), files),
        "named.count": add_up(file, strong >= 2, files).astype(np.float64),
    }


def _first(columns: Columns) -> Floats:
    placed = (columns["named.path"] > 0) + columns["named.frame"] + 0.7 * (columns["named.module"] > 0)
    alone = np.minimum(columns["named.alone"] + columns["named.class.alone"], 3) / 3
    words = columns["whole"] + 0.8 * columns["best3"] + 0.35 * columns["path"]
    return words + 0.6 * np.minimum(1, placed) + 0.25 * alone


def _shape(corpus: Corpus, first: Floats) -> Columns:
    """Where files stand, and how their folders do."""
    return {
        **corpus.places,
        "folder": _folder_means(corpus.folders, first),
    }


def _folder_means(folders: Ints, first: Floats) -> Floats:
    count = int(folders.max()) + 1 if len(folders) else 0
    means = add_up(folders, np.maximum(first, 0), count) / np.maximum(add_up(folders, None, count), 1)
    found: Floats = means[folders]
    return found
