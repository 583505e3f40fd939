"""An issue's text as terms with weights."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from repowright.repo_tools.mentions import Issue, Zone, read_issue
from repowright.repo_tools.textindex.bags import line_hash, phrase_hashes
from repowright.repo_tools.textindex.bm25 import Floats
from repowright.repo_tools.textindex.words import Vocabulary, words

_SAID = (Zone.TITLE, Zone.PROSE, Zone.CODE, Zone.TRACE)
_SHORTEST_LINE = 12


class Query:
    """Distinct terms of a text, sorted, and how much each counts in a view of the text.

    Words of version tables and check lists count nothing. A word said again counts more, but not for ever:
    1 + ln(min(count, 3)).
    """

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.issue: Issue = read_issue(text)
        counts = [vocabulary.count(words(self.issue.text(zone))) for zone in _SAID]
        found = sorted(set().union(*counts))
        self.terms: NDArray[np.uint64] = np.array(found, np.uint64)
        table = np.array([[count.get(term, 0) for term in found] for count in counts], np.float64)
        self._counts = table.reshape(len(_SAID), len(found))

    @cached_property
    def whole(self) -> Floats:
        """Weights of the whole text."""
        return _damped(self._counts.sum(0))

    @cached_property
    def title(self) -> Floats:
        """Weights of the first line."""
        found: Floats = (self._counts[0] > 0).astype(np.float64)
        return found

    @cached_property
    def prose(self) -> Floats:
        """Weights of the first line and the sentences."""
        return _damped(self._counts[:2].sum(0))

    @cached_property
    def code(self) -> Floats:
        """Weights of code blocks."""
        return _damped(self._counts[2])

    @cached_property
    def phrases(self) -> NDArray[np.uint64]:
        """Hashed pairs of neighbouring words."""
        said = (segment.text for segment in self.issue.segments if segment.zone is not Zone.ENVIRONMENT)
        return np.array(sorted({each for text in said for each in phrase_hashes(words(text))}), np.uint64)

    @cached_property
    def lines(self) -> NDArray[np.uint64]:
        """Hashed lines that could be lines of code."""
        written = (line.strip() for segment in self.issue.segments for line in segment.text.split("\n"))
        bare = (line.removeprefix(">>> ").strip() for line in written)
        return np.array(sorted({line_hash(line) for line in bare if len(line) >= _SHORTEST_LINE}), np.uint64)


def _damped(counts: Floats) -> Floats:
    found: Floats = np.where(counts > 0, 1 + np.log(np.clip(counts, 1, 3)), 0.0)
    return found
