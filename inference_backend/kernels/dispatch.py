"""Which implementation computes: Triton where the tensors lie on a GPU, PyTorch elsewhere; one signature for both.

Kernels handle heads of 64, 128 or 256 channels and up to 16 queries a head; PyTorch computes the rest.
"""

from __future__ import annotations

from torch import Tensor

from repowright.inference_backend.kernels import (
    reference,
    reference_anchors,
    reference_codebook,
    reference_estimate,
    reference_pages,
    vectorised,
)
from repowright.inference_backend.kernels.reference_anchors import AnchorForm
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages, PageSummaries, StepSequences

_DIMS = (64, 128, 256)
_GROUP = 16


def decode(
    query: Tensor,
    pages: LayerPages | CodedPages,
    sequences: StepSequences,
    scale: float,
    selected: Tensor | None = None,
) -> Tensor:
    """Attend from one new token a sequence; see `reference.decode`. Returns ``float32 [B, Hq, Dv]``."""
    if not _by_kernel(query, pages):
        return vectorised.decode(query, pages, sequences, scale, selected)
    return decode_with_lse(query, pages, sequences, scale, selected)[0]


def decode_with_lse(
    query: Tensor,
    pages: LayerPages | CodedPages,
    sequences: StepSequences,
    scale: float,
    selected: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Attend as `decode` does and return the logarithm of the sums too; see `reference.decode`."""
    if not _by_kernel(query, pages):
        return reference.decode(query, pages, sequences, scale, selected)
    if isinstance(pages, CodedPages):
        from repowright.inference_backend.kernels.triton import codebook

        return codebook.decode(query, pages, sequences, scale, selected)
    from repowright.inference_backend.kernels.triton import decode as kernel

    return kernel.decode(query, pages, sequences, scale, selected)


def merge(outputs: Tensor, lses: Tensor) -> tuple[Tensor, Tensor]:
    """Merge attention over parts of the keys; see `reference.merge`."""
    if not outputs.is_cuda:
        return reference.merge(outputs, lses)
    from repowright.inference_backend.kernels.triton import merge as kernel

    return kernel.merge(outputs, lses)


def write_pages(pages: LayerPages | CodedPages, keys: Tensor, values: Tensor, page_ids: Tensor) -> None:
    """Quantise and pack whole pages; see `reference.write_pages`."""
    if isinstance(pages, CodedPages):
        return reference_codebook.write(pages, keys, values, page_ids)
    if not _by_kernel(keys, pages):
        return reference.write_pages(pages, keys, values, page_ids)
    from repowright.inference_backend.kernels.triton import write

    return write.write_pages(pages, keys, values, page_ids)


def attention_lse(query: Tensor, keys: Tensor, positions: Tensor, scale: float) -> Tensor:
    """Return the logarithm of each query's sum; see `reference_anchors.attention_lse`."""
    if not _fits(query, query.shape[-1]):
        return reference_anchors.attention_lse(query, keys, positions, scale)
    from repowright.inference_backend.kernels.triton import anchors

    return anchors.attention_lse(query, keys, positions, scale)


def anchor_scores(
    query: Tensor,
    keys: Tensor,
    lse: Tensor,
    positions: Tensor,
    scale: float,
    form: AnchorForm = "query",
    values: Tensor | None = None,
    output: Tensor | None = None,
) -> Tensor:
    """Score every key of a sequence; see `reference_anchors.anchor_scores`."""
    if not _fits(query, query.shape[-1]):
        return reference_anchors.anchor_scores(query, keys, lse, positions, scale, form, values, output)
    from repowright.inference_backend.kernels.triton import anchors

    return anchors.anchor_scores(query, keys, lse, positions, scale, form, values, output)


def bound_scores(query: Tensor, pages: LayerPages | CodedPages, table: Tensor, scale: float) -> Tensor:
    """Score pages by the extremes of their keys; see `reference_pages.bound_scores`."""
    if not _by_kernel(query, pages) or query.shape[1] > _GROUP * pages.layout.k_heads:
        return reference_pages.bound_scores(query, pages, table, scale)
    from repowright.inference_backend.kernels.triton import page_score

    return page_score.bound_scores(query, pages, table, scale)


def gate_scores(gate_query: Tensor, gate_keys: Tensor, table: Tensor, scale: float) -> Tensor:
    """Score pages by a gate's keys; see `reference_pages.gate_scores`."""
    if not _fits(gate_query, gate_query.shape[-1]):
        return reference_pages.gate_scores(gate_query, gate_keys, table, scale)
    from repowright.inference_backend.kernels.triton import page_score

    return page_score.gate_scores(gate_query, gate_keys, table, scale)


def estimate(query: Tensor, summaries: PageSummaries, ids: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Attend to the summaries of pages; see `reference_estimate.estimate`."""
    if not _fits(query, query.shape[-1], summaries.mean_value.shape[-1]):
        return reference_estimate.estimate(query, summaries, ids, scale)
    from repowright.inference_backend.kernels.triton import estimate as kernel

    return kernel.estimate(query, summaries, ids, scale)


def _by_kernel(tensor: Tensor, pages: LayerPages | CodedPages) -> bool:
    layout = pages.layout
    fits = _fits(tensor, layout.keys.dim, layout.values.dim)
    return fits and (tensor.dim() != 3 or tensor.shape[1] <= _GROUP * max(layout.k_heads, layout.v_heads))


def _fits(tensor: Tensor, *dims: int) -> bool:
    return tensor.is_cuda and all(dim in _DIMS for dim in dims)
