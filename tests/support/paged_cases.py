"""Small paged caches with all that can go wrong in one: ragged lengths, gaps, anchors, empty windows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE, Bits, KVSpec
from repowright.inference_backend.kernels import reference
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages, StepSequences
from repowright.inference_backend.kv.layout import PageLayout, coded_layout, page_layout

PLACES = (5, 1, 2)
"""Where the three pages of a case lie in a pool of seven."""


@dataclass(frozen=True)
class PagedCase:
    """Two sequences over one pool: one with three pages and a window, one with a page, a gap and no window."""

    pages: LayerPages
    sequences: StepSequences
    query: Tensor
    keys: Tensor
    values: Tensor

    @property
    def scale(self) -> float:
        """Factor of the scores."""
        return float(self.query.shape[-1] ** -0.5)


@dataclass(frozen=True)
class CodedCase(PagedCase):
    """The same, vector-quantised with random codebooks."""

    pages: CodedPages  # type: ignore[assignment]


def empty_pages(layout: PageLayout, count: int) -> LayerPages:
    """Return a pool of zeros."""
    keys = torch.zeros(count, layout.k_heads, layout.keys.bytes, dtype=torch.uint8)
    return LayerPages(layout, keys, torch.zeros(count, layout.v_heads, layout.values.bytes, dtype=torch.uint8))


def coded_case(
    rate: float, dim: int, group: int, heads: tuple[int, int] = (2, 2), *, anchors: bool = False
) -> CodedCase:
    """Make a case of ``rate`` bits an element."""
    case = paged_case(16, 16, dim, group, heads, anchors=anchors)
    layout = coded_layout(KVSpec(codebook=rate), *heads, dim, dim)
    keys = layout.keys
    books = [torch.randn(each, keys.parts, keys.entries, keys.width).half() for each in heads]
    pools = [
        torch.zeros(7, each, part.bytes, dtype=torch.uint8)
        for each, part in zip(heads, (keys, layout.values), strict=True)
    ]
    old = case.pages
    pages = CodedPages(layout, pools[0], pools[1], books[0], books[1], old.anchor_k, old.anchor_v, old.anchor_bits)
    reference.write_pages(pages, case.keys, case.values, torch.tensor(PLACES))
    return CodedCase(**(vars(case) | {"pages": pages}))


def paged_case(
    k_bits: Bits, v_bits: Bits, dim: int, group: int, heads: tuple[int, int] = (2, 2), *, anchors: bool = False
) -> PagedCase:
    """Make a case from fixed random numbers; ``group`` queries share a head."""
    torch.manual_seed(0)
    k_heads, v_heads = heads
    layout = page_layout(KVSpec(k_bits=k_bits, v_bits=v_bits), k_heads, v_heads, dim, dim)
    k_pool = torch.zeros(7, k_heads, layout.keys.bytes, dtype=torch.uint8)
    v_pool = torch.zeros(7, v_heads, layout.values.bytes, dtype=torch.uint8)
    rows, bits = (torch.randn(9, dim).half(), _anchor_bits(k_heads)) if anchors else (None, None)
    pages = LayerPages(layout, k_pool, v_pool, rows, None if rows is None else rows * 0.5, bits)
    keys, values = torch.randn(3, k_heads, PAGE, dim), torch.randn(3, v_heads, PAGE, dim)
    reference.write_pages(pages, keys, values, torch.tensor(PLACES))
    sequences = StepSequences(
        page_table=torch.tensor([[5, 1, 2, -1], [5, -1, 2, -1]], dtype=torch.int32),
        window_k=torch.randn(2, k_heads, 192, dim).half(),
        window_v=torch.randn(2, v_heads, 192, dim).half(),
        window_slot=torch.tensor([1, 0], dtype=torch.int32),
        window_length=torch.tensor([70, 0], dtype=torch.int32),
        anchor_ids=_anchor_ids(k_heads) if anchors else None,
    )
    query = torch.randn(2, max(heads) * group, dim).half()
    return PagedCase(pages, sequences, query, keys, values)


def _anchor_bits(heads: int) -> Tensor:
    bits = torch.zeros(7, heads, dtype=torch.int64)
    bits[5, 0] = -1  # all 64 tokens of a page
    bits[1, -1] = 0b1011
    return bits


def _anchor_ids(heads: int) -> Tensor:
    ids = torch.full((2, heads, 3), -1, dtype=torch.int32)
    ids[0, 0] = torch.tensor([0, 3, -1])
    ids[0, -1] = torch.tensor([1, -1, 4])
    ids[1, 0] = torch.tensor([8, 7, 6])
    return ids
