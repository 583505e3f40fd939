"""What a forward pass attends to: a chunk of one prompt, or the newest tokens of every running sequence."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.engine.choosing import PageChooser
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.reference_anchors import query_sample, top_anchors
from repowright.inference_backend.kernels.tensors import NO_PAGE, StepSequences
from repowright.inference_backend.kv.place import Place, pages_after
from repowright.inference_backend.kv.pool import KVPool

STRIDE = 4
"""Of the queries of a chunk before its last 64, every fourth scores anchors."""


class PrefillStep:
    """A chunk of one sequence's prompt.

    Parameters
    ----------
    fresh
        Pages allocated for it, `pages_after` of them.
    """

    def __init__(self, pool: KVPool, place: Place, tokens: int, fresh: Sequence[int]) -> None:
        if len(fresh) != pages_after(place, tokens, pool.spec.window):
            raise ValueError(f"{len(fresh)} pages do not fit {tokens} tokens behind {place.in_window} in the window")
        self._pool = pool
        self._place = place
        self._tokens = tokens
        self._fresh = list(fresh)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Attend causally to what is in the cache and to the chunk itself, then keep the chunk."""
        past_k, past_v = self._past(layer)
        keys, values = torch.cat([past_k.to(key), key[0]], 1), torch.cat([past_v.to(value), value[0]], 1)
        mask = _causal(query.shape[2], keys.shape[1], self._pool.shape.sliding[layer], query.device)
        is_grouped = query.shape[1] != key.shape[1]
        out = scaled_dot_product_attention(query, keys[None], values[None], mask, scale=scale, enable_gqa=is_grouped)
        self.keep(layer, query[0], keys, values, scale)
        return out.transpose(1, 2)

    def done(self) -> None:
        """Count what the pass kept, once all layers have run."""
        place = self._place
        place.pages += self._fresh
        place.in_window += self._tokens - PAGE * len(self._fresh)
        place.in_sliding = min(place.in_sliding + self._tokens, max(self._pool.shape.sliding, default=0))

    def _past(self, layer: int) -> tuple[Tensor, Tensor]:
        place, window = self._place, self._pool.windows[layer]
        if self._pool.pages[layer] is None:
            return window.of(place.slot, 0, place.in_sliding)
        recent_k, recent_v = window.of(place.slot, 0, place.in_window)
        if not place.pages:
            return recent_k, recent_v
        paged_k, paged_v = self._pool.read(layer, place.pages)
        return torch.cat([paged_k, recent_k.to(paged_k)], 1), torch.cat([paged_v, recent_v.to(paged_v)], 1)

    def keep(self, layer: int, query: Tensor, keys: Tensor, values: Tensor, scale: float) -> None:
        """Keep the chunk in one layer: pages of it, and the rest in the window.

        Parameters
        ----------
        query
            ``[Hq, T, D]``, of the chunk.
        keys, values
            ``[Hk, T, D]``, of all that is in the cache and of the chunk behind it.
        """
        slot, window = self._place.slot, self._pool.windows[layer]
        if self._pool.pages[layer] is None:
            kept = min(keys.shape[1], self._pool.shape.sliding[layer])
            window.fill(slot, 0, keys[:, -kept:], values[:, -kept:])
            return
        begin = len(self._place.pages) * PAGE
        sealed = begin + PAGE * len(self._fresh)
        if self._fresh:
            anchors = self._anchors(layer, query, keys, begin, sealed, scale)
            self._pool.write(layer, keys[:, begin:sealed], values[:, begin:sealed], self._fresh, begin, anchors)
        window.fill(slot, 0, keys[:, sealed:], values[:, sealed:])

    def _anchors(self, layer: int, query: Tensor, keys: Tensor, begin: int, end: int, scale: float) -> Tensor | None:
        """Choose the anchors of what is packed, by what the chunk's own queries attend to."""
        kept = self._pool.anchors[layer]
        if kept is None:
            return None
        asked = query_sample(query.shape[1], PAGE, STRIDE).to(query.device)
        some, positions = query[:, asked.long()], asked + (keys.shape[1] - query.shape[1])
        lse = dispatch.attention_lse(some, keys, positions, scale)
        scores = dispatch.anchor_scores(some, keys, lse, positions, scale)
        return top_anchors(scores[:, begin:end], kept.count(len(self._fresh)))


