"""Which implementation computes: Triton where the tensors lie on a GPU, PyTorch elsewhere."""

from __future__ import annotations

from torch import Tensor

from repowright.inference_backend.kernels import reference, vectorised
from repowright.inference_backend.kernels.tensors import LayerPages, StepSequences


def decode(
    query: Tensor, pages: LayerPages, sequences: StepSequences, scale: float, selected: Tensor | None = None
) -> Tensor:
    """Attend from one new token a sequence; see `reference.decode`. Returns ``float32 [B, Hq, Dv]``."""
    if query.is_cuda:
        from repowright.inference_backend.kernels.triton import decode as kernel

        return kernel.decode(query, pages, sequences, scale, selected)[0]
    return vectorised.decode(query, pages, sequences, scale, selected)


def write_pages(pages: LayerPages, keys: Tensor, values: Tensor, page_ids: Tensor) -> None:
    """Quantise and pack whole pages; see `reference.write_pages`."""
    reference.write_pages(pages, keys, values, page_ids)
