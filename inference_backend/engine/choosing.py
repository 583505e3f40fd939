"""Which pages the layers of a decode step read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from repowright.inference_backend.config import SparseSpec
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages
from repowright.inference_backend.sparse import quest


class PageChooser(Protocol):
    """Chooses pages, layer by layer."""

    def packed(self, layer: int, pages: Sequence[int], keys: Tensor, begin: int) -> None:
        """Take note of pages that were packed: what chooses by something of its own keeps it for them.

        Parameters
        ----------
        keys
            ``[Hk, 64 n, D]``, after the rotary embedding.
        begin
            Place of the first of these tokens in the text.
        """

    def choose(
        self,
        layer: int,
        query: Tensor,
        positions: Tensor,
        pages: LayerPages | CodedPages,
        table: Tensor,
        scale: float,
    ) -> Tensor | None:
        """Return the pages to read, ``int32 [B, Hk, M]``; None to read them all.

        Parameters
        ----------
        query
            ``[B, Hq, Dk]``, after the rotary embedding.
        positions
            ``int [B]``: places of the queries in their texts.
        table
            ``int32 [B, P]``.
        """


class QuestChooser:
    """Chooses by the extremes of the pages' keys, which the pages hold themselves."""

    def __init__(self, spec: SparseSpec) -> None:
        self._spec = spec

    def packed(self, layer: int, pages: Sequence[int], keys: Tensor, begin: int) -> None:
        """Keep nothing."""

    def choose(
        self,
        layer: int,
        query: Tensor,
        positions: Tensor,
        pages: LayerPages | CodedPages,
        table: Tensor,
        scale: float,
    ) -> Tensor | None:
        """Return the pages of the budget, or None in dense layers and where the budget covers all."""
        if self._spec.reads_all(layer, table.shape[1]):
            return None
        return quest.choose(query, pages, table, self._spec, scale)[1].int()


def default_chooser(spec: SparseSpec) -> PageChooser | None:
    """Return what the settings name.

    Raises
    ------
    InferenceError
        If they name a gate: it was trained for one model, and is given to the runner.
    """
    if spec.selector == "gate":
        raise InferenceError("a gate chooses pages only if the one trained for the model is given", "take quest")
    return QuestChooser(spec) if spec.selector == "quest" else None
