"""Pages chosen by the extremes of their keys (Quest, arXiv 2406.10774): no training, any model."""

from __future__ import annotations

from torch import Tensor

from repowright.inference_backend.config import SparseSpec
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages
from repowright.inference_backend.sparse import select


def choose(
    query: Tensor, pages: LayerPages | CodedPages, table: Tensor, spec: SparseSpec, scale: float
) -> tuple[Tensor, Tensor]:
    """Return the places in the table and the pages to read, ``int [B, Hk, M]`` each; see `select.choose`.

    Parameters
    ----------
    query
        ``[B, Hq, Dk]``, after the rotary embedding.
    table
        ``int32 [B, P]``.
    """
    scores = dispatch.bound_scores(query, pages, table, scale)
    return select.choose(scores, table, pages.layout.k_heads, spec)
