"""One new token a sequence attends to the pages of its cache (BitDecoding, section 4; split over the keys).

The queries that share a head of keys are the rows of one matrix product, so that tensor cores are filled from the
first query on. Codes become half-precision numbers and nothing else inside the loop: the scale of the keys is
folded into the queries and their zero into one number a row, once a page; the scale of the values is folded into
the weights. A byte's codes are planes of channels, so each plane feeds a product of its own and nothing is shuffled.
"""

# mypy: disable-error-code="import-untyped, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.kernels.tensors import LayerPages, StepSequences
from repowright.inference_backend.kernels.triton.parts import Parts, merge_parts, parts_of
from repowright.inference_backend.kernels.triton.unpack import planes
from repowright.inference_backend.kernels.tuning import Launch, decoding_key, device_name, launch
from repowright.inference_backend.kv.layout import KeyLayout, ValueLayout


def decode(
    query: Tensor,
    pages: LayerPages,
    sequences: StepSequences,
    scale: float,
    selected: Tensor | None = None,
    splits: int | None = None,
    how: Launch | None = None,
) -> tuple[Tensor, Tensor]:
    """Attend from one new token a sequence to its pages, its anchors and its window; see `reference.decode`.

    Parameters
    ----------
    splits
        Parts that the pages of a sequence are cut into; as many as fill the device if it is `None`.
    how
        How the kernel is launched; as the tuning table says if it is `None`.
    """
    layout = pages.layout
    group = query.shape[1] // max(layout.k_heads, layout.v_heads)
    key = decoding_key(layout.keys.bits, layout.values.bits, layout.keys.dim, group)
    how = how or launch(key, device_name(), layout.keys.dim)
    parts = parts_of(query, pages, sequences, selected, splits, how)
    query = query.contiguous()
    _over_pages(query, pages, sequences, parts, scale, how)
    return merge_parts(query, pages, sequences, parts, scale)


def _over_pages(
    query: Tensor, pages: LayerPages, sequences: StepSequences, parts: Parts, scale: float, how: Launch
) -> None:
    layout, table = pages.layout, parts.table
    bits, counts = pages.anchor_bits, parts.counts
    _pages_kernel[(query.shape[0] * parts.heads, parts.splits)](
        query,
        pages.k_pool,
        pages.k_pool.view(torch.half),
        pages.v_pool,
        pages.v_pool.view(torch.half),
        table,
        table if counts is None else counts,
        table if bits is None else bits,
        parts.out,
        parts.lse,
        scale,
        table.shape[-1],
        table.stride(0),
        table.stride(1) if table.shape[1] > 1 else 0,
        parts.out.stride(0),
        parts.lse.stride(0),
        parts.heads,
        layout.k_heads,
        layout.v_heads,
        GROUP=query.shape[1] // parts.heads,
        HAS_ANCHORS=bits is not None,
        HAS_COUNTS=counts is not None,
        PIPELINED=how.pipelined,
        NATIVE=how.native,
        num_warps=how.warps,
        num_stages=how.stages,
        **key_constants(layout.keys),
        **value_constants(layout.values),
    )


def key_constants(keys: KeyLayout) -> dict[str, int]:
    """Return what the kernel must know of a page of keys; places in halves."""
    return {
        "DIM_K": keys.dim,
        "K_BITS": keys.bits,
        "K_BYTES": keys.bytes,
        "K_SCALE": keys.scale.start // 2,
        "K_ZERO": keys.zero.start // 2,
    }


def value_constants(values: ValueLayout) -> dict[str, int]:
    """Return what the kernel must know of a page of values; places in halves."""
    return {
        "DIM_V": values.dim,
        "V_BITS": values.bits,
        "V_BYTES": values.bytes,
        "V_SCALE": values.scale.start // 2,
        "V_ZERO": values.zero.start // 2,
        "V_GROUP": values.group,
    }


@triton.jit
def _key_plane(
    q_row,
    rows_kept,
    k_half,
    codes,
    PLANE: tl.constexpr,
    WIDTH: tl.constexpr,
    SCALE: tl.constexpr,
    ZERO: tl.constexpr,
):
    """Scores of one plane of channels, and what its zeros add to every score of a row."""
    channels = PLANE * WIDTH + tl.arange(0, WIDTH)
    query = tl.load(q_row[:, None] + channels[None, :], mask=rows_kept[:, None], other=0.0).to(tl.float16)
    scale = tl.load(k_half + SCALE + channels)
    zero = tl.load(k_half + ZERO + channels).to(tl.float32)
    scores = tl.dot(query * scale[None, :], tl.trans(codes))
    return scores, tl.sum(query.to(tl.float32) * zero[None, :], 1)


