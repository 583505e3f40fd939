"""Scores of whole pages: by the extremes of their keys (Quest), or by a gate's keys (SeerAttention-R)."""

# mypy: disable-error-code="import-untyped, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages
from repowright.inference_backend.kv.layout import CodedLayout, KeyLayout

_PAGES = 64


def bound_scores(query: Tensor, pages: LayerPages | CodedPages, table: Tensor, scale: float) -> Tensor:
    """Return what no key of a page can exceed; see `reference_pages.bound_scores`."""
    query, table = query.contiguous(), table.contiguous()
    batch, count = table.shape
    scores = torch.empty(batch, query.shape[1], count, dtype=torch.float32, device=query.device)
    heads = pages.layout.k_heads
    _bound_kernel[(batch * heads, triton.cdiv(count, _PAGES))](
        query,
        pages.k_pool.view(torch.half),
        table,
        scores,
        scale,
        count,
        heads,
        GROUP=query.shape[1] // heads,
        **bound_constants(pages.layout.keys),
    )
    return scores


def gate_scores(gate_query: Tensor, gate_keys: Tensor, table: Tensor, scale: float) -> Tensor:
    """Return a gate's products; see `reference_pages.gate_scores`."""
    gate_query, gate_keys, table = gate_query.contiguous(), gate_keys.contiguous(), table.contiguous()
    batch, heads, dim = gate_query.shape
    count = table.shape[-1]
    scores = torch.empty(batch, heads, count, dtype=torch.float32, device=table.device)
    _gate_kernel[(batch * heads, triton.cdiv(count, _PAGES))](
        gate_query, gate_keys, table, scores, scale, count, heads, DIM=dim
    )
    return scores


def bound_constants(keys: KeyLayout | CodedLayout) -> dict[str, int]:
    """Return what the kernel must know of a page of keys; places in halves."""
    return {"DIM": keys.dim, "HALVES": keys.bytes // 2, "LOW": keys.low.start // 2, "HIGH": keys.high.start // 2}


@triton.jit
def _bound_kernel(
    q_ptr,
    k_half,
    table_ptr,
    out_ptr,
    scale,
    count,
    heads,
    GROUP: tl.constexpr,
    DIM: tl.constexpr,
    HALVES: tl.constexpr,
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
):
    batch, head = tl.program_id(0) // heads, tl.program_id(0) % heads
    places = tl.program_id(1) * 64 + tl.arange(0, 64)
    rows, channels = tl.arange(0, 16), tl.arange(0, DIM)
    rows_kept = rows < GROUP
    row = (batch * heads + head) * GROUP + rows
    query = tl.load(q_ptr + row[:, None] * DIM + channels[None, :], mask=rows_kept[:, None], other=0.0)
    pages = tl.load(table_ptr + batch * count + places, mask=places < count, other=-1).to(tl.int64)
    kept = pages >= 0
    bounds = k_half + ((pages * heads + head) * HALVES)[:, None] + channels[None, :]
    low = tl.load(bounds + LOW, mask=kept[:, None], other=0.0)
    high = tl.load(bounds + HIGH, mask=kept[:, None], other=0.0)
    # The greater of two products is the one with the bound on the query's side of zero.
    scores = tl.dot(tl.maximum(query, 0.0).to(tl.float16), tl.trans(high))
    scores += tl.dot(tl.minimum(query, 0.0).to(tl.float16), tl.trans(low))
    scores = tl.where(kept[None, :], scores * scale, float("-inf"))
    target = out_ptr + row[:, None] * count + places[None, :]
    tl.store(target, scores, mask=rows_kept[:, None] & (places < count)[None, :])


@triton.jit
def _gate_kernel(q_ptr, k_ptr, table_ptr, out_ptr, scale, count, heads, DIM: tl.constexpr):
    batch, head = tl.program_id(0) // heads, tl.program_id(0) % heads
    places, channels = tl.program_id(1) * 64 + tl.arange(0, 64), tl.arange(0, DIM)
    row = batch * heads + head
    query = tl.load(q_ptr + row * DIM + channels).to(tl.float32)
    pages = tl.load(table_ptr + batch * count + places, mask=places < count, other=-1).to(tl.int64)
    kept = pages >= 0
    at = ((pages * heads + head) * DIM)[:, None] + channels[None, :]
    keys = tl.load(k_ptr + at, mask=kept[:, None], other=0.0).to(tl.float32)
    scores = tl.where(kept, tl.sum(keys * query[None, :], 1) * scale, float("-inf"))
    tl.store(out_ptr + row * count + places, scores, mask=places < count)
