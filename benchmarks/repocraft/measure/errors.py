"""What can go wrong with a measurement."""

from __future__ import annotations

from repowright.benchmarks.repocraft.errors import RepoCraftError


class EmbeddingUnavailable(RepoCraftError):
    """The packages that coverage and novelty need are missing, or hold other weights than the pinned ones."""


class TreeUnreadable(RepoCraftError):
    """A reference feature tree is missing or malformed."""