@triton.jit
def _scores(
    q_row,
    rows_kept,
    k_pool,
    k_half,
    k_at,
    present,
    NATIVE: tl.constexpr,
    DIM_K: tl.constexpr,
    K_BITS: tl.constexpr,
    K_SCALE: tl.constexpr,
    K_ZERO: tl.constexpr,
):
    """Products of the queries with the 64 keys of a page."""
    tokens = tl.arange(0, 64)
    if K_BITS == 16:
        channels = tl.arange(0, DIM_K)
        query = tl.load(q_row[:, None] + channels[None, :], mask=rows_kept[:, None], other=0.0)
        at = k_half + k_at // 2 + tokens[:, None] * DIM_K + channels[None, :]
        keys = tl.load(at, mask=present, other=0.0)
        return tl.dot(query.to(tl.float16), tl.trans(keys))
    else:
        count: tl.constexpr = 8 // K_BITS
        width: tl.constexpr = DIM_K // count
        raw = tl.load(k_pool + k_at + tokens[:, None] * width + tl.arange(0, width)[None, :], mask=present, other=0)
        half = k_half + k_at // 2
        codes0, codes1, codes2, codes3 = planes(raw, K_BITS, NATIVE)
        scores, bias = _key_plane(q_row, rows_kept, half, codes0, 0, width, K_SCALE, K_ZERO)
        if count > 1:
            more, added = _key_plane(q_row, rows_kept, half, codes1, 1, width, K_SCALE, K_ZERO)
            scores += more
            bias += added
        if count > 2:
            more, added = _key_plane(q_row, rows_kept, half, codes2, 2, width, K_SCALE, K_ZERO)
            scores += more
            bias += added
            more, added = _key_plane(q_row, rows_kept, half, codes3, 3, width, K_SCALE, K_ZERO)
            scores += more
            bias += added
        return scores + bias[:, None]


@triton.jit
def _value_plane(
    weights,
    v_half,
    codes,
    present,
    PLANE: tl.constexpr,
    WIDTH: tl.constexpr,
    DIM: tl.constexpr,
    SCALE: tl.constexpr,
    ZERO: tl.constexpr,
    GROUP_V: tl.constexpr,
):
    """What 64 tokens add to one plane of channels of the output; nothing where the page is not present."""
    tokens = tl.arange(0, 64)
    groups: tl.constexpr = DIM // GROUP_V
    if WIDTH <= GROUP_V:
        group: tl.constexpr = PLANE * WIDTH // GROUP_V
        scale = tl.load(v_half + SCALE + tokens * groups + group, mask=present, other=0.0).to(tl.float32)
        zero = tl.load(v_half + ZERO + tokens * groups + group, mask=present, other=0.0).to(tl.float32)
        added = tl.dot((weights * scale[None, :]).to(tl.float16), codes)
        return added + tl.sum(weights * zero[None, :], 1)[:, None]
    else:
        channels = (PLANE * WIDTH + tl.arange(0, WIDTH)) // GROUP_V
        places = tokens[:, None] * groups + channels[None, :]
        scale = tl.load(v_half + SCALE + places, mask=present, other=0.0)
        zero = tl.load(v_half + ZERO + places, mask=present, other=0.0)
        return tl.dot(weights.to(tl.float16), codes * scale + zero)


