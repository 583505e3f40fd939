"""The ways of keeping and reading a cache that a card lays side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from repowright.inference_backend.config import Bits, KVSpec

AnchorsBy = Literal["query", "mass", "exact", "random", "first"]
"""By anchor score, in one of its forms (see `AnchorForm`); at random; or the first tokens of a text."""

BooksBy = Literal["", "plain", "weighted"]
"""Codebooks by plain k-means, or by k-means that is weighted by anchor scores."""


@dataclass(frozen=True)
class Way:
    """One row of a card.

    Parameters
    ----------
    spec
        How keys and values are kept. A window of 0 tokens quantises even the newest: no engine does so, but it shows
        what codes alone cost.
    anchors_by
        Which tokens are anchors.
    drops_far
        The control: what is neither in the window nor an anchor is not read at all.
    """

    name: str
    spec: KVSpec
    anchors_by: AnchorsBy = "query"
    drops_far: bool = False
    books: BooksBy = ""


def perplexity_ways() -> list[Way]:
    """Return the rows of the table of perplexities, the exact cache first."""
    return [Way("exact", KVSpec(16, 16)), *_codes_alone(), *_with_window(), *_codebooks(), *_controls()]


def _codes_alone() -> list[Way]:
    def coded(name: str, keys: Bits, values: Bits) -> Way:
        return Way(name, KVSpec(keys, values, window=0))

    two = [Way(f"int2 + 1 % {by}", KVSpec(2, 2, window=0, anchors=0.01), by) for by in _ANCHORS]
    mixed = [coded("keys 2, values 4 bits", 2, 4), coded("keys 4, values 2 bits", 4, 2)]
    five = Way("int2 + 5 % query", KVSpec(2, 2, window=0, anchors=0.05))
    return [coded("int4", 4, 4), *mixed, coded("int2", 2, 2), *two, five]


def _with_window() -> list[Way]:
    widths: list[Bits] = [8, 4, 2]
    found = [Way(f"int{bits} + window", KVSpec(bits, bits)) for bits in widths]
    anchored: list[AnchorsBy] = ["query", "first", "random"]
    found += [Way(f"int2 + window + 1 % {by}", KVSpec(2, 2, anchors=0.01), by) for by in anchored]
    found.append(Way("int2 + window + 5 % query", KVSpec(2, 2, anchors=0.05)))
    return [*found, Way("keys 4, values 2 bits + window", KVSpec(4, 2))]


def _codebooks() -> list[Way]:
    found: list[Way] = []
    for rate in (1.0, 0.375):
        bare, name = KVSpec(codebook=rate, window=0), f"{rate:g} bit"
        found += [
            Way(f"{name}, plain books", bare, books="plain"),
            Way(name, bare, books="weighted"),
            Way(f"{name} + 1 % query", KVSpec(codebook=rate, window=0, anchors=0.01), books="weighted"),
            Way(f"{name} + 1 % first", KVSpec(codebook=rate, window=0, anchors=0.01), "first", books="weighted"),
            Way(f"{name} + window", KVSpec(codebook=rate), books="weighted"),
            Way(f"{name} + window + 1 % query", KVSpec(codebook=rate, anchors=0.01), books="weighted"),
        ]
    return found


def _controls() -> list[Way]:
    exact = KVSpec(16, 16)
    anchored = KVSpec(16, 16, anchors=0.01)
    return [
        Way("dropped: window alone", exact, drops_far=True),
        Way("dropped: window + 1 % first", anchored, "first", drops_far=True),
        Way("dropped: window + 1 % query", anchored, drops_far=True),
    ]


_ANCHORS: tuple[AnchorsBy, ...] = ("query", "mass", "exact", "first", "random")
