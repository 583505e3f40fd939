"""Chooses pages by their scores: within a budget of tokens, or all above a threshold.

The first page holds the attention sinks and the last what was said just before the window: both are always read.
"""

from __future__ import annotations

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE, SparseSpec
from repowright.inference_backend.kernels.tensors import NO_PAGE

_HELD = 16384
"""Pages that the kernel holds at a time; a million tokens."""


def shared(scores: Tensor, heads: int) -> Tensor:
    """Return one score for the queries that share a head of keys.

    Each query's scores become shares of one over its pages, and the greatest share of the group counts, so that a
    page one of them needs is not voted out by the others.

    Parameters
    ----------
    scores
        ``float32 [B, Hq, P]``, minus infinity where there is no page.

    Returns
    -------
    shares
        ``float32 [B, heads, P]``; 0 where there is no page.
    """
    shares = torch.nan_to_num(torch.softmax(scores, -1))
    return shares.reshape(scores.shape[0], heads, -1, scores.shape[-1]).amax(2)


def select(shares: Tensor, table: Tensor, spec: SparseSpec) -> Tensor:
    """Return the places in the table of the pages to read, ``int64 [B, Hk, M]``, ascending, `NO_PAGE` beyond.

    Parameters
    ----------
    shares
        ``float32 [B, Hk, P]``.
    table
        ``int32 [B, P]``, `NO_PAGE` beyond the end or between.
    spec
        With a budget, ``M`` is that many tokens' pages, those always read among them; with a threshold, it is ``P``.
    """
    count = table.shape[-1]
    if not count:
        return shares.new_zeros(shares.shape, dtype=torch.int64)
    present = table >= 0
    always = _ends(present).unsqueeze(1)
    ranked = shares.masked_fill(always, float("inf")).masked_fill(~present.unsqueeze(1), float("-inf"))
    if spec.budget:
        found = ranked.topk(room(table, spec), -1)
        kept, places = found.values > float("-inf"), found.indices
    else:
        kept = ranked >= spec.threshold
        places = torch.arange(count, device=table.device).expand(kept.shape)
    ascending = places.masked_fill(~kept, count).sort(-1).values
    return ascending.masked_fill(ascending == count, NO_PAGE)


def room(table: Tensor, spec: SparseSpec) -> int:
    """Return how many pages a budget has room for: those always read, and no more than there are."""
    return min(max(2, spec.budget // PAGE), table.shape[-1])


def choose(scores: Tensor, table: Tensor, heads: int, spec: SparseSpec) -> tuple[Tensor, Tensor]:
    """Return places in the table and pages to read, ``int [B, heads, M]`` each, in one launch where a GPU has them.

    Parameters
    ----------
    scores
        ``float32 [B, Hq, P]``, as `dispatch.bound_scores` or `dispatch.gate_scores` return them.
    heads
        Heads of keys.
    """
    if scores.is_cuda and spec.budget and 0 < table.shape[-1] <= _HELD:
        from repowright.inference_backend.kernels.triton.select import top_pages

        return top_pages(scores, table, heads, room(table, spec))
    places = select(shared(scores, heads), table, spec)
    return places, pages_at(table, places)


def pages_at(table: Tensor, places: Tensor) -> Tensor:
    """Return the pages at places of the table, ``int32 [B, Hk, M]``."""
    wide = table.unsqueeze(1).expand(-1, places.shape[1], -1)
    return wide.gather(-1, places.clamp_min(0).long()).masked_fill(places < 0, NO_PAGE)


def pages_left(table: Tensor, places: Tensor) -> Tensor:
    """Return the pages of the table that are not at places, ``int32 [B, Hk, P]``, `NO_PAGE` between."""
    wide = table.unsqueeze(1).expand(-1, places.shape[1], -1)
    read = torch.zeros(*wide.shape[:2], wide.shape[2] + 1, dtype=torch.bool, device=table.device)
    read.scatter_(-1, places.masked_fill(places < 0, wide.shape[2]).long(), True)
    return wide.masked_fill(read[..., :-1], NO_PAGE)


def _ends(present: Tensor) -> Tensor:
    """Which places hold the first and the last page of each sequence, ``bool [B, P]``."""
    number = present.int().cumsum(-1)
    return present & ((number == 1) | (number == number[..., -1:]))
