"""Terms of code and prose: what a text index compares.

An identifier gives its stemmed parts and, if it has several, itself; so ``get_user`` meets both "users" in a
sentence and ``get_user`` in a traceback. Terms are kept as 64-bit hashes: they are the same in every process, and
files can be joined into an index without a common vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

import xxhash

if TYPE_CHECKING:
    from Stemmer import Stemmer  # type: ignore[import-not-found]

VERSION = 1
"""Raised whenever some text gives other terms, so that stored bags are made anew."""

LONGEST = 64
"""Longer words are data, not names."""

_WORD = re.compile(r"[^\W_]\w*|_+[^\W_]\w*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_MOST_CACHED = 400_000

_SAID_OFTEN = (
    "a about above after again all also am an and any are aren as at be because been before being below between both "
    "but by can cannot could couldn d did didn do does doesn doing don down during each few for from further get got "
    "had hadn has hasn have haven having he her here hers him his how however i if in into is isn it its itself just "
    "ll m me more most my no nor not now of off on once only or other our out over own please re s same she should so "
    "some such t than that the their them then there these they this those through to too under until up us use used "
    "using ve very want was wasn we were weren what when where which while who why will with won would you your "
    "self cls def class return import none true false"
)
STOP_WORDS = frozenset(_SAID_OFTEN.split())


def words(text: str) -> list[str]:
    """Return the words of a text as written, identifiers whole.

    Examples
    --------
    >>> words("call parse_csv(HTTPServer.port)")
    ['call', 'parse_csv', 'HTTPServer', 'port']
    """
    return _WORD.findall(text)


def parts(word: str) -> list[str]:
    """Return the lower-case parts of an identifier.

    Examples
    --------
    >>> parts("parse_csvFile"), parts("HTTPServer2")
    (['parse', 'csv', 'file'], ['http', 'server', '2'])
    """
    return [part.casefold() for part in _PART.findall(word)]


class Vocabulary:
    """Expands words into terms and remembers what it has expanded.

    Not shared between threads: the stemmer keeps state.
    """

    def __init__(self) -> None:
        from Stemmer import Stemmer

        self._stemmer: Stemmer = Stemmer("english")
        self._hashes: dict[str, tuple[int, ...]] = {}

    def terms(self, word: str) -> list[str]:
        """Return the terms of one word; none for a stop word.

        Examples
        --------
        >>> Vocabulary().terms("getUsers")
        ['user', 'getusers']
        """
        if len(word) > LONGEST:
            return []
        pieces = parts(word)
        found = [self._stemmer.stemWord(piece) for piece in pieces if piece not in STOP_WORDS]
        if len(pieces) > 1:
            found.append(word.strip("_").casefold())
        return found

    def hashes(self, word: str) -> tuple[int, ...]:
        """Return the hashed terms of one word."""
        known = self._hashes.get(word)
        if known is None:
            if len(self._hashes) >= _MOST_CACHED:
                self._hashes.clear()
            known = self._hashes[word] = tuple(term_hash(term) for term in self.terms(word))
        return known

    def count(self, found: Iterable[str]) -> dict[int, int]:
        """Return how often each hashed term occurs among the words."""
        counts: dict[int, int] = {}
        hashes = self.hashes
        for word in found:
            for term in hashes(word):
                counts[term] = counts.get(term, 0) + 1
        return counts


def term_hash(term: str) -> int:
    """Return the 64-bit hash of a term, the same in every process."""
    return xxhash.xxh3_64_intdigest(term.encode("utf-8", "surrogatepass"))


@cache
def vocabulary() -> Vocabulary:
    """Return this process's vocabulary."""
    return Vocabulary()
