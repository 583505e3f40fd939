"""The memory of the cache: pages, windows and anchors of all layers, allocated once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.tensors import LayerPages
from repowright.inference_backend.kv.layout import page_layout
from repowright.inference_backend.models.shape import ModelShape


@dataclass(frozen=True)
class Window:
    """The most recent tokens of every slot in half precision, ``[S, Hk, W + 64, D]``, oldest first."""

    keys: Tensor
    values: Tensor

    @property
    def room(self) -> int:
        """Tokens a slot can hold."""
        return int(self.keys.shape[2])

    def append(self, slots: Tensor, lengths: Tensor, keys: Tensor, values: Tensor) -> None:
        """Put one token a sequence behind those it has; ``keys`` and ``values`` are ``[B, Hk, D]``."""
        self.keys[slots, :, lengths] = keys.to(self.keys.dtype)
        self.values[slots, :, lengths] = values.to(self.values.dtype)

    def fill(self, slot: int, at: int, keys: Tensor, values: Tensor) -> None:
        """Put tokens of one sequence, ``[Hk, T, D]``, from place ``at`` on."""
        self.keys[slot, :, at : at + keys.shape[1]] = keys.to(self.keys.dtype)
        self.values[slot, :, at : at + keys.shape[1]] = values.to(self.values.dtype)

    def drop(self, slot: int, count: int) -> None:
        """Forget the oldest tokens of a slot; the rest moves down."""
        self.keys[slot] = self.keys[slot].roll(-count, 1)
        self.values[slot] = self.values[slot].roll(-count, 1)


class KVPool:
    """Pages and windows of a model.

    Parameters
    ----------
    pages
        Pages of every layer that sees all tokens; page `n` of one layer belongs to the same 64 tokens as page `n` of
        all others, so that one number stands for all of them.
    slots
        Sequences that can be decoded at a time.
    """

    def __init__(self, shape: ModelShape, spec: KVSpec, pages: int, slots: int, device: str = "cpu") -> None:
        self.shape = shape
        self.spec = spec
        self.pages: list[LayerPages | None] = []
        self.windows: list[Window] = []
        heads, dim = shape.kv_heads, shape.head_dim
        layout = page_layout(spec, heads, heads, dim, dim)
        for sliding in shape.sliding:
            room = (sliding or spec.window) + PAGE
            half = {"dtype": torch.half, "device": device}
            empty = torch.zeros(slots, heads, room, dim, **half)  # type: ignore[arg-type]
            self.windows.append(Window(empty, torch.zeros_like(empty)))
            self.pages.append(None if sliding else _layer_pages(spec, layout, pages, device))
        self.layout = layout

    @property
    def bytes(self) -> int:
        """Memory of all pages and windows."""
        windows = sum(2 * window.keys.nbytes for window in self.windows)
        return windows + sum(each.k_pool.nbytes + each.v_pool.nbytes for each in self.pages if each is not None)

    def seal(self, slot: int, page: int) -> None:
        """Pack the oldest 64 tokens of a slot's windows into a page, in every layer that sees all tokens."""
        for pages, window in zip(self.pages, self.windows, strict=True):
            if pages is None:
                continue
            oldest = (part[slot, :, :PAGE].unsqueeze(0) for part in (window.keys, window.values))
            dispatch.write_pages(pages, *oldest, torch.tensor([page], device=window.keys.device))
            window.drop(slot, PAGE)

    def write(self, layer: int, keys: Tensor, values: Tensor, page_ids: Sequence[int]) -> None:
        """Pack whole pages of one sequence, ``[Hk, 64 n, D]``, into pages."""
        pages = self.pages[layer]
        assert pages is not None
        cut = (part.unflatten(1, (-1, PAGE)).transpose(0, 1) for part in (keys, values))
        dispatch.write_pages(pages, *cut, torch.tensor(page_ids, device=keys.device))


def _layer_pages(spec: KVSpec, layout, pages: int, device: str) -> LayerPages:  # type: ignore[no-untyped-def]
    keys = torch.zeros(pages, layout.k_heads, layout.keys.bytes, dtype=torch.uint8, device=device)
    values = torch.zeros(pages, layout.v_heads, layout.values.bytes, dtype=torch.uint8, device=device)
    return LayerPages(layout, keys, values)
