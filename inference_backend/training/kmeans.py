"""Weighted k-means over many groups of vectors at once."""

from __future__ import annotations

import torch
from torch import Tensor

_TINY = 1e-12


def weighted_kmeans(vectors: Tensor, weights: Tensor, entries: int, rounds: int, seed: int = 0) -> Tensor:
    """Return the centres of each group's vectors.

    Parameters
    ----------
    vectors
        ``float32 [G, N, d]``.
    weights
        ``float32 [G, N]``, not negative: how much a vector's error counts, and how likely a centre begins there.

    Returns
    -------
    centres
        ``float32 [G, entries, d]``; a centre that no vector is nearest to stays where it was.

    Raises
    ------
    ValueError
        If there are fewer vectors than centres.
    """
    groups, count, width = vectors.shape
    if count < entries:
        raise ValueError(f"{count} vectors cannot have {entries} centres; give more text")
    generator = torch.Generator().manual_seed(seed)
    chances = weights.clamp_min(0) / weights.sum(-1, keepdim=True).clamp_min(_TINY) + _TINY
    first = torch.multinomial(chances, entries, generator=generator)
    centres = vectors.gather(1, first.unsqueeze(-1).expand(-1, -1, width))
    offsets = torch.arange(groups).unsqueeze(1) * entries
    for _ in range(rounds):
        nearest = (nearest_centres(vectors, centres) + offsets).flatten()
        total = vectors.new_zeros(groups * entries).index_add_(0, nearest, weights.flatten())
        weighed = (vectors * weights.unsqueeze(-1)).flatten(0, 1)
        sums = vectors.new_zeros(groups * entries, width).index_add_(0, nearest, weighed)
        means = (sums / total.clamp_min(_TINY).unsqueeze(-1)).reshape(groups, entries, width)
        centres = torch.where(total.reshape(groups, entries, 1) > 0, means, centres)
    return centres


def nearest_centres(vectors: Tensor, centres: Tensor) -> Tensor:
    """Return the number of each vector's nearest centre, ``int64 [G, N]``."""
    products = torch.baddbmm(-0.5 * centres.square().sum(-1).unsqueeze(1), vectors, centres.transpose(1, 2))
    return products.argmax(-1)
