"""Scores of whole pages in PyTorch: by the extremes of their keys (Quest), or by a gate's keys (SeerAttention-R)."""

from __future__ import annotations

from torch import Tensor

from repowright.inference_backend.kernels.reference import read_bounds
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages


def bound_scores(query: Tensor, pages: LayerPages | CodedPages, table: Tensor, scale: float) -> Tensor:
    """Return what no key of a page can exceed, ``float32 [B, Hq, P]``.

    Parameters
    ----------
    query
        ``[B, Hq, Dk]``, after the rotary embedding.
    table
        ``int32 [B, P]``; the score of `NO_PAGE` is minus infinity.
    """
    heads = pages.layout.k_heads
    low, high = (
        bound.reshape(*table.shape, heads, -1).permute(0, 2, 3, 1)
        for bound in read_bounds(pages, table.clamp_min(0).flatten())
    )
    grouped = query.float().reshape(query.shape[0], heads, -1, query.shape[-1])
    scores = (grouped.clamp_min(0) @ high + grouped.clamp_max(0) @ low) * scale
    return scores.flatten(1, 2).masked_fill((table < 0).unsqueeze(1), float("-inf"))


def gate_scores(gate_query: Tensor, gate_keys: Tensor, table: Tensor, scale: float) -> Tensor:
    """Return a gate's products, ``float32 [B, Hk, P]``.

    Parameters
    ----------
    gate_query
        ``[B, Hk, G]``, one for the queries that share a head.
    gate_keys
        ``[N, Hk, G]``, one for each page of the pool.
    """
    chosen = gate_keys[table.clamp_min(0).long()].float().permute(0, 2, 1, 3)
    scores = (chosen @ gate_query.float().unsqueeze(-1)).squeeze(-1) * scale
    return scores.masked_fill((table < 0).unsqueeze(1), float("-inf"))
