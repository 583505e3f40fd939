"""One new token a sequence attends to rows of half precision: its window, its anchors, or summaries of pages."""

# mypy: disable-error-code="import-untyped, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor


def over_window(
    query: Tensor,
    window: tuple[Tensor, Tensor],
    slots: Tensor,
    lengths: Tensor,
    scale: float,
    out: Tensor,
    lse: Tensor,
) -> None:
    """Attend to windows.

    Parameters
    ----------
    window
        Keys ``[S, Hk, W, Dk]`` and values ``[S, Hv, W, Dv]``, contiguous.
    out, lse
        Filled: ``float32 [B, Hq, Dv]`` and ``[B, Hq]``.
    """
    keys, values = window
    k_heads, v_heads = keys.shape[1], values.shape[1]
    heads = max(k_heads, v_heads)
    _window_kernel[(query.shape[0] * heads,)](
        query,
        keys,
        values,
        slots,
        lengths,
        out,
        lse,
        scale,
        heads,
        k_heads,
        v_heads,
        WINDOW=keys.shape[2],
        GROUP=query.shape[1] // heads,
        DIM_K=keys.shape[-1],
        DIM_V=values.shape[-1],
    )


def over_rows(
    query: Tensor,
    rows: tuple[Tensor, Tensor],
    ids: Tensor,
    heads: int,
    scale: float,
    out: Tensor,
    lse: Tensor,
    counts: Tensor | None = None,
    row_heads: tuple[int, int] = (0, 0),
) -> None:
    """Attend to listed rows, in as many parts as ``out`` has.

    Parameters
    ----------
    rows
        Keys ``[R, Dk]`` and values ``[R, Dv]``; with ``row_heads``, ``[R, Hk, Dk]`` and ``[R, Hv, Dv]``.
    ids
        ``int32 [B, Hk, A]``, `NO_PAGE` beyond the end.
    counts
        ``float32 [R, Hk]``: tokens that a row stands for; its weight in the sum.
    out, lse
        Filled: ``float32 [S, B, Hq, Dv]`` and ``[S, B, Hq]``.
    """
    ids = ids.contiguous()
    keys, values = rows
    _rows_kernel[(query.shape[0] * heads, out.shape[0])](
        query,
        keys,
        values,
        ids,
        keys if counts is None else counts,
        out,
        lse,
        scale,
        ids.shape[-1],
        out.stride(0),
        lse.stride(0),
        heads,
        ids.shape[1],
        row_heads[1],
        GROUP=query.shape[1] // heads,
        DIM_K=keys.shape[-1],
        DIM_V=values.shape[-1],
        BY_HEAD=row_heads[0] > 0,
        COUNTED=counts is not None,
    )


@triton.jit
def dense_step(scores, values, most, total, acc):
    """One tile of the online softmax over rows of half precision."""
    higher = tl.maximum(most, tl.max(scores, 1))
    base = tl.where(higher == float("-inf"), 0.0, higher)
    weights = tl.exp(scores - base[:, None])
    shrink = tl.exp(most - base)
    total = total * shrink + tl.sum(weights, 1)
    return higher, total, acc * shrink[:, None] + tl.dot(weights.to(tl.float16), values)


