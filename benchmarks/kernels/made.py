"""Makes caches of any size on a device: a few real pages, written by the kernels, over and over."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from repowright.benchmarks.kernels.shapes import Shape
from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.kernels import dispatch, reference_estimate
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages, PageSummaries, StepSequences
from repowright.inference_backend.kv.layout import CodedPageLayout, PageLayout, coded_layout, page_layout

_SAMPLE = 32
_CACHED = 256 * 1024 * 1024
"""Bytes that a second-level cache cannot hold: what is smaller is made several times, and read in turns."""


@dataclass(frozen=True)
class Made:
    """A pool, and sets of sequences over different pages of it."""

    shape: Shape
    spec: KVSpec
    pages: LayerPages | CodedPages
    steps: tuple[StepSequences, ...]
    query: Tensor
    gate_query: Tensor
    gate_keys: Tensor
    summaries: PageSummaries

    @property
    def scale(self) -> float:
        """Factor of the scores."""
        return float(self.shape.dim**-0.5)


def made(shape: Shape, spec: KVSpec, device: str, *, copies: int | None = None) -> Made:
    """Make a cache from fixed random numbers."""
    torch.manual_seed(1)
    count, heads, dim = -(-shape.tokens // PAGE), shape.kv_heads, shape.dim
    layout = (coded_layout if spec.codebook else page_layout)(spec, heads, heads, dim, dim)
    copies = copies or max(1, math.ceil(_CACHED / (layout.page_bytes * count * shape.batch)))
    total = copies * shape.batch * count
    pages, summaries = _pool(spec, layout, total, device)
    order = torch.randperm(total, device=device).int().reshape(copies, shape.batch, count)
    anchors = max(1, round(spec.anchors * shape.tokens)) if spec.anchors else 0
    if anchors:
        rows = torch.randn(copies * shape.batch * heads * anchors, dim, dtype=torch.half, device=device)
        bits = torch.ones(total, heads, dtype=torch.int64, device=device) << torch.randint(
            0, PAGE, (total, heads), device=device
        )
        pages = type(pages)(**(vars(pages) | {"anchor_k": rows, "anchor_v": rows * 0.5, "anchor_bits": bits}))
    steps = tuple(_step(shape, spec, order[one], one, anchors, device) for one in range(copies))
    return Made(
        shape,
        spec,
        pages,
        steps,
        torch.randn(shape.batch, shape.q_heads, dim, dtype=torch.half, device=device),
        torch.randn(shape.batch, heads, 128, dtype=torch.half, device=device),
        torch.randn(total, heads, 128, dtype=torch.half, device=device),
        summaries,
    )


def bytes_read(made: Made, share: float, reading: str) -> int:
    """Return the bytes that one step cannot do without: codes, scales, anchors, windows, and what chooses pages."""
    layout, shape = made.pages.layout, made.shape
    pages = shape.batch * -(-shape.tokens // PAGE)
    page = layout.k_heads * (layout.keys.bytes - layout.keys.low.size - layout.keys.high.size)
    page += layout.v_heads * layout.values.bytes
    row = 2 * 2 * shape.kv_heads * shape.dim
    total = int(page * pages * share) + shape.batch * row * (made.spec.window + round(made.spec.anchors * shape.tokens))
    if reading == "quest":
        total += pages * layout.k_heads * (layout.keys.low.size + layout.keys.high.size)
    if reading in ("gate", "estimate"):
        total += pages * layout.k_heads * 128 * 2
    return total + (int(pages * (1 - share)) * row if reading == "estimate" else 0)


def _pool(
    spec: KVSpec, layout: PageLayout | CodedPageLayout, total: int, device: str
) -> tuple[LayerPages | CodedPages, PageSummaries]:
    keys = torch.randn(_SAMPLE, layout.k_heads, PAGE, layout.keys.dim, device=device).half()
    values = torch.randn(_SAMPLE, layout.v_heads, PAGE, layout.values.dim, device=device).half()
    sample = _empty(layout, _SAMPLE, device)
    ids = torch.arange(_SAMPLE, device=device)
    dispatch.write_pages(sample, keys, values, ids)
    heads, dim = layout.k_heads, layout.keys.dim
    means = torch.zeros(_SAMPLE, heads, dim, device=device).half()
    summaries = PageSummaries(means, means.clone(), torch.zeros(_SAMPLE, heads, device=device))
    reference_estimate.write_summaries(summaries, keys, values, ids)
    times = -(-total // _SAMPLE)
    pools = {name: getattr(sample, name).repeat(times, 1, 1)[:total].contiguous() for name in ("k_pool", "v_pool")}
    wide = PageSummaries(
        summaries.mean_key.repeat(times, 1, 1)[:total].contiguous(),
        summaries.mean_value.repeat(times, 1, 1)[:total].contiguous(),
        summaries.count.repeat(times, 1)[:total].contiguous(),
    )
    return type(sample)(**(vars(sample) | pools)), wide


def _empty(layout: PageLayout | CodedPageLayout, count: int, device: str) -> LayerPages | CodedPages:
    keys = torch.zeros(count, layout.k_heads, layout.keys.bytes, dtype=torch.uint8, device=device)
    values = torch.zeros(count, layout.v_heads, layout.values.bytes, dtype=torch.uint8, device=device)
    if isinstance(layout, PageLayout):
        return LayerPages(layout, keys, values)
    part = layout.keys
    books = torch.randn(2, layout.k_heads, part.parts, part.entries, part.width, device=device).half()
    return CodedPages(layout, keys, values, books[0], books[1])


def _step(shape: Shape, spec: KVSpec, table: Tensor, number: int, anchors: int, device: str) -> StepSequences:
    window = torch.randn(2, shape.batch, shape.kv_heads, spec.window + PAGE, shape.dim, device=device).half()
    rows = shape.batch * shape.kv_heads * anchors
    ids = torch.arange(number * rows, (number + 1) * rows, dtype=torch.int32, device=device)
    return StepSequences(
        table,
        window[0],
        window[1],
        torch.arange(shape.batch, dtype=torch.int32, device=device),
        torch.full((shape.batch,), spec.window, dtype=torch.int32, device=device),
        ids.reshape(shape.batch, shape.kv_heads, anchors) if anchors else None,
    )
