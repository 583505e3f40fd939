"""Lets a trained gate choose the pages that a decoding step reads; see `sparse.gate`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from repowright.inference_backend.config import SparseSpec
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages
from repowright.inference_backend.sparse import select
from repowright.inference_backend.sparse.gate import Gate
from repowright.inference_backend.sparse.rotation import Rotation


class GateChooser:
    """Keeps a gate's key for each page of the pool; an `engine.choosing.PageChooser`.

    Parameters
    ----------
    rotation
        How the model rotates queries and keys: the gate wants them as they were before.
    pages
        Pages of the pool.
    """

    def __init__(self, gate: Gate, rotation: Rotation, spec: SparseSpec, pages: int, device: str = "cpu") -> None:
        layers, heads = gate.of_key.shape[:2]
        self._gate = gate.to(device)
        self._rotation = rotation
        self._spec = spec
        self._keys = torch.zeros(layers, pages, heads, gate.dim, dtype=torch.half, device=device)

    @property
    def bytes(self) -> int:
        """Memory of the gate's keys, beside that of the pool."""
        return self._keys.nbytes

    def packed(self, layer: int, pages: Sequence[int], keys: Tensor, begin: int) -> None:
        """Keep the gate's keys of pages that were packed."""
        places = torch.arange(begin, begin + keys.shape[1], device=keys.device)
        found = self._gate.keys(layer, self._rotation.undo(keys, places), begin)
        self._keys[layer, torch.tensor(list(pages), device=keys.device)] = found.half()

    def choose(
        self,
        layer: int,
        query: Tensor,
        positions: Tensor,
        pages: LayerPages | CodedPages,
        table: Tensor,
        scale: float,
    ) -> Tensor | None:
        """Return the pages of the budget or above the threshold; None in dense layers and where all fit the budget."""
        if self._spec.reads_all(layer, table.shape[1]):
            return None
        plain = self._rotation.undo(query.transpose(0, 1), positions).transpose(0, 1)
        asked = self._gate.queries(layer, plain, positions)
        scores = dispatch.gate_scores(asked, self._keys[layer], table, self._gate.scale)
        # The first page is read whatever the gate says of it; it was never asked, and takes no share from the others.
        scores[..., 0] = float("-inf")
        return select.choose(scores, table, pages.layout.k_heads, self._spec)[1].int()
