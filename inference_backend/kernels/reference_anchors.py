"""Anchor tokens in PyTorch (AnTKV, arXiv 2506.19505): which tokens' errors would change attention most.

Letters: ``T`` queries, possibly a sample of them, and ``K`` keys of one sequence.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE

AnchorForm = Literal["mass", "query", "exact"]
"""How a token is weighed, summed over the queries that share its head: by its attention ``A`` alone, by ``A |q|``
(the cheap form), or by ``A |q| |v - o|`` with the sum of absolute differences (theorem 3.1's bound on the change)."""


def attention_lse(query: Tensor, keys: Tensor, positions: Tensor, scale: float) -> Tensor:
    """Return the logarithm of each query's sum of exponentials, ``float32 [Hq, T]``; arguments as `anchor_scores`."""
    return torch.logsumexp(_scores(query, keys, positions, scale), -1)


def anchor_scores(
    query: Tensor,
    keys: Tensor,
    lse: Tensor,
    positions: Tensor,
    scale: float,
    form: AnchorForm = "query",
    values: Tensor | None = None,
    output: Tensor | None = None,
) -> Tensor:
    """Score every key of a sequence.

    Parameters
    ----------
    query, keys
        ``[Hq, T, D]`` and ``[Hk, K, D]``, after the rotary embedding.
    lse
        ``float32 [Hq, T]``, as attention or `attention_lse` returns it.
    positions
        ``int32 [T]``, ascending: a query sees the keys up to its own place.
    values, output
        ``[Hv, K, Dv]`` and ``[Hq, T, Dv]``; needed by the exact form alone.

    Returns
    -------
    scores
        ``float32 [Hk, K]``.
    """
    weights = torch.exp(_scores(query, keys, positions, scale) - lse.unsqueeze(-1))
    if form != "mass":
        weights = weights * query.float().norm(dim=-1, keepdim=True)
    if form == "exact":
        weights = weights * _distances(values, output)
    return weights.sum(1).reshape(keys.shape[0], -1, keys.shape[1]).sum(1)


def query_sample(tokens: int, recent: int, stride: int) -> Tensor:
    """Return the places of queries that stand for all: the most recent, and each ``stride``-th before them."""
    first = max(0, tokens - recent)
    return torch.cat([torch.arange(0, first, stride), torch.arange(first, tokens)]).int()


def top_anchors(scores: Tensor, count: int) -> Tensor:
    """Return the tokens of the greatest scores of each head, ascending, ``int64 [Hk, count]``."""
    return scores.topk(min(count, scores.shape[-1]), -1).indices.sort(-1).values


def anchor_bits(tokens: Tensor, pages: int) -> Tensor:
    """Return which tokens of consecutive pages are anchors, one bit a token, ``int64 [pages, Hk]``."""
    marked = torch.zeros(tokens.shape[0], pages * PAGE, dtype=torch.bool, device=tokens.device)
    marked.scatter_(1, tokens, True)
    bits = torch.ones((), dtype=torch.int64, device=tokens.device) << torch.arange(PAGE, device=tokens.device)
    return (marked.reshape(tokens.shape[0], pages, PAGE) * bits).sum(-1).T.contiguous()


def _scores(query: Tensor, keys: Tensor, positions: Tensor, scale: float) -> Tensor:
    wide = keys.float().repeat_interleave(query.shape[0] // keys.shape[0], 0)
    scores = query.float() @ wide.transpose(1, 2) * scale
    seen = torch.arange(keys.shape[1], device=keys.device) <= positions.unsqueeze(1)
    return scores.masked_fill(~seen, float("-inf"))


def _distances(values: Tensor | None, output: Tensor | None) -> Tensor:
    if values is None or output is None:
        raise ValueError("the exact anchor score needs values and outputs; pass them or take the form 'query'")
    wide = values.float().repeat_interleave(output.shape[0] // values.shape[0], 0)
    return torch.cdist(output.float(), wide, p=1.0)
