"""The most recent tokens of every sequence, in half precision."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """The windows of one layer, ``[S, Hk, W + 64, D]``, oldest token first."""

    keys: Tensor
    values: Tensor

    @classmethod
    def empty(cls, slots: int, heads: int, room: int, dim: int, device: str) -> Window:
        """Return windows with room for so many tokens each."""
        keys = torch.zeros(slots, heads, room, dim, dtype=torch.half, device=device)
        return cls(keys, torch.zeros_like(keys))

    def append(self, slots: Tensor, at: Tensor, keys: Tensor, values: Tensor) -> None:
        """Put one token a row of a step into place ``at`` of its slot; ``keys`` and ``values`` are ``[B, Hk, D]``."""
        self.keys[slots, :, at] = keys.to(self.keys.dtype)
        self.values[slots, :, at] = values.to(self.values.dtype)

    def fill(self, slot: int, at: int, keys: Tensor, values: Tensor) -> None:
        """Put tokens of one sequence, ``[Hk, T, D]``, from place ``at`` on."""
        self.keys[slot, :, at : at + keys.shape[1]] = keys.to(self.keys.dtype)
        self.values[slot, :, at : at + keys.shape[1]] = values.to(self.values.dtype)

    def of(self, slot: int, begin: int, end: int) -> tuple[Tensor, Tensor]:
        """Return tokens of one sequence, ``[Hk, end - begin, D]`` each."""
        return self.keys[slot, :, begin:end], self.values[slot, :, begin:end]

    def drop(self, slot: int, count: int) -> None:
        """Forget the oldest tokens of a slot; the rest moves down."""
        self.keys[slot] = self.keys[slot].roll(-count, 1)
        self.values[slot] = self.values[slot].roll(-count, 1)
