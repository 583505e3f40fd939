"""The memory of the cache: pages, windows and anchors of all layers, allocated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.reference import read_keys, read_values
from repowright.inference_backend.kernels.tensors import NO_PAGE, CodedPages, LayerPages
from repowright.inference_backend.kv.anchors import Anchors
from repowright.inference_backend.kv.layout import coded_layout, page_layout
from repowright.inference_backend.kv.place import Place
from repowright.inference_backend.kv.window import Window
from repowright.inference_backend.models.shape import ModelShape

Books = Sequence[tuple[Tensor, Tensor]]
"""Codebooks of keys and of values of every layer; see `CodedPages`."""

PackedListener = Callable[[int, Sequence[int], Tensor, int], None]
"""Is told of packed pages: layer, pages, their keys ``[Hk, 64 n, D]``, and the place of the first token."""


class KVPool:
    """Pages and windows of a model.

    Parameters
    ----------
    pages
        Pages of every layer that sees all tokens; page `n` of one layer belongs to the same 64 tokens as page `n` of
        all others, so that one number stands for all of them.
    slots
        Sequences whose windows are kept at a time.
    books
        Codebooks, where the settings want vectors quantised.

    Raises
    ------
    InferenceError
        If codebooks are wanted and not given.
    """

    def __init__(
        self, shape: ModelShape, spec: KVSpec, pages: int, slots: int, device: str = "cpu", books: Books | None = None
    ) -> None:
        if spec.codebook and books is None:
            raise InferenceError("this cache needs codebooks of the model", "train them, or take another cache")
        self.shape = shape
        self.spec = spec
        self.on_packed: PackedListener | None = None
        self.windows: list[Window] = []
        self.anchors: list[Anchors | None] = []
        self.pages: list[LayerPages | CodedPages | None] = []
        heads, dim = shape.kv_heads, shape.head_dim
        for layer, sliding in enumerate(shape.sliding):
            self.windows.append(Window.empty(slots, heads, (sliding or spec.window) + PAGE, dim, device))
            wants_anchors = spec.anchors > 0 and not sliding
            self.anchors.append(Anchors(pages, heads, dim, spec.anchors, device) if wants_anchors else None)
            self.pages.append(None if sliding else self._layer_pages(layer, pages, device, books))
        self._written = [0] * pages
        self._rows: dict[int, tuple[tuple[tuple[int, int], ...], list[Tensor]]] = {}

    @property
    def bytes(self) -> int:
        """Memory of all pages, windows and anchors."""
        windows = sum(window.keys.nbytes + window.values.nbytes for window in self.windows)
        pages = sum(each.k_pool.nbytes + each.v_pool.nbytes for each in self.pages if each is not None)
        return windows + pages + sum(each.bytes for each in self.anchors if each is not None)

    @property
    def device(self) -> torch.device:
        """Where the cache lies."""
        return self.windows[0].keys.device

    @property
    def can_share(self) -> bool:
        """Whether pages alone bring a prefix back: windows of sliding layers are not kept in pages."""
        return not any(self.shape.sliding)

    def seal(self, place: Place, page: int) -> None:
        """Pack the oldest 64 tokens of a sequence into a page, in every layer that sees all tokens."""
        begin = len(place.pages) * PAGE
        for layer, window in enumerate(self.windows):
            if self.pages[layer] is not None:
                self.write(layer, *window.of(place.slot, 0, PAGE), [page], begin)
                window.drop(place.slot, PAGE)
        place.pages.append(page)
        place.in_window -= PAGE

    def make_room(self, place: Place, tokens: int) -> None:
        """Make sure that ``tokens`` more, at most 64, fit the windows of the sliding layers.

        Raises
        ------
        ValueError
            If they do not fit the other layers' window: a page has to be sealed first.
        """
        if tokens > PAGE or place.in_window + tokens > self.spec.window + PAGE:
            raise ValueError(f"{tokens} tokens do not fit a window that holds {place.in_window}")
        sliding = max(self.shape.sliding, default=0)
        if not sliding or place.in_sliding + tokens <= sliding + PAGE:
            return
        for pages, window in zip(self.pages, self.windows, strict=True):
            if pages is None:
                window.drop(place.slot, place.in_sliding - sliding)
        place.in_sliding = sliding

    def write(
        self,
        layer: int,
        keys: Tensor,
        values: Tensor,
        page_ids: Sequence[int],
        begin: int,
        anchors: Tensor | None = None,
    ) -> None:
        """Pack whole pages of one sequence, ``[Hk, 64 n, D]``; what they held before is forgotten.

        Parameters
        ----------
        begin
            Place of the first of these tokens in the text.
        anchors
            ``int64 [Hk, A]``: which of the tokens are kept in half precision beside them.
        """
        pages, kept = self.pages[layer], self.anchors[layer]
        if pages is None:
            raise ValueError(f"layer {layer} slides: it has no pages")
        cut_k, cut_v = (part.reshape(part.shape[0], -1, PAGE, part.shape[2]).transpose(0, 1) for part in (keys, values))
        dispatch.write_pages(pages, cut_k, cut_v, torch.tensor(page_ids, device=keys.device))
        for page in page_ids:
            self._written[page] += 1
        if kept is not None:
            kept.forget(page_ids)
            if anchors is not None:
                kept.keep(page_ids, anchors, keys, values)
        if self.on_packed:
            self.on_packed(layer, page_ids, keys, begin)

    def read(self, layer: int, page_ids: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return what pages of one sequence hold, ``float32 [Hk, 64 n, D]`` each."""
        pages, kept = self.pages[layer], self.anchors[layer]
        if pages is None:
            raise ValueError(f"layer {layer} slides: it has no pages")
        ids = torch.tensor(page_ids, device=self.device)
        keys, values = read_keys(pages, ids), read_values(pages, ids)
        if kept is not None:
            kept.restore(page_ids, keys, values)
        return keys.transpose(0, 1).flatten(1, 2), values.transpose(0, 1).flatten(1, 2)

    def anchor_rows(self, places: Sequence[Place]) -> list[Tensor | None]:
        """Return the anchor rows of sequences for every layer, ``int32 [B, Hk, A]``; None where there are none."""
        if not any(self.anchors):
            return [None] * len(self.anchors)
        found = [self._rows_of(place) for place in places]
        return [_stacked([rows[layer] for rows in found]) if kept else None for layer, kept in enumerate(self.anchors)]

    def _rows_of(self, place: Place) -> list[Tensor]:
        """Rows of every layer, ``[Hk, A]``; looked up anew only when the sequence has other pages than last time."""
        held = tuple((page, self._written[page]) for page in place.pages)
        known = self._rows.get(place.slot)
        if known is None or known[0] != held:
            none = torch.empty(0, 0, dtype=torch.int32, device=self.device)
            known = held, [kept.rows(place.pages) if kept else none for kept in self.anchors]
            self._rows[place.slot] = known
        return known[1]

    def _layer_pages(self, layer: int, pages: int, device: str, books: Books | None) -> LayerPages | CodedPages:
        heads, dim, anchors = self.shape.kv_heads, self.shape.head_dim, self.anchors[layer]
        beside = (anchors.keys, anchors.values, anchors.bits) if anchors else (None, None, None)
        if books is not None and self.spec.codebook:
            coded = coded_layout(self.spec, heads, heads, dim, dim)
            k_books, v_books = (each.to(device, torch.half).contiguous() for each in books[layer])
            k_pool, v_pool = (_bytes(pages, heads, each, device) for each in (coded.keys.bytes, coded.values.bytes))
            return CodedPages(coded, k_pool, v_pool, k_books, v_books, *beside)
        layout = page_layout(self.spec, heads, heads, dim, dim)
        k_pool, v_pool = (_bytes(pages, heads, each, device) for each in (layout.keys.bytes, layout.values.bytes))
        return LayerPages(layout, k_pool, v_pool, *beside)


def _bytes(pages: int, heads: int, size: int, device: str) -> Tensor:
    return torch.zeros(pages, heads, size, dtype=torch.uint8, device=device)


def _stacked(rows: Sequence[Tensor]) -> Tensor:
    """Rows of several sequences, ``[B, Hk, A]``, `NO_PAGE` beyond the end of each."""
    longest = max(each.shape[1] for each in rows)
    return torch.stack([pad(each, (0, longest - each.shape[1]), value=NO_PAGE) for each in rows])
