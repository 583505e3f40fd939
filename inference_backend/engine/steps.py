"""What a forward pass attends to: a chunk of one prompt, or one new token of every running sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.reference import read_keys, read_values
from repowright.inference_backend.kernels.tensors import NO_PAGE, StepSequences
from repowright.inference_backend.kv.pool import KVPool


@dataclass
class Place:
    """Where one sequence lies in the cache.

    Parameters
    ----------
    slot
        Its row of the windows.
    pages
        Its pages, in the order of the text.
    in_window, in_sliding
        Tokens in its window, and in the windows of sliding layers.
    """

    slot: int
    pages: list[int] = field(default_factory=list)
    in_window: int = 0
    in_sliding: int = 0

    @property
    def length(self) -> int:
        """Tokens in the cache."""
        return len(self.pages) * PAGE + self.in_window


def pages_after(place: Place, tokens: int, window: int) -> int:
    """Return how many pages must be allocated before ``tokens`` more tokens are taken in."""
    return max(0, (place.in_window + tokens - window) // PAGE)


class PrefillStep:
    """A chunk of one sequence's prompt.

    Parameters
    ----------
    fresh
        Pages allocated for it, `pages_after` of them.
    """

    def __init__(self, pool: KVPool, place: Place, fresh: Sequence[int]) -> None:
        self._pool = pool
        self._place = place
        self._fresh = list(fresh)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Attend causally to what is in the cache and to the chunk itself, then keep the chunk."""
        past_k, past_v = self._past(layer)
        keys, values = torch.cat([past_k.to(key), key[0]], 1), torch.cat([past_v.to(value), value[0]], 1)
        sliding = self._pool.shape.sliding[layer]
        mask = _causal(query.shape[2], keys.shape[1], sliding, query.device)
        out = scaled_dot_product_attention(
            query, keys[None], values[None], mask, scale=scale, enable_gqa=query.shape[1] != key.shape[1]
        )
        self._keep(layer, keys, values, past_k.shape[1])
        return out.transpose(1, 2)

    def done(self, tokens: int) -> None:
        """Take over what the pass kept, once all layers have run."""
        place, pool = self._place, self._pool
        place.pages += self._fresh
        place.in_window += tokens - PAGE * len(self._fresh)
        longest = max(pool.shape.sliding, default=0)
        place.in_sliding = min(place.in_sliding + tokens, longest)

    def _past(self, layer: int) -> tuple[Tensor, Tensor]:
        place, pages, window = self._place, self._pool.pages[layer], self._pool.windows[layer]
        if pages is None:
            return tuple(part[place.slot, :, : place.in_sliding] for part in (window.keys, window.values))  # type: ignore[return-value]
        recent = (part[place.slot, :, : place.in_window] for part in (window.keys, window.values))
        if not place.pages:
            return tuple(recent)  # type: ignore[return-value]
        ids = torch.tensor(place.pages, device=window.keys.device)
        paged = (read(pages, ids).transpose(0, 1).flatten(1, 2) for read in (read_keys, read_values))
        return tuple(torch.cat([old, new.to(old)], 1) for old, new in zip(paged, recent, strict=True))  # type: ignore[return-value]

    def _keep(self, layer: int, keys: Tensor, values: Tensor, past: int) -> None:
        place, window = self._place, self._pool.windows[layer]
        if self._pool.pages[layer] is None:
            kept = min(keys.shape[1], self._pool.shape.sliding[layer])
            window.fill(place.slot, 0, keys[:, -kept:], values[:, -kept:])
            return
        begin = past - place.in_window
        sealed = begin + PAGE * len(self._fresh)
        if self._fresh:
            self._pool.write(layer, keys[:, begin:sealed], values[:, begin:sealed], self._fresh)
        window.fill(place.slot, 0, keys[:, sealed:], values[:, sealed:])


class DecodeStep:
    """One new token of every running sequence; their windows must have room for it."""

    def __init__(self, pool: KVPool, places: Sequence[Place]) -> None:
        self._pool = pool
        self._places = list(places)
        longest = max((len(place.pages) for place in places), default=0)
        rows = [place.pages + [NO_PAGE] * (longest - len(place.pages)) for place in places]
        device = pool.windows[0].keys.device
        self._table = torch.tensor(rows, dtype=torch.int32, device=device).reshape(len(rows), longest)
        self._slots = torch.tensor([place.slot for place in places], device=device)
        self._lengths = torch.tensor([place.in_window for place in places], device=device)
        self._sliding = torch.tensor([place.in_sliding for place in places], device=device)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Keep the new token, and attend to all that is in the cache."""
        pages, window = self._pool.pages[layer], self._pool.windows[layer]
        lengths = self._sliding if pages is None else self._lengths
        window.append(self._slots, lengths, key[:, :, 0], value[:, :, 0])
        if pages is None:
            return self._recent(layer, query, scale).to(query)
        sequences = StepSequences(self._table, window.keys, window.values, self._slots.int(), lengths.int() + 1)
        return dispatch.decode(query[:, :, 0], pages, sequences, scale).unsqueeze(1).to(query)

    def done(self) -> None:
        """Count the new tokens, once all layers have run."""
        for place in self._places:
            place.in_window += 1
            place.in_sliding += 1
        for sliding in {each for each in self._pool.shape.sliding if each}:
            for place in self._places:
                if place.in_sliding == sliding + PAGE:
                    self._forget(place, sliding)

    def _recent(self, layer: int, query: Tensor, scale: float) -> Tensor:
        window, found = self._pool.windows[layer], []
        for number, place in enumerate(self._places):
            end = place.in_sliding + 1
            begin = max(0, end - self._pool.shape.sliding[layer])
            keys, values = (part[place.slot, :, begin:end].to(query) for part in (window.keys, window.values))
            found.append(
                scaled_dot_product_attention(query[number], keys, values, scale=scale, enable_gqa=True).transpose(0, 1)
            )
        return torch.stack(found)

    def _forget(self, place: Place, sliding: int) -> None:
        for pages, window in zip(self._pool.pages, self._pool.windows, strict=True):
            if pages is None:
                window.drop(place.slot, PAGE)
        place.in_sliding = sliding


def _causal(queries: int, keys: int, sliding: int, device: torch.device) -> Tensor:
    """Return which of the keys each of the last queries sees, ``bool [queries, keys]``."""
    at = torch.arange(keys - queries, keys, device=device).unsqueeze(1)
    to = torch.arange(keys, device=device).unsqueeze(0)
    seen = to <= at
    return seen & (to > at - sliding) if sliding else seen
