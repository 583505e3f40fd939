"""Pages that are not read, estimated in PyTorch by their means (RetroInfer's estimation zone, arXiv 2505.02922).

A page counts as its tokens at the mean key with the mean value. The exponential of a mean is at most the mean of the
exponentials, so the estimate never gives a page more weight than it has.
"""

from __future__ import annotations

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.kernels.tensors import PageSummaries


def write_summaries(
    summaries: PageSummaries, keys: Tensor, values: Tensor, page_ids: Tensor, anchor_bits: Tensor | None = None
) -> None:
    """Summarise whole pages, in place.

    Parameters
    ----------
    keys, values
        ``[M, Hk, 64, Dk]`` and ``[M, Hv, 64, Dv]``, keys after the rotary embedding.
    page_ids
        ``int [M]``; `NO_PAGE` goes nowhere.
    anchor_bits
        ``int64 [M, Hk]``, the pages' own: anchors are left out, since they are read exactly.
    """
    wanted = page_ids >= 0
    ids, keys, values = page_ids[wanted].long(), keys[wanted].float(), values[wanted].float()
    kept = torch.ones(keys.shape[:3], device=keys.device)
    if anchor_bits is not None:
        bits = anchor_bits[wanted].unsqueeze(-1)
        kept = ((bits >> torch.arange(PAGE, device=bits.device)) & 1 == 0).float()
    of_keys = torch.arange(values.shape[1], device=keys.device) * keys.shape[1] // values.shape[1]
    summaries.count[ids] = kept.sum(-1)
    summaries.mean_key[ids] = _mean(keys, kept)
    summaries.mean_value[ids] = _mean(values, kept[:, of_keys])


def estimate(query: Tensor, summaries: PageSummaries, ids: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Attend from one new token a sequence to the summaries of pages.

    Parameters
    ----------
    query
        ``[B, Hq, Dk]``, after the rotary embedding.
    ids
        ``int32 [B, Hk, M]``: pages that are not read; `NO_PAGE` between and beyond.

    Returns
    -------
    output, lse
        ``float32 [B, Hq, Dv]`` and ``[B, Hq]``; zeros and minus infinity without a page. Merged with the rest by
        `merge`.
    """
    at, batch, heads = ids.clamp_min(0).long(), query.shape[0], query.shape[1]
    k_heads, v_heads = summaries.mean_key.shape[1], summaries.mean_value.shape[1]
    number = torch.arange(heads, device=ids.device)
    of_keys, of_values = (number * each // heads for each in (k_heads, v_heads))
    places = at[:, of_keys]
    keys = summaries.mean_key[places, of_keys.reshape(1, -1, 1)].float()
    values = summaries.mean_value[places, of_values.reshape(1, -1, 1)].float()
    count = summaries.count[places, of_keys.reshape(1, -1, 1)].masked_fill(ids[:, of_keys] < 0, 0.0)
    scores = (keys @ query.float().unsqueeze(-1)).squeeze(-1) * scale + count.log()
    if not scores.shape[-1]:
        return values.new_zeros(batch, heads, values.shape[-1]), scores.new_full((batch, heads), float("-inf"))
    lse = torch.logsumexp(scores, -1)
    weights = torch.nan_to_num(torch.exp(scores - lse.unsqueeze(-1)))
    return (weights.unsqueeze(-2) @ values).squeeze(-2), lse


def _mean(rows: Tensor, kept: Tensor) -> Tensor:
    total = (rows * kept.unsqueeze(-1)).sum(2)
    return (total / kept.sum(-1, keepdim=True).clamp_min(1)).half()
