"""Decoding in PyTorch, one sequence at a time over all heads at once: what a machine without a GPU serves with."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.kernels.reference import read_keys, read_values
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages, StepSequences


def decode(
    query: Tensor,
    pages: LayerPages | CodedPages,
    sequences: StepSequences,
    scale: float,
    selected: Tensor | None = None,
) -> Tensor:
    """Attend as `reference.decode` does, and return the output alone, ``float32 [B, Hq, Dv]``.

    Heads of keys and values must be equally many. A selection must be the same for all heads of a sequence,
    or the reference decodes it.
    """
    found = [_one(query[number], pages, sequences, scale, selected, number) for number in range(query.shape[0])]
    return torch.stack(found)


def _one(
    query: Tensor,
    pages: LayerPages | CodedPages,
    sequences: StepSequences,
    scale: float,
    selected: Tensor | None,
    number: int,
) -> Tensor:
    keys, values, hidden = _paged(pages, sequences, selected, number)
    slot, length = int(sequences.window_slot[number]), int(sequences.window_length[number])
    parts_k = [keys, sequences.window_k[slot, :, :length].float()]
    parts_v = [values, sequences.window_v[slot, :, :length].float()]
    all_hidden = [hidden, hidden.new_zeros(hidden.shape[0], length)]
    if sequences.anchor_ids is not None and pages.anchor_k is not None and pages.anchor_v is not None:
        rows = sequences.anchor_ids[number].long()
        parts_k.append(pages.anchor_k[rows.clamp_min(0)].float())
        parts_v.append(pages.anchor_v[rows.clamp_min(0)].float())
        all_hidden.append(rows < 0)
    mask = torch.cat(all_hidden, 1)
    grouped = query.float().reshape(keys.shape[0], -1, query.shape[-1])
    bias = torch.zeros(mask.shape).masked_fill_(mask, float("-inf"))[:, None] if mask.any() else None
    out = scaled_dot_product_attention(grouped, torch.cat(parts_k, 1), torch.cat(parts_v, 1), bias, scale=scale)
    return torch.nan_to_num(out).flatten(0, 1)


def _paged(
    pages: LayerPages | CodedPages, sequences: StepSequences, selected: Tensor | None, number: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Keys and values of a sequence's pages, ``[Hk, T, D]``, and which of them are hidden, ``bool [Hk, T]``."""
    if selected is None:
        ids = sequences.table_of(number)
        ids = ids[ids >= 0].long()
        keys, values = read_keys(pages, ids), read_values(pages, ids)
        hidden = torch.zeros(keys.shape[:3], dtype=torch.bool)
    else:
        chosen = selected[number].long()
        at = chosen.clamp_min(0)
        keys = _of_heads(read_keys(pages, at.flatten()), at)
        values = _of_heads(read_values(pages, at.flatten()), at)
        keys, values = keys.transpose(0, 1), values.transpose(0, 1)
        hidden = (chosen < 0).transpose(0, 1).unsqueeze(2).expand(keys.shape[:3]).clone()
        ids = at
    if pages.anchor_bits is not None:
        bits = pages.anchor_bits[ids] if selected is None else pages.anchor_bits[ids.T, torch.arange(ids.shape[0])]
        hidden |= (bits.unsqueeze(2) >> torch.arange(PAGE)) & 1 == 1
    flat = (part.transpose(0, 1).flatten(1, 2) for part in (keys, values))
    return (*flat, hidden.transpose(0, 1).flatten(1))  # type: ignore[return-value]


def _of_heads(rows: Tensor, places: Tensor) -> Tensor:
    """Of the pages each head has chosen, its own rows: ``[Hk M, H, 64, D]`` to ``[Hk, M, 64, D]``."""
    heads = torch.arange(places.shape[0]).unsqueeze(1)
    return rows.reshape(*places.shape, *rows.shape[1:])[heads, torch.arange(places.shape[1]), heads]
