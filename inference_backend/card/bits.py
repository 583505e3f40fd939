"""What an element of the cache takes."""

from __future__ import annotations

from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.kv.layout import coded_layout, page_layout
from repowright.inference_backend.models.shape import ModelShape


def bits_of(spec: KVSpec, shape: ModelShape) -> float:
    """Return the bits of an element far from the window: codes, scales, bounds and anchors."""
    heads, dim = shape.kv_heads, shape.head_dim
    layout = (coded_layout if spec.codebook else page_layout)(spec, heads, heads, dim, dim)
    return layout.page_bytes * 8 / (2 * heads * dim * PAGE) + 16 * spec.anchors
