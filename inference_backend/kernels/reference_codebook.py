"""Vector-quantised pages in PyTorch: assignment to codebooks, packing of codes, and what is read back."""

from __future__ import annotations

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.kernels.tensors import CodedPages
from repowright.inference_backend.kv.layout import CodedLayout

_SIX = 63


def pack_six(codes: Tensor) -> Tensor:
    """Pack codes below 64, ``u8 [..., S]``, into ``u8 [..., 3 S / 4]``.

    The quarters of the codes are planes: the codes ``j`` of all four fill 24 bits, the first in the lowest, and those
    bits' three bytes lie ``S / 4`` apart. So bytes and codes unpack without being shuffled.
    """
    first, second, third, fourth = codes.chunk(4, dim=-1)
    low = first | (second << 6)
    middle = (second >> 2) | (third << 4)
    high = (third >> 4) | (fourth << 2)
    return torch.cat([low, middle, high], -1)


def unpack_six(packed: Tensor) -> Tensor:
    """Unpack bytes ``u8 [..., 3 S / 4]`` into codes ``u8 [..., S]``."""
    low, middle, high = packed.chunk(3, dim=-1)
    second, third = (low >> 6) | (middle << 2), (middle >> 4) | (high << 4)
    return torch.cat([low & _SIX, second & _SIX, third & _SIX, high >> 2], -1)


def nearest(vectors: Tensor, books: Tensor) -> Tensor:
    """Return the number of the nearest entry of each sub-vector.

    Parameters
    ----------
    vectors
        ``[M, H, 64, D]``.
    books
        ``[H, S, C, d]`` with ``S d = D``.

    Returns
    -------
    codes
        ``u8 [M, H, 64, S]``.
    """
    heads, parts, _, width = books.shape
    entries = books.float()
    split = vectors.float().reshape(*vectors.shape[:3], parts, width)
    products = torch.einsum("mhtsd,hscd->mhtsc", split, entries)
    # The nearest has the greatest product less half its own square; the vector's square is the same for all.
    found = (products - 0.5 * entries.square().sum(-1).reshape(heads, 1, parts, -1)).argmax(-1)
    return found.to(torch.uint8)


def write(pages: CodedPages, keys: Tensor, values: Tensor, page_ids: Tensor) -> None:
    """Assign whole pages to codebooks and pack them into the pool, in place; see `reference.write_pages`."""
    wanted = page_ids >= 0
    ids, keys, values = page_ids[wanted].long(), keys[wanted], values[wanted]
    layout = pages.layout
    raw = _code_bytes(keys, pages.k_books, layout.keys)
    for field, bound in ((layout.keys.low, keys.amin(2)), (layout.keys.high, keys.amax(2))):
        raw[..., field.start : field.start + field.size] = bound.half().contiguous().view(torch.uint8)
    pages.k_pool[ids] = raw
    pages.v_pool[ids] = _code_bytes(values, pages.v_books, layout.values)


def read_keys(pages: CodedPages, page_ids: Tensor) -> Tensor:
    """Return the keys of pages, ``float32 [M, Hk, 64, Dk]``."""
    return _read(pages.k_pool, pages.k_books, pages.layout.keys, page_ids)


def read_values(pages: CodedPages, page_ids: Tensor) -> Tensor:
    """Return the values of pages, ``float32 [M, Hv, 64, Dv]``."""
    return _read(pages.v_pool, pages.v_books, pages.layout.values, page_ids)


def _code_bytes(vectors: Tensor, books: Tensor, layout: CodedLayout) -> Tensor:
    codes = nearest(vectors, books)
    raw = torch.zeros(*vectors.shape[:2], layout.bytes, dtype=torch.uint8, device=vectors.device)
    packed = codes if layout.entries == 256 else pack_six(codes)
    raw[..., : layout.codes.size] = packed.flatten(2)
    return raw


def _read(pool: Tensor, books: Tensor, layout: CodedLayout, page_ids: Tensor) -> Tensor:
    raw = pool[page_ids.long()][..., : layout.codes.size]
    packed = raw.reshape(*raw.shape[:2], PAGE, layout.row)
    codes = (packed if layout.entries == 256 else unpack_six(packed)).long()
    heads = torch.arange(books.shape[0], device=pool.device).reshape(-1, 1, 1)
    parts = torch.arange(layout.parts, device=pool.device)
    return books[heads, parts, codes].float().flatten(-2)
