"""Merges attention over parts of the keys by the logarithms of their sums (flash decoding's second pass)."""

# mypy: disable-error-code="import-untyped, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor


def merge(outputs: Tensor, lses: Tensor) -> tuple[Tensor, Tensor]:
    """Merge ``[S, ..., D]`` and ``[S, ...]`` into ``[..., D]`` and ``[...]``; see `reference.merge`."""
    outputs, lses = outputs.contiguous(), lses.contiguous()
    parts, dim = outputs.shape[0], outputs.shape[-1]
    rows = lses[0].numel()
    out = torch.empty(outputs.shape[1:], dtype=torch.float32, device=outputs.device)
    lse = torch.empty(lses.shape[1:], dtype=torch.float32, device=outputs.device)
    _merge_kernel[(rows,)](outputs, lses, out, lse, parts, rows, DIM=dim, PARTS=triton.next_power_of_2(parts))
    return out, lse


@triton.jit
def _merge_kernel(out_ptr, lse_ptr, merged_ptr, merged_lse, parts, rows, DIM: tl.constexpr, PARTS: tl.constexpr):
    row = tl.program_id(0)
    part = tl.arange(0, PARTS)
    channels = tl.arange(0, DIM)
    kept = part < parts
    lse = tl.load(lse_ptr + part * rows + row, mask=kept, other=float("-inf"))
    most = tl.max(lse, 0)
    base = tl.where(most == float("-inf"), 0.0, most)
    weights = tl.exp(lse - base)
    total = tl.sum(weights, 0)
    places = (part[:, None] * rows + row) * DIM + channels[None, :]
    outputs = tl.load(out_ptr + places, mask=kept[:, None], other=0.0)
    merged = tl.sum(outputs * weights[:, None], 0) / tl.where(total == 0.0, 1.0, total)
    tl.store(merged_ptr + row * DIM + channels, merged)
    tl.store(merged_lse + row, most + tl.log(tl.where(total == 0.0, 1.0, total)))
