"""Why a file, class or function is where it is, in short lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repowright.graph.locate.corpus import Corpus
from repowright.graph.locate.named import Named
from repowright.graph.locate.texts import TextScores
from repowright.repo_tools.mentions import Zone
from repowright.repo_tools.textindex.bm25 import add_up
from repowright.repo_tools.textindex.words import vocabulary, words

_MOST_WORDS = 4
_MOST_LINES = 4


class Witness:
    """Tells the evidence of one answer.

    Parameters
    ----------
    deps
        Whether neighbours were heard.
    """

    def __init__(self, corpus: Corpus, texts: TextScores, named: Named, deps: bool) -> None:
        self._corpus, self._texts, self._named, self._deps = corpus, texts, named, deps
        self._spelling = _spelling(texts)
        self._points = texts.rarity[texts.hits.term] * texts.query.whole[texts.hits.term]

    def of_function(self, unit: int) -> tuple[str, ...]:
        """Return why a function is ranked."""
        lines = [*self._placed(unit), *self._called(unit), *self._quoted(unit), *self._neighbours(unit)]
        return tuple((lines + self._shared(self._texts.unit == unit))[:_MOST_LINES])

    def of_class(self, unit: int, best: str) -> tuple[str, ...]:
        """Return why a class is ranked; ``best`` is its first function."""
        lines = ["named in the text"] if self._named.class_name[unit] >= 2 else []
        lines += [f"holds {best}"] if best else []
        return tuple((lines + self._shared(self._texts.unit == unit))[:_MOST_LINES])

    def of_file(self, file: int, best: str) -> tuple[str, ...]:
        """Return why a file is ranked; ``best`` is its first function."""
        named, lines = self._named, []
        if named.file_path[file] > 0:
            lines.append("its path is in the text")
        if named.file_frame[file] > 0:
            lines.append("last place of a traceback" if named.file_last[file] else "a place of a traceback")
        if named.file_module[file] > 0:
            lines.append("its module is in the text")
        lines += [f"holds {best}"] if best else []
        inside = self._corpus.index.file[self._texts.unit] == file
        return tuple((lines + self._shared(inside))[:_MOST_LINES])

    def _placed(self, unit: int) -> list[str]:
        named = self._named
        if named.last_frame[unit]:
            return ["last frame of a traceback in this repository"]
        return ["a frame of a traceback"] if named.frame[unit] else []

    def _called(self, unit: int) -> list[str]:
        named, owner = self._named, int(self._corpus.owner[unit])
        where = " in the title" if named.title[unit] >= 2 else " in the text"
        if named.qualified[unit] >= 2:
            return [f"named with its class or module{where}"]
        lines = [f"named{where}"] if named.name[unit] >= 2 else []
        if owner >= 0 and named.class_name[owner] >= 2:
            lines.append(f"its class {self._corpus.index.names[owner]} is named")
        return lines

    def _quoted(self, unit: int) -> list[str]:
        columns = self._texts.columns
        lines = ["lines of it are in the text"] if columns["lines"][unit] > 0 else []
        return lines + (["words of its messages are in the text"] if columns["phrase"][unit] >= 1 else [])

    def _neighbours(self, unit: int) -> list[str]:
        if not self._deps:
            return []
        links, named, index = self._corpus.links, self._named, self._corpus.index
        lines = []
        for near, far, verb in ((links.caller, links.callee, "calls"), (links.callee, links.caller, "called by")):
            others = far[near == unit]
            strong = others[(named.name[others] >= 2) | (named.class_name[others] >= 2)]
            names = sorted({index.names[other] for other in strong.tolist()})
            if names:
                lines.append(f"{verb} {', '.join(names[:3])}, named in the text")
        return lines

    def _shared(self, rows: NDArray[np.bool_]) -> list[str]:
        terms = self._texts.hits.term[rows]
        points = add_up(terms, self._points[rows], len(self._texts.query.terms))
        best = [int(each) for each in np.argsort(-points, kind="stable")[:_MOST_WORDS] if points[each] > 0]
        found = list(dict.fromkeys(self._spelling.get(int(self._texts.query.terms[each]), "") for each in best))
        return [f"shares the words {', '.join(word for word in found if word)}"] if any(found) else []


def _spelling(texts: TextScores) -> dict[int, str]:
    """How the text writes each term: the shortest word that gives it."""
    known: dict[int, str] = {}
    text = texts.query.issue.text(*Zone)
    for word in sorted(set(words(text)), key=lambda each: (len(each), each)):
        for term in vocabulary().hashes(word):
            known.setdefault(term, word)
    return known
