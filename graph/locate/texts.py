"""How well the words of each unit answer, field by field."""

from __future__ import annotations

import numpy as np

from repowright.graph.locate.corpus import Corpus
from repowright.graph.locate.query import Query
from repowright.repo_tools.textindex.bags import LEAD, PARAMETER, RAISES
from repowright.repo_tools.textindex.bm25 import Floats, Hits, Ints, add_up, mean_length, rarity, saturate, scan
from repowright.repo_tools.textindex.index import Rows, TextIndex

_K1, _B = 1.5, 0.75
_FIELD_K1, _FIELD_B = 1.2, 0.6
_FLAT_B = 0.3
_MOST_FILES_OF_A_LINE = 5

Columns = dict[str, Floats]


class TextScores:
    """Scores of all units of a corpus for one query.

    Parameters
    ----------
    features
        Whether words of documentation and features are fields of their own.
    """

    def __init__(self, corpus: Corpus, query: Query, features: bool) -> None:
        self.index: TextIndex = corpus.index
        self.query = query
        self.hits: Hits = scan(query.terms, self.index.term)
        self.unit: Ints = self.index.unit[self.hits.row]
        self.columns: Columns = {}
        self._whole()
        self._coverage()
        self._counted_fields(features)
        self._short_fields(corpus, features)
        self._matches()
        self.columns["first"] = self._first()

    def _whole(self) -> None:
        index, query, term = self.index, self.query, self.hits.term
        defined = index.kind[self.unit] > 0
        self.documents = int((index.kind > 0).sum())
        self.rarity = rarity(term[defined], len(query.terms), self.documents)
        count, length = index.whole[self.hits.row], index.whole_length[self.unit]
        mean = mean_length(index.whole_length[index.kind > 0])
        points = saturate(count, length, mean, _K1, _B) * self.rarity[term]
        for view, weights in self._views("title", "prose", "code"):
            self.columns[f"whole{view}"] = self._sum(points * weights[term])
        flat = saturate(count, length, mean, _K1, _FLAT_B) * self.rarity[term]
        self.columns["whole.flat"] = self._sum(flat * query.whole[term])

    def _views(self, *names: str) -> list[tuple[str, Floats]]:
        weights: dict[str, Floats] = {each: getattr(self.query, each) for each in names}
        return [("", self.query.whole), *((f".{name}", each) for name, each in weights.items())]

    def _sum(self, points: Floats) -> Floats:
        return add_up(self.unit, points, self.index.size)

    def _coverage(self) -> None:
        query, term = self.query, self.hits.term
        weights, title = query.whole * self.rarity, query.title * self.rarity
        counted = query.whole[term] > 0
        self.columns["cover"] = self._sum(weights[term]) / (weights.sum() or 1.0)
        self.columns["cover.title"] = self._sum(title[term]) / (title.sum() or 1.0)
        self.columns["rarest"] = most(self.unit, np.where(counted, self.rarity[term], 0.0), self.index.size)
        self.columns["matched"] = self._sum(counted.astype(np.float64))
        rare = counted & (self.rarity[term] > np.log1p(self.documents / 20))
        self.columns["matched.rare"] = self._sum(rare.astype(np.float64))

    def _counted_fields(self, features: bool) -> None:
        index, row = self.index, self.hits.row
        if features:
            self._counted("doc", index.doc[row], index.doc_length, "title")
        self._counted("strings", index.text[row], index.text_length, "title")
        code = np.maximum(index.whole[row] - index.doc[row] - index.text[row], 0)
        length = np.maximum(index.whole_length - index.doc_length - index.text_length, 1)
        self._counted("code", code, length, "title", "code")

    def _counted(self, name: str, count: Floats, length: Floats, *views: str) -> None:
        held = count > 0
        unit, term = self.unit[held], self.hits.term[held]
        rare = rarity(term, len(self.query.terms), int((length > 0).sum()))
        points = saturate(count[held], length[unit], mean_length(length), _FIELD_K1, _FIELD_B) * rare[term]
        for view, weights in self._views(*views):
            self.columns[name + view] = add_up(unit, points * weights[term], self.index.size)

    def _short_fields(self, corpus: Corpus, features: bool) -> None:
        index = self.index
        self._short("name", index.name_rows, "title", "prose")
        self._short("class", index.owner_rows, "title")
        self._short("parameters", index.extra[PARAMETER])
        self._short("raises", index.extra[RAISES])
        if features:
            self._short("lead", index.extra[LEAD], "title")
            self._short("purpose", corpus.purpose_rows, "title")
        self._short("path", index.path_rows, "title")
        self.path, self.path_title = self.columns.pop("path"), self.columns.pop("path.title")
        self.columns["path"], self.columns["path.title"] = self.path[index.file], self.path_title[index.file]

    def _short(self, name: str, rows: Rows, *views: str) -> None:
        hits = scan(self.query.terms, rows.term)
        owner = rows.owner[hits.row]
        rare = rarity(hits.term, len(self.query.terms), int((rows.length > 0).sum()))
        ones = np.ones(len(owner))
        points = saturate(ones, rows.length[owner], mean_length(rows.length), _FIELD_K1, 0.5) * rare[hits.term]
        for view, weights in self._views(*views):
            self.columns[name + view] = add_up(owner, points * weights[hits.term], rows.owners)

    def _matches(self) -> None:
        index, query = self.index, self.query
        hits = scan(query.phrases, index.phrases.term)
        found = np.bincount(hits.term, minlength=len(query.phrases))
        owner = index.phrases.owner[hits.row]
        self.columns["phrase"] = add_up(owner, 1 / np.sqrt(found[hits.term]), index.size)
        hits = scan(query.lines, index.lines.term)
        found = np.bincount(hits.term, minlength=len(query.lines))[hits.term]
        points = np.where(found <= _MOST_FILES_OF_A_LINE, 1 / np.maximum(found, 1), 0.0)
        self.columns["lines"] = add_up(index.lines.owner[hits.row], points, index.size)

    def _first(self) -> Floats:
        columns = self.columns
        return columns["whole"] + 0.6 * columns["name"] + 0.3 * columns["class"] + 0.35 * columns["path"]


def most(place: Ints, values: Floats, size: int) -> Floats:
    """Return the greatest value at each place; nought where there is none."""
    found = np.zeros(size)
    np.maximum.at(found, place, values)
    return found


def share(values: Floats) -> Floats:
    """Return values as shares of the greatest."""
    top = float(values.max()) if len(values) else 0.0
    return values / top if top > 0 else np.zeros(len(values))


def ranks(values: Floats) -> Floats:
    """Return ln(1 + rank), the greatest value first; ties in their order."""
    found = np.empty(len(values))
    found[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return np.log1p(found)
