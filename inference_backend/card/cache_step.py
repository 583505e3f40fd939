"""A forward pass in which every token attends to the cache as decoding would have left it.

Decoding a text token by token takes minutes; here all of its tokens pass at once. Each sees the newest tokens exactly
and all others as the pages give them back, through the pool that the engine serves from.
"""

from __future__ import annotations

import torch
from torch import Tensor

from repowright.inference_backend.card.ways import AnchorsBy, Way
from repowright.inference_backend.config import PAGE
from repowright.inference_backend.engine.steps import STRIDE
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.reference_anchors import AnchorForm, query_sample, top_anchors
from repowright.inference_backend.kv.pool import Books, KVPool
from repowright.inference_backend.models.shape import ModelShape

_FORMS: dict[AnchorsBy, AnchorForm] = {"query": "query", "mass": "mass", "exact": "exact"}


class CacheStep:
    """Attends in one text.

    Parameters
    ----------
    tokens
        Length of the text: whole pages.
    books
        Codebooks, where the way wants some.
    seed
        Of anchors chosen at random.

    Raises
    ------
    InferenceError
        If the text is no whole number of pages, or the model has sliding layers: their cache is exact.
    """

    def __init__(
        self,
        way: Way,
        shape: ModelShape,
        tokens: int,
        books: Books | None = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        if tokens % PAGE:
            raise InferenceError(f"{tokens} tokens are no whole number of pages", f"give a multiple of {PAGE}")
        if any(shape.sliding):
            raise InferenceError("a model with sliding layers has no card: their cache is exact", "take another model")
        self._way = way
        self._ids = list(range(tokens // PAGE))
        self._pool = KVPool(shape, way.spec, len(self._ids), 1, device, books)
        self._random = torch.Generator().manual_seed(seed)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Attend in one layer; see `attention.Step`."""
        # The window keeps half precision, and pages are packed from it.
        queries, keys, values = query[0].float(), key[0].half().float(), value[0].half().float()
        anchors = self._anchors(layer, queries, keys, values, scale)
        far_keys, far_values = keys, values
        if not self._way.drops_far:
            self._pool.write(layer, keys, values, self._ids, 0, anchors)
            far_keys, far_values = self._pool.read(layer, self._ids)
        kept = torch.zeros(keys.shape[:2], dtype=torch.bool, device=keys.device)
        if anchors is not None:
            kept.scatter_(1, anchors, True)
        found = []
        for begin in range(0, keys.shape[1], PAGE):
            end, packed = begin + PAGE, packed_tokens(begin, self._way.spec.window)
            block_keys = torch.cat([far_keys[:, :packed], keys[:, packed:end]], 1)
            block_values = torch.cat([far_values[:, :packed], values[:, packed:end]], 1)
            seen = self._seen(kept, begin, end, packed)
            found.append(_attended(queries[:, begin:end], block_keys, block_values, seen, scale))
        return torch.cat(found, 1).transpose(0, 1)[None].to(query)

    def _seen(self, kept: Tensor, begin: int, end: int, packed: int) -> Tensor:
        """Which tokens up to the end of a block its queries see, ``bool [Hk, 64, T]``."""
        at = torch.arange(end, device=kept.device)
        seen = (at <= torch.arange(begin, end, device=kept.device).unsqueeze(1)).expand(len(kept), -1, -1)
        return seen & ((at >= packed) | kept[:, :end]).unsqueeze(1) if self._way.drops_far else seen

    def _anchors(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor, scale: float) -> Tensor | None:
        kept, heads, tokens = self._pool.anchors[layer], keys.shape[0], keys.shape[1]
        if kept is None:
            return None
        count, by = kept.count(len(self._ids)), self._way.anchors_by
        if by == "first":
            return torch.arange(count, device=keys.device).expand(heads, -1)
        if by == "random":
            return top_anchors(torch.rand(heads, tokens, generator=self._random), count).to(keys.device)
        asked = query_sample(tokens, PAGE, STRIDE).to(keys.device)
        some = queries[:, asked.long()]
        lse = dispatch.attention_lse(some, keys, asked, scale)
        seen = (torch.arange(tokens, device=keys.device) <= asked.unsqueeze(1)).expand(heads, -1, -1)
        output = _attended(some, keys, values, seen, scale) if by == "exact" else None
        scores = dispatch.anchor_scores(some, keys, lse, asked, scale, _FORMS[by], values, output)
        return top_anchors(scores, count)


def packed_tokens(place: int, window: int) -> int:
    """Return how many tokens a query finds in pages; the engine would have packed them by then.

    A window holds up to 64 tokens more than its size before its oldest 64 are packed. Without a window all are packed,
    the query's own page too.
    """
    return max(0, place // PAGE * PAGE - window) if window else (place // PAGE + 1) * PAGE


def _attended(queries: Tensor, keys: Tensor, values: Tensor, seen: Tensor, scale: float) -> Tensor:
    """Attend from ``[Hq, T, D]`` to what is seen, ``bool [Hk, T, K]``."""
    grouped = queries.reshape(keys.shape[0], -1, *queries.shape[1:])
    scores = (grouped @ keys.unsqueeze(1).transpose(-1, -2)).mul_(scale)
    weights = torch.softmax(scores.masked_fill_(~seen.unsqueeze(1), float("-inf")), -1)
    return (weights @ values.unsqueeze(1)).flatten(0, 1)
