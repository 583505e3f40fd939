"""Our pages in the memory that vLLM gives a layer: its blocks of 64 tokens are pages, packed as `kv.layout` says."""

from __future__ import annotations

import os
from collections.abc import Mapping

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE, PRESETS, KVSpec
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.kernels.tensors import LayerPages
from repowright.inference_backend.kv.layout import PageLayout, page_layout

VARIABLE = "REPOWRIGHT_KV"
"""Environment variable that names how keys and values are kept: int4 (the default), int2 or fp16."""

_ALLOWED = ("int4", "int2", "fp16")
_STEP = 2
"""Bytes of a token and head are a multiple of this, so that the memory can be seen as half precision too."""


def spec_of(environment: Mapping[str, str] | None = None) -> KVSpec:
    """Return how keys and values are kept.

    Raises
    ------
    InferenceError
        If the variable names something that needs more than a page: anchors are left out, codebooks are refused.
    """
    name = (os.environ if environment is None else environment).get(VARIABLE, "int4")
    if name not in _ALLOWED:
        raise InferenceError(f"{VARIABLE} is {name}, which vLLM's blocks cannot hold", f"take {', '.join(_ALLOWED)}")
    preset = PRESETS[name]
    return KVSpec(k_bits=preset.k_bits, v_bits=preset.v_bits, v_group=preset.v_group)


def layout_of(spec: KVSpec, heads: int, dim: int) -> PageLayout:
    """Return the layout of the pages of one layer on one GPU."""
    return page_layout(spec, heads, heads, dim, dim)


def token_bytes(spec: KVSpec, dim: int) -> int:
    """Return the bytes that vLLM must give a token in a head, keys and values together."""
    layout = layout_of(spec, 1, dim)
    whole = -(-layout.page_bytes // PAGE)
    return -(-whole // _STEP) * _STEP


def layer_pages(cache: Tensor, spec: KVSpec, heads: int, dim: int) -> LayerPages:
    """Return a layer's memory as pages: all keys first, all values behind them.

    A block's bytes so lie in two places. Kernels need each kind without gaps; vLLM only counts blocks, unless it moves
    them, which the backend therefore says it cannot do.

    Parameters
    ----------
    cache
        What vLLM gives the layer, ``[blocks, heads, 64, token_bytes]`` seen as any type; contiguous.

    Raises
    ------
    InferenceError
        If it is not contiguous or too small.
    """
    if not cache.is_contiguous():
        raise InferenceError("vLLM gave a layer memory with gaps", "unset VLLM_KV_CACHE_LAYOUT")
    layout, blocks = layout_of(spec, heads, dim), cache.shape[0]
    flat = cache.view(torch.uint8).flatten()
    keys, values = (blocks * heads * each.bytes for each in (layout.keys, layout.values))
    if keys + values > len(flat):
        raise InferenceError(f"{len(flat)} bytes do not hold {blocks} pages of {layout.page_bytes}", "report this")
    k_pool = flat[:keys].view(blocks, heads, layout.keys.bytes)
    return LayerPages(layout, k_pool, flat[keys : keys + values].view(blocks, heads, layout.values.bytes))
