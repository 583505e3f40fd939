"""Quantises and packs whole pages: a prefill's all at once, or the one a full window gives up.

One program holds the 64 tokens of one head, so that a page is read once and written once. Codes are rounded half up
and divided exactly, so that the bytes equal the twin's.
"""

# mypy: disable-error-code="import-untyped, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from repowright.inference_backend.kernels.tensors import LayerPages
from repowright.inference_backend.kv.layout import KeyLayout, ValueLayout


def write_pages(pages: LayerPages, keys: Tensor, values: Tensor, page_ids: Tensor) -> None:
    """Quantise and pack whole pages into the pool, in place; see `reference.write_pages`."""
    count = keys.shape[0]
    if not count:
        return
    layout, warps = pages.layout, _warps(max(keys.shape[-1], values.shape[-1]))
    _keys_kernel[(count, layout.k_heads)](
        keys,
        pages.k_pool,
        pages.k_pool.view(torch.half),
        page_ids,
        *keys.stride(),
        layout.k_heads,
        num_warps=warps,
        **key_fields(layout.keys),
    )
    _values_kernel[(count, layout.v_heads)](
        values,
        pages.v_pool,
        pages.v_pool.view(torch.half),
        page_ids,
        *values.stride(),
        layout.v_heads,
        num_warps=warps,
        **value_fields(layout.values),
    )


def key_fields(keys: KeyLayout) -> dict[str, int]:
    """Return what the kernel must know of a page of keys; places in halves."""
    return {
        "DIM": keys.dim,
        "BITS": keys.bits,
        "BYTES": keys.bytes,
        "SCALE": keys.scale.start // 2,
        "ZERO": keys.zero.start // 2,
        "LOW": keys.low.start // 2,
        "HIGH": keys.high.start // 2,
    }


def value_fields(values: ValueLayout) -> dict[str, int]:
    """Return what the kernel must know of a page of values; places in halves."""
    return {
        "DIM": values.dim,
        "BITS": values.bits,
        "BYTES": values.bytes,
        "SCALE": values.scale.start // 2,
        "ZERO": values.zero.start // 2,
        "WIDTH": values.group,
    }


def _warps(dim: int) -> int:
    return 8 if dim >= 256 else 4


@triton.jit
def _grid(low, high, BITS: tl.constexpr):
    """Scale and zero in half precision: the scale at least the smallest normal number."""
    scale = tl.maximum(tl.div_rn(high - low, tl.full(low.shape, (1 << BITS) - 1, tl.float32)), 1e-8).to(tl.float16)
    return tl.where(scale == 0.0, 6.103515625e-05, scale).to(tl.float16), low.to(tl.float16)


@triton.jit
def _quantised(values, scale, zero, BITS: tl.constexpr):
    """Codes, rounded half up."""
    scale, zero = tl.broadcast(scale.to(tl.float32), zero.to(tl.float32))
    scale, values = tl.broadcast(scale, values)
    steps = tl.div_rn(values - zero, scale) + 0.5
    return tl.minimum(tl.maximum(tl.floor(steps), 0.0), (1 << BITS) - 1.0).to(tl.int32)


@triton.jit
def _packed(codes, DIM: tl.constexpr, BITS: tl.constexpr):
    """Bytes of 64 rows of codes: planes of channels share a byte, the first in its lowest bits."""
    planes: tl.constexpr = 8 // BITS
    if planes == 1:
        return codes.to(tl.uint8)
    else:
        shifts = tl.arange(0, planes) * BITS
        apart = tl.reshape(codes, (64, planes, DIM // planes)) << shifts[None, :, None]
        return tl.sum(apart, 1).to(tl.uint8)


@triton.jit
def _keys_kernel(
    source,
    pool,
    pool_half,
    ids_ptr,
    of_page,
    of_head,
    of_token,
    of_channel,
    heads,
    DIM: tl.constexpr,
    BITS: tl.constexpr,
    BYTES: tl.constexpr,
    SCALE: tl.constexpr,
    ZERO: tl.constexpr,
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
):
    number, head = tl.program_id(0), tl.program_id(1)
    page = tl.load(ids_ptr + number).to(tl.int64)
    if page < 0:
        return
    tokens, channels = tl.arange(0, 64), tl.arange(0, DIM)
    begin = source + number.to(tl.int64) * of_page + head * of_head
    keys = tl.load(begin + tokens[:, None] * of_token + channels[None, :] * of_channel).to(tl.float32)
    at = (page * heads + head) * BYTES
    half = pool_half + at // 2
    low, high = tl.min(keys, 0), tl.max(keys, 0)
    tl.store(half + LOW + channels, low.to(tl.float16))
    tl.store(half + HIGH + channels, high.to(tl.float16))
    if BITS == 16:
        tl.store(half + tokens[:, None] * DIM + channels[None, :], keys.to(tl.float16))
    else:
        scale, zero = _grid(low, high, BITS)
        tl.store(half + SCALE + channels, scale)
        tl.store(half + ZERO + channels, zero)
        row: tl.constexpr = DIM * BITS // 8
        codes = _quantised(keys, scale[None, :], zero[None, :], BITS)
        tl.store(pool + at + tokens[:, None] * row + tl.arange(0, row)[None, :], _packed(codes, DIM, BITS))


@triton.jit
def _values_kernel(
    source,
    pool,
    pool_half,
    ids_ptr,
    of_page,
    of_head,
    of_token,
    of_channel,
    heads,
    DIM: tl.constexpr,
    BITS: tl.constexpr,
    BYTES: tl.constexpr,
    SCALE: tl.constexpr,
    ZERO: tl.constexpr,
    WIDTH: tl.constexpr,
):
    number, head = tl.program_id(0), tl.program_id(1)
    page = tl.load(ids_ptr + number).to(tl.int64)
    if page < 0:
        return
    tokens, channels = tl.arange(0, 64), tl.arange(0, DIM)
    begin = source + number.to(tl.int64) * of_page + head * of_head
    values = tl.load(begin + tokens[:, None] * of_token + channels[None, :] * of_channel).to(tl.float32)
    at = (page * heads + head) * BYTES
    half = pool_half + at // 2
    if BITS == 16:
        tl.store(half + tokens[:, None] * DIM + channels[None, :], values.to(tl.float16))
    else:
        groups: tl.constexpr = DIM // WIDTH
        grouped = tl.reshape(values, (64, groups, WIDTH))
        scale, zero = _grid(tl.min(grouped, 2), tl.max(grouped, 2), BITS)
        places = tokens[:, None] * groups + tl.arange(0, groups)[None, :]
        tl.store(half + SCALE + places, scale)
        tl.store(half + ZERO + places, zero)
        codes = tl.reshape(_quantised(grouped, scale[:, :, None], zero[:, :, None], BITS), (64, DIM))
        row: tl.constexpr = DIM * BITS // 8
        tl.store(pool + at + tokens[:, None] * row + tl.arange(0, row)[None, :], _packed(codes, DIM, BITS))
