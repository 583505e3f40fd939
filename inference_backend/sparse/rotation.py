"""The rotary embedding as a thing of its own: applied, and undone where keys or queries without it are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from repowright.inference_backend.errors import ModelUnusable

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_BUFFERS = (("inv_freq", "attention_scaling"), ("full_attention_inv_freq", "full_attention_attention_scaling"))


@dataclass(frozen=True)
class Rotation:
    """Turns channel ``j`` and ``j + D/2`` of a row by its place times a frequency.

    Parameters
    ----------
    frequencies
        ``float32 [D / 2]``.
    scaling
        Factor that some regimes (LongRoPE) put on the rotated rows.
    """

    frequencies: Tensor
    scaling: float = 1.0

    def apply(self, rows: Tensor, places: Tensor) -> Tensor:
        """Rotate rows ``[..., T, D]`` that stand at places ``[T]``; returns ``float32``."""
        cos, sin = self._angles(places)
        return (rows.float() * cos + _turned(rows.float()) * sin) * self.scaling

    def undo(self, rows: Tensor, places: Tensor) -> Tensor:
        """Return what `apply` was given."""
        cos, sin = self._angles(places)
        return (rows.float() * cos - _turned(rows.float()) * sin) / self.scaling

    def _angles(self, places: Tensor) -> tuple[Tensor, Tensor]:
        angles = places.float().unsqueeze(-1) * self.frequencies.to(places.device)
        both = torch.cat([angles, angles], -1)
        return both.cos(), both.sin()


def plain(dim: int, base: float) -> Rotation:
    """Return the rotation of rows of ``dim`` channels with the usual frequencies."""
    return Rotation(base ** (-torch.arange(0, dim, 2, dtype=torch.float32) / dim))


def rotation_of(model: PreTrainedModel) -> Rotation:
    """Return the rotation of a model's layers that see all tokens, after `models.rope.pin_regime` if it is pinned.

    Raises
    ------
    ModelUnusable
        If the model keeps no frequencies where transformers' models keep them.
    """
    for module in model.modules():
        for frequencies, scaling in _BUFFERS:
            found = getattr(module, frequencies, None)
            if isinstance(found, Tensor):
                return Rotation(found.detach().float(), float(getattr(module, scaling, 1.0)))
    raise ModelUnusable("the model has no rotary embedding that a gate could use", "read its pages by quest")


def base_of(model: PreTrainedModel) -> float:
    """Return the base of a model's rotary frequencies, of its slowest pair of channels."""
    frequencies = rotation_of(model).frequencies
    return float(frequencies[-1].pow(-len(frequencies) / (len(frequencies) - 1)))


def _turned(rows: Tensor) -> Tensor:
    first, second = rows.chunk(2, -1)
    return torch.cat([-second, first], -1)