class DecodeStep:
    """The newest tokens of running sequences: one each, or more where drafts are to be verified.

    Every token is a row of the step. The rows of one sequence share its pages and its window, and each sees the
    window up to itself: so drafts are verified by the same operation that decodes, and refused ones are only not
    counted.

    Parameters
    ----------
    counts
        Tokens of each sequence; its window has room for them.
    chooser
        Says which pages each layer reads; None reads all.
    """

    def __init__(
        self, pool: KVPool, places: Sequence[Place], counts: Sequence[int], chooser: PageChooser | None = None
    ) -> None:
        self._pool = pool
        self._chooser = chooser
        self._rows = [(place, at) for place, count in zip(places, counts, strict=True) for at in range(count)]
        for place, count in zip(places, counts, strict=True):
            pool.make_room(place, count)
        device = pool.device
        longest = max((len(place.pages) for place in places), default=0)
        table = [place.pages + [NO_PAGE] * (longest - len(place.pages)) for place, _ in self._rows]
        self._table = torch.tensor(table, dtype=torch.int32, device=device).reshape(len(table), longest)
        used = [len(place.pages) for place, _ in self._rows]
        self._counts = torch.tensor(used, dtype=torch.int32, device=device)
        self._positions = torch.tensor([place.length + at for place, at in self._rows], device=device)
        self._anchors = pool.anchor_rows([place for place, _ in self._rows])
        self._slots = torch.tensor([place.slot for place, _ in self._rows], device=device)
        self._at = torch.tensor([place.in_window + at for place, at in self._rows], device=device)
        self._at_sliding = torch.tensor([place.in_sliding + at for place, at in self._rows], device=device)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Keep the new tokens, and attend to all that is in the cache."""
        pages, window = self._pool.pages[layer], self._pool.windows[layer]
        window.append(self._slots, self._at_sliding if pages is None else self._at, key[:, :, 0], value[:, :, 0])
        if pages is None:
            return self._recent(layer, query, scale).to(query)
        newest, ends = query[:, :, 0], self._at.int() + 1
        sequences = StepSequences(
            self._table, window.keys, window.values, self._slots.int(), ends, self._anchors[layer], self._counts
        )
        selected = None
        if self._chooser:
            selected = self._chooser.choose(layer, newest, self._positions, pages, self._table, scale)
        return dispatch.decode(newest, pages, sequences, scale, selected).unsqueeze(1).to(query)

    def _recent(self, layer: int, query: Tensor, scale: float) -> Tensor:
        window, sliding = self._pool.windows[layer], self._pool.shape.sliding[layer]
        found = []
        for number, (place, at) in enumerate(self._rows):
            end = place.in_sliding + at + 1
            keys, values = window.of(place.slot, max(0, end - sliding), end)
            is_grouped = query.shape[1] != keys.shape[0]
            out = scaled_dot_product_attention(
                query[number], keys.to(query), values.to(query), scale=scale, enable_gqa=is_grouped
            )
            found.append(out.transpose(0, 1))
        return torch.stack(found)


def count_kept(place: Place, tokens: int) -> None:
    """Count the tokens of a decode step that stay: all of them, or up to the first refused draft."""
    place.in_window += tokens
    place.in_sliding += tokens


def _causal(queries: int, keys: int, sliding: int, device: torch.device) -> Tensor:
    """Return which of the keys each of the last queries sees, ``bool [queries, keys]``."""
    at = torch.arange(keys - queries, keys, device=device).unsqueeze(1)
    to = torch.arange(keys, device=device).unsqueeze(0)
    seen = to <= at
    return seen & (to > at - sliding) if sliding else seen
