"""The words of one file, unit by unit: counted once for each content, kept as compact bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import ormsgpack
from numpy.typing import NDArray

from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.textindex.units import FUNCTION_UNIT, Unit, UnitCut
from repowright.repo_tools.textindex.words import Vocabulary, term_hash, words

FORMAT = 1
"""Raised whenever bags hold something else."""

_HASH_COMMENTS = frozenset({"python"})
_LITERALS_HASH = re.compile(
    r'("""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\')|("(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')|(#[^\n]*)'
)
_LITERALS_SLASH = re.compile(r'(`[^`]*`)|("(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')|(//[^\n]*|/\*[\s\S]*?\*/)')
_RAISE = re.compile(r"\b(?:raise|throw new|throw)\s+(?:[\w.]+\.)?(\w+)")
_LEAD = re.compile(r"[\s\S]{1,300}?(?:\.(?=\s|$)|\n\s*\n|$)")
_SHORTEST_LINE = 12
_MOST = 65_535


PARAMETER, RAISES, LEAD = 0, 1, 2


@dataclass(frozen=True)
class Bag:
    """The counted words of one file.

    Parameters
    ----------
    units
        The module first, then in source order.
    unit, term, whole, doc, text
        One row for each term of each unit: how often it occurs in the unit, in its documentation and comments,
        and in its string literals.
    phrase_unit, phrase
        Hashed pairs of neighbouring words in string literals.
    line_unit, line
        Hashed lines, blanks at both ends removed; short ones left out.
    call_unit, call, call_own
        Hashed last names of what is called, and whether on the receiver itself.
    extra_unit, extra, extra_field
        Terms of parameters, of the errors raised, and of the first sentence of the documentation: see `PARAMETER`
        and its neighbours.
    """

    units: tuple[Unit, ...]
    unit: NDArray[np.uint32]
    term: NDArray[np.uint64]
    whole: NDArray[np.uint16]
    doc: NDArray[np.uint16]
    text: NDArray[np.uint16]
    phrase_unit: NDArray[np.uint32]
    phrase: NDArray[np.uint64]
    line_unit: NDArray[np.uint32]
    line: NDArray[np.uint64]
    call_unit: NDArray[np.uint32]
    call: NDArray[np.uint64]
    call_own: NDArray[np.uint8]
    extra_unit: NDArray[np.uint32]
    extra: NDArray[np.uint64]
    extra_field: NDArray[np.uint8]


ARRAYS: tuple[tuple[str, type[np.generic]], ...] = (
    ("unit", np.uint32),
    ("term", np.uint64),
    ("whole", np.uint16),
    ("doc", np.uint16),
    ("text", np.uint16),
    ("phrase_unit", np.uint32),
    ("phrase", np.uint64),
    ("line_unit", np.uint32),
    ("line", np.uint64),
    ("call_unit", np.uint32),
    ("call", np.uint64),
    ("call_own", np.uint8),
    ("extra_unit", np.uint32),
    ("extra", np.uint64),
    ("extra_field", np.uint8),
)


def pack(bag: Bag) -> bytes:
    """Return a bag as bytes."""
    return ormsgpack.packb(
        [FORMAT, [list(unit) for unit in bag.units], *(getattr(bag, n).tobytes() for n, _ in ARRAYS)]
    )


def unpack(packed: bytes) -> Bag:
    """Return the bag that `pack` wrote."""
    _, units, *arrays = ormsgpack.unpackb(packed)
    made = (Unit._make((*unit[:6], tuple(unit[6]), tuple(unit[7]))) for unit in units)
    columns: list[Any] = [np.frombuffer(raw, kind) for raw, (_, kind) in zip(arrays, ARRAYS, strict=True)]
    return Bag(tuple(made), *columns)


def make_bag(facts: FileFacts, source: bytes, vocabulary: Vocabulary) -> Bag:
    """Count the words of one file."""
    lines = source.decode("utf-8", "replace").split("\n")
    cut = UnitCut(facts, len(lines))
    rows = _Rows()
    literals = _LITERALS_HASH if facts.language in _HASH_COMMENTS else _LITERALS_SLASH
    for number, chunk in enumerate(cut.texts(lines)):
        rows.add_text(number, chunk, cut.docs[number], literals, vocabulary)
        rows.add_lines(number, chunk)
        rows.add_extra(number, cut, chunk, vocabulary)
    for call in facts.calls:
        receiver, _, name = call.callee.rpartition(".")
        rows.calls.append((cut.unit_of(call.scope), term_hash(name), receiver in ("self", "cls", "this")))
    return rows.bag(tuple(cut.units))


class _Rows:
    """Rows of a bag as they are found."""

    def __init__(self) -> None:
        self.counts: list[tuple[int, int, int, int, int]] = []
        self.phrases: list[tuple[int, int]] = []
        self.lines: list[tuple[int, int]] = []
        self.calls: list[tuple[int, int, bool]] = []
        self.extra: list[tuple[int, int, int]] = []

    def add_text(self, number: int, text: str, doc: str, literals: re.Pattern[str], vocabulary: Vocabulary) -> None:
        doc_words, text_words = words(doc), list[str]()
        for triple, string, comment in literals.findall(text):
            if comment:
                doc_words += words(comment)
            else:
                said = words(string or triple)
                text_words += said if string else ()
                if string and len(said) > 1:
                    self.phrases += ((number, each) for each in phrase_hashes(said))
        whole = _counted(words(text), vocabulary)
        in_doc, in_text = _counted(doc_words, vocabulary), _counted(text_words, vocabulary)
        self.counts += ((number, t, n, in_doc.get(t, 0), in_text.get(t, 0)) for t, n in whole.items())

    def add_lines(self, number: int, text: str) -> None:
        for line in text.split("\n"):
            kept = line.strip()
            if len(kept) >= _SHORTEST_LINE:
                self.lines.append((number, line_hash(kept)))

    def add_extra(self, number: int, cut: UnitCut, text: str, vocabulary: Vocabulary) -> None:
        _, _, parameters = cut.signatures[number].partition("(")
        lead = _LEAD.match(cut.docs[number].lstrip())
        found = (
            (PARAMETER, words(parameters) if cut.units[number].kind == FUNCTION_UNIT else ()),
            (RAISES, _RAISE.findall(text)),
            (LEAD, words(lead[0]) if lead else ()),
        )
        for field, said in found:
            self.extra += ((number, term, field) for term in vocabulary.count(said))

    def bag(self, units: tuple[Unit, ...]) -> Bag:
        counts = np.array(self.counts, np.uint64).reshape(-1, 5)
        phrases = np.array(sorted(set(self.phrases)), np.uint64).reshape(-1, 2)
        lines = np.array(sorted(set(self.lines)), np.uint64).reshape(-1, 2)
        calls = np.array(self.calls, np.uint64).reshape(-1, 3)
        extra = np.array(self.extra, np.uint64).reshape(-1, 3)
        capped = np.minimum(counts[:, 2:], _MOST).astype(np.uint16)
        return Bag(
            units,
            counts[:, 0].astype(np.uint32),
            counts[:, 1].copy(),
            capped[:, 0].copy(),
            capped[:, 1].copy(),
            capped[:, 2].copy(),
            phrases[:, 0].astype(np.uint32),
            phrases[:, 1].copy(),
            lines[:, 0].astype(np.uint32),
            lines[:, 1].copy(),
            calls[:, 0].astype(np.uint32),
            calls[:, 1].copy(),
            calls[:, 2].astype(np.uint8),
            extra[:, 0].astype(np.uint32),
            extra[:, 1].copy(),
            extra[:, 2].astype(np.uint8),
        )


def _counted(found: list[str], vocabulary: Vocabulary) -> dict[int, int]:
    counts: dict[int, int] = {}
    hashes = vocabulary.hashes
    for word, number in Counter(found).items():
        for term in hashes(word):
            counts[term] = counts.get(term, 0) + number
    return counts


def phrase_hashes(said: Sequence[str]) -> list[int]:
    """Return the hashes of each pair of neighbouring words, case ignored."""
    lowered = [word.casefold() for word in said]
    return [hash_pair(left, right) for left, right in pairwise(lowered)]


def hash_pair(left: str, right: str) -> int:
    """Return the hash of two words that stand side by side."""
    return term_hash(f"{left} {right}")


def line_hash(line: str) -> int:
    """Return the hash of a line without the blanks at its ends."""
    return term_hash(f"\n{line}")