@triton.jit
def _page_step(
    page,
    q_row,
    rows_kept,
    k_pool,
    k_half,
    v_pool,
    v_half,
    anchors_ptr,
    scale,
    k_heads,
    v_heads,
    of_keys,
    of_values,
    most,
    total,
    acc0,
    acc1,
    acc2,
    acc3,
    HAS_ANCHORS: tl.constexpr,
    NATIVE: tl.constexpr,
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
    """The online softmax over one page; a page that is not present changes nothing."""
    tokens = tl.arange(0, 64)
    present = page >= 0
    page = tl.maximum(page, 0)
    k_at = (page * k_heads + of_keys) * K_BYTES
    v_at = (page * v_heads + of_values) * V_BYTES
    scores = _scores(q_row, rows_kept, k_pool, k_half, k_at, present, NATIVE, DIM_K, K_BITS, K_SCALE, K_ZERO)
    scores *= scale * 1.4426950408889634
    scores = tl.where(present, scores, float("-inf"))
    if HAS_ANCHORS:
        bits = tl.load(anchors_ptr + page * k_heads + of_keys)
        scores = tl.where(((bits >> tokens.to(tl.int64)) & 1)[None, :] == 0, scores, float("-inf"))
    higher = tl.maximum(most, tl.max(scores, 1))
    # A page of anchors alone leaves every score at minus infinity.
    base = tl.where(higher == float("-inf"), 0.0, higher)
    weights = tl.exp2(scores - base[:, None])
    shrink = tl.exp2(most - base)
    total = total * shrink + tl.sum(weights, 1)
    count_v: tl.constexpr = 1 if V_BITS == 16 else 8 // V_BITS
    width: tl.constexpr = DIM_V // count_v
    wide = tl.arange(0, width)
    half = v_half + v_at // 2
    acc0 = acc0 * shrink[:, None]
    if V_BITS == 16:
        values = tl.load(half + tokens[:, None] * DIM_V + wide[None, :], mask=present, other=0.0)
        acc0 += tl.dot(weights.to(tl.float16), values)
    else:
        raw = tl.load(v_pool + v_at + tokens[:, None] * width + wide[None, :], mask=present, other=0)
        codes0, codes1, codes2, codes3 = planes(raw, V_BITS, NATIVE)
        acc0 += _value_plane(weights, half, codes0, present, 0, width, DIM_V, V_SCALE, V_ZERO, V_GROUP)
        if count_v > 1:
            acc1 = acc1 * shrink[:, None]
            acc1 += _value_plane(weights, half, codes1, present, 1, width, DIM_V, V_SCALE, V_ZERO, V_GROUP)
        if count_v > 2:
            acc2 = acc2 * shrink[:, None]
            acc3 = acc3 * shrink[:, None]
            acc2 += _value_plane(weights, half, codes2, present, 2, width, DIM_V, V_SCALE, V_ZERO, V_GROUP)
            acc3 += _value_plane(weights, half, codes3, present, 3, width, DIM_V, V_SCALE, V_ZERO, V_GROUP)
    return higher, total, acc0, acc1, acc2, acc3


@triton.jit
def _pages_kernel(
    q_ptr,
    k_pool,
    k_half,
    v_pool,
    v_half,
    table_ptr,
    counts_ptr,
    anchors_ptr,
    out_ptr,
    lse_ptr,
    scale,
    count,
    table_batch,
    table_head,
    out_part,
    lse_part,
    heads,
    k_heads,
    v_heads,
    GROUP: tl.constexpr,
    HAS_ANCHORS: tl.constexpr,
    HAS_COUNTS: tl.constexpr,
    PIPELINED: tl.constexpr,
    NATIVE: tl.constexpr,
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
    part, parts = tl.program_id(1), tl.num_programs(1)
    of_keys = head * k_heads // heads
    of_values = head * v_heads // heads
    rows = tl.arange(0, 16)
    rows_kept = rows < GROUP
    q_row = q_ptr + ((batch * heads + head) * GROUP + rows) * DIM_K
    count_v: tl.constexpr = 1 if V_BITS == 16 else 8 // V_BITS
    width: tl.constexpr = DIM_V // count_v
    most = tl.full([16], float("-inf"), tl.float32)
    total = tl.zeros([16], tl.float32)
    acc0 = tl.zeros([16, width], tl.float32)
    acc1 = tl.zeros([16, width], tl.float32)
    acc2 = tl.zeros([16, width], tl.float32)
    acc3 = tl.zeros([16, width], tl.float32)
    pages = table_ptr + batch * table_batch + of_keys * table_head
    if HAS_COUNTS:
        count = tl.minimum(count, tl.load(counts_ptr + batch))
    # Parts take pages in turns: whatever is missing at the end of a row is missing for all of them alike.
    following = tl.load(pages + part, mask=part < count, other=-1).to(tl.int64)
    for at in range(part, count, parts):
        page = following
        following = tl.load(pages + at + parts, mask=at + parts < count, other=-1).to(tl.int64)
        if PIPELINED or page >= 0:
            most, total, acc0, acc1, acc2, acc3 = _page_step(
                page, q_row, rows_kept, k_pool, k_half, v_pool, v_half, anchors_ptr, scale, k_heads, v_heads,
                of_keys, of_values, most, total, acc0, acc1, acc2, acc3, HAS_ANCHORS, NATIVE,
                DIM_K, K_BITS, K_BYTES, K_SCALE, K_ZERO, DIM_V, V_BITS, V_BYTES, V_SCALE, V_ZERO, V_GROUP,
            )  # fmt: skip
    row = (batch * heads + head) * GROUP + rows
    inverse = (1.0 / tl.where(total == 0.0, 1.0, total))[:, None]
    target = out_ptr + part * out_part + row[:, None] * DIM_V + tl.arange(0, width)[None, :]
    tl.store(target, acc0 * inverse, mask=rows_kept[:, None])
    if count_v > 1:
        tl.store(target + width, acc1 * inverse, mask=rows_kept[:, None])
    if count_v > 2:
        tl.store(target + 2 * width, acc2 * inverse, mask=rows_kept[:, None])
        tl.store(target + 3 * width, acc3 * inverse, mask=rows_kept[:, None])
    # Scores are powers of two inside the loop, which is what the device computes.
    lse = (most + tl.log2(tl.where(total == 0.0, 1.0, total))) * 0.6931471805599453
    tl.store(lse_ptr + part * lse_part + row, lse, mask=rows_kept)


assert PAGE == 64
