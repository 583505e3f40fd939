"""BM25 over rows of an index (Robertson and Zaragoza 2009), as arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Hits(NamedTuple):
    """Where terms of a query stand: the row in the index, and the term's place in the query."""

    row: Ints
    term: Ints


def scan(terms: NDArray[np.uint64], column: NDArray[np.uint64]) -> Hits:
    """Find the rows that hold one of the sorted terms.

    A look at the lowest 16 bits sorts out nearly all other rows, so that a million rows take two milliseconds
    and an index needs no sorting when files join it.
    """
    if not len(terms) or not len(column):
        return Hits(np.zeros(0, np.int64), np.zeros(0, np.int64))
    table = np.zeros(1 << 16, bool)
    table[(terms & np.uint64(0xFFFF)).astype(np.int64)] = True
    maybe = np.flatnonzero(table[column.astype("<u8", copy=False).view("<u2")[::4]])
    place = np.minimum(np.searchsorted(terms, column[maybe]), len(terms) - 1)
    sure = terms[place] == column[maybe]
    return Hits(maybe[sure], place[sure])


def rarity(terms: Ints, count: int, documents: int) -> Floats:
    """Return the inverse document frequency of each of ``count`` terms; nought for one that is nowhere.

    Parameters
    ----------
    terms
        One entry for each document a term stands in.
    """
    found = np.bincount(terms, minlength=count)
    return np.where(found > 0, np.log1p((max(documents, 1) - found + 0.5) / (found + 0.5)), 0.0)


def saturate(count: Floats, length: Floats, mean: float, k1: float, b: float) -> Floats:
    """Return how much a term counts that stands ``count`` times in a text of that length."""
    return count * (k1 + 1) / (count + k1 * (1 - b + b * length / max(mean, 1e-9)))


def mean_length(lengths: NDArray[np.float64]) -> float:
    """Return the mean over texts that hold anything; 1 if none does."""
    held = lengths[lengths > 0]
    return float(held.mean()) if len(held) else 1.0


def add_up(place: Ints, values: NDArray[np.float64] | NDArray[np.bool_] | None, size: int) -> Floats:
    """Return the sum of the values at each place; how many there are if no values are given."""
    found: Floats = np.bincount(place, values, minlength=size).astype(np.float64)
    return found
