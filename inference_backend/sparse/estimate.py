"""Decodes from chosen pages, and lets summaries stand for the others (RetroInfer, section 4.2)."""

from __future__ import annotations

import torch
from torch import Tensor

from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages, PageSummaries, StepSequences
from repowright.inference_backend.sparse.select import pages_at, pages_left


def decode(
    query: Tensor,
    pages: LayerPages | CodedPages,
    summaries: PageSummaries,
    sequences: StepSequences,
    scale: float,
    places: Tensor,
) -> Tensor:
    """Attend exactly to the chosen pages, anchors and window, roughly to all other pages.

    Parameters
    ----------
    places
        ``int64 [B, Hk, M]``, as `select.select` returns.

    Returns
    -------
    output
        ``float32 [B, Hq, Dv]``.
    """
    table = sequences.page_table
    exact = dispatch.decode_with_lse(query, pages, sequences, scale, pages_at(table, places))
    rough = dispatch.estimate(query, summaries, pages_left(table, places), scale)
    return dispatch.merge(*(torch.stack(pair) for pair in zip(exact, rough, strict=True)))[0]
