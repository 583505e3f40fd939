"""How much attention the chosen pages keep, against how they are chosen and how many may be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE, SparseSpec
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.sparse import select
from repowright.inference_backend.sparse.gate import Gate
from repowright.inference_backend.sparse.rotation import Rotation, rotation_of
from repowright.inference_backend.training.gate_samples import page_attention
from repowright.inference_backend.training.listening import ListeningStep, forward

ChosenBy = Literal["truth", "quest", "mean", "gate"]
"""By the attention itself, the bound of Quest, the product with the mean key, or a trained gate."""

_QUERIES = PAGE


@dataclass(frozen=True)
class Kept:
    """Attention kept by one way of choosing.

    Parameters
    ----------
    budget
        Tokens read: whole pages, the first and the query's own among them.
    mean
        Mean over layers, heads and queries.
    by_layer
        Means of the layers.
    """

    chosen_by: ChosenBy
    budget: int
    mean: float
    by_layer: tuple[float, ...]


def attention_kept(
    loaded: LoadedModel, texts: Sequence[Sequence[int]], budgets: Sequence[int], gate: Gate | None = None
) -> list[Kept]:
    """Measure the attention of the last 64 queries of each text that their chosen pages get.

    Parameters
    ----------
    texts
        Tokens, whole pages of them.
    """
    rotation = rotation_of(loaded.model)
    gate = gate.to(str(loaded.model.device)) if gate else None
    sums: dict[tuple[ChosenBy, int, int], list[float]] = {}
    for tokens in texts:
        listener = _Listener(rotation, budgets, gate, sums)
        forward(loaded.model, ListeningStep(loaded.shape.sliding, listener.heard), tokens)
    layers = range(loaded.shape.layers)
    ways: list[ChosenBy] = ["truth", "quest", "mean", *(["gate"] if gate else [])]  # type: ignore[list-item]
    found = []
    for way in ways:
        for budget in budgets:
            by_layer = [sum(each) / len(each) for layer in layers if (each := sums.get((way, budget, layer)))]
            found.append(Kept(way, budget, sum(by_layer) / len(by_layer), tuple(by_layer)))
    return found


class _Listener:
    def __init__(
        self,
        rotation: Rotation,
        budgets: Sequence[int],
        gate: Gate | None,
        sums: dict[tuple[ChosenBy, int, int], list[float]],
    ) -> None:
        self._rotation = rotation
        self._budgets = budgets
        self._gate = gate
        self._sums = sums

    def heard(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> None:
        places = torch.arange(key.shape[1] - _QUERIES, key.shape[1], device=key.device)
        asked = query[:, -_QUERIES:]
        mass = page_attention(asked, key, places, scale).transpose(0, 1)
        of_heads = mass.reshape(_QUERIES, key.shape[0], -1, mass.shape[-1]).mean(2)
        table = torch.arange(mass.shape[-1], device=key.device).int().expand(_QUERIES, -1)
        for way, shares in self._shares(layer, asked.transpose(0, 1), key, of_heads, places, scale).items():
            for budget in self._budgets:
                read = select.select(shares, table, SparseSpec(budget=budget))
                kept = of_heads.gather(-1, read.clamp_min(0)).masked_fill(read < 0, 0.0).sum(-1).mean()
                self._sums.setdefault((way, budget, layer), []).append(float(kept))

    def _shares(
        self, layer: int, query: Tensor, keys: Tensor, mass: Tensor, places: Tensor, scale: float
    ) -> dict[ChosenBy, Tensor]:
        heads = keys.shape[0]
        cut = keys.float().reshape(heads, -1, PAGE, keys.shape[-1])
        grouped = query.float().reshape(query.shape[0], heads, -1, query.shape[-1])
        low, high, mean = (each.transpose(1, 2) for each in (cut.amin(2), cut.amax(2), cut.mean(2)))
        bound = (grouped.clamp_min(0) @ high + grouped.clamp_max(0) @ low) * scale
        found: dict[ChosenBy, Tensor] = {
            "truth": mass,
            "quest": select.shared(bound.flatten(1, 2), heads),
            "mean": select.shared((grouped @ mean * scale).flatten(1, 2), heads),
        }
        if self._gate:
            plain = self._rotation.undo(query.transpose(0, 1), places).transpose(0, 1)
            asked = self._gate.queries(layer, plain, places)
            unrotated = self._rotation.undo(keys, torch.arange(keys.shape[1], device=keys.device))
            found["gate"] = torch.einsum("bhg,phg->bhp", asked, self._gate.keys(layer, unrotated, 0))
        return found
