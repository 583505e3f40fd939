"""Codebooks of keys and values (AnTKV, arXiv 2506.19505, section 3): k-means that weighs tokens by their anchor scores.

A key's error counts by the attention the token gets times the lengths of the queries that give it, a value's by the
attention alone. The paper's own sizes and calibration text could not be read; `kv.layout.coded_layout` says ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from repowright.inference_backend.config import KVSpec
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.reference_anchors import query_sample
from repowright.inference_backend.kv.layout import CodedLayout, coded_layout
from repowright.inference_backend.kv.pool import Books
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.models.shape import ModelShape
from repowright.inference_backend.training.kmeans import weighted_kmeans
from repowright.inference_backend.training.listening import ListeningStep, forward

_RECENT, _STRIDE = 64, 4


@dataclass(frozen=True)
class CodebookSettings:
    """How codebooks are trained.

    Parameters
    ----------
    rate
        Bits of an element: 1 or 0.375.
    is_weighted
        Whether tokens count by their anchor scores; else all alike.
    """

    rate: float = 1.0
    is_weighted: bool = True
    rounds: int = 12
    seed: int = 0


@dataclass(frozen=True)
class LayerTokens:
    """Keys and values of one layer with their weights: ``half [Hk, N, D]`` and ``float32 [Hk, N]``."""

    keys: Tensor
    values: Tensor
    key_weights: Tensor
    value_weights: Tensor


def gather(
    loaded: LoadedModel, texts: Sequence[Sequence[int]], told: Callable[[int], None] | None = None
) -> list[LayerTokens]:
    """Run a model over texts, and keep what its layers would cache; told is how many texts are done."""
    found: list[list[LayerTokens]] = [[] for _ in range(loaded.shape.layers)]

    def heard(layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> None:
        found[layer].append(_weighed(query, key, value, scale))

    for number, tokens in enumerate(texts):
        forward(loaded.model, ListeningStep(loaded.shape.sliding, heard), tokens)
        if told:
            told(number + 1)
    return [_joined(each) for each in found]


def train(
    tokens: Sequence[LayerTokens],
    shape: ModelShape,
    settings: CodebookSettings,
    told: Callable[[int], None] | None = None,
) -> Books:
    """Train the codebooks of every layer, keys' and values'; told is how many layers are done."""
    layout = coded_layout(
        replace(KVSpec(), codebook=settings.rate), shape.kv_heads, shape.kv_heads, shape.head_dim, shape.head_dim
    )
    books = []
    for number, layer in enumerate(tokens):
        keys = _books(layer.keys, layer.key_weights, layout.keys, settings)
        books.append((keys, _books(layer.values, layer.value_weights, layout.values, settings)))
        if told:
            told(number + 1)
    return books


def _weighed(query: Tensor, key: Tensor, value: Tensor, scale: float) -> LayerTokens:
    asked = query_sample(query.shape[1], _RECENT, _STRIDE).to(query.device)
    some = query[:, asked.long()]
    lse = dispatch.attention_lse(some, key, asked, scale)
    of_keys = dispatch.anchor_scores(some, key, lse, asked, scale, "query")
    of_values = dispatch.anchor_scores(some, key, lse, asked, scale, "mass")
    return LayerTokens(key.half().cpu(), value.half().cpu(), of_keys.cpu(), of_values.cpu())


def _joined(parts: Sequence[LayerTokens]) -> LayerTokens:
    return LayerTokens(
        torch.cat([each.keys for each in parts], 1),
        torch.cat([each.values for each in parts], 1),
        torch.cat([each.key_weights for each in parts], 1),
        torch.cat([each.value_weights for each in parts], 1),
    )


def _books(vectors: Tensor, weights: Tensor, layout: CodedLayout, settings: CodebookSettings) -> Tensor:
    """Codebooks of all heads, ``half [H, parts, entries, width]``."""
    found = []
    for of_head, weight in zip(vectors, weights, strict=True):
        split = of_head.float().reshape(-1, layout.parts, layout.width).transpose(0, 1).contiguous()
        counted = weight if settings.is_weighted else torch.ones_like(weight)
        spread = counted.expand(layout.parts, -1).contiguous()
        found.append(weighted_kmeans(split, spread, layout.entries, settings.rounds, settings.seed))
    return torch.stack(found).half()
