"""Cuts the decoding of a step into parts that fill the device, and puts them together again."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages, StepSequences
from repowright.inference_backend.kernels.triton.merge import merge
from repowright.inference_backend.kernels.triton.rows import over_rows, over_window
from repowright.inference_backend.kernels.tuning import Launch, processors

_ANCHORS_A_PART = 256


@dataclass(frozen=True)
class Parts:
    """The parts of a step: first those of the pages, then the window, then those of the anchors.

    Parameters
    ----------
    table
        Pages to read, ``int32 [B, 1 or Hk, M]``.
    counts
        ``int32 [B]``, how many of them each sequence uses, if the table is the sequences' own.
    splits
        Parts of the pages.
    heads
        The greater number of heads, of keys or of values.
    out, lse
        ``float32 [S, B, Hq, Dv]`` and ``[S, B, Hq]``.
    """

    table: Tensor
    counts: Tensor | None
    splits: int
    heads: int
    out: Tensor
    lse: Tensor


def parts_of(
    query: Tensor,
    pages: LayerPages | CodedPages,
    sequences: StepSequences,
    selected: Tensor | None,
    splits: int | None,
    how: Launch,
) -> Parts:
    """Return the parts of a step, their results not filled in."""
    layout = pages.layout
    batch, q_heads, _ = query.shape
    heads = max(layout.k_heads, layout.v_heads)
    table = sequences.page_table[:, None] if selected is None else selected
    if splits is None:
        splits = min(table.shape[-1], how.blocks * processors() // (batch * heads))
    splits = max(1, splits)
    parts = splits + 1 + _anchor_parts(pages, sequences)
    out = torch.empty(parts, batch, q_heads, layout.values.dim, dtype=torch.float32, device=query.device)
    lse = torch.empty(parts, batch, q_heads, dtype=torch.float32, device=query.device)
    return Parts(table, sequences.page_count if selected is None else None, splits, heads, out, lse)


def merge_parts(
    query: Tensor, pages: LayerPages | CodedPages, sequences: StepSequences, parts: Parts, scale: float
) -> tuple[Tensor, Tensor]:
    """Attend to what lies in half precision, and merge it with the pages' parts."""
    at, window = parts.splits, (sequences.window_k, sequences.window_v)
    out, lse = parts.out, parts.lse
    over_window(query, window, sequences.window_slot, sequences.window_length, scale, out[at], lse[at])
    ids, keys, values = sequences.anchor_ids, pages.anchor_k, pages.anchor_v
    if ids is not None and keys is not None and values is not None:
        over_rows(query, (keys, values), ids, parts.heads, scale, out[at + 1 :], lse[at + 1 :])
    return merge(out, lse)


def _anchor_parts(pages: LayerPages | CodedPages, sequences: StepSequences) -> int:
    if sequences.anchor_ids is None or pages.anchor_k is None or pages.anchor_v is None:
        return 0
    return max(1, -(-sequences.anchor_ids.shape[-1] // _ANCHORS_A_PART))
