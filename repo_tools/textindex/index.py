"""The bags of a repository's files joined into one index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from repowright.repo_tools.textindex.bags import Bag
from repowright.repo_tools.textindex.bm25 import Floats, Ints, add_up
from repowright.repo_tools.textindex.units import CLASS_UNIT, FUNCTION_UNIT, Unit
from repowright.repo_tools.textindex.words import Vocabulary, words

N = TypeVar("N", bound=np.generic)


class Rows:
    """Terms and whose they are: one row for each term of each owner."""

    def __init__(self, owner: Ints, term: NDArray[np.uint64], owners: int) -> None:
        self.owner = owner
        self.term = term
        self.owners = owners
        self.length: Floats = np.bincount(owner, minlength=owners).astype(np.float64)

    @classmethod
    def of_texts(cls, texts: Iterable[str], vocabulary: Vocabulary) -> Rows:
        """Make the rows of short texts, one for each owner."""
        owner: list[int] = []
        term: list[int] = []
        number = -1
        for number, text in enumerate(texts):
            for word in words(text):
                hashes = vocabulary.hashes(word)
                owner += [number] * len(hashes)
                term += hashes
        return cls(np.array(owner, np.int64), np.array(term, np.uint64), number + 1)


class TextIndex:
    """All units of all files, and their rows.

    Parameters
    ----------
    files
        Path and bag of each file, sorted by path.
    """

    def __init__(self, files: Sequence[tuple[str, Bag]], vocabulary: Vocabulary) -> None:
        self.paths = [path for path, _ in files]
        bags = [bag for _, bag in files]
        sizes = np.array([len(bag.units) for bag in bags], np.int64)
        self.start: Ints = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.units: list[Unit] = [unit for bag in bags for unit in bag.units]
        self.file: Ints = np.repeat(np.arange(len(bags)), sizes)
        self.kind = np.array([unit.kind for unit in self.units], np.int64)
        self.is_function: NDArray[np.bool_] = self.kind == FUNCTION_UNIT
        self.is_class: NDArray[np.bool_] = self.kind == CLASS_UNIT
        self.names = [unit.qualname.rpartition(".")[2] for unit in self.units]
        self._join(bags)
        self._add_names(vocabulary)

    @property
    def size(self) -> int:
        """Number of units."""
        return len(self.units)

    def _join(self, bags: Sequence[Bag]) -> None:
        self.unit = self._owners(bags, "unit")
        self.term: NDArray[np.uint64] = _joined([bag.term for bag in bags], np.uint64)
        self.whole = _joined([bag.whole for bag in bags], np.uint16).astype(np.float64)
        self.doc = _joined([bag.doc for bag in bags], np.uint16).astype(np.float64)
        self.text = _joined([bag.text for bag in bags], np.uint16).astype(np.float64)
        self.whole_length = self._sum(self.whole)
        self.doc_length = self._sum(self.doc)
        self.text_length = self._sum(self.text)
        self.phrases = Rows(self._owners(bags, "phrase_unit"), _joined([b.phrase for b in bags], np.uint64), self.size)
        self.lines = Rows(self._owners(bags, "line_unit"), _joined([b.line for b in bags], np.uint64), self.size)
        self.calls = Rows(self._owners(bags, "call_unit"), _joined([b.call for b in bags], np.uint64), self.size)
        self.call_own = _joined([bag.call_own for bag in bags], np.uint8) > 0
        owner, term = self._owners(bags, "extra_unit"), _joined([bag.extra for bag in bags], np.uint64)
        field = _joined([bag.extra_field for bag in bags], np.uint8)
        self.extra = [Rows(owner[field == each], term[field == each], self.size) for each in range(3)]

    def _owners(self, bags: Sequence[Bag], name: str) -> Ints:
        return _joined([getattr(bag, name) + at for bag, at in zip(bags, self.start.tolist(), strict=False)], np.int64)

    def _sum(self, counts: Floats) -> Floats:
        return add_up(self.unit, counts, self.size)

    def _add_names(self, vocabulary: Vocabulary) -> None:
        self.name_rows = Rows.of_texts(self.names, vocabulary)
        owners = (unit.qualname.rpartition(".")[0] for unit in self.units)
        self.owner_rows = Rows.of_texts(owners, vocabulary)
        stems = (path.rpartition(".")[0] or path for path in self.paths)
        self.path_rows = Rows.of_texts((stem.replace("/", " ") for stem in stems), vocabulary)


def _joined(arrays: Sequence[NDArray[Any]], kind: type[N]) -> NDArray[N]:
    return np.concatenate(arrays).astype(kind, copy=False) if arrays else np.zeros(0, kind)
