"""Runs a model over chunks of prompts and newest tokens, with the cache as its only memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from repowright.inference_backend.engine.choosing import PageChooser, default_chooser
from repowright.inference_backend.engine.steps import DecodeStep, PrefillStep, count_kept
from repowright.inference_backend.kv.place import Place
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models import attention

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Runner:
    """A model and the memory of its cache.

    Parameters
    ----------
    model
        Is joined to the cache: it attends through the steps of this room from now on.
    chooser
        Which pages are read, if not as the cache's settings say.
    """

    def __init__(self, model: PreTrainedModel, pool: KVPool, chooser: PageChooser | None = None) -> None:
        self.pool = pool
        self._chooser = chooser or default_chooser(pool.spec.sparse)
        if self._chooser:
            pool.on_packed = self._chooser.packed
        self._model = model
        attention.join(model)

    @torch.inference_mode()
    def prefill(self, place: Place, tokens: Sequence[int], fresh: Sequence[int]) -> Tensor:
        """Take in a chunk of a prompt.

        Parameters
        ----------
        fresh
            Pages for it, `pages_after` of them.

        Returns
        -------
        logits
            Of the token behind the chunk, ``float32 [V]``.
        """
        step = PrefillStep(self.pool, place, len(tokens), fresh)
        positions = torch.arange(place.length, place.length + len(tokens))
        logits = self._forward(step, torch.tensor([list(tokens)]), positions[None])
        step.done()
        return logits[0, -1]

    @torch.inference_mode()
    def decode(self, places: Sequence[Place], tokens: Sequence[Sequence[int]]) -> list[Tensor]:
        """Take in the newest token of every sequence, and the drafts behind it.

        The tokens are in the windows afterwards, but count only once `keep` was called.

        Parameters
        ----------
        tokens
            For each sequence its newest token and drafts; its window has room for them.

        Returns
        -------
        logits
            For each sequence those behind each of its tokens, ``float32 [T, V]``.
        """
        counts = [len(each) for each in tokens]
        step = DecodeStep(self.pool, places, counts, self._chooser)
        rows = torch.tensor([[token] for each in tokens for token in each])
        positions = [[place.length + at] for place, count in zip(places, counts, strict=True) for at in range(count)]
        logits = self._forward(step, rows, torch.tensor(positions))
        return list(torch.split(logits[:, -1], counts))

    def keep(self, place: Place, tokens: int) -> None:
        """Count tokens of the last decode step as said: the newest one and the drafts that were right."""
        count_kept(place, tokens)

    def _forward(self, step: attention.Step, tokens: Tensor, positions: Tensor) -> Tensor:
        device = self.pool.device
        with attention.under_way(step):
            found = self._model(
                input_ids=tokens.to(device), position_ids=positions.to(device), use_cache=False, logits_to_keep=1
            )
        logits: Tensor = found.logits
        return logits.float()
