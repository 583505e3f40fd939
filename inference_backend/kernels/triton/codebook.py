"""One new token a sequence attends to vector-quantised pages (AnTKV's 1 and 0.375 bits).

Each code is looked up in its head's codebook, which stays in the first-level cache; what comes back are rows of half
precision that feed the same two matrix products as elsewhere. No scale and no zero is read.
"""

# mypy: disable-error-code="import-untyped, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from repowright.inference_backend.kernels.tensors import CodedPages, StepSequences
from repowright.inference_backend.kernels.triton.parts import Parts, merge_parts, parts_of
from repowright.inference_backend.kernels.triton.rows import dense_step
from repowright.inference_backend.kernels.tuning import Launch, decoding_key, device_name, launch
from repowright.inference_backend.kv.layout import CodedPageLayout


def decode(
    query: Tensor,
    pages: CodedPages,
    sequences: StepSequences,
    scale: float,
    selected: Tensor | None = None,
    splits: int | None = None,
    how: Launch | None = None,
) -> tuple[Tensor, Tensor]:
    """Attend from one new token a sequence to its pages, its anchors and its window; see `reference.decode`."""
    keys, values = pages.layout.keys, pages.layout.values
    group = query.shape[1] // max(pages.layout.k_heads, pages.layout.v_heads)
    k_rate, v_rate = 8 * keys.row / keys.dim, 8 * values.row / values.dim
    how = how or launch(decoding_key(k_rate, v_rate, keys.dim, group), device_name(), keys.dim)
    parts = parts_of(query, pages, sequences, selected, splits, how)
    query = query.contiguous()
    _over_pages(query, pages, parts, scale, how)
    return merge_parts(query, pages, sequences, parts, scale)


def coded_constants(layout: CodedPageLayout) -> dict[str, int]:
    """Return what the kernel must know of coded pages."""
    keys, values = layout.keys, layout.values
    return {
        "DIM_K": keys.dim,
        "K_BYTES": keys.bytes,
        "DIM_V": values.dim,
        "V_BYTES": values.bytes,
        "WIDTH": keys.width,
        "ENTRIES": keys.entries,
    }


def _over_pages(query: Tensor, pages: CodedPages, parts: Parts, scale: float, how: Launch) -> None:
    table, bits, counts = parts.table, pages.anchor_bits, parts.counts
    _coded_kernel[(query.shape[0] * parts.heads, parts.splits)](
        query,
        pages.k_pool,
        pages.v_pool,
        pages.k_books,
        pages.v_books,
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
        pages.layout.k_heads,
        pages.layout.v_heads,
        GROUP=query.shape[1] // parts.heads,
        HAS_ANCHORS=bits is not None,
        HAS_COUNTS=counts is not None,
        num_warps=how.warps,
        num_stages=how.stages,
        **coded_constants(pages.layout),
    )


@triton.jit
def _looked_up(pool, at, books, DIM: tl.constexpr, WIDTH: tl.constexpr, ENTRIES: tl.constexpr):
    """The 64 rows of a page, ``[64, DIM]`` in half precision."""
    parts: tl.constexpr = DIM // WIDTH
    tokens, part = tl.arange(0, 64), tl.arange(0, parts)
    if ENTRIES == 256:
        codes = tl.load(pool + at + tokens[:, None] * parts + part[None, :]).to(tl.int32)
    else:
        third: tl.constexpr = parts // 4
        low = pool + at + tokens[:, None] * (3 * third) + (part % third)[None, :]
        word = tl.load(low).to(tl.int32) | (tl.load(low + third).to(tl.int32) << 8)
        word |= tl.load(low + 2 * third).to(tl.int32) << 16
        codes = (word >> (6 * (part // third))[None, :]) & 63
    entries = (part[None, :] * ENTRIES + codes) * WIDTH
    rows = tl.load(books + entries[:, :, None] + tl.arange(0, WIDTH)[None, None, :])
    return tl.reshape(rows, (64, DIM))


@triton.jit
def _coded_kernel(
    q_ptr,
    k_pool,
    v_pool,
    k_books,
    v_books,
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
    DIM_K: tl.constexpr,
    K_BYTES: tl.constexpr,
    DIM_V: tl.constexpr,
    V_BYTES: tl.constexpr,
    WIDTH: tl.constexpr,
    ENTRIES: tl.constexpr,
):
    batch = tl.program_id(0) // heads
    head = tl.program_id(0) % heads
    part, parts = tl.program_id(1), tl.num_programs(1)
    of_keys = head * k_heads // heads
    of_values = head * v_heads // heads
    rows, of_k, of_v = tl.arange(0, 16), tl.arange(0, DIM_K), tl.arange(0, DIM_V)
    rows_kept = rows < GROUP
    tokens = tl.arange(0, 64)
    row = (batch * heads + head) * GROUP + rows
    query = tl.load(q_ptr + row[:, None] * DIM_K + of_k[None, :], mask=rows_kept[:, None], other=0.0).to(tl.float16)
    most = tl.full([16], float("-inf"), tl.float32)
    total = tl.zeros([16], tl.float32)
    acc = tl.zeros([16, DIM_V], tl.float32)
    pages = table_ptr + batch * table_batch + of_keys * table_head
    k_book = k_books + of_keys * (DIM_K * ENTRIES)
    v_book = v_books + of_values * (DIM_V * ENTRIES)
    if HAS_COUNTS:
        count = tl.minimum(count, tl.load(counts_ptr + batch))
    for at in range(part, count, parts):
        page = tl.load(pages + at).to(tl.int64)
        if page >= 0:
            keys = _looked_up(k_pool, (page * k_heads + of_keys) * K_BYTES, k_book, DIM_K, WIDTH, ENTRIES)
            scores = tl.dot(query, tl.trans(keys)) * scale
            if HAS_ANCHORS:
                bits = tl.load(anchors_ptr + page * k_heads + of_keys)
                # In halves: shifting 64 numbers of 64 bits would take registers that are wanted elsewhere.
                half = tl.where(tokens < 32, bits.to(tl.int32), (bits >> 32).to(tl.int32))
                scores = tl.where(((half >> (tokens % 32)) & 1)[None, :] == 0, scores, float("-inf"))
            values = _looked_up(v_pool, (page * v_heads + of_values) * V_BYTES, v_book, DIM_V, WIDTH, ENTRIES)
            most, total, acc = dense_step(scores, values, most, total, acc)
    inverse = (1.0 / tl.where(total == 0.0, 1.0, total))[:, None]
    target = out_ptr + part * out_part + row[:, None] * DIM_V + of_v[None, :]
    tl.store(target, acc * inverse, mask=rows_kept[:, None])
    tl.store(lse_ptr + part * lse_part + row, most + tl.log(tl.where(total == 0.0, 1.0, total)), mask=rows_kept)
