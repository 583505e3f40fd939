"""Coverage and novelty: how much of the reference a repository's features hit, and how many lie outside of it.

Paper, section 5.1: coverage is the share of reference features hit by at least one generated feature, novelty the
share of generated features in no reference cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from repowright.benchmarks.repocraft.measure.clustering import Centroids, OutlierRule, cluster
from repowright.benchmarks.repocraft.measure.embedding import Embedder, Vectors
from repowright.benchmarks.repocraft.measure.reference_tree import Leaf


@dataclass(frozen=True)
class Assignment:
    """A feature and the leaf it hits.

    Parameters
    ----------
    leaf
        Number of the leaf; ``None`` for a feature outside of the reference.
    nearness
        Cosine to the nearest leaf, from -1 to 1.
    """

    feature: str
    leaf: int | None
    nearness: float


class Reassigner(Protocol):
    """The paper's last step: a model moves what was assigned to the wrong leaf."""

    @property
    def name(self) -> str:
        """What the report calls it."""

    def moves(self, leaves: Sequence[Leaf], found: Sequence[Assignment]) -> Mapping[str, int | None]:
        """Return the features to move, each with its new leaf, or ``None`` for outside of the reference."""


class Unchanged:
    """Moves nothing; what counts where no model is asked."""

    name = "none"

    def moves(self, leaves: Sequence[Leaf], found: Sequence[Assignment]) -> Mapping[str, int | None]:
        """Return no move."""
        return {}


@dataclass(frozen=True)
class Coverage:
    """What a repository's features hit.

    Parameters
    ----------
    reassigned_by
        Name of the `Reassigner`; ``none`` if no model moved anything.
    """

    leaves: tuple[Leaf, ...]
    assignments: tuple[Assignment, ...]
    centroids: Centroids
    embedder: str
    reassigned_by: str

    @property
    def covered(self) -> tuple[bool, ...]:
        """For each leaf whether a feature hits it."""
        hit = {each.leaf for each in self.assignments}
        return tuple(number in hit for number in range(len(self.leaves)))

    @property
    def coverage(self) -> float:
        """Share of leaves hit, from 0 to 1."""
        return sum(self.covered) / len(self.leaves) if self.leaves else 0.0

    @property
    def novel(self) -> int:
        """How many features lie outside of the reference."""
        return sum(each.leaf is None for each in self.assignments)

    @property
    def novelty(self) -> float:
        """Share of features outside of the reference, from 0 to 1."""
        return self.novel / len(self.assignments) if self.assignments else 0.0


def coverage(
    features: Sequence[str],
    leaves: Sequence[Leaf],
    embedder: Embedder,
    centroids: Centroids = Centroids.FIXED,
    rule: OutlierRule | None = None,
    reassigner: Reassigner | None = None,
) -> Coverage:
    """Assign each feature to a leaf or to none; the same phrases give the same answer, in any order.

    Raises
    ------
    EmbeddingUnavailable
        If scikit-learn is not installed.
    """
    phrases = sorted(set(features))
    found = cluster(embedder.embed(phrases), leaf_vectors(leaves, embedder), centroids, rule or OutlierRule())
    rows = zip(phrases, found.leaf, found.nearness, strict=True)
    assignments = [Assignment(phrase, int(leaf) if leaf >= 0 else None, float(near)) for phrase, leaf, near in rows]
    judge = reassigner or Unchanged()
    moves = judge.moves(leaves, assignments)
    settled = tuple(_settled(each, moves, len(leaves)) for each in assignments)
    return Coverage(tuple(leaves), settled, centroids, embedder.name, judge.name)


def leaf_vectors(leaves: Sequence[Leaf], embedder: Embedder) -> Vectors:
    """Return a vector for each leaf: midway between its phrase alone and with its categories before it.

    "Expressions" alone says little; below "Parsing" it says more.
    """
    alone = embedder.embed([leaf.phrase for leaf in leaves])
    placed = embedder.embed([" ".join((*leaf.categories, leaf.phrase)) for leaf in leaves])
    between = alone + placed
    lengths = np.linalg.norm(between, axis=1, keepdims=True)
    vectors: Vectors = (between / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return vectors


def _settled(each: Assignment, moves: Mapping[str, int | None], leaves: int) -> Assignment:
    """Apply a move; one to a leaf that there is not changes nothing."""
    if each.feature not in moves:
        return each
    leaf = moves[each.feature]
    return replace(each, leaf=leaf) if leaf is None or 0 <= leaf < leaves else each
