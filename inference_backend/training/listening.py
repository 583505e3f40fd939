"""A plain forward pass whose queries, keys and values are heard layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from repowright.inference_backend.models import attention

if TYPE_CHECKING:
    from transformers import PreTrainedModel


Heard = Callable[[int, Tensor, Tensor, Tensor, float], None]
"""Is given a layer, its queries ``[Hq, T, D]``, keys and values ``[Hk, T, D]`` (rotated), and the factor of scores."""


class ListeningStep:
    """Attends exactly and causally to one text, and tells a listener what each layer attends with.

    Parameters
    ----------
    sliding
        For each layer the tokens it looks back on, or 0 if it sees all; see `ModelShape`.
    """

    def __init__(self, sliding: Sequence[int], heard: Heard) -> None:
        self._sliding = sliding
        self._heard = heard

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Attend in one layer; see `attention.Step`."""
        self._heard(layer, query[0], key[0], value[0], scale)
        sliding, is_grouped = self._sliding[layer], query.shape[1] != key.shape[1]
        mask = _band(query.shape[2], sliding, query.device) if sliding else None
        out = scaled_dot_product_attention(
            query, key, value, mask, is_causal=mask is None, scale=scale, enable_gqa=is_grouped
        )
        return out.transpose(1, 2)


@torch.inference_mode()
def forward(model: PreTrainedModel, step: attention.Step, tokens: Sequence[int], logits: int = 1) -> Tensor:
    """Run a model over one text; return the logits behind its last ``logits`` tokens (all if 0), ``float32 [T, V]``."""
    attention.join(model)
    ids = torch.tensor([list(tokens)], device=model.device)
    with attention.under_way(step):
        found = model(input_ids=ids, use_cache=False, logits_to_keep=logits)
    of_tokens: Tensor = found.logits
    return of_tokens[0].float()


def _band(tokens: int, sliding: int, device: torch.device) -> Tensor:
    at = torch.arange(tokens, device=device)
    back = at.unsqueeze(1) - at
    return (back >= 0) & (back < sliding)