@triton.jit
def _window_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    slot_ptr,
    length_ptr,
    out_ptr,
    lse_ptr,
    scale,
    heads,
    k_heads,
    v_heads,
    WINDOW: tl.constexpr,
    GROUP: tl.constexpr,
    DIM_K: tl.constexpr,
    DIM_V: tl.constexpr,
):
    batch = tl.program_id(0) // heads
    head = tl.program_id(0) % heads
    slot = tl.load(slot_ptr + batch).to(tl.int64)
    length = tl.load(length_ptr + batch)
    rows = tl.arange(0, 16)
    kept_rows = rows < GROUP
    of_k = tl.arange(0, DIM_K)
    of_v = tl.arange(0, DIM_V)
    row = (batch * heads + head) * GROUP + rows
    query = tl.load(q_ptr + row[:, None] * DIM_K + of_k[None, :], mask=kept_rows[:, None], other=0.0).to(tl.float16)
    k_base = k_ptr + (slot * k_heads + head * k_heads // heads) * WINDOW * DIM_K
    v_base = v_ptr + (slot * v_heads + head * v_heads // heads) * WINDOW * DIM_V
    most = tl.full([16], float("-inf"), tl.float32)
    total = tl.zeros([16], tl.float32)
    acc = tl.zeros([16, DIM_V], tl.float32)
    for at in range(0, length, 64):
        tokens = at + tl.arange(0, 64)
        kept = tokens < length
        keys = tl.load(k_base + tokens[:, None] * DIM_K + of_k[None, :], mask=kept[:, None], other=0.0)
        values = tl.load(v_base + tokens[:, None] * DIM_V + of_v[None, :], mask=kept[:, None], other=0.0)
        scores = tl.dot(query, tl.trans(keys.to(tl.float16))) * scale
        scores = tl.where(kept[None, :], scores, float("-inf"))
        most, total, acc = dense_step(scores, values.to(tl.float16), most, total, acc)
    inverse = (1.0 / tl.where(total == 0.0, 1.0, total))[:, None]
    tl.store(out_ptr + row[:, None] * DIM_V + of_v[None, :], acc * inverse, mask=kept_rows[:, None])
    tl.store(lse_ptr + row, most + tl.log(tl.where(total == 0.0, 1.0, total)), mask=kept_rows)


@triton.jit
def _rows_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    ids_ptr,
    counts_ptr,
    out_ptr,
    lse_ptr,
    scale,
    count,
    out_part,
    lse_part,
    heads,
    k_heads,
    v_heads,
    GROUP: tl.constexpr,
    DIM_K: tl.constexpr,
    DIM_V: tl.constexpr,
    BY_HEAD: tl.constexpr,
    COUNTED: tl.constexpr,
):
    batch = tl.program_id(0) // heads
    head = tl.program_id(0) % heads
    part, parts = tl.program_id(1), tl.num_programs(1)
    of_keys = head * k_heads // heads
    rows = tl.arange(0, 16)
    kept_rows = rows < GROUP
    of_k = tl.arange(0, DIM_K)
    of_v = tl.arange(0, DIM_V)
    row = (batch * heads + head) * GROUP + rows
    query = tl.load(q_ptr + row[:, None] * DIM_K + of_k[None, :], mask=kept_rows[:, None], other=0.0).to(tl.float16)
    ids_base = ids_ptr + (batch * k_heads + of_keys) * count
    most = tl.full([16], float("-inf"), tl.float32)
    total = tl.zeros([16], tl.float32)
    acc = tl.zeros([16, DIM_V], tl.float32)
    for at in range(part * 64, count, parts * 64):
        places = at + tl.arange(0, 64)
        listed = tl.load(ids_base + places, mask=places < count, other=-1).to(tl.int64)
        kept = listed >= 0
        k_row, v_row = listed, listed
        if BY_HEAD:
            k_row = listed * k_heads + of_keys
            v_row = listed * v_heads + head * v_heads // heads
        keys = tl.load(k_ptr + k_row[:, None] * DIM_K + of_k[None, :], mask=kept[:, None], other=0.0)
        values = tl.load(v_ptr + v_row[:, None] * DIM_V + of_v[None, :], mask=kept[:, None], other=0.0)
        scores = tl.dot(query, tl.trans(keys.to(tl.float16))) * scale
        if COUNTED:
            stands_for = tl.load(counts_ptr + k_row, mask=kept, other=0.0)
            kept = stands_for > 0.0
            scores += tl.log(tl.where(kept, stands_for, 1.0))[None, :]
        scores = tl.where(kept[None, :], scores, float("-inf"))
        most, total, acc = dense_step(scores, values.to(tl.float16), most, total, acc)
    inverse = (1.0 / tl.where(total == 0.0, 1.0, total))[:, None]
    out_row = out_ptr + part * out_part + row[:, None] * DIM_V + of_v[None, :]
    tl.store(out_row, acc * inverse, mask=kept_rows[:, None])
    tl.store(lse_ptr + part * lse_part + row, most + tl.log(tl.where(total == 0.0, 1.0, total)), mask=kept_rows)
