"""What a gate learns from: pooled keys of pages, queries of a text, and how much attention each page really gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.sparse.gate import pool_keys
from repowright.inference_backend.sparse.rotation import Rotation, rotation_of
from repowright.inference_backend.training.listening import ListeningStep, forward


@dataclass(frozen=True)
class GateSamples:
    """Samples of several texts of one length.

    Parameters
    ----------
    pooled
        ``half [S, L, Hk, P, 3 D]``, as `pool_keys` returns them, of the whole pages of each text.
    queries
        ``half [S, L, Q, Hq, D]``, before the rotary embedding.
    places
        ``int64 [S, Q]``: where the queries stand.
    attention
        ``half [S, L, Hk, Q, P]``: the attention a page gets from the queries that share a head, their mean.
    """

    pooled: Tensor
    queries: Tensor
    places: Tensor
    attention: Tensor

    @property
    def count(self) -> int:
        """Texts."""
        return self.places.shape[0]


def collect(
    loaded: LoadedModel,
    texts: Sequence[Sequence[int]],
    per_text: int,
    seed: int = 0,
    told: Callable[[int], None] | None = None,
) -> GateSamples:
    """Run a model over texts of one length, and keep what a gate learns from.

    Parameters
    ----------
    per_text
        Queries taken of each text, at random, none of its first eighth.
    told
        Is told how many texts are done.
    """
    rotation = rotation_of(loaded.model)
    generator = torch.Generator().manual_seed(seed)
    found: list[GateSamples] = []
    for number, tokens in enumerate(texts):
        first = len(tokens) // 8
        places = (first + torch.randperm(len(tokens) - first, generator=generator)[:per_text]).sort().values
        listener = _Listener(rotation, places)
        forward(loaded.model, ListeningStep(loaded.shape.sliding, listener.heard), tokens)
        found.append(listener.samples())
        if told:
            told(number + 1)
    parts = ((each.pooled, each.queries, each.places, each.attention) for each in found)
    return GateSamples(*(torch.cat(part) for part in zip(*parts, strict=True)))


class _Listener:
    def __init__(self, rotation: Rotation, places: Tensor) -> None:
        self._rotation = rotation
        self._places = places
        self._layers: list[tuple[Tensor, Tensor, Tensor]] = []

    def heard(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> None:
        places = self._places.to(query.device)
        whole = key.shape[1] // PAGE * PAGE
        plain = self._rotation.undo(key[:, :whole], torch.arange(whole, device=key.device))
        asked = query[:, places]
        mass = page_attention(asked, key, places, scale).reshape(key.shape[0], -1, len(places), whole // PAGE).mean(1)
        plain_query = self._rotation.undo(asked, places).transpose(0, 1)
        self._layers.append((pool_keys(plain).half().cpu(), plain_query.half().cpu(), mass.half().cpu()))

    def samples(self) -> GateSamples:
        pooled, queries, mass = (torch.stack(part)[None] for part in zip(*self._layers, strict=True))
        return GateSamples(pooled, queries, self._places[None], mass)


def page_attention(query: Tensor, keys: Tensor, places: Tensor, scale: float) -> Tensor:
    """Return the attention that queries give to each whole page.

    Parameters
    ----------
    query, keys
        ``[Hq, Q, D]`` and ``[Hk, T, D]``, after the rotary embedding.
    places
        ``int [Q]``: a query sees the keys up to its own place.

    Returns
    -------
    attention
        ``float32 [Hq, Q, P]``; what a page that is not whole gets is missing from the sum.
    """
    wide = keys.float().repeat_interleave(query.shape[0] // keys.shape[0], 0)
    scores = query.float() @ wide.transpose(1, 2) * scale
    seen = torch.arange(keys.shape[1], device=keys.device) <= places.unsqueeze(1)
    weights = torch.softmax(scores.masked_fill(~seen, float("-inf")), -1)
    whole = keys.shape[1] // PAGE * PAGE
    return weights[..., :whole].reshape(*weights.shape[:2], -1, PAGE).sum(-1)
