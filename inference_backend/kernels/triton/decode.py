"""One new token a sequence attends to the pages of its cache (BitDecoding, section 4; split over the keys).

The queries that share a head of keys are the rows of one matrix product, so that tensor cores are filled from the
first query on. Codes become half-precision numbers and nothing else inside the loop: the scale of the keys is
folded into the queries and their zero into one number a row, once a page; the scale of the values is folded into
the weights. A byte's codes are planes of channels, so each plane feeds a product of its own and nothing is shuffled.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.kernels.tensors import LayerPages, StepSequences
from repowright.inference_backend.kernels.triton.merge import merge
from repowright.inference_backend.kv.layout import KeyLayout, ValueLayout

ROWS = 16
"""Rows of a tensor core's product; groups of queries are filled up to it."""
_TARGET_PROGRAMS = 4 * 132


def decode(
    query: Tensor,
    pages: LayerPages,
    sequences: StepSequences,
    scale: float,
    selected: Tensor | None = None,
    splits: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Attend from one new token a sequence to its pages, its anchors and its window; see `reference.decode`.

    Parameters
    ----------
    splits
        Parts that the pages of a sequence are cut into; as many as fill the device if it is `None`.
    """
    layout = pages.layout
    heads = max(layout.k_heads, layout.v_heads)
    batch, q_heads, _ = query.shape
    table = sequences.page_table[:, None] if selected is None else selected
    splits = splits or _splits(batch * heads, table.shape[-1])
    parts = splits + 1 + (sequences.anchor_ids is not None)
    out = torch.empty(parts, batch, q_heads, layout.values.dim, dtype=torch.float32, device=query.device)
    lse = torch.empty(parts, batch, q_heads, dtype=torch.float32, device=query.device)
    query = query.contiguous()
    _over_pages(query, pages, table, scale, out, lse, splits, heads)
    _over_rows(query, pages, sequences, scale, out[splits:], lse[splits:], heads)
    return merge(out, lse)


def _splits(programs: int, pages: int) -> int:
    return max(1, min(pages, -(-_TARGET_PROGRAMS // programs)))


def _over_pages(
    query: Tensor,
    pages: LayerPages,
    table: Tensor,
    scale: float,
    out: Tensor,
    lse: Tensor,
    splits: int,
    heads: int,
) -> None:
    keys, values = pages.layout.keys, pages.layout.values
    count = table.shape[-1]
    bits = pages.anchor_bits
    _pages_kernel[(query.shape[0] * heads, splits)](
        query,
        pages.k_pool,
        pages.k_pool.view(torch.half),
        pages.v_pool,
        pages.v_pool.view(torch.half),
        table,
        bits if bits is not None else table,
        out,
        lse,
        scale,
        count,
        -(-count // splits),
        table.stride(0),
        table.stride(1) if table.shape[1] > 1 else 0,
        out.stride(0),
        lse.stride(0),
        heads,
        pages.layout.k_heads,
        pages.layout.v_heads,
        GROUP=query.shape[1] // heads,
        HAS_ANCHORS=bits is not None,
        **_key_constants(keys),
        **_value_constants(values),
    )


def _over_rows(
    query: Tensor,
    pages: LayerPages,
    sequences: StepSequences,
    scale: float,
    out: Tensor,
    lse: Tensor,
    heads: int,
) -> None:
    """Attend to what lies in half precision: the window, and the anchors."""
    layout = pages.layout
    constants = {
        "GROUP": query.shape[1] // heads,
        "DIM_K": layout.keys.dim,
        "DIM_V": layout.values.dim,
    }
    grid = (query.shape[0] * heads,)
    window = sequences.window_k.shape[2]
    _window_kernel[grid](
        query,
        sequences.window_k,
        sequences.window_v,
        sequences.window_slot,
        sequences.window_length,
        out[0],
        lse[0],
        scale,
        heads,
        layout.k_heads,
        layout.v_heads,
        WINDOW=window,
        **constants,
    )
    if sequences.anchor_ids is None:
        return
    ids = sequences.anchor_ids.contiguous()
    _anchor_kernel[grid](
        query,
        pages.anchor_k,
        pages.anchor_v,
        ids,
        out[1],
        lse[1],
        scale,
        ids.shape[-1],
        heads,
        layout.k_heads,
        layout.v_heads,
        **constants,
    )


def _key_constants(keys: KeyLayout) -> dict[str, int]:
    return {
        "DIM_K": keys.dim,
        "K_BITS": keys.bits,
        "K_BYTES": keys.bytes,
        "K_SCALE": keys.scale.start // 2,
        "K_ZERO": keys.zero.start // 2,
    }


def _value_constants(values: ValueLayout) -> dict[str, int]:
    return {
        "DIM_V": values.dim,
        "V_BITS": values.bits,
        "V_BYTES": values.bytes,
        "V_SCALE": values.scale.start // 2,
        "V_ZERO": values.zero.start // 2,
        "V_GROUP": values.group,
    }


@triton.jit
def _codes(raw, PLANE: tl.constexpr, BITS: tl.constexpr):
    """The plane's codes as half-precision numbers: 0x6400 is 1024, whose last ten bits count ones."""
    code = ((raw >> (PLANE * BITS)) & ((1 << BITS) - 1)).to(tl.uint16)
    return (code | 0x6400).to(tl.float16, bitcast=True) - 1024.0


@triton.jit
def _key_plane(
    q_row,
    rows_kept,
    k_half,
    raw,
    PLANE: tl.constexpr,
    WIDTH: tl.constexpr,
    BITS: tl.constexpr,
    SCALE: tl.constexpr,
    ZERO: tl.constexpr,
):
    """Scores of one plane of channels, and what its zeros add to every score of a row."""
    channels = PLANE * WIDTH + tl.arange(0, WIDTH)
    query = tl.load(q_row[:, None] + channels[None, :], mask=rows_kept[:, None], other=0.0).to(tl.float32)
    scale = tl.load(k_half + SCALE + channels).to(tl.float32)
    zero = tl.load(k_half + ZERO + channels).to(tl.float32)
    scores = tl.dot((query * scale[None, :]).to(tl.float16), tl.trans(_codes(raw, PLANE, BITS)))
    return scores, tl.sum(query * zero[None, :], 1)


@triton.jit
def _value_plane(
    weights,
    v_half,
    raw,
    PLANE: tl.constexpr,
    WIDTH: tl.constexpr,
    DIM: tl.constexpr,
    BITS: tl.constexpr,
    SCALE: tl.constexpr,
    ZERO: tl.constexpr,
    GROUP_V: tl.constexpr,
):
    """What 64 tokens add to one plane of channels of the output."""
    tokens = tl.arange(0, 64)
    groups: tl.constexpr = DIM // GROUP_V
    codes = _codes(raw, PLANE, BITS)
    if WIDTH <= GROUP_V:
        group: tl.constexpr = PLANE * WIDTH // GROUP_V
        scale = tl.load(v_half + SCALE + tokens * groups + group).to(tl.float32)
        zero = tl.load(v_half + ZERO + tokens * groups + group).to(tl.float32)
        added = tl.dot((weights * scale[None, :]).to(tl.float16), codes)
        return added + tl.sum(weights * zero[None, :], 1)[:, None]
    else:
        channels = (PLANE * WIDTH + tl.arange(0, WIDTH)) // GROUP_V
        places = tokens[:, None] * groups + channels[None, :]
        scale = tl.load(v_half + SCALE + places)
        zero = tl.load(v_half + ZERO + places)
        return tl.dot(weights.to(tl.float16), codes * scale + zero)


@triton.jit
def _pages_kernel(
    q_ptr,
    k_pool,
    k_half,
    v_pool,
    v_half,
    table_ptr,
    anchors_ptr,
    out_ptr,
    lse_ptr,
    scale,
    count,
    share,
    table_batch,
    table_head,
    out_part,
    lse_part,
    heads,
    k_heads,
    v_heads,
    GROUP: tl.constexpr,
    HAS_ANCHORS: tl.constexpr,
    DIM_K: tl.constexpr,
    K_BITS: tl.constexpr,
    K_BYTES: tl.constexpr,
    K_SCALE: tl.constexpr,
    K_ZERO: tl.constexpr,
    DIM_V: tl.constexpr,
    V_BITS: tl.constexpr,
    V_BYTES: tl.constexpr,
    V_SCALE: tl.constexpr,
    V_ZERO: tl.constexpr,
    V_GROUP: tl.constexpr,
):
    batch = tl.program_id(0) // heads
    head = tl.program_id(0) % heads
    part = tl.program_id(1)
    of_keys = head * k_heads // heads
    of_values = head * v_heads // heads
    rows = tl.arange(0, 16)
    rows_kept = rows < GROUP
    q_row = q_ptr + ((batch * heads + head) * GROUP + rows) * DIM_K
    tokens = tl.arange(0, 64)
    k_planes: tl.constexpr = 1 if K_BITS == 16 else 8 // K_BITS
    v_planes: tl.constexpr = 1 if V_BITS == 16 else 8 // V_BITS
    k_width: tl.constexpr = DIM_K // k_planes
    v_width: tl.constexpr = DIM_V // v_planes
    most = tl.full([16], float("-inf"), tl.float32)
    total = tl.zeros([16], tl.float32)
    acc0 = tl.zeros([16, v_width], tl.float32)
    acc1 = tl.zeros([16, v_width], tl.float32)
    acc2 = tl.zeros([16, v_width], tl.float32)
    acc3 = tl.zeros([16, v_width], tl.float32)
    pages = table_ptr + batch * table_batch + of_keys * table_head
    for at in range(part * share, tl.minimum(count, (part + 1) * share)):
        page = tl.load(pages + at).to(tl.int64)
        if page >= 0:
            k_at = (page * k_heads + of_keys) * K_BYTES
            if K_BITS == 16:
                channels = tl.arange(0, DIM_K)
                query = tl.load(q_row[:, None] + channels[None, :], mask=rows_kept[:, None], other=0.0)
                keys = tl.load(k_half + k_at // 2 + tokens[:, None] * DIM_K + channels[None, :])
                scores = tl.dot(query.to(tl.float16), tl.trans(keys))
            else:
                channels = tl.arange(0, k_width)
                raw = tl.load(k_pool + k_at + tokens[:, None] * k_width + channels[None, :])
                half = k_half + k_at // 2
                scores, bias = _key_plane(q_row, rows_kept, half, raw, 0, k_width, K_BITS, K_SCALE, K_ZERO)
                for plane in tl.static_range(1, k_planes):
                    more, added = _key_plane(q_row, rows_kept, half, raw, plane, k_width, K_BITS, K_SCALE, K_ZERO)
                    scores += more
                    bias += added
                scores += bias[:, None]
            scores *= scale
            if HAS_ANCHORS:
                bits = tl.load(anchors_ptr + page * k_heads + of_keys)
                scores = tl.where(((bits >> tokens.to(tl.int64)) & 1)[None, :] == 0, scores, float("-inf"))
            higher = tl.maximum(most, tl.max(scores, 1))
            # A page of anchors alone leaves every score at minus infinity.
            base = tl.where(higher == float("-inf"), 0.0, higher)
            weights = tl.exp(scores - base[:, None])
            shrink = tl.exp(most - base)
            total = total * shrink + tl.sum(weights, 1)
            most = higher
            v_at = (page * v_heads + of_values) * V_BYTES
            if V_BITS == 16:
                wide = tl.arange(0, DIM_V)
                values = tl.load(v_half + v_at // 2 + tokens[:, None] * DIM_V + wide[None, :])
                acc0 = acc0 * shrink[:, None] + tl.dot(weights.to(tl.float16), values)
            else:
                wide = tl.arange(0, v_width)
                raw_v = tl.load(v_pool + v_at + tokens[:, None] * v_width + wide[None, :])
                scales = v_half + v_at // 2
                acc0 = acc0 * shrink[:, None] + _value_plane(
                    weights, scales, raw_v, 0, v_width, DIM_V, V_BITS, V_SCALE, V_ZERO, V_GROUP
                )
                if v_planes > 1:
                    acc1 = acc1 * shrink[:, None] + _value_plane(
                        weights, scales, raw_v, 1, v_width, DIM_V, V_BITS, V_SCALE, V_ZERO, V_GROUP
                    )
                if v_planes > 2:
                    acc2 = acc2 * shrink[:, None] + _value_plane(
                        weights, scales, raw_v, 2, v_width, DIM_V, V_BITS, V_SCALE, V_ZERO, V_GROUP
                    )
                    acc3 = acc3 * shrink[:, None] + _value_plane(
                        weights, scales, raw_v, 3, v_width, DIM_V, V_BITS, V_SCALE, V_ZERO, V_GROUP
                    )
    row = (batch * heads + head) * GROUP + rows
    inverse = (1.0 / tl.where(total == 0.0, 1.0, total))[:, None]
    target = out_ptr + part * out_part + row[:, None] * DIM_V + tl.arange(0, v_width)[None, :]
    tl.store(target, acc0 * inverse, mask=rows_kept[:, None])
    if v_planes > 1:
        tl.store(target + v_width, acc1 * inverse, mask=rows_kept[:, None])
    if v_planes > 2:
        tl.store(target + 2 * v_width, acc2 * inverse, mask=rows_kept[:, None])
        tl.store(target + 3 * v_width, acc3 * inverse, mask=rows_kept[:, None])
    tl.store(lse_ptr + part * lse_part + row, most + tl.log(tl.where(total == 0.0, 1.0, total)), mask=rows_kept)


@triton.jit
def _dense_step(query, keys, values, kept, scale, most, total, acc):
    """One tile of half-precision rows of the online softmax."""
    scores = tl.dot(query, tl.trans(keys)) * scale
    scores = tl.where(kept[None, :], scores, float("-inf"))
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
        most, total, acc = _dense_step(
            query, keys.to(tl.float16), values.to(tl.float16), kept, scale, most, total, acc
        )
    inverse = (1.0 / tl.where(total == 0.0, 1.0, total))[:, None]
    tl.store(out_ptr + row[:, None] * DIM_V + of_v[None, :], acc * inverse, mask=kept_rows[:, None])
    tl.store(lse_ptr + row, most + tl.log(tl.where(total == 0.0, 1.0, total)), mask=kept_rows)


@triton.jit
def _anchor_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    ids_ptr,
    out_ptr,
    lse_ptr,
    scale,
    count,
    heads,
    k_heads,
    v_heads,
    GROUP: tl.constexpr,
    DIM_K: tl.constexpr,
    DIM_V: tl.constexpr,
):
    batch = tl.program_id(0) // heads
    head = tl.program_id(0) % heads
    rows = tl.arange(0, 16)
    kept_rows = rows < GROUP
    of_k = tl.arange(0, DIM_K)
    of_v = tl.arange(0, DIM_V)
    row = (batch * heads + head) * GROUP + rows
    query = tl.load(q_ptr + row[:, None] * DIM_K + of_k[None, :], mask=kept_rows[:, None], other=0.0).to(tl.float16)
    ids_base = ids_ptr + (batch * k_heads + head * k_heads // heads) * count
    most = tl.full([16], float("-inf"), tl.float32)
    total = tl.zeros([16], tl.float32)
    acc = tl.zeros([16, DIM_V], tl.float32)
    for at in range(0, count, 64):
        places = at + tl.arange(0, 64)
        anchor = tl.load(ids_base + places, mask=places < count, other=-1).to(tl.int64)
        kept = anchor >= 0
        keys = tl.load(k_ptr + anchor[:, None] * DIM_K + of_k[None, :], mask=kept[:, None], other=0.0)
        values = tl.load(v_ptr + anchor[:, None] * DIM_V + of_v[None, :], mask=kept[:, None], other=0.0)
        most, total, acc = _dense_step(
            query, keys.to(tl.float16), values.to(tl.float16), kept, scale, most, total, acc
        )
    inverse = (1.0 / tl.where(total == 0.0, 1.0, total))[:, None]
    tl.store(out_ptr + row[:, None] * DIM_V + of_v[None, :], acc * inverse, mask=kept_rows[:, None])
    tl.store(lse_ptr + row, most + tl.log(tl.where(total == 0.0, 1.0, total)), mask=kept_rows)


assert PAGE == 64
