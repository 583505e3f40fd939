"""One new token a sequence attends to summaries of pages that are not read (RetroInfer's estimation zone)."""

from __future__ import annotations

import torch
from torch import Tensor

from repowright.inference_backend.kernels.tensors import PageSummaries
from repowright.inference_backend.kernels.triton.merge import merge
from repowright.inference_backend.kernels.triton.rows import over_rows

_PAGES_A_PART = 256


def estimate(query: Tensor, summaries: PageSummaries, ids: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Attend from one new token a sequence to the summaries of pages; see `reference_estimate.estimate`."""
    k_heads, v_heads = summaries.mean_key.shape[1], summaries.mean_value.shape[1]
    parts = max(1, -(-ids.shape[-1] // _PAGES_A_PART))
    batch, heads, _ = query.shape
    dim = summaries.mean_value.shape[-1]
    out = torch.empty(parts, batch, heads, dim, dtype=torch.float32, device=query.device)
    lse = torch.empty(parts, batch, heads, dtype=torch.float32, device=query.device)
    over_rows(
        query.contiguous(),
        (summaries.mean_key, summaries.mean_value),
        ids,
        max(k_heads, v_heads),
        scale,
        out,
        lse,
        summaries.count,
        (k_heads, v_heads),
    )
    return (out[0], lse[0]) if parts == 1 else merge(out, lse)
