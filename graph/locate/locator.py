"""Localisation without a model: plain retrieval proposes, a trained sum chooses."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from repowright.graph.errors import GraphError
from repowright.graph.locate.corpus import Corpus
from repowright.graph.locate.evidence import Witness
from repowright.graph.locate.files import file_columns, file_table
from repowright.graph.locate.functions import function_columns, function_table
from repowright.graph.locate.linear import model
from repowright.graph.locate.located import PARTS, Located, Ranked
from repowright.graph.locate.named import Named
from repowright.graph.locate.query import Query
from repowright.graph.locate.table import Table
from repowright.graph.locate.texts import TextScores
from repowright.repo_tools.textindex.bm25 import Floats, Ints
from repowright.repo_tools.textindex.words import vocabulary


class Candidates(NamedTuple):
    """What ranking starts from: the candidates with all that is known of them."""

    texts: TextScores
    named: Named
    files: Table
    functions: Table


def candidates(corpus: Corpus, text: str, without: Collection[str] = ()) -> Candidates:
    """Return the candidates of plain retrieval for a text; models are trained on these tables."""
    deps = "deps" not in without
    query = Query(text, vocabulary())
    texts = TextScores(corpus, query, "features" not in without)
    named = Named(corpus, query.issue, "mentions" not in without)
    files = file_columns(corpus, texts, named, deps)
    functions = function_columns(corpus, texts, named, files, deps)
    return Candidates(texts, named, file_table(files), function_table(corpus, functions, files))


class Locator:
    """Finds what a text is about in one state of a repository. The same text gives the same answer."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def locate(self, text: str, top: int = 10, without: Collection[str] = frozenset()) -> Located:
        """Return the files, classes and functions that a text is about.

        Parameters
        ----------
        text
            An issue: a first line that says what is wrong, and whatever belongs to it.
        top
            Length of each list.
        without
            What to leave out: ``features``, ``deps``, ``mentions``.

        Raises
        ------
        GraphError
            If the text says nothing, the lists would be empty, or a part is unknown.
        """
        _check(text, top, without)
        if not self._corpus.paths:
            return Located((), (), ())
        found = candidates(self._corpus, text, without)
        files = _ranked(found.files, model("files").score(found.files))
        functions = _ranked(found.functions, model("functions").score(found.functions))
        witness = Witness(self._corpus, found.texts, found.named, "deps" not in without)
        return _Answer(self._corpus, found, witness, top).located(files, functions)


class _Ranking(NamedTuple):
    """Numbers of files or units and their scores, best first."""

    rows: Ints
    scores: Floats


def _ranked(table: Table, scores: Floats) -> _Ranking:
    order = np.argsort(-scores, kind="stable")
    return _Ranking(table.rows[order], scores[order])


class _Answer:
    """Turns rankings into what is answered."""

    def __init__(self, corpus: Corpus, found: Candidates, witness: Witness, top: int) -> None:
        self._corpus, self._found, self._witness, self._top = corpus, found, witness, top

    def located(self, files: _Ranking, functions: _Ranking) -> Located:
        """Return the answer."""
        index, best = self._corpus.index, dict[int, str]()
        for unit in functions.rows.tolist():
            best.setdefault(int(index.file[unit]), index.units[unit].qualname)
        shown = [
            self._file(file, score, best.get(file, ""))
            for file, score in zip(files.rows[: self._top].tolist(), files.scores.tolist(), strict=False)
        ]
        units = [
            self._unit(unit, score, self._witness.of_function(unit))
            for unit, score in zip(functions.rows[: self._top].tolist(), functions.scores.tolist(), strict=False)
        ]
        return Located(tuple(shown), tuple(self._classes(functions)), tuple(units))

    def _file(self, file: int, score: float, best: str) -> Ranked:
        module = self._corpus.index.units[int(self._corpus.index.start[file])]
        return Ranked(self._corpus.paths[file], "", 1, module.last, score, self._witness.of_file(file, best))

    def _unit(self, unit: int, score: float, evidence: tuple[str, ...]) -> Ranked:
        index = self._corpus.index
        own = index.units[unit]
        return Ranked(self._corpus.paths[index.file[unit]], own.qualname, own.first, own.last, score, evidence)

    def _classes(self, functions: _Ranking) -> list[Ranked]:
        """Classes in the order of their best functions, those that the text names a little before."""
        best: dict[int, tuple[float, str]] = {}
        for unit, score in zip(functions.rows.tolist(), functions.scores.tolist(), strict=True):
            owner = int(self._corpus.owner[unit])
            if owner >= 0 and owner not in best:
                best[owner] = (score + float(self._found.named.class_alone[owner]) / 3, self._corpus.index.names[unit])
        order = sorted(best, key=lambda owner: (-best[owner][0], owner))[: self._top]
        return [self._unit(each, best[each][0], self._witness.of_class(each, best[each][1])) for each in order]


def _check(text: str, top: int, without: Collection[str]) -> None:
    unknown = sorted(set(without) - set(PARTS))
    if unknown:
        raise GraphError(f"{unknown[0]!r} is no part of localisation", f"known are {', '.join(PARTS)}")
    if top < 1:
        raise GraphError(f"a list of {top} shows nothing", "give 1 or more")
    if not text.strip():
        raise GraphError("the text of the issue is empty", "say what is wrong")
