"""The operations in PyTorch: slow, plain, and what every kernel is held against."""

from __future__ import annotations

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE, Bits
from repowright.inference_backend.kernels import reference_codebook
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages, StepSequences
from repowright.inference_backend.kv.layout import Field, KeyLayout, ValueLayout

_SMALLEST = 1e-8


def pack(codes: Tensor, bits: Bits) -> Tensor:
    """Pack codes ``u8 [..., D]`` into bytes ``u8 [..., D * bits / 8]``; see `kv.layout` for the order."""
    parts = codes.chunk(8 // bits, dim=-1)
    packed = torch.zeros_like(parts[0])
    for place, part in enumerate(parts):
        packed |= part << (place * bits)
    return packed


def unpack(packed: Tensor, bits: Bits) -> Tensor:
    """Unpack bytes ``u8 [..., D * bits / 8]`` into codes ``u8 [..., D]``."""
    mask = (1 << bits) - 1
    return torch.cat([(packed >> (place * bits)) & mask for place in range(8 // bits)], dim=-1)


def quantise(values: Tensor, bits: Bits, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """Quantise over one dimension: codes of the shape of ``values``, and scale and zero with that dimension one long.

    Scale and zero are rounded to half precision first, so that codes fit what is stored. Codes are rounded half up,
    as the kernel rounds them.
    """
    values = values.float()
    low, high = values.amin(dim, keepdim=True), values.amax(dim, keepdim=True)
    scale = ((high - low) / ((1 << bits) - 1)).clamp_min(_SMALLEST).half()
    scale = torch.where(scale == 0, torch.full_like(scale, torch.finfo(torch.half).tiny), scale)
    zero = low.half()
    codes = torch.floor((values - zero.float()) / scale.float() + 0.5).clamp_(0, (1 << bits) - 1)
    return codes.to(torch.uint8), scale, zero


def write_pages(pages: LayerPages | CodedPages, keys: Tensor, values: Tensor, page_ids: Tensor) -> None:
    """Quantise and pack whole pages into the pool, in place.

    Parameters
    ----------
    keys, values
        ``[M, Hk, 64, Dk]`` and ``[M, Hv, 64, Dv]``, keys after the rotary embedding.
    page_ids
        ``int [M]``: where each goes; `NO_PAGE` goes nowhere.
    """
    if isinstance(pages, CodedPages):
        return reference_codebook.write(pages, keys, values, page_ids)
    wanted = page_ids >= 0
    ids = page_ids[wanted].long()
    pages.k_pool[ids] = _key_bytes(keys[wanted], pages.layout.keys)
    pages.v_pool[ids] = _value_bytes(values[wanted], pages.layout.values)


def read_keys(pages: LayerPages | CodedPages, page_ids: Tensor) -> Tensor:
    """Return the keys of pages, ``float32 [M, Hk, 64, Dk]``."""
    if isinstance(pages, CodedPages):
        return reference_codebook.read_keys(pages, page_ids)
    layout = pages.layout.keys
    raw = pages.k_pool[page_ids.long()]
    codes = _field(raw, layout.codes)
    if layout.bits == 16:
        return codes.view(torch.half).reshape(*raw.shape[:2], PAGE, layout.dim).float()
    unpacked = unpack(codes.reshape(*raw.shape[:2], PAGE, layout.codes.size // PAGE), layout.bits).float()
    scale, zero = (_field(raw, each).view(torch.half).float().unsqueeze(2) for each in (layout.scale, layout.zero))
    return unpacked * scale + zero


def read_values(pages: LayerPages | CodedPages, page_ids: Tensor) -> Tensor:
    """Return the values of pages, ``float32 [M, Hv, 64, Dv]``."""
    if isinstance(pages, CodedPages):
        return reference_codebook.read_values(pages, page_ids)
    layout = pages.layout.values
    raw = pages.v_pool[page_ids.long()]
    codes = _field(raw, layout.codes)
    if layout.bits == 16:
        return codes.view(torch.half).reshape(*raw.shape[:2], PAGE, layout.dim).float()
    groups = layout.dim // layout.group
    unpacked = unpack(codes.reshape(*raw.shape[:2], PAGE, layout.codes.size // PAGE), layout.bits).float()
    unpacked = unpacked.reshape(*unpacked.shape[:-1], groups, layout.group)
    scale, zero = (
        _field(raw, each).view(torch.half).float().reshape(*raw.shape[:2], PAGE, groups, 1)
        for each in (layout.scale, layout.zero)
    )
    return (unpacked * scale + zero).flatten(-2)


def read_bounds(pages: LayerPages | CodedPages, page_ids: Tensor) -> tuple[Tensor, Tensor]:
    """Return the smallest and largest key of each channel, ``float32 [M, Hk, Dk]`` each."""
    raw = pages.k_pool[page_ids.long()]
    low, high = (_field(raw, each).view(torch.half).float() for each in (pages.layout.keys.low, pages.layout.keys.high))
    return low, high


def decode(
    query: Tensor,
    pages: LayerPages | CodedPages,
    sequences: StepSequences,
    scale: float,
    selected: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Attend from one new token a sequence to its pages, its anchors and its window.

    Parameters
    ----------
    query
        ``[B, Hq, Dk]``, after the rotary embedding.
    scale
        Factor of the scores, ``1 / sqrt(Dk)`` as a rule.
    selected
        ``int32 [B, Hk, M]``: the pages to read instead of the whole table.

    Returns
    -------
    output, lse
        ``float32 [B, Hq, Dv]``, and the logarithm of the sum of the exponentials, ``float32 [B, Hq]``. A sequence
        without a token gives zeros and minus infinity.
    """
    outputs, sums = [], []
    for number in range(query.shape[0]):
        for head in range(query.shape[1]):
            scores, values = _one_head(query, pages, sequences, scale, selected, number, head)
            lse = torch.logsumexp(scores, 0) if scores.numel() else scores.new_tensor(float("-inf"))
            weights = torch.exp(scores - lse) if scores.numel() else scores
            outputs.append(weights @ values)
            sums.append(lse)
    shape = query.shape[:2]
    return torch.stack(outputs).reshape(*shape, -1), torch.stack(sums).reshape(shape)


def merge(outputs: Tensor, lses: Tensor) -> tuple[Tensor, Tensor]:
    """Merge attention over parts of the keys: ``[S, ..., D]`` and ``[S, ...]`` into ``[..., D]`` and ``[...]``."""
    lse = torch.logsumexp(lses, 0)
    weights = torch.where(torch.isinf(lse), torch.zeros_like(lses), torch.exp(lses - lse))
    return (weights.unsqueeze(-1) * outputs).sum(0), lse


def _one_head(
    query: Tensor,
    pages: LayerPages | CodedPages,
    sequences: StepSequences,
    scale: float,
    selected: Tensor | None,
    number: int,
    head: int,
) -> tuple[Tensor, Tensor]:
    layout, heads = pages.layout, query.shape[1]
    of_keys, of_values = head * layout.k_heads // heads, head * layout.v_heads // heads
    ids = sequences.table_of(number) if selected is None else selected[number, of_keys]
    ids = ids[ids >= 0]
    keys, values = read_keys(pages, ids)[:, of_keys], read_values(pages, ids)[:, of_values]
    kept = torch.ones(keys.shape[:2], dtype=torch.bool, device=keys.device)
    if pages.anchor_bits is not None:
        bits = pages.anchor_bits[ids.long(), of_keys].unsqueeze(1)
        kept = (bits >> torch.arange(PAGE, device=bits.device)) & 1 == 0
    slot, length = int(sequences.window_slot[number]), int(sequences.window_length[number])
    all_keys = [keys[kept], sequences.window_k[slot, of_keys, :length].float()]
    all_values = [values[kept], sequences.window_v[slot, of_values, :length].float()]
    if sequences.anchor_ids is not None and pages.anchor_k is not None and pages.anchor_v is not None:
        rows = sequences.anchor_ids[number, of_keys]
        rows = rows[rows >= 0].long()
        all_keys.append(pages.anchor_k[rows].float())
        all_values.append(pages.anchor_v[rows].float())
    scores = torch.cat(all_keys) @ query[number, head].float() * scale
    return scores, torch.cat(all_values)


def _key_bytes(keys: Tensor, layout: KeyLayout) -> Tensor:
    raw = torch.zeros(*keys.shape[:2], layout.bytes, dtype=torch.uint8, device=keys.device)
    if layout.bits == 16:
        _put(raw, layout.codes, keys.half().flatten(2))
    else:
        codes, scale, zero = quantise(keys, layout.bits, 2)
        _put(raw, layout.codes, pack(codes, layout.bits).flatten(2))
        _put(raw, layout.scale, scale.flatten(2))
        _put(raw, layout.zero, zero.flatten(2))
    _put(raw, layout.low, keys.amin(2).half())
    _put(raw, layout.high, keys.amax(2).half())
    return raw


def _value_bytes(values: Tensor, layout: ValueLayout) -> Tensor:
    raw = torch.zeros(*values.shape[:2], layout.bytes, dtype=torch.uint8, device=values.device)
    if layout.bits == 16:
        _put(raw, layout.codes, values.half().flatten(2))
        return raw
    groups = values.reshape(*values.shape[:-1], layout.dim // layout.group, layout.group)
    codes, scale, zero = quantise(groups, layout.bits, -1)
    _put(raw, layout.codes, pack(codes.flatten(-2), layout.bits).flatten(2))
    _put(raw, layout.scale, scale.flatten(2))
    _put(raw, layout.zero, zero.flatten(2))
    return raw


def _field(raw: Tensor, field: Field) -> Tensor:
    return raw[..., field.start : field.start + field.size].contiguous()


def _put(raw: Tensor, field: Field, data: Tensor) -> None:
    raw[..., field.start : field.start + field.size] = data.contiguous().view(torch.uint8).flatten(2)
